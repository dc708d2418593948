"""`gates history` shows what is remembered, imports what was archived, and says it when it cannot."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from pytest_gates.adapters.history import CACHE_FOLDER, HISTORY_FILE, open_history
from pytest_gates.adapters.run_key import variant_here
from pytest_gates.cli.app import app
from pytest_gates.model.case import FlakeClass, Outcome
from pytest_gates.model.history import BranchKind, RunToRemember
from support.history import A, B, a_run, attempts, failed, flaky

pytest_plugins = ["support.databases"]

NOW = dt.datetime.now(dt.UTC)
OTHER = "cpython-3.99-linux"
REPOSITORY = "shop/till"


def ago(hours: float) -> dt.datetime:
    return NOW - dt.timedelta(hours=hours)


def ours(run: RunToRemember, **changes: object) -> RunToRemember:
    """The same run, made in the repository and variant of these tests."""
    key = msgspec.structs.replace(
        run.key, **{"repository": REPOSITORY, "variant": variant_here(), **changes}
    )
    return msgspec.structs.replace(run, key=key)


class Shop:
    """A project that remembers runs, and `gates history …` in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "pyproject.toml").write_text("[tool.pytest-gates.flaky]\n", encoding="ascii")

    @property
    def file(self) -> Path:
        return self.root / CACHE_FOLDER / HISTORY_FILE

    def remembers(self, *runs: RunToRemember, where: str = "sqlite", **changes: object) -> Shop:
        store = open_history(where, self.root / CACHE_FOLDER, root=self.root)
        for run in runs:
            store.remember(ours(run, **changes))
        store.close()
        return self

    def gates(self, *words: str) -> Result:
        assert isinstance(app, click.Group)
        return CliRunner().invoke(app, ["history", *words, "--root", str(self.root)])

    def archive(self, began: dt.datetime, inner: str = "", name: str = "junit.xml") -> Path:
        """A document of one test."""
        path = self.root / name
        test = f'<testcase classname="tests.test_pay" name="test_a" time="1">{inner}</testcase>'
        text = f'<testsuite timestamp="{began.isoformat()}">{test}</testsuite>'
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    return Shop(tmp_path)


@pytest.fixture
def lived_in(shop: Shop) -> Shop:
    """Three runs on the base, one on a change."""
    told = attempts(A, Outcome.FAILED, Outcome.PASSED, kind=FlakeClass.ORDER_DEPENDENT)
    return shop.remembers(
        a_run("1", clean=(A, B), started=ago(40)),
        a_run("2", told, clean=(B,), started=ago(30)),
        a_run("3", clean=(A, B), started=ago(20)),
        a_run("4", failed(B), branch="topic", branch_kind=BranchKind.CHANGE, started=ago(10)),
    )


# --- show ---------------------------------------------------------------------------------------------


def test_a_test_is_shown_with_its_rate_and_its_runs(lived_in: Shop) -> None:
    done = lived_in.gates("show", A)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0] == f"{A}, {variant_here()}"
    assert lines[1].startswith("  failed 1 of 3 on the base (33.3 %, between ")
    assert "unsteady in 1 run on the base, both failed and passed in 1 of them" in done.output
    assert "told to be order-dependent" in done.output
    assert f"last failed {ago(30):%Y-%m-%d %H:%M}; since then 0 failures in 1 run: " in done.output
    assert "failed, passed (isolated); order-dependent, as told" in done.output
    assert "main" in done.output
    assert len([line for line in lines if f"{NOW:%Y-}" in line and " main " in line]) == 3


def test_a_test_that_never_failed_is_bounded(lived_in: Shop) -> None:
    done = lived_in.gates("show", B)
    assert (
        "on the base: 0 failures in 3 runs: fails less than 63.2 % of the time, 95 % sure"
        in done.output
    )
    assert "on changes: failed 1 of 1" in done.output


def test_the_number_of_runs_is_limited(lived_in: Shop) -> None:
    assert lived_in.gates("show", A, "--limit", "1").output.count(" main ") == 1


def test_a_part_of_the_node_id_is_enough_when_it_fits_one_test(lived_in: Shop) -> None:
    assert lived_in.gates("show", "test_a").output.startswith(A)
    many = lived_in.gates("show", "test_pay")
    assert many.exit_code == 1
    assert many.output.splitlines()[1:] == [A, B]
    none = lived_in.gates("show", "tests/test_pay.py::test_aa")
    assert none.exit_code == 1
    assert f"nearest: {A}" in none.output


def test_every_variant_has_its_part(lived_in: Shop) -> None:
    lived_in.remembers(a_run("1", failed(A), started=ago(3)), variant=OTHER)
    done = lived_in.gates("show", A)
    assert f"{A}, {OTHER}" in done.output
    assert f"{A}, {variant_here()}" in done.output
    assert variant_here() not in lived_in.gates("show", A, "--variant", OTHER).output
    missing = lived_in.gates("show", A, "--variant", "none")
    assert missing.exit_code == 1
    assert OTHER in missing.output


def test_a_failure_that_was_never_followed_by_a_pass_is_said_to_be(shop: Shop) -> None:
    shop.remembers(a_run("1", failed(A), started=ago(3)))
    done = shop.gates("show", A)
    assert "it has not passed since" in done.output
    assert "failed: boom" in done.output
    assert "signatures of its failures: s" in done.output


# --- top and trend ------------------------------------------------------------------------------------


def test_the_worst_tests_come_first(shop: Shop) -> None:
    shop.remembers(
        a_run("1", flaky(A), flaky(B), started=ago(5)), a_run("2", flaky(B), started=ago(4))
    )
    done = shop.gates("top")
    assert done.exit_code == 0
    assert [line.split()[-1] for line in done.output.splitlines()[2:]] == [B, A]
    assert "2 of 2" in done.output
    assert A not in shop.gates("top", "--limit", "1").output


def test_a_steady_suite_is_said_to_be(shop: Shop) -> None:
    shop.remembers(a_run("1", clean=(A,), started=ago(5)))
    assert "no test was unsteady in 1 run on the base" in shop.gates("top").output


def test_a_history_without_the_base_says_so(shop: Shop) -> None:
    shop.remembers(a_run("1", flaky(A), branch_kind=BranchKind.CHANGE, started=ago(5)))
    assert "no run on the base yet" in shop.gates("top").output


def test_the_last_runs_are_listed_and_counted(lived_in: Shop) -> None:
    done = lived_in.gates("trend")
    assert done.exit_code == 0
    *_, last = done.output.splitlines()
    assert last == "  3 runs on the base: 1 with flaky tests, 0 with failed ones"
    assert len(done.output.splitlines()) == 7
    assert len(lived_in.gates("trend", "--runs", "2").output.splitlines()) == 5


# --- import -------------------------------------------------------------------------------------------


def test_an_archive_is_imported_once(shop: Shop) -> None:
    path = shop.archive(ago(5), "<failure message='boom'/>")
    done = shop.gates("import", str(path), "--branch", "main")
    assert (done.exit_code, done.output) == (0, "imported 1 run with 1 result\n")
    again = shop.gates("import", str(path))
    assert (again.exit_code, again.output) == (
        0,
        "imported 0 runs with 0 results\n1 run known already\n",
    )
    assert "failed: boom" in shop.gates("show", A).output


def test_node_ids_are_those_of_the_files_in_the_root(shop: Shop) -> None:
    (shop.root / "tests").mkdir()
    (shop.root / "tests/test_pay.py").touch()
    shop.gates("import", str(shop.archive(ago(5))))
    assert shop.gates("show", A).exit_code == 0


def test_an_import_says_what_it_left_out(shop: Shop) -> None:
    folder = shop.root / "archive"
    folder.mkdir()
    shop.archive(ago(5), name="archive/good.xml")
    shop.archive(ago(24 * 200), name="archive/old.xml")
    for number in range(25):
        (folder / f"{number:02}.xml").write_text("<html/>", encoding="ascii")
    done = shop.gates("import", str(folder))
    assert done.exit_code == 0
    assert "imported 1 run with 1 result" in done.output
    assert "1 run older than the history goes back" in done.output
    assert done.output.count("its outermost element is neither") == 20
    assert "skipped 5 more" in done.output


def test_an_import_of_nothing_is_no_success(shop: Shop) -> None:
    path = shop.root / "junit.xml"
    path.write_text("<!DOCTYPE x><testsuite/>", encoding="ascii")
    done = shop.gates("import", str(path))
    assert done.exit_code == 1
    assert "document type" in done.output
    assert "no run was found there" in done.output
    assert shop.gates("import", "gone.xml").exit_code == 1


def test_runs_of_a_change_and_another_python_can_be_imported(shop: Shop) -> None:
    path = shop.archive(ago(5), "<failure/>")
    done = shop.gates("import", str(path), "--kind", "change", "--variant", OTHER)
    assert done.exit_code == 0
    shown = shop.gates("show", A).output
    assert shown.startswith(f"{A}, {OTHER}\n")
    assert "on changes: failed 1 of 1" in shown


def test_the_policy_says_what_a_mass_failure_is(shop: Shop) -> None:
    cases = [f'<testcase classname="t" name="{number}"><error/></testcase>' for number in range(12)]
    path = shop.root / "junit.xml"
    text = f'<testsuite timestamp="{ago(5).isoformat()}">{"".join(cases)}</testsuite>'
    path.write_text(text, encoding="ascii")
    assert "teaches nothing" in shop.gates("import", str(path)).output
    policy = "[tool.pytest-gates.flaky]\nmass-failure = 100\n"
    (shop.root / "pyproject.toml").write_text(policy, encoding="ascii")
    assert "imported 1 run with 12 results" in shop.gates("import", str(path)).output


# --- where --------------------------------------------------------------------------------------------


def test_a_question_leaves_nothing_behind(shop: Shop) -> None:
    for words in (("top",), ("trend",), ("show", A)):
        done = shop.gates(*words)
        assert done.exit_code == 1
        assert "there is no history" in done.output
    assert not (shop.root / ".pytest_cache").exists()


def test_the_policy_says_where_and_an_option_overrules_it(shop: Shop) -> None:
    policy = '[tool.pytest-gates]\nhistory = "sqlite:kept.db"\n[tool.pytest-gates.flaky]\n'
    (shop.root / "pyproject.toml").write_text(policy, encoding="ascii")
    shop.remembers(a_run("1", clean=(A,), started=ago(5)), where="sqlite:kept.db")
    assert shop.gates("trend").exit_code == 0
    assert shop.gates("trend", "--history", "sqlite").exit_code == 1
    assert shop.gates("trend", "--history", f"sqlite:{shop.root}/kept.db").exit_code == 0


def test_a_wrong_policy_is_usage_unless_the_history_is_named(lived_in: Shop) -> None:
    (lived_in.root / "pyproject.toml").write_text("[tool.pytest-gates]\nhistroy = 1\n", "ascii")
    done = lived_in.gates("top")
    assert done.exit_code == 2
    assert "--history" in done.output
    assert "did you mean `history`" in done.output
    assert lived_in.gates("top", "--history", "sqlite").exit_code == 0


def test_another_repository_can_be_named(lived_in: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/else")
    done = lived_in.gates("top")
    assert done.exit_code == 1
    assert f"--repository: {REPOSITORY}" in done.output
    assert lived_in.gates("top", "--repository", REPOSITORY).exit_code == 0


def test_a_broken_history_is_told_with_what_to_do(lived_in: Shop) -> None:
    lived_in.file.write_bytes(b"nonsense" * 1000)
    done = lived_in.gates("top")
    assert done.exit_code == 1
    assert "not a database" in done.output
    assert "remove it" in done.output
    assert "Traceback" not in done.output


def test_a_history_in_postgresql_is_used_the_same_way(
    shop: Shop, postgresql_place: object, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HISTORY_URL", postgresql_url)
    place = ("--history", "env:HISTORY_URL")
    done = shop.gates("import", str(shop.archive(ago(5), "<flakyFailure/>")), *place)
    assert (done.exit_code, done.output) == (0, "imported 1 run with 1 result\n")
    assert A in shop.gates("top", *place).output


def test_a_password_is_never_printed(shop: Shop) -> None:
    done = shop.gates("top", "--history", "postgresql://ana:s3cret@127.0.0.1:1/shop")
    assert done.exit_code == 1
    assert "s3cret" not in done.output
    assert "postgresql 127.0.0.1/shop" in done.output


def test_hostile_text_cannot_reach_the_terminal(shop: Shop) -> None:
    nodeid = "t.py::test[\x1b[2J\u202e]"
    shop.remembers(a_run("1", failed(nodeid), branch="\x1b]0;x\x07", started=ago(5)))
    for words in (("show", nodeid), ("top",), ("trend",)):
        done = shop.gates(*words)
        assert done.exit_code == 0
        assert not {"\x1b", "\u202e", "\x07"} & set(done.output)


@pytest.mark.parametrize("command", [(), ("show",), ("top",), ("trend",), ("import",)])
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["history", *command, "--help"])
    assert done.exit_code == 0
    assert "Usage: " in done.output


@pytest.mark.parametrize(
    "tox, options",
    [("", ()), ("made by tox", ()), ("", ("-p", "no:cacheprovider"))],
    ids=["plain", "under tox", "without a cache"],
)
def test_what_a_run_remembers_is_what_the_command_shows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tox: str, options: tuple[str, ...]
) -> None:
    """Plugin and command agree on place, repository and variant.

    Under tox pytest's cache is a folder of the environment, of which the command cannot know.
    """
    monkeypatch.delenv("TOX_ENV_DIR", raising=False)
    if tox:
        monkeypatch.setenv("TOX_ENV_DIR", str(shop.root / tox))
    (shop.root / "test_it.py").write_text("def test_it(): pass\n", encoding="ascii")
    argv = [sys.executable, "-m", "pytest", "-p", "gates", "-q", "-p", "no:hypothesispytest"]
    done = subprocess.run(
        [*argv, *options], cwd=shop.root, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert "history" not in done.stdout  # nothing to complain of
    shown = shop.gates("show", "test_it.py::test_it")
    assert shown.exit_code == 0, f"{shown.output}\n{done.stdout}\n{done.stderr}"
    assert f"test_it.py::test_it, {variant_here()}" in shown.output
    ignored = [
        one for one in shop.root.rglob(".gitignore") if one.is_relative_to(shop.file.parents[2])
    ]
    assert ignored  # by git: a judged tree stays as it was committed
