"""A waiver that was valid when the tests ran is asked again on the day of `gates verify`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from support.judged import Judged, put

TODAY = dt.datetime.now(dt.UTC).date()
DAY = dt.timedelta(days=1)
SUBJECT = "test_it.py::test_bad"


def waiver(expires: dt.date, subject: str = SUBJECT) -> str:
    return (
        f"[[waiver]]\ngate = 'tests'\nsubject = '{subject}'\nreason = 'SHOP-812'\n"
        f"owner = '@ana'\nexpires = {expires}\n"
    )


@pytest.fixture(scope="module")
def excused_once(tmp_path_factory: pytest.TempPathFactory, quiet_session: None) -> Judged:
    files = {
        "pyproject.toml": "[tool.pytest-gates.tests]\n",
        "test_it.py": "def test_good(): pass\ndef test_bad(): assert False\n",
        "gates-exceptions.toml": waiver(TODAY + 30 * DAY),
    }
    return Judged.made(tmp_path_factory.mktemp("excused"), files, status=None)


@pytest.fixture
def excused(excused_once: Judged, tmp_path: Path) -> Judged:
    """One test failed, and that is waived."""
    return excused_once.copy(tmp_path / "project")


def now_waived(judged: Judged, text: str) -> tuple[str, str]:
    """The exceptions file becomes `text` in a new commit; options that ask for the tested one."""
    tested = judged.git("rev-parse", "HEAD")
    judged.write({"gates-exceptions.toml": text})
    judged.commit("edit the exceptions")
    return "--commit", tested


def test_a_valid_waiver_clears_the_change(excused: Judged) -> None:
    assert excused.report()["decision"] == "pass"
    assert excused.report()["waivers"][0]["state"] == "used"
    assert excused.verify().returncode == 0


def test_a_waiver_that_has_expired_since_blocks(excused: Judged) -> None:
    done = excused.verify(*now_waived(excused, waiver(TODAY - DAY)))
    assert done.returncode == 10
    assert "failed-test" in done.stdout
    assert "blocked" in done.stdout


def test_the_last_day_of_a_waiver_is_a_day_of_the_waiver(excused: Judged) -> None:
    assert excused.verify(*now_waived(excused, waiver(TODAY))).returncode == 0


def test_a_waiver_that_was_taken_back_blocks(excused: Judged) -> None:
    assert excused.verify(*now_waived(excused, "")).returncode == 10


def test_a_waiver_of_something_else_excuses_nothing(excused: Judged) -> None:
    words = now_waived(excused, waiver(TODAY + DAY, "test_it.py::test_other"))
    assert excused.verify(*words).returncode == 10


def test_a_waiver_that_only_the_report_knows_excuses_nothing(excused: Judged) -> None:
    excused.edit(put("waivers", 0, "waiver", "expires", value="2099-12-31"))
    words = now_waived(excused, waiver(TODAY - DAY))
    assert excused.verify(*words).returncode == 10


def test_a_waiver_that_was_written_after_the_run_counts(red: Judged) -> None:
    """The evidence is judged again: whoever waives need not run the tests again."""
    assert red.verify().returncode == 10
    words = now_waived(red, waiver(TODAY + DAY))
    assert red.verify(*words).returncode == 0


def test_an_unfinished_run_cannot_be_waived(excused: Judged) -> None:
    excused.edit(put("evidence", "run", "finished", value=None))
    excused.edit(put("evidence", "run", "exit_status", value=None))
    words = now_waived(excused, waiver(TODAY + DAY) + waiver(TODAY + DAY, "unfinished-run"))
    done = excused.verify(*words)
    assert done.returncode == 11
    assert "did not finish" in done.stdout
