"""`gates waive` writes a waiver that covers something, for somebody, until a day."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gates.model.exceptions import Waiver
from pytest_gates.model.finding import Location
from support.evidence import a_failure, a_finding, a_gate, a_report, an_unknown
from support.excused import DAY, TODAY, Excused
from support.judged import Judged

WHO = ("--reason", "a literal", "--owner", "@ana")
FLAW = a_failure(
    "B602", aliases=("CWE-78",), location=Location(path="src/app.py", line=3), fingerprint="00ff"
)


@pytest.fixture
def flawed(tmp_path: Path) -> Excused:
    """bandit found B602 in src/app.py, could not read a template, and noted B101."""
    findings = (FLAW, an_unknown("unread", subject="templates/a.py"), a_finding("B101"))
    return Excused(tmp_path).report(a_report(a_gate(*findings, name="bandit")))


def a_waiver(subject: str, days: int = 30) -> Waiver:
    return Waiver(
        gate="bandit",
        subject=subject,
        reason="a literal",
        owner="@ana",
        expires=TODAY + days * DAY,
    )


@pytest.mark.parametrize("subject", ["B602", "CWE-78", "00ff", "src/**:B602", "unread"])
def test_whatever_names_a_finding_is_waived_for_thirty_days(flawed: Excused, subject: str) -> None:
    done = flawed.gates("waive", "bandit", subject, *WHO)
    assert done.exit_code == 0, done.output
    assert flawed.parsed().waivers == (a_waiver(subject),)
    assert done.output.startswith("covers ")


def test_the_end_can_be_chosen_freely(flawed: Excused) -> None:
    assert flawed.gates("waive", "bandit", "B602", *WHO, "--days", "400").exit_code == 0
    last = str(TODAY + 500 * DAY)
    assert flawed.gates("waive", "bandit", "CWE-78", *WHO, "--expires", last).exit_code == 0
    assert flawed.parsed().waivers == (a_waiver("B602", 400), a_waiver("CWE-78", 500))


def test_the_policy_limits_the_end_and_the_default_follows(tmp_path: Path) -> None:
    policy = "[tool.pytest-gates]\nmax-waiver = '10d'\n[tool.pytest-gates.bandit]\n"
    project = Excused(tmp_path, policy).report(a_report(a_gate(FLAW, name="bandit")))
    for words in (("--days", "11"), ("--expires", str(TODAY + 11 * DAY))):
        done = project.gates("waive", "bandit", "B602", *WHO, *words)
        assert done.exit_code == 2
        assert f"at most 10 days ahead, so {TODAY + 10 * DAY}" in done.output
    assert project.text == ""
    assert project.gates("waive", "bandit", "B602", *WHO).exit_code == 0
    assert project.parsed().waivers == (a_waiver("B602", 10),)


def test_an_end_beyond_the_calendar_is_wrong_usage(flawed: Excused) -> None:
    assert flawed.gates("waive", "bandit", "B602", *WHO, "--days", "9999999").exit_code == 2


def test_a_waiver_until_there_is_a_fix_is_for_what_has_none_yet(tmp_path: Path) -> None:
    open_ = a_failure("X-1", aliases=("CVE-1",), subject="a 1.0")
    fixed = a_failure("X-2", aliases=("CVE-2",), subject="b 1.0", fixed_in=("1.1",))
    policy = "[tool.pytest-gates.pip-audit]\n[tool.pytest-gates.bandit]\n"
    project = Excused(tmp_path, policy).report(a_report(a_gate(open_, fixed, name="pip-audit")))
    wait = ("--until-fixed", *WHO)
    done = project.gates("waive", "pip-audit", "CVE-2", *wait)
    assert done.exit_code == 1
    assert "b 1.0 has a fix already: go to 1.1" in done.output
    done = project.gates("waive", "bandit", "CVE-1", *wait)
    assert done.exit_code == 2
    assert "bandit never tells of a fixed version" in done.output
    assert project.gates("waive", "pip-audit", "CVE-1", *wait).exit_code == 0
    assert project.text.endswith("until-fixed = true\n")
    assert project.parsed().waivers[0].until_fixed


@pytest.mark.parametrize(
    "words",
    [
        ("bandit", "B602", *WHO[:2]),
        ("bandit", "B602", *WHO[2:]),
        ("bandit", "B602", "--reason", " ", "--owner", "@ana"),
        ("bandit", " ", *WHO),
        ("bandit", "B602", *WHO, "--days", "0"),
        ("bandit", "B602", *WHO, "--expires", str(TODAY - DAY)),
        ("bandit", "B602", *WHO, "--expires", str(TODAY), "--days", "3"),
        ("bandit", *WHO),
        ("bandti", "B602", *WHO),
    ],
)
def test_wrong_usage_exits_2_and_writes_nothing(flawed: Excused, words: tuple[str, ...]) -> None:
    assert flawed.gates("waive", *words, "--force").exit_code == 2
    assert flawed.text == ""


def test_an_unknown_gate_is_told_with_the_nearest(flawed: Excused) -> None:
    done = flawed.gates("waive", "bandti", "B602", *WHO)
    assert "no such gate: bandti, did you mean `bandit`?" in done.output


def test_a_gate_that_only_the_report_knows_can_be_waived(tmp_path: Path) -> None:
    policy = "[tool.pytest-gates.house]\n"
    project = Excused(tmp_path, policy).report(a_report(a_gate(FLAW, name="house")))
    assert project.gates("waive", "house", "B602", *WHO).exit_code == 0


@pytest.mark.parametrize("subject", ["B603", "src/app.py", "lib/**:B602", "B101", "templates/a.py"])
def test_what_names_no_finding_that_counts_needs_force(flawed: Excused, subject: str) -> None:
    done = flawed.gates("waive", "bandit", subject, *WHO)
    assert done.exit_code == 1
    assert "no finding of bandit in the last report is named" in done.output
    assert flawed.text == ""
    assert flawed.gates("waive", "bandit", subject, *WHO, "--force").exit_code == 0
    assert flawed.parsed().waivers == (a_waiver(subject),)


def test_the_nearest_names_are_told(flawed: Excused) -> None:
    done = flawed.gates("waive", "bandit", "B603", *WHO)
    assert "nearest: B602" in done.output


def test_a_waiver_of_many_findings_says_how_many(tmp_path: Path) -> None:
    findings = [a_failure("B602", subject=f"s{number}") for number in range(5)]
    project = Excused(tmp_path).report(a_report(a_gate(*findings, name="bandit")))
    done = project.gates("waive", "bandit", "B602", *WHO)
    assert done.output.count("covers B602 s") == 3
    assert "covers 2 more findings" in done.output


def test_without_a_report_force_is_needed(tmp_path: Path) -> None:
    project = Excused(tmp_path)
    assert project.gates("waive", "bandit", "B602", *WHO).exit_code == 1
    assert project.gates("waive", "bandit", "B602", *WHO, "--force").exit_code == 0


def test_a_second_waiver_of_the_same_is_refused_with_the_first(flawed: Excused) -> None:
    assert flawed.gates("waive", "bandit", "B602", *WHO).exit_code == 0
    before = flawed.text
    done = flawed.gates("waive", "bandit", "B602", *WHO, "--force")
    assert done.exit_code == 1
    assert f"B602 is waived already, until {TODAY + 30 * DAY} (@ana)" in done.output
    assert flawed.text == before


def test_a_dry_run_shows_the_waiver_and_writes_nothing(flawed: Excused) -> None:
    done = flawed.gates("waive", "bandit", "B602", *WHO, "--dry-run")
    assert done.exit_code == 0
    assert '  subject = "B602"' in done.output
    assert flawed.text == ""


def test_a_file_of_inline_waivers_is_left_to_a_person(flawed: Excused) -> None:
    flawed.exceptions("waiver = []\n")
    done = flawed.gates("waive", "bandit", "B602", *WHO)
    assert done.exit_code == 1
    assert "edit it by hand" in done.output


def test_a_waiver_clears_the_change_that_it_was_written_for(red: Judged) -> None:
    assert red.verify().returncode == 10
    words = ("-m", "pytest_gates", "waive", "tests", "test_it.py::test_bad", *WHO)
    assert red.python(*words).returncode == 0
    tested = red.git("rev-parse", "HEAD")
    red.commit("waive it")
    assert red.verify("--commit", tested).returncode == 0
