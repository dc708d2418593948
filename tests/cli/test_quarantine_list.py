"""`gates quarantine list` shows who owes what until when, and what the last report saw of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_gates.adapters.exceptions_file import toml_of
from pytest_gates.model.case import FlakeClass
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse, Refusal
from support.evidence import a_report
from support.excused import DAY, TODAY, Excused, a_use, an_entry

LIST = ("quarantine", "list")


def quarantined(root: Path, *entries: Quarantine) -> Excused:
    return Excused(root).exceptions("\n".join(toml_of("quarantine", one) for one in entries))


def judged(project: Excused, *uses: QuarantineUse) -> Excused:
    return project.report(a_report(quarantine=uses))


def shown(project: Excused) -> list[str]:
    done = project.gates(*LIST)
    assert done.exit_code == 0
    return done.output.splitlines()


def test_the_entry_that_ends_first_stands_on_top(tmp_path: Path) -> None:
    entries = (an_entry("c", 3), an_entry("b", 20), an_entry("a", 3), an_entry("d", -1))
    lines = shown(judged(quarantined(tmp_path, *entries)))
    tests = [line.rpartition("  ")[2] for line in lines if not line.startswith(" ")]
    assert tests == ["d", "a", "c", "b", "4 in quarantine, 1 expired"]


@pytest.mark.parametrize(
    "days, told",
    [
        (2, "2 days left"),
        (1, "1 day left"),
        (0, "ends today"),
        (-1, "expired 1 day ago"),
        (-30, "expired 30 days ago"),
    ],
)
def test_an_entry_says_how_long_it_lasts(tmp_path: Path, days: int, told: str) -> None:
    lines = shown(quarantined(tmp_path, an_entry("x", days, issue="SHOP-812")))
    assert f"{TODAY + days * DAY}  {told}  @ana  x" in lines
    assert any(line.startswith("    races (SHOP-812); ") for line in lines)


@pytest.mark.parametrize(
    "state, changes, told",
    [
        (
            QuarantineState.USED,
            {"tests": 3, "excused": ("x", "y"), "refused": (Refusal(test="z", why="new"),)},
            (
                "used in the last report; covers 3 tests; 2 failed and were excused; "
                "1 failed and was not excused"
            ),
        ),
        (
            QuarantineState.USED,
            {"tests": 1, "excused": ("x",)},
            "used in the last report; 1 failed and was excused",
        ),
        (
            QuarantineState.IDLE,
            {"tests": 1, "release": "12 of 29 passes in a row"},
            "idle in the last report; 12 of 29 passes in a row",
        ),
        (
            QuarantineState.IDLE,
            {"tests": 1, "release": "29 of 29 passes in a row", "releasable": True},
            "idle in the last report; can be released: 29 of 29 passes in a row",
        ),
        (QuarantineState.STALE, {}, "stale in the last report"),
        (QuarantineState.UNTRIED, {"tests": 1}, "untried in the last report"),
    ],
)
def test_an_entry_says_what_it_did(
    tmp_path: Path, state: QuarantineState, changes: dict[str, object], told: str
) -> None:
    project = judged(quarantined(tmp_path, an_entry()), a_use(an_entry(), state, **changes))
    assert f"    races; {told}" in shown(project)


def test_an_entry_that_is_newer_than_the_report_is_listed(tmp_path: Path) -> None:
    project = judged(quarantined(tmp_path, an_entry()))
    assert "    races; not judged in the last report" in shown(project)


def test_without_a_report_the_file_alone_is_listed_and_that_is_said(tmp_path: Path) -> None:
    lines = shown(quarantined(tmp_path, an_entry()))
    assert lines[0].startswith("what they did is not known: no report can be read there")
    assert lines[-1] == "1 in quarantine"


def test_nothing_in_quarantine_is_one_line(tmp_path: Path) -> None:
    assert shown(Excused(tmp_path)) == ["nothing is in quarantine"]


def test_programs_get_the_same_as_json(tmp_path: Path) -> None:
    entries = (an_entry("b", 5, category=FlakeClass.FLAKY), an_entry("a\u202e", -1))
    use = a_use(entries[0], QuarantineState.IDLE, tests=2, release="12 of 29 passes in a row")
    done = judged(quarantined(tmp_path, *entries), use).gates(*LIST, "--format", "json")
    assert done.exit_code == 0
    assert done.output.isascii()
    late, found = json.loads(done.output)
    assert (late["test"], late["days_left"], late["expired"]) == ("a\u202e", -1, True)
    assert late["state"] is None
    assert found == {
        "test": "b",
        "owner": "@ana",
        "reason": "races",
        "expires": str(TODAY + 5 * DAY),
        "days_left": 5,
        "expired": False,
        "issue": None,
        "category": "flaky",
        "state": "idle",
        "tests": 2,
        "excused": [],
        "refused": [],
        "release": "12 of 29 passes in a row",
        "releasable": False,
    }


def test_an_empty_list_is_a_list_for_programs(tmp_path: Path) -> None:
    assert json.loads(Excused(tmp_path).gates(*LIST, "--format", "json").output) == []


def test_a_wrong_file_is_wrong_usage_with_all_its_problems(tmp_path: Path) -> None:
    done = Excused(tmp_path).exceptions("[[quarantine]]\n").gates(*LIST)
    assert done.exit_code == 2
    for key in ("test", "reason", "owner", "expires"):
        assert f"`{key}` is missing" in done.output
