"""`gates verify` judges by the policy of the checked-out tree, not by the one the report carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.judged import Judged, put

LENIENT = {
    "pyproject.toml": "[tool.pytest-gates.tests]\nallow-partial = true\n",
    "test_it.py": "def test_one(): pass\ndef test_two(): pass\n",
}


@pytest.fixture(scope="module")
def partial_once(tmp_path_factory: pytest.TempPathFactory, quiet_session: None) -> Judged:
    """A part of the suite under a policy that allows it."""
    return Judged.made(tmp_path_factory.mktemp("partial"), LENIENT, "-k", "one")


@pytest.fixture
def partial(partial_once: Judged, tmp_path: Path) -> Judged:
    return partial_once.copy(tmp_path / "project")


def tightened(judged: Judged, text: str) -> Judged:
    judged.write({"pyproject.toml": text})
    return judged


def test_a_report_under_the_same_policy_passes(partial: Judged) -> None:
    assert partial.verify().returncode == 0


def test_the_policy_of_the_tree_is_what_counts(partial: Judged) -> None:
    tightened(partial, "[tool.pytest-gates.tests]\nallow-partial = false\n")
    done = partial.verify()
    assert done.returncode == 11
    assert "another policy" in done.stdout
    assert "partial-run" in done.stdout
    again = partial.verify("--profile", "local")
    assert again.returncode == 11
    assert "another policy (edited since): tests" in again.stdout


def test_a_gate_that_was_added_since_has_not_been_asked(partial: Judged) -> None:
    tightened(partial, LENIENT["pyproject.toml"] + "[tool.pytest-gates.bandit]\n")
    done = partial.verify()
    assert done.returncode == 11
    assert "another policy" in done.stdout
    assert "bandit was not started" in done.stdout


def test_a_policy_that_is_gone_is_another_policy(partial: Judged) -> None:
    tightened(partial, "")
    assert partial.verify().returncode == 11


def test_editing_the_policy_in_the_report_changes_nothing_but_the_claim(partial: Judged) -> None:
    partial.edit(put("policy", "gates", "tests", "allow-partial", value=False))
    done = partial.verify()
    assert done.returncode == 11
    assert "another policy" in done.stdout


def test_a_report_whose_policy_was_edited_to_fit_is_judged_by_its_evidence(
    partial: Judged,
) -> None:
    tightened(partial, "[tool.pytest-gates.tests]\nallow-partial = false\n")
    partial.edit(put("policy", "gates", "tests", "allow-partial", value=False))
    done = partial.verify()
    assert done.returncode == 11
    assert "partial-run" in done.stdout


def test_the_order_of_the_policys_keys_does_not_matter(partial: Judged) -> None:
    tightened(partial, '[tool.pytest-gates]\ntests = {allow-partial = true, mode = "block"}\n')
    assert partial.verify().returncode == 0


def test_another_profile_with_other_settings_is_another_policy(tmp_path: Path) -> None:
    judged = Judged.made(
        tmp_path,
        {
            **LENIENT,
            "pyproject.toml": "[tool.pytest-gates.profiles.local.tests]\nallow-partial = true\n",
        },
        "-k",
        "one",
    )
    done = judged.verify()
    assert done.returncode == 11
    assert "profile local, verified with ci" in done.stdout
    assert judged.verify("--profile", "local").returncode == 0


def test_what_only_warns_on_a_laptop_blocks_here(tmp_path: Path) -> None:
    judged = Judged.made(
        tmp_path, {"pyproject.toml": "[tool.pytest-gates.tests]\n", "a.py": ""}, status=5
    )
    assert judged.report()["decision"] == "warn"
    assert judged.verify().returncode == 11
    assert judged.verify("--profile", "local").returncode == 0


def test_a_gate_that_only_warns_does_not_block(tmp_path: Path) -> None:
    judged = Judged.made(
        tmp_path,
        {
            "pyproject.toml": "[tool.pytest-gates.tests]\nmode = 'warn'\n",
            "test_it.py": "def test_it(): assert False",
        },
        status=1,
    )
    done = judged.verify()
    assert done.returncode == 0
    assert "failed-test" in done.stdout
    judged.write({"pyproject.toml": "[tool.pytest-gates.tests]\nmode = 'block'\n"})
    assert judged.verify().returncode == 10


def test_the_default_policy_can_be_verified(tmp_path: Path) -> None:
    """No policy is written down: what counts is the same on both sides."""
    judged = Judged.made(tmp_path, {"test_it.py": "def test_it(): pass"}, "--co", status=0)
    done = judged.verify()
    assert done.returncode == 11
    assert "another policy" not in done.stdout


def test_the_report_folder_of_the_policy_is_where_reports_are_looked_for(tmp_path: Path) -> None:
    judged = Judged.made(
        tmp_path,
        {
            "gates.toml": "report-dir = 'out/said'\n[profiles.ci]\nreport-dir = 'out/ci'\n",
            "test_it.py": "def test_it(): pass",
        },
    )
    assert (judged.root / "out/said/report.json").exists()
    assert judged.verify().returncode == 11
    assert judged.run("--gates-profile", "ci").returncode == 0
    assert judged.verify("--any-commit").returncode == 0


def test_a_policy_elsewhere_is_named(green: Judged) -> None:
    green.write({"strict.toml": "[tests]\n[bandit]\n"})
    done = green.verify("--config", "strict.toml")
    assert done.returncode == 11
    assert "bandit" in done.stdout
