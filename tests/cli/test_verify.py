"""`gates verify` exits 0 for a whole, fresh report of this commit and this policy, and for nothing else."""

from __future__ import annotations

import datetime as dt

import pytest

from support.judged import Document, Judged, put

DAY = dt.timedelta(days=1)


def ago(age: dt.timedelta) -> str:
    return (dt.datetime.now(dt.UTC) - age).isoformat().replace("+00:00", "Z")


def test_a_green_report_of_this_commit_passes(green: Judged) -> None:
    done = green.verify()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("gates verify: note: ")
    assert "pass" in done.stdout
    assert done.stderr == ""


def test_a_failed_test_blocks_and_is_named(red: Judged) -> None:
    done = red.verify()
    assert done.returncode == 10
    assert "blocked" in done.stdout
    assert "failed-test" in done.stdout
    assert "test_it.py::test_bad" in done.stdout


def test_no_report_is_inconclusive(green: Judged) -> None:
    green.report_path.unlink()
    done = green.verify()
    assert done.returncode == 11
    assert "no report" in done.stdout


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"schema": 1}',
        b'{"schema": "1"}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"schema": 1, "evidence": {}, "decision": "pass"}',
        b"<html>502 Bad Gateway</html>",
    ],
)
def test_what_is_no_report_is_inconclusive(green: Judged, content: bytes) -> None:
    green.report_path.write_bytes(content)
    done = green.verify()
    assert done.returncode == 11
    assert "not a whole report" in done.stdout
    assert "Traceback" not in done.stderr


def test_half_a_report_is_inconclusive(green: Judged) -> None:
    whole = green.report_path.read_bytes()
    green.report_path.write_bytes(whole[: len(whole) // 2])
    assert green.verify().returncode == 11


@pytest.mark.parametrize("version", [0, 2, 99, -1])
def test_another_schema_version_is_not_read(green: Judged, version: int) -> None:
    green.edit(put("schema", value=version))
    done = green.verify()
    assert done.returncode == 11
    assert f"schema version {version}" in done.stdout


def test_a_folder_in_the_place_of_the_report_is_no_report(green: Judged) -> None:
    green.report_path.unlink()
    green.report_path.mkdir()
    assert green.verify().returncode == 11


def test_an_unfinished_run_is_inconclusive(green: Judged) -> None:
    green.edit(put("evidence", "run", "finished", value=None))
    done = green.verify()
    assert done.returncode == 11
    assert "did not finish" in done.stdout


def test_a_red_unfinished_run_blocks(red: Judged) -> None:
    red.edit(put("evidence", "run", "finished", value=None))
    assert red.verify().returncode == 10


def test_a_run_without_a_test_is_inconclusive_whatever_it_says_of_itself(green: Judged) -> None:
    green.edit(put("evidence", "cases", value=[]))
    done = green.verify()
    assert done.returncode == 11
    assert "no-tests" in done.stdout


@pytest.mark.parametrize("status", [1, 2, 3, 4, 5, 6, 99])
def test_a_status_of_pytest_that_no_test_explains_is_no_pass(green: Judged, status: int) -> None:
    green.edit(put("evidence", "run", "exit_status", value=status))
    assert green.verify().returncode in {10, 11}


def test_the_end_of_the_run_without_a_status_is_no_end(green: Judged) -> None:
    green.edit(put("evidence", "run", "exit_status", value=None))
    assert green.verify().returncode == 11


def test_a_report_is_too_old_after_a_day(green: Judged) -> None:
    green.edit(put("evidence", "run", "finished", value=ago(DAY * 1.1)))
    done = green.verify()
    assert done.returncode == 11
    assert "1 day(s) old" in done.stdout
    assert green.verify("--max-age", "2d").returncode == 0


def test_the_greatest_age_can_be_set(green: Judged) -> None:
    green.edit(put("evidence", "run", "finished", value=ago(dt.timedelta(minutes=10))))
    assert green.verify().returncode == 0
    assert green.verify("--max-age", "5m").returncode == 11
    assert green.verify("--max-age", "11m").returncode == 0
    assert green.verify("--max-age", "599").returncode == 11


def test_a_report_from_the_future_is_not_believed(green: Judged) -> None:
    green.edit(put("evidence", "run", "finished", value=ago(-DAY)))
    done = green.verify()
    assert done.returncode == 11
    assert "in the future" in done.stdout


@pytest.mark.parametrize("key", ["started", "finished"])
def test_a_time_without_a_zone_is_no_traceback(green: Judged, key: str) -> None:
    green.edit(put("evidence", "run", key, value="2026-11-22T10:00:00"))
    done = green.verify()
    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 11} if key == "started" else done.returncode == 11


def test_edited_results_are_not_believed(red: Judged) -> None:
    def whitewash(document: Document) -> None:
        document["decision"] = "pass"
        for one in document["results"]:
            one.update(verdict="pass", findings=[], summary="2 passed")

    red.edit(whitewash)
    done = red.verify()
    assert done.returncode == 10
    assert "may have been edited" in done.stdout
    assert "failed-test" in done.stdout


def test_an_edited_decision_is_not_believed(red: Judged) -> None:
    red.edit(put("decision", value="pass"))
    done = red.verify()
    assert done.returncode == 10
    assert "may have been edited" in done.stdout


def test_a_decision_that_its_own_results_contradict_is_not_believed(green: Judged) -> None:
    green.edit(put("results", 0, "verdict", value="fail"))
    done = green.verify()
    assert done.returncode == 11
    assert "may have been edited" in done.stdout


def test_results_that_were_taken_out_are_reached_again(red: Judged) -> None:
    red.edit(put("results", value=[]))
    assert red.verify().returncode == 10


def test_no_colour_where_nobody_looks(red: Judged) -> None:
    assert "\x1b" not in red.verify().stdout


def test_a_report_elsewhere_is_named_on_the_command_line(green: Judged) -> None:
    moved = green.root.parent / "artifact.json"
    green.report_path.rename(moved)
    assert green.verify().returncode == 11
    assert green.verify(str(moved)).returncode == 0


def test_one_bad_report_among_good_ones_decides(red: Judged) -> None:
    """A failed shard, a doubtful one and one that is missing: the failure is the answer."""
    red.edit(put("evidence", "run", "shard", value="bad"))
    bad = red.shard("bad", 1)

    def leave_the_good_one(document: Document) -> None:
        document["evidence"]["cases"] = document["evidence"]["cases"][:1]
        document["evidence"]["run"]["exit_status"] = 0
        document["results"], document["decision"] = [], "pass"

    red.edit(leave_the_good_one)
    good = red.shard("good", 2)
    assert red.verify(good).returncode == 11  # its results were taken out
    assert red.verify(good, bad).returncode == 10
    assert red.verify(bad, good).returncode == 10
    assert red.verify(good, "no-such-file.json").returncode == 11
    assert red.verify(good, bad, "no-such-file.json").returncode == 10
