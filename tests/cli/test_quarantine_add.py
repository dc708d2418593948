"""`gates quarantine add` writes one entry that a person answers for, and changes nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gates.cli import excuses
from pytest_gates.errors import GatesError
from pytest_gates.model.case import FlakeClass, Role
from support.evidence import NODEID, a_case
from support.excused import DAY, FILE, TODAY, Excused, a_failed, an_entry
from support.judged import Judged

WHO = ("--reason", "races with the ledger clock", "--owner", "@payments")
BY_HAND = f"""\
# Exceptions of the shop.

[[quarantine]]
test = "tests/test_cart.py::test_other"   # slow
reason = "slow"
owner = "@ana"
expires = {TODAY + DAY}

# the end
"""


@pytest.fixture
def failed(tmp_path: Path) -> Excused:
    """One flaky failure in the last report, and no exceptions file."""
    return Excused(tmp_path).saw(a_failed(), a_case("tests/test_pay.py::test_pay"))


def add(project: Excused, *words: str, test: str = NODEID) -> int:
    done = project.gates("quarantine", "add", test, *words)
    assert "Traceback" not in done.output
    return done.exit_code


def test_reason_and_owner_are_enough_where_the_test_failed_in_the_last_report(
    failed: Excused,
) -> None:
    assert add(failed, *WHO) == 0
    assert failed.parsed().quarantine == (
        an_entry(
            days=30,
            reason="races with the ledger clock",
            owner="@payments",
            signature=("12ab",),
            category=FlakeClass.FLAKY,
        ),
    )


@pytest.mark.parametrize("words", [WHO[:2], WHO[2:], (*WHO[:3], " "), ("--reason", "", *WHO[2:])])
def test_an_entry_without_reason_or_owner_is_wrong_usage(
    failed: Excused, words: tuple[str, ...]
) -> None:
    assert add(failed, *words, "--force") == 2
    assert failed.text == ""


@pytest.mark.parametrize("option", ["--issue", "--signature", "--after"])
def test_an_option_that_is_given_says_something(failed: Excused, option: str) -> None:
    assert add(failed, *WHO, option, " ") == 2


def test_no_test_is_wrong_usage(failed: Excused) -> None:
    assert add(failed, *WHO, test=" ") == 2


def test_every_key_can_be_said(failed: Excused) -> None:
    said = ("--category", "accumulating", "--signature", "34cd", "--signature", "56ef")
    more = ("--after", "a.py::a", "--after", "b.py::b", "--issue", "SHOP-812", "--days", "90")
    assert add(failed, *WHO, *said, *more) == 0
    (found,) = failed.parsed().quarantine
    assert (found.category, found.signature) == ("accumulating", ("34cd", "56ef"))
    assert (found.after, found.issue) == (("a.py::a", "b.py::b"), "SHOP-812")
    assert found.expires == TODAY + 90 * DAY


def test_the_last_day_can_be_named(failed: Excused) -> None:
    assert add(failed, *WHO, "--expires", str(TODAY + 5 * DAY)) == 0
    assert failed.parsed().quarantine[0].expires == TODAY + 5 * DAY


@pytest.mark.parametrize(
    "words",
    [
        ("--days", "0"),
        ("--days", "91"),
        ("--days", "soon"),
        ("--expires", str(TODAY - DAY)),
        ("--expires", str(TODAY + 91 * DAY)),
        ("--expires", "tomorrow"),
        ("--expires", str(TODAY + DAY), "--days", "3"),
        ("--category", "regression"),
    ],
)
def test_an_end_that_is_over_or_too_far_is_wrong_usage(
    failed: Excused, words: tuple[str, ...]
) -> None:
    assert add(failed, *WHO, *words, "--force") == 2
    assert failed.text == ""


def test_every_other_byte_of_the_file_and_its_mode_stay(failed: Excused) -> None:
    failed.exceptions(BY_HAND)
    (failed.root / FILE).chmod(0o664)
    assert add(failed, *WHO) == 0
    assert failed.text.startswith(BY_HAND)
    assert (failed.root / FILE).stat().st_mode & 0o777 == 0o664


def test_a_dry_run_shows_the_entry_and_writes_nothing(failed: Excused) -> None:
    done = failed.gates("quarantine", "add", NODEID, *WHO, "--dry-run")
    assert done.exit_code == 0
    assert '  signature = ["12ab"]' in done.output
    assert "stays as it is" in done.output
    assert failed.text == ""


def test_a_second_entry_of_the_same_test_is_refused_with_the_first(failed: Excused) -> None:
    assert add(failed, *WHO) == 0
    before = failed.text
    done = failed.gates("quarantine", "add", NODEID, *WHO, "--force")
    assert done.exit_code == 1
    assert f"in quarantine already, until {TODAY + 30 * DAY} (@payments)" in done.output
    assert failed.text == before


def test_an_unknown_test_is_refused_with_the_nearest_and_needs_force(failed: Excused) -> None:
    done = failed.gates("quarantine", "add", "tests/test_pay.py::test_refnd", *WHO)
    assert done.exit_code == 1
    assert f"nearest: {NODEID}, tests/test_pay.py::test_pay" in done.output
    assert failed.text == ""
    assert add(failed, *WHO, "--force", test="tests/test_pay.py::test_refnd") == 0
    assert failed.text.startswith("# evidence: added by force: no test of the last report fits")


def test_a_regression_is_refused_and_needs_force(tmp_path: Path) -> None:
    project = Excused(tmp_path).saw(a_failed(kind=FlakeClass.REGRESSION))
    done = project.gates("quarantine", "add", NODEID, *WHO)
    assert done.exit_code == 1
    assert "is broken, not flaky" in done.output
    assert project.text == ""
    assert add(project, *WHO, "--force") == 0
    (found,) = project.parsed().quarantine
    assert found.category is None
    assert "added by force" in project.text


def test_without_a_report_nothing_is_known_and_force_is_needed(tmp_path: Path) -> None:
    project = Excused(tmp_path)
    done = project.gates("quarantine", "add", NODEID, *WHO)
    assert done.exit_code == 1
    assert "run `pytest -p gates` first" in done.output
    assert add(project, *WHO, "--force") == 0
    assert project.parsed().quarantine[0].signature == ()


def test_a_named_report_is_looked_into_instead_of_the_last_one(tmp_path: Path) -> None:
    project = Excused(tmp_path).saw(a_failed())
    (tmp_path / "gates-report/report.json").rename(tmp_path / "of-ci.json")
    project.saw(a_case("other.py::test_other"))
    assert add(project, *WHO) == 1
    assert add(project, *WHO, "--report", str(tmp_path / "of-ci.json")) == 0


def test_a_named_report_that_is_none_is_wrong_usage(failed: Excused) -> None:
    assert add(failed, *WHO, "--report", str(failed.root / "none.json"), "--force") == 2
    assert add(failed, *WHO, "--report", str(failed.root / "pyproject.toml"), "--force") == 2


@pytest.mark.parametrize("text", ["[[quarantine]]\n", "[[quarantin]]\n", "[[quarantine\n"])
def test_a_file_that_is_wrong_already_is_told_and_left_alone(failed: Excused, text: str) -> None:
    failed.exceptions(text)
    assert add(failed, *WHO, "--force") == 2
    assert failed.text == text


def test_a_file_of_inline_entries_is_left_to_a_person(failed: Excused) -> None:
    text = f"quarantine = [{{test = 'x', reason = 'r', owner = 'o', expires = {TODAY}}}]\n"
    failed.exceptions(text)
    done = failed.gates("quarantine", "add", NODEID, *WHO)
    assert done.exit_code == 1
    assert "edit it by hand" in done.output
    assert failed.text == text


@pytest.mark.parametrize("name", ["pyproject.toml/excuses.toml", "n" * 300])
def test_a_file_that_cannot_be_there_is_told_without_a_traceback(tmp_path: Path, name: str) -> None:
    project = Excused(tmp_path, f"[tool.pytest-gates]\nexceptions = '{name}'\n").saw(a_failed())
    assert add(project, *WHO) in {1, 2}


def test_a_file_that_cannot_be_written_is_told_without_a_traceback(
    failed: Excused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, text: str) -> None:
        raise GatesError(f"{path.name} cannot be written: No space left on device")

    monkeypatch.setattr(excuses, "write_exceptions", refuse)
    done = failed.gates("quarantine", "add", NODEID, *WHO)
    assert done.exit_code == 1
    assert "Error: gates-exceptions.toml cannot be written: No space left" in done.output
    assert "written to" not in done.output


def test_the_file_that_the_policy_names_is_written(tmp_path: Path) -> None:
    project = Excused(tmp_path, "[tool.pytest-gates]\nexceptions = 'ci/excuses.toml'\n")
    assert add(project.saw(a_failed()), *WHO) == 0
    assert "[[quarantine]]" in (tmp_path / "ci/excuses.toml").read_text(encoding="utf-8")
    assert project.text == ""


def test_a_policy_that_does_not_judge_the_quarantine_is_said(tmp_path: Path) -> None:
    project = Excused(tmp_path, "[tool.pytest-gates.tests]\n").saw(a_failed())
    done = project.gates("quarantine", "add", NODEID, *WHO)
    assert done.exit_code == 0
    assert "the gate `flaky` is off" in done.output


def test_the_tests_behind_which_it_fails_are_taken_from_the_diagnosis(tmp_path: Path) -> None:
    case = a_failed(kind=FlakeClass.ORDER_DEPENDENT, role=Role.VICTIM, because=("a.py::a",))
    project = Excused(tmp_path).saw(case)
    assert add(project, *WHO) == 0
    (found,) = project.parsed().quarantine
    assert (found.category, found.after) == ("order-dependent", ("a.py::a",))


def test_what_a_test_is_called_cannot_add_lines_to_the_file_or_obey_the_screen(
    tmp_path: Path,
) -> None:
    name = 'test_it.py::test_it[\x1b[2J"\n[[waiver]]\n\u202e]'
    project = Excused(tmp_path).saw(a_failed(name))
    done = project.gates("quarantine", "add", name, *WHO)
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output + project.text
    assert [one.test for one in project.parsed().quarantine] == [name]
    assert project.parsed().waivers == ()


def test_the_command_itself_adds_to_a_real_project_and_commits_nothing(red: Judged) -> None:
    before = red.git("rev-parse", "HEAD")
    command = ("-m", "pytest_gates", "quarantine", "add", "test_it.py::test_bad", *WHO)
    done = red.python(*command)
    assert done.returncode == 0, done.stderr
    assert red.git("status", "--short") == f"?? {FILE}"
    assert red.git("rev-parse", "HEAD") == before
    assert red.python(*command).returncode == 1
