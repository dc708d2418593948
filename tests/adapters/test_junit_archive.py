"""JUnit XML is found in files, folders and archives; whatever cannot be read is told, and ends."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_gates.adapters.history_import import Imported, Origin, import_runs
from pytest_gates.adapters.history_store import SqlHistory
from pytest_gates.adapters.junit_archive import Found, Limits, Skipped, read_archives
from pytest_gates.adapters.junit_document import NodeIds
from pytest_gates.errors import HistoryError
from pytest_gates.model.history import BranchKind
from support.history import NOW, REPOSITORY, SCOPE, VARIANT, Place, hours_ago

pytest_plugins = ["support.databases"]

ORIGIN = Origin(repository=REPOSITORY, variant=VARIANT, branch="main", branch_kind=BranchKind.BASE)
SMALL = Limits(document_bytes=1 << 20, archive_bytes=1 << 22, entries=5)


def document(name: str = "a", inner: str = "", began: str = "2026-11-20T09:00:00Z") -> bytes:
    cases = f'<testcase classname="t" name="{name}" time="1">{inner}</testcase>'
    return f'<testsuite timestamp="{began}">{cases}</testsuite>'.encode()


def at(hours: float) -> str:
    return hours_ago(hours).isoformat()


def read(*paths: Path, limits: Limits | None = None) -> tuple[list[str], list[Skipped]]:
    """Node ids of all documents in the order in which they were found, and what was skipped."""
    found = list(read_archives(paths, NodeIds(lambda path: False), limits))
    nodeids = [
        nodeid
        for one in found
        if isinstance(one, Found)
        for nodeid in (*one.document.clean, *(test.nodeid for test in one.document.eventful))
    ]
    return nodeids, [one for one in found if isinstance(one, Skipped)]


def a_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def a_tar(path: Path, files: Mapping[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


FILES = {"b/2.xml": document("two"), "a/1.XML": document("one"), "readme.txt": b"no report"}


def test_a_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(document())
    assert read(path) == (["t.py::a"], [])


def test_a_folder_is_read_with_the_archives_in_it(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    a_zip(tmp_path / "c.zip", {"x.xml": document("three")})
    a_tar(tmp_path / "d.tgz", {"x.xml": document("four")})
    (tmp_path / "circle").symlink_to(tmp_path)
    nodeids, skipped = read(tmp_path)
    assert sorted(nodeids) == ["t.py::four", "t.py::one", "t.py::three", "t.py::two"]
    assert skipped == []


def test_a_zip_is_read_by_name(tmp_path: Path) -> None:
    assert read(a_zip(tmp_path / "a.zip", FILES)) == (["t.py::one", "t.py::two"], [])


@pytest.mark.parametrize(
    "name, mode",
    [
        ("a.tar", "w"),
        ("a.tar.gz", "w:gz"),
        ("a.tgz", "w:gz"),
        ("a.tar.xz", "w:xz"),
        ("a.tar.bz2", "w:bz2"),
    ],
)
def test_a_tar_is_read_in_its_order(tmp_path: Path, name: str, mode: str) -> None:
    assert read(a_tar(tmp_path / name, FILES, mode)) == (["t.py::two", "t.py::one"], [])


# --- what cannot be read ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar", "a.tar.xz"])
@pytest.mark.parametrize("content", [b"", b"nonsense" * 100, b"PK\x03\x04" + b"\0" * 100])
def test_a_broken_archive_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    nodeids, (skipped,) = read(path)
    assert nodeids == []
    assert skipped.place == str(path)
    assert skipped.why.startswith("it cannot be read")


@pytest.mark.parametrize("name, mode", [("a.zip", ""), ("a.tgz", "w:gz"), ("a.tar.xz", "w:xz")])
@pytest.mark.parametrize("left", [4, 60])
def test_an_archive_that_was_cut_is_told(tmp_path: Path, name: str, mode: str, left: int) -> None:
    path = a_tar(tmp_path / name, FILES, mode) if mode else a_zip(tmp_path / name, FILES)
    path.write_bytes(path.read_bytes()[:-left])
    assert [one.why[:17] for one in read(path)[1]] == ["it cannot be read"]


def test_a_wrong_checksum_is_told(tmp_path: Path) -> None:
    path = a_tar(tmp_path / "a.tgz", FILES)
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)
    assert "CRC" in read(path)[1][0].why


def test_one_bad_document_does_not_hide_the_others(tmp_path: Path) -> None:
    files = {"1.xml": b"<testsuite", "2.xml": document("two"), "3.xml": b"<testsuite/>"}
    nodeids, (broken, empty) = read(a_zip(tmp_path / "a.zip", files))
    assert nodeids == ["t.py::two"]
    assert (broken.place, empty.place) == (f"{tmp_path}/a.zip:1.xml", f"{tmp_path}/a.zip:3.xml")
    assert "no XML" in broken.why
    assert empty.why == "it holds no test"


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xml")
    _, told = read(tmp_path / "pipe.xml", tmp_path / "gone.xml")
    assert [one.why for one in told] == ["it is no file", "there is no such file"]
    assert read(tmp_path) == ([], [])


def test_a_locked_zip_is_told(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"1.xml": document()})
    content = bytearray(path.read_bytes())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):  # the bit that says encrypted, in both headers
        content[content.index(mark) + (6 if mark.endswith(b"\x04") else 8)] |= 1
    path.write_bytes(content)
    assert "cannot be unpacked" in read(path)[1][0].why


def test_a_zip_bomb_ends_at_the_limit(tmp_path: Path) -> None:
    bomb = b"<testsuite>" + b" " * (1 << 24)
    path = a_zip(tmp_path / "a.zip", {"bomb.xml": bomb, "good.xml": document()})
    nodeids, (skipped,) = read(path, limits=SMALL)
    assert nodeids == ["t.py::a"]
    assert skipped.why == "it is larger than 1 MiB"


def test_a_tar_bomb_ends_at_the_limit(tmp_path: Path) -> None:
    path = a_tar(tmp_path / "a.tgz", {"bomb.bin": bytes(1 << 24), "late.xml": document()})
    nodeids, (skipped,) = read(path, limits=SMALL)
    assert nodeids == []
    assert "too much" in skipped.why


def test_many_small_documents_end_at_the_limit(tmp_path: Path) -> None:
    large = document() + b"<!--" + b"x" * 900_000 + b"-->"
    path = a_zip(tmp_path / "a.zip", {f"{number}.xml": large for number in range(6)})
    nodeids, (skipped,) = read(path, limits=SMALL)
    assert len(nodeids) == 4
    assert "too much" in skipped.why


@pytest.mark.parametrize("kind", ["zip", "tar", "folder"])
def test_too_many_entries_end_at_the_limit(tmp_path: Path, kind: str) -> None:
    files = {f"{number}.xml": document() for number in range(9)}
    if kind == "folder":
        path = tmp_path / "folder"
        path.mkdir()
        for name, content in files.items():
            (path / name).write_bytes(content)
    else:
        path = (
            a_zip(tmp_path / "a.zip", files) if kind == "zip" else a_tar(tmp_path / "a.tgz", files)
        )
    nodeids, (skipped,) = read(path, limits=SMALL)
    assert len(nodeids) == 5
    assert skipped.place == str(path)


def test_links_and_devices_in_a_tar_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (("l.xml", tarfile.SYMTYPE), ("d.xml", tarfile.CHRTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    assert read(path) == ([], [])


def test_nothing_is_unpacked_to_a_disk(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"../../out.xml": document()})
    assert read(path)[0] == ["t.py::a"]
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]
    assert not (tmp_path.parent / "out.xml").exists()


# --- into a history -----------------------------------------------------------------------------------


def imported(store: SqlHistory, *paths: Path, mass_failure: float = 20) -> Imported:
    found = read_archives(paths, NodeIds(lambda path: False))
    return import_runs(store, found, ORIGIN, mass_failure=mass_failure, now=NOW)


def test_archived_runs_are_remembered_by_their_age(store: SqlHistory, tmp_path: Path) -> None:
    files = {
        "1.xml": document("a", "<failure message='boom'/>", at(2)),
        "2.xml": document("a", "", at(3)),
        "3.xml": document("a", "", at(1)),
    }
    told = imported(store, a_zip(tmp_path / "a.zip", files))
    assert (told.written, told.results, told.skipped) == (3, 3, ())
    (worst,) = store.top(*SCOPE, 9)
    assert (worst.nodeid, worst.unsteady, worst.passes_since) == ("t.py::a", 1, 1)
    (failed,) = (one for one in store.sightings(*SCOPE, "t.py::a", 9) if one.run.failed)
    assert failed.attempts[0].message == "boom"
    assert failed.run.branch == "main"


def test_importing_once_more_changes_nothing(store: SqlHistory, tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_bytes(document(began=at(2)))
    assert imported(store, path).written == 1
    again = tmp_path / "copy.xml"
    again.write_bytes(path.read_bytes())
    told = imported(store, path, again)
    assert (told.written, told.known, told.results) == (0, 2, 0)
    assert store.facts(*SCOPE, None, ()).base_runs == 1


def test_a_document_without_a_time_takes_that_of_its_file(
    store: SqlHistory, tmp_path: Path
) -> None:
    path = tmp_path / "junit.xml"
    path.write_bytes(document(began=""))
    stamp = hours_ago(5).timestamp()
    os.utime(path, (stamp, stamp))
    assert imported(store, path).undated == 1
    assert store.trend(*SCOPE, 1)[0].started == hours_ago(5)


def test_a_file_of_a_zip_has_a_time_too(store: SqlHistory, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("1.xml", date_time=(2026, 11, 19, 8, 30, 0))
        archive.writestr(info, document(began=""))
        archive.writestr(
            zipfile.ZipInfo("2.xml", date_time=(2026, 0, 0, 0, 0, 0)), document(began="x")
        )
    told = imported(store, path)
    assert (told.written, told.undated) == (1, 1)
    assert store.trend(*SCOPE, 1)[0].started == dt.datetime(2026, 11, 19, 8, 30, tzinfo=dt.UTC)
    assert "when it was made" in told.skipped[0].why


def test_a_tar_may_hold_a_time_that_is_none(store: SqlHistory, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    content = document(began="")
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("1.xml")
        member.size, member.mtime = len(content), 1 << 60
        archive.addfile(member, io.BytesIO(content))
    assert "when it was made" in imported(store, path).skipped[0].why


def test_what_is_no_test_is_counted_over_all_documents(store: SqlHistory, tmp_path: Path) -> None:
    files = {
        f"{number}.xml": document(began=at(number)).replace(
            b"</testsuite>", b"<testcase/></testsuite>"
        )
        for number in (1, 2)
    }
    told = imported(store, a_zip(tmp_path / "a.zip", files))
    assert (told.written, told.left_out) == (2, {"without a name": 2})


def test_runs_that_are_too_old_or_from_the_future_are_told(
    store: SqlHistory, tmp_path: Path
) -> None:
    files = {"1.xml": document(began=at(24 * 181)), "2.xml": document(began="2999-01-01T00:00:00Z")}
    told = imported(store, a_zip(tmp_path / "a.zip", files))
    assert (told.written, told.too_old) == (0, 1)
    assert "future" in told.skipped[0].why


@pytest.mark.parametrize("failed, written", [(9, 1), (10, 1), (11, 0)])
def test_a_run_in_which_all_fell_down_teaches_nothing(
    store: SqlHistory, tmp_path: Path, failed: int, written: int
) -> None:
    cases = [
        f'<testcase classname="t" name="{number}">{"<error/>" if number < failed else ""}</testcase>'
        for number in range(50)
    ]
    path = tmp_path / "junit.xml"
    path.write_text(f'<testsuite timestamp="{at(1)}">{"".join(cases)}</testsuite>', "ascii")
    told = imported(store, path)
    assert told.written == written
    assert [one.why for one in told.skipped] == (
        [] if written else [f"{failed} of its 50 tests failed: such a run teaches nothing"]
    )


def test_a_history_that_fails_is_told_and_can_be_tried_again(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_bytes(document(began=at(2)))
    store = place.open()
    store.close()
    with pytest.raises(HistoryError):
        imported(store, path)
    assert imported(place.open(), path).written == 1


def test_a_gzip_that_is_no_tar_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(b"no tar" * 500))
    assert read(path)[1][0].why.startswith("it cannot be read")
