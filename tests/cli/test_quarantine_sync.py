"""`gates quarantine sync` removes what is over by evidence, never what is over by date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_gates.adapters.exceptions_file import toml_of
from pytest_gates.model.case import CollectionError
from pytest_gates.model.evidence import WorkerRecord
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse
from support.evidence import a_report, a_run, an_evidence
from support.excused import Excused, a_use, an_entry

SYNC = ("quarantine", "sync")
STALE = a_use(an_entry("gone"), QuarantineState.STALE)
OVER = a_use(
    an_entry("repaired", owner="@ben"),
    QuarantineState.IDLE,
    tests=1,
    release="29 of 29 passes in a row",
    releasable=True,
)
KEPT = (
    a_use(an_entry("used"), QuarantineState.USED, tests=1, excused=("used",)),
    a_use(an_entry("idle"), QuarantineState.IDLE, tests=1, release="12 of 29 passes in a row"),
    a_use(an_entry("untried"), QuarantineState.UNTRIED, tests=1),
)
EXPIRED = a_use(an_entry("late", -1), QuarantineState.EXPIRED, tests=1)
HEAD = "# Exceptions of the shop.\n\n"


def text_of(*uses: QuarantineUse) -> str:
    parts = (toml_of("quarantine", one.entry, f"about {one.entry.test}") for one in uses)
    return HEAD + "\n".join(parts)


def judged(root: Path, *uses: QuarantineUse, text: str | None = None, **evidence: Any) -> Excused:
    """Entries with the last report's word on them."""
    project = Excused(root).exceptions(text_of(*uses) if text is None else text)
    return project.report(a_report(evidence=an_evidence(**evidence), quarantine=uses))


def test_what_is_gone_and_what_is_repaired_goes_and_all_else_stays(tmp_path: Path) -> None:
    project = judged(tmp_path, KEPT[0], STALE, KEPT[1], OVER, KEPT[2], EXPIRED)
    done = project.gates(*SYNC)
    assert done.exit_code == 0
    assert "removed gone (@ana): no such test exists\n" in done.output
    assert "removed repaired (@ben): 29 of 29 passes in a row\n" in done.output
    assert project.text == text_of(*KEPT, EXPIRED)


def test_an_entry_that_has_only_ended_stays_and_its_owner_is_named(tmp_path: Path) -> None:
    project = judged(tmp_path, EXPIRED)
    done = project.gates(*SYNC)
    assert done.exit_code == 0
    assert "kept late: it ended on" in done.output
    assert "@ana repairs the test" in done.output
    assert "nothing to remove" in done.output
    assert project.text == text_of(EXPIRED)


def test_an_entry_that_has_ended_goes_when_its_test_is_repaired(tmp_path: Path) -> None:
    ended = a_use(
        an_entry("late", -1), QuarantineState.EXPIRED, tests=1, release="enough", releasable=True
    )
    project = judged(tmp_path, ended)
    assert project.gates(*SYNC).exit_code == 0
    assert project.parsed().quarantine == ()


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    project = judged(tmp_path, STALE, OVER)
    done = project.gates(*SYNC, "--dry-run")
    assert done.exit_code == 0
    assert "would remove gone (@ana): no such test exists" in done.output
    assert "would remove repaired" in done.output
    assert project.text == text_of(STALE, OVER)


def test_nothing_to_remove_writes_nothing(tmp_path: Path) -> None:
    project = judged(tmp_path, *KEPT)
    done = project.gates(*SYNC)
    assert (done.exit_code, done.output) == (0, "nothing to remove\n")
    assert project.text == text_of(*KEPT)


def test_an_entry_that_was_edited_since_the_report_stays(tmp_path: Path) -> None:
    edited = toml_of("quarantine", an_entry("gone", owner="@cleo"))
    project = judged(tmp_path, STALE, text=edited)
    done = project.gates(*SYNC)
    assert done.exit_code == 0
    assert "kept gone: its entry was edited since the last report" in done.output
    assert project.text == edited


def test_an_entry_that_the_report_does_not_know_stays(tmp_path: Path) -> None:
    text = text_of(STALE) + "\n" + toml_of("quarantine", an_entry("newer"))
    project = judged(tmp_path, STALE, text=text)
    assert project.gates(*SYNC).exit_code == 0
    assert [one.test for one in project.parsed().quarantine] == ["newer"]


def test_an_entry_that_was_removed_by_hand_is_not_missed(tmp_path: Path) -> None:
    project = judged(tmp_path, STALE, text="")
    assert project.gates(*SYNC).output == "nothing to remove\n"


@pytest.mark.parametrize(
    "run, told",
    [
        ({"finished": None, "exit_status": None}, "the run did not finish"),
        ({"selection": ("-k refund",)}, "it was a part (-k refund)"),
        ({"stopped_early": "stopping after 1 failures"}, "stopping after 1 failures"),
        ({"shard": "unit"}, "it is of shard unit alone"),
        ({"workers": (WorkerRecord(id="gw1", finished=False),)}, "workers were lost (gw1)"),
        ({"exit_status": 2}, "pytest ended with status 2"),
        ({"exit_status": 5}, "pytest ended with status 5"),
    ],
)
def test_a_report_that_did_not_see_the_whole_suite_removes_nothing(
    tmp_path: Path, run: dict[str, Any], told: str
) -> None:
    project = judged(tmp_path, STALE, OVER, run=a_run(**run))
    done = project.gates(*SYNC)
    assert done.exit_code == 1
    assert told in done.output
    assert project.text == text_of(STALE, OVER)


def test_tests_of_a_file_that_could_not_be_collected_are_not_gone(tmp_path: Path) -> None:
    errors = (CollectionError(nodeid="gone.py", message="SyntaxError"),)
    project = judged(tmp_path, STALE, errors=errors)
    done = project.gates(*SYNC)
    assert done.exit_code == 1
    assert "some files could not be collected" in done.output
    assert project.text == text_of(STALE)


@pytest.mark.parametrize("status", [0, 1, 10, 11])
def test_a_run_with_failures_speaks_of_the_whole_suite(tmp_path: Path, status: int) -> None:
    project = judged(tmp_path, STALE, run=a_run(exit_status=status))
    assert project.gates(*SYNC).exit_code == 0
    assert project.parsed().quarantine == ()


def test_without_a_report_nothing_is_removed(tmp_path: Path) -> None:
    project = Excused(tmp_path).exceptions(text_of(STALE))
    done = project.gates(*SYNC)
    assert done.exit_code == 1
    assert "run `pytest -p gates` first" in done.output
    assert project.text == text_of(STALE)


def test_a_file_of_inline_entries_is_left_to_a_person(tmp_path: Path) -> None:
    entry: Quarantine = STALE.entry
    text = (
        f"quarantine = [{{test = 'gone', reason = 'races', owner = '@ana', "
        f"expires = {entry.expires}}}]\n"
    )
    project = judged(tmp_path, STALE, text=text)
    done = project.gates(*SYNC)
    assert done.exit_code == 1
    assert "edit it by hand" in done.output
    assert project.text == text
