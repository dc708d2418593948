"""Shows that `gates advisories` writes only a database that is one and no older, and what it tells of it."""

from __future__ import annotations

import gzip
import re
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pytest_gates.cli.app import app
from support.advisories import RECORDED, a_record, an_advisory, between, line_of
from support.answers import AnswerServer, answer

HTML = b"<!doctype html><title>Log in to the network</title>"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path


def gates(*words: str | Path, fails: bool = False) -> Result:
    done = CliRunner().invoke(app, ["advisories", *map(str, words)])
    assert (done.exit_code != 0) is fails, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def all_zip(*more: object) -> Path:
    lines = [*RECORDED.read_bytes().splitlines(), *map(line_of, more)]
    with zipfile.ZipFile("all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, line in enumerate(lines):
            archive.writestr(f"{number}.json", line)
    return Path("all.zip")


def test_update_fetches_checks_and_writes_the_same_file_each_time() -> None:
    with AnswerServer(answer(all_zip().read_bytes())) as server:
        said = gates("update", "--from", server.url, "--allow-http").output
        first = Path("advisories.jsonl.gz").read_bytes()
        gates("update", "--from", server.url, "--allow-http", "--to", "below/again.gz")
    assert first == Path("below/again.gz").read_bytes()
    assert "advisories.jsonl.gz: 45 advisories, 2 of them withdrawn" in said
    assert re.search(r"newest change: 2024-\d\d-\d\d \d\d:\d\d UTC, \d+ day\(s\) ago", said)
    assert re.search(r"sha256:[0-9a-f]{64}\n", said)
    assert f"written: advisories.jsonl.gz ({len(first)} bytes)" in said
    # Records of OSV, one a line: other programs can read them.
    assert len(gzip.decompress(first).splitlines()) == 45


def test_update_takes_a_file_of_this_machine() -> None:
    gates("update", "--from", RECORDED)
    first = Path("advisories.jsonl.gz").read_bytes()
    gates("update", "--from", all_zip())
    assert Path("advisories.jsonl.gz").read_bytes() == first


@pytest.mark.parametrize(
    "said,why",
    [
        (answer(HTML), "it is a page of the web, as a proxy might answer"),
        (answer(b"{}", 404), "status 404"),
        (answer(b"PK\3\4", promised=999), "cut off: 4 of 999 bytes"),
        (answer(b"PK\3\4"), "not a zip file"),
        (answer(b""), "no advisory about a Python package"),
        (b"", "cannot be fetched"),
    ],
)
def test_update_keeps_the_old_file_when_the_answer_is_no_database(said: bytes, why: str) -> None:
    Path("advisories.jsonl.gz").write_bytes(b"old")
    with AnswerServer(said) as server:
        done = gates("update", "--from", server.url, "--allow-http", fails=True)
    assert why in done.output
    assert Path("advisories.jsonl.gz").read_bytes() == b"old"
    assert list(Path().iterdir()) == [Path("advisories.jsonl.gz")]


def test_update_does_not_wait_for_ever() -> None:
    with AnswerServer(b"", hold=True) as server:
        done = gates("update", "--from", server.url, "--allow-http", "--timeout", "1", fails=True)
    assert "timed out" in done.output


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1/x", "file:///etc/passwd", "ftp://x.example/y"]
)
def test_update_fetches_over_https_alone_unless_told_otherwise(origin: str) -> None:
    done = gates("update", "--from", origin, fails=True)
    assert "expected a path or an https:// address" in done.output
    assert ("--allow-http" in done.output) is origin.startswith("http:")


def test_update_takes_no_step_back_unless_forced() -> None:
    newer = a_record("PYSEC-2025-1", modified="2025-01-01T00:00:00Z", versions=["1.0"])
    gates("update", "--from", all_zip(newer))
    before = Path("advisories.jsonl.gz").read_bytes()

    done = gates("update", "--from", RECORDED, fails=True)
    assert "is of 2024-" in done.output
    assert "older than the one at advisories.jsonl.gz of 2025-01-01 00:00" in done.output
    Path("one.json").write_bytes(line_of({**newer, "modified": "2025-02-01T00:00:00Z"}))
    done = gates("update", "--from", "one.json", fails=True)
    assert "holds 1 advisories, the one at advisories.jsonl.gz 46" in done.output
    assert Path("advisories.jsonl.gz").read_bytes() == before

    gates("update", "--from", RECORDED, "--force")
    assert "45 advisories" in gates("show").output


def test_update_replaces_what_is_no_database_and_says_so() -> None:
    Path("advisories.jsonl.gz").write_bytes(b"old")
    said = gates("update", "--from", RECORDED).output
    assert "replacing a file which cannot be used (advisories.jsonl.gz: " in said


def test_update_says_where_it_cannot_write() -> None:
    Path("all").write_bytes(b"")
    done = gates("update", "--from", RECORDED, "--to", "all/x", fails=True)
    assert "all/x cannot be written: " in done.output


SHOWN = {
    "the recorded one": ((), "45 advisories, 2 of them withdrawn"),
    "an advisory": (("PYSEC-2024-60",), "idna: severity high"),
    "its versions": (("PYSEC-2024-60",), "29 listed: 0.1, 0.2"),
    "its points": (("PYSEC-2024-60",), "introduced 0.1, fixed 3.7"),
    "an alias in small letters": (("cve-2024-3651",), "PYSEC-2024-60, CVE-2024-3651"),
    "a withdrawn one": (("PYSEC-2019-144",), "withdrawn 2022-09-09T05:28:00Z: it counts no more"),
    "a package": (("Jinja2",), "known flaw(s) in some version"),
    "a version": (("idna==3.6",), "PYSEC-2024-60, high, fixed in 3.7, also CVE-2024-3651"),
    "a clean version": (("idna==3.7",), "idna 3.7: 0 known flaw(s)"),
    "a stranger": (("nobody",), "nobody: no advisory; the database does not know which packages"),
}


@pytest.mark.parametrize("what", SHOWN)
def test_show_tells_of_a_database_an_advisory_or_a_package(what: str) -> None:
    words, expected = SHOWN[what]
    assert expected in gates("show", *words, "--database", RECORDED).output


def test_show_takes_the_path_of_a_database() -> None:
    assert "45 advisories" in gates("show", RECORDED).output
    assert (
        "gone: the advisory database cannot be read"
        in gates("show", "--database", "gone", fails=True).output
    )


def test_show_tells_what_is_not_known_and_what_is_broken() -> None:
    records = (
        a_record("A-1", "shop", ranges=[between("0", fixed="soon")], versions=["7"]),
        a_record("A-2", "mall", ranges="broken"),
        a_record("A-3", "moon", ranges=[{"type": "MOON"}]),
        a_record("MAL-1", "evil", versions=["1.0"]),
    )
    Path("advisories.jsonl.gz").write_bytes(b"\n".join(map(line_of, records)))
    assert "A-1: not known whether: it has a range with 'soon'" in gates("show", "shop==1.0").output
    assert "MAL-1, critical, no fix known" in gates("show", "evil==1").output
    assert "the unknown type MOON" in gates("show", "A-3").output
    assert "A-2 cannot be read" in gates("show", "A-2", fails=True).output
    assert "advisory A-2 cannot be read" in gates("show", "mall", fails=True).output
    assert "no version that PEP 440 knows" in gates("show", "shop==x", fails=True).output
    assert an_advisory().id not in gates("show", "shop").output
