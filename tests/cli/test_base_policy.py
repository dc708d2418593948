"""`gates verify --policy-from`: a change is judged by the law of what it is to be merged into."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from support.judged import Judged

LAST_DAY = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=20)
STRICT = "[tool.pytest-gates.tests]\nallow-partial = false\n"
LENIENT = "[tool.pytest-gates.tests]\nallow-partial = true\n"
TESTS = "def test_one(): pass\ndef test_two(): pass\n"
WAIVER = (
    "[[waiver]]\ngate = 'tests'\nsubject = 'partial-run'\nreason = 'SHOP-1'\nowner = '@eve'\n"
    f"expires = {LAST_DAY}\n"
)


@pytest.fixture(scope="module")
def lenient_once(tmp_path_factory: pytest.TempPathFactory, quiet_session: None) -> Judged:
    """A branch `change` that lowers a limit of `main`, and a run that is green under it alone."""
    judged = Judged(tmp_path_factory.mktemp("lenient"))
    judged.write({".gitignore": "gates-report/\n__pycache__/\n.pytest_cache/\n"})
    judged.write({"pyproject.toml": STRICT, "test_it.py": TESTS})
    judged.git("init", "-q", "-b", "main")
    judged.commit()
    judged.git("checkout", "-q", "-b", "change")
    judged.write({"pyproject.toml": LENIENT})
    judged.commit()
    done = judged.run("-k", "one")
    assert done.returncode == 0, done.stdout
    return judged


@pytest.fixture
def lenient(lenient_once: Judged, tmp_path: Path) -> Judged:
    return lenient_once.copy(tmp_path / "project")


def changed(judged: Judged, *words: str, **files: str) -> None:
    """`files` become the change and are committed, after what main had; then a run with `words`."""
    judged.write({"pyproject.toml": STRICT})
    for name in ("gates__toml", "gates_exceptions__toml"):
        (judged.root / name.replace("__", ".").replace("_", "-")).unlink(missing_ok=True)
    judged.write({name.replace("__", ".").replace("_", "-"): text for name, text in files.items()})
    judged.commit()
    judged.run(*words)


def on_main(judged: Judged, files: dict[str, str]) -> None:
    """Another commit on main that the change does not have."""
    judged.git("checkout", "-q", "main")
    judged.write(files)
    judged.commit("on main")
    judged.git("checkout", "-q", "change")


def test_without_being_asked_a_loosened_limit_is_told(lenient: Judged) -> None:
    done = lenient.verify()
    assert done.returncode == 0
    assert "policy-change: [tests] allow-partial: false -> true" in done.stdout


def test_a_lowered_limit_is_blocked_and_the_old_one_judges(lenient: Judged) -> None:
    done = lenient.verify("--policy-from", "main")
    assert done.returncode == 10
    assert "blocked: policy-change: [tests] allow-partial: false -> true" in done.stdout
    assert "judged by the policy of main" in done.stdout
    assert "partial-run" in done.stdout


def test_what_changes_nothing_of_the_law_passes(lenient: Judged) -> None:
    changed(lenient, test_more__py="def test_more(): pass\n")
    done = lenient.verify("--policy-from", "main")
    assert done.returncode == 0, done.stdout
    assert "policy-change" not in done.stdout


def test_a_base_that_asks_to_judge_needs_no_option(lenient: Judged) -> None:
    on_main(lenient, {"pyproject.toml": f"[tool.pytest-gates]\npolicy-from = 'base'\n{STRICT}"})
    done = lenient.verify()
    assert done.returncode == 10
    assert "judged by the policy of main" in done.stdout


def test_a_change_cannot_take_the_judge_away(lenient: Judged) -> None:
    lenient.git("checkout", "-q", "main")
    lenient.write({"pyproject.toml": f"[tool.pytest-gates]\npolicy-from = 'base'\n{STRICT}"})
    lenient.commit()
    lenient.git("checkout", "-q", "-b", "sly")
    lenient.write({"pyproject.toml": f"[tool.pytest-gates]\nbase = 'HEAD'\n{STRICT}"})
    lenient.commit()
    lenient.run()
    done = lenient.verify()
    assert done.returncode == 10
    assert 'policy-change: [policy-from]: "base" -> "change"' in done.stdout
    assert "policy-change: [base]" in done.stdout


def test_a_change_that_asks_for_its_base_is_inconclusive_without_one(lenient: Judged) -> None:
    changed(lenient, pyproject__toml=f"[tool.pytest-gates]\npolicy-from = 'base'\n{STRICT}")
    assert lenient.verify().returncode == 0
    lenient.git("branch", "-q", "-m", "main", "trunk")
    done = lenient.verify()
    assert done.returncode == 11
    assert "the policy of the base cannot be read" in done.stdout


def test_who_branches_off_an_old_commit_is_judged_by_the_law_of_today(lenient: Judged) -> None:
    """And what was tightened since is not told to be this change's doing."""
    lenient.git("checkout", "-q", "main")
    lenient.write({"pyproject.toml": LENIENT})
    lenient.commit()
    lenient.git("checkout", "-q", "-b", "old")
    lenient.write({"other.py": ""})
    tested = lenient.commit()
    lenient.run("-k", "one")
    lenient.git("checkout", "-q", "main")
    lenient.write({"pyproject.toml": STRICT})
    lenient.commit()
    lenient.git("checkout", "-q", "old")
    done = lenient.verify("--policy-from", "main", "--commit", tested)
    assert done.returncode == 11
    assert "partial-run" in done.stdout
    assert "policy-change" not in done.stdout


def test_a_gate_that_was_removed_was_not_measured(lenient: Judged) -> None:
    on_main(lenient, {"pyproject.toml": f"{STRICT}[tool.pytest-gates.flaky]\n"})
    lenient.git("checkout", "-q", "main")
    lenient.git("checkout", "-q", "-b", "less")
    changed(lenient, other__py="")
    done = lenient.verify("--policy-from", "main")
    assert done.returncode == 10
    assert "the gate `flaky` was on, and is off now" in done.stdout
    assert "the run was made without it" in done.stdout


def test_a_waiver_of_the_change_excuses_nothing_yet(lenient: Judged) -> None:
    changed(lenient, "-k", "one", gates_exceptions__toml=WAIVER)
    assert lenient.verify().returncode == 0
    done = lenient.verify("--policy-from", "main")
    assert done.returncode == 10
    assert f"waiver of partial-run in tests: new, until {LAST_DAY}, by @eve" in done.stdout
    assert "partial-run" in done.stdout


def test_an_exceptions_file_elsewhere_hides_no_waiver(lenient: Judged) -> None:
    policy = f"[tool.pytest-gates]\nexceptions = 'mine.toml'\n{STRICT}"
    changed(lenient, "-k", "one", pyproject__toml=policy, mine__toml=WAIVER)
    done = lenient.verify("--policy-from", "main")
    assert done.returncode == 10
    assert "waiver of partial-run" in done.stdout


def test_a_policy_that_is_gone_is_a_gate_after_the_other_that_is_told(lenient: Judged) -> None:
    on_main(lenient, {"pyproject.toml": f"{STRICT}[tool.pytest-gates.ruff]\nmode = 'block'\n"})
    changed(lenient, pyproject__toml="")
    done = lenient.verify("--policy-from", "main")
    assert done.returncode in {10, 11}
    assert "ruff" in done.stdout


def test_a_policy_that_only_moved_is_the_same_policy(lenient: Judged) -> None:
    changed(lenient, pyproject__toml="", gates__toml="[tests]\nallow-partial = false\n")
    done = lenient.verify("--policy-from", "main")
    assert done.returncode == 0, done.stdout
    assert "policy-change" not in done.stdout


def test_where_the_base_has_no_policy_the_default_one_judges(lenient: Judged) -> None:
    lenient.git("checkout", "-q", "--orphan", "empty")
    lenient.write({"pyproject.toml": ""})
    lenient.commit()
    lenient.git("checkout", "-q", "-b", "first")
    lenient.write({"pyproject.toml": STRICT})
    lenient.commit()
    lenient.run()
    done = lenient.verify("--policy-from", "empty")
    assert done.returncode == 10
    assert "which has none, so by the default one" in done.stdout
    assert "the gate `bandit` was on, and is off now" in done.stdout


def test_a_stricter_policy_of_the_change_counts_as_well(lenient: Judged) -> None:
    """After the merge it is the law."""
    lenient.git("checkout", "-q", "main")
    lenient.write({"pyproject.toml": LENIENT})
    lenient.commit()
    lenient.git("checkout", "-q", "-b", "stricter")
    changed(lenient, "-k", "one", other__py="")
    done = lenient.verify("--policy-from", "main")
    assert done.returncode == 11
    assert "by the change's own policy" in done.stdout
    assert "policy-change" not in done.stdout


def test_the_profile_chooses_what_is_compared(lenient: Judged) -> None:
    policy = f"{STRICT}[tool.pytest-gates.profiles.local.tests]\nallow-partial = true\n"
    changed(lenient, pyproject__toml=policy)
    assert "policy-change" not in lenient.verify("--policy-from", "main").stdout
    done = lenient.verify("--policy-from", "main", "--profile", "local")
    assert done.returncode == 10
    assert "allow-partial" in done.stdout


def test_a_link_cannot_be_the_law(lenient: Judged) -> None:
    lenient.git("checkout", "-q", "-b", "linked", "main")
    lenient.write({"elsewhere.toml": STRICT})
    (lenient.root / "pyproject.toml").unlink()
    (lenient.root / "pyproject.toml").symlink_to("elsewhere.toml")
    lenient.commit()
    done = lenient.verify("--policy-from", "main", "--any-commit")
    assert done.returncode == 10
    assert "policy-change: pyproject.toml is a symbolic link now" in done.stdout
    done = lenient.verify("--policy-from", "linked", "--any-commit")
    assert done.returncode == 2
    assert "a policy cannot be a link" in done.stderr


def test_a_base_that_is_not_here_is_inconclusive_and_says_what_to_fetch(lenient: Judged) -> None:
    done = lenient.verify("--policy-from", "origin/main")
    assert done.returncode == 11
    assert "git fetch --no-tags origin +refs/heads/main:refs/remotes/origin/main" in done.stdout


def test_the_commit_that_is_judged_must_be_here(lenient: Judged) -> None:
    tested = lenient.git("rev-parse", "HEAD")
    lenient.git("checkout", "-q", "main")
    done = lenient.verify("--policy-from", "main", "--commit", tested)
    assert done.returncode == 11
    assert "cannot be seen" in done.stdout


def test_the_base_says_what_a_new_comment_weighs(lenient: Judged) -> None:
    policy = (
        f"[tool.pytest-gates]\nnew-suppressions = 'warn'\n{STRICT}[tool.pytest-gates.coverage]\n"
    )
    lenient.git("checkout", "-q", "main")
    lenient.write({"pyproject.toml": policy})
    lenient.commit()
    lenient.git("checkout", "-q", "-b", "silent")
    lenient.write({"shop.py": "def pay():  # pragma: no cover\n    return 1\n"})
    lenient.commit()
    lenient.run()
    done = lenient.verify("--policy-from", "main")
    assert done.returncode == 0, done.stdout
    assert "note: new-suppression: shop.py:1" in done.stdout


def test_a_wider_coverage_configuration_is_blocked_and_workflows_are_noted(lenient: Judged) -> None:
    lenient.git("checkout", "-q", "main")
    lenient.write({"pyproject.toml": f"{STRICT}[tool.pytest-gates.coverage]\n"})
    lenient.commit()
    lenient.git("checkout", "-q", "-b", "wider")
    lenient.write(
        {
            ".coveragerc": "[run]\nomit = shop/*\n",
            "conftest.py": "",
            ".github/workflows/gates.yml": "on: push\n",
        }
    )
    lenient.commit()
    done = lenient.verify("--policy-from", "main", "--any-commit")
    assert done.returncode == 10
    assert "blocked: policy-change: .coveragerc" in done.stdout
    assert '+"shop/*"' in done.stdout
    assert "note: policy-change: .github/workflows/gates.yml steers" in done.stdout
    assert "note: policy-change: conftest.py steers" in done.stdout


def test_the_merge_that_github_makes_holds_all_that_is_needed_at_depth_two(
    lenient: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At depth one the base is missing: then nobody knows its law."""
    lenient.git("checkout", "-q", "--detach", "main")
    lenient.git("merge", "-q", "--no-ff", "-m", "Merge change into main", "change")
    merge = lenient.git("rev-parse", "HEAD")
    lenient.git("update-ref", "refs/pull/7/merge", merge)
    for name, value in {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_SHA": merge,
        "GITHUB_BASE_REF": "main",
    }.items():
        monkeypatch.setenv(name, value)
    clone = Judged(tmp_path / "clone")
    clone.root.mkdir()
    clone.git("init", "-q")
    clone.git("remote", "add", "origin", lenient.root.as_uri())
    clone.git("fetch", "-q", "--no-tags", "--depth=1", "origin", "+refs/pull/7/merge:refs/ci")
    clone.git("checkout", "-q", "--detach", "refs/ci")
    clone.run("-k", "one")
    words = ("--policy-from", "base", "--commit", merge)
    assert "the policy of the base cannot be read" in clone.verify(*words).stdout
    clone.git("fetch", "-q", "--no-tags", "--depth=2", "origin", "+refs/pull/7/merge:refs/ci")
    done = clone.verify(*words)
    assert done.returncode == 10
    assert "blocked: policy-change: [tests] allow-partial: false -> true" in done.stdout
    assert "judged by the policy of HEAD^1" in done.stdout


def test_a_policy_file_that_the_base_does_not_have_is_no_law_of_it(lenient: Judged) -> None:
    lenient.write({"mine.toml": "[tests]\nallow-partial = true\n"})
    done = lenient.verify("--config", "mine.toml")
    assert done.returncode == 0, done.stdout
    assert "main has no policy file mine.toml" in done.stdout
    assert lenient.verify("--config", "mine.toml", "--policy-from", "main").returncode == 2
