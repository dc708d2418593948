"""Shows that what is broken, endless or gone is refused with its name, and never a smaller database."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_gates.adapters import advisory_source
from pytest_gates.adapters.advisory_database import loaded
from pytest_gates.adapters.advisory_source import MOST_RECORD_BYTES
from pytest_gates.errors import ToolError
from support.advisories import RECORDED, a_record, line_of

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
GOOD = line_of(a_record(versions=["1.0"]))
PADDED = GOOD[:-1] + b" " * MOST_RECORD_BYTES + b"}"


def refused(path: Path) -> str:
    with pytest.raises(ToolError) as caught:
        loaded(path, "db", None, NOW)
    assert caught.value.remedy
    return caught.value.why


def a_zip(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr("good.json", GOOD)
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def a_file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def a_folder(path: Path, name: str, content: bytes) -> Path:
    path.mkdir()
    (path / "good.json").write_bytes(GOOD)
    (path / name).write_bytes(content)
    return path


def _endless_gzip() -> bytes:
    return gzip.compress(GOOD + b"\n") + gzip.compress(bytes(40 * 1024 * 1024))


def _with_password(path: Path) -> Path:
    """The bit that says so is set in both places that name the member."""
    content = bytearray(a_zip(path, {}).read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return a_file(path, bytes(content))


def _one_byte_else(path: Path) -> Path:
    content = bytearray(a_zip(path, {}, zipfile.ZIP_STORED).read_bytes())
    content[60] ^= 1
    return a_file(path, bytes(content))


def _dangling(path: Path) -> Path:
    folder = a_folder(path, "b.json", GOOD)
    (folder / "c.json").symlink_to(folder / "gone.json")
    return folder


def _pipe(path: Path) -> Path:
    folder = a_folder(path, "b.json", GOOD)
    os.mkfifo(folder / "c.json")
    return folder


CASES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing there": (lambda at: at / "gone", "cannot be read: No such file"),
    "a device": (lambda at: Path("/dev/null"), "neither a file nor a folder"),
    "an empty file": (lambda at: a_file(at / "f", b""), "no advisory about a Python package (0"),
    "a page of a proxy": (lambda at: a_file(at / "f", b"<html>Log in"), "a page of the web"),
    "a broken line": (lambda at: a_file(at / "f", GOOD + b"\n{"), "line 2 is no advisory"),
    "a line without end": (lambda at: a_file(at / "f", PADDED), "larger than 16 MB"),
    "a cut gzip": (lambda at: a_file(at / "f", gzip.compress(GOOD)[:-9]), "its end is missing"),
    "a gzip of nothing": (lambda at: a_file(at / "f", b"\x1f\x8b"), "its end is missing"),
    "a damaged gzip": (
        lambda at: a_file(at / "f", gzip.compress(GOOD)[:-8] + bytes(8)),
        "cannot be read: Error -3",
    ),
    "a word behind a gzip": (
        lambda at: a_file(at / "f", gzip.compress(GOOD) + b"tail"),
        "Error -3",
    ),
    "a gzip bomb": (lambda at: a_file(at / "f", _endless_gzip()), "200 times its size"),
    "one file of 100 MB": (lambda at: a_file(at / "f.json", PADDED), "larger than 16 MB"),
    "a broken member": (lambda at: a_zip(at / "z", {"b.json": b"{"}), "b.json is no advisory"),
    "a member of 100 MB": (
        lambda at: a_zip(at / "z", {"b.json": PADDED}),
        "b.json is larger than 16",
    ),
    "a zip bomb": (lambda at: a_zip(at / "z", {"b.json": bytes(2**23)}), "b.json unpacks to more"),
    "a cut zip": (
        lambda at: a_file(at / "z", a_zip(at / "y", {}).read_bytes()[:-30]),
        "not a zip file",
    ),
    "a zip with a password": (lambda at: _with_password(at / "z"), "encrypted"),
    "a zip with another byte": (lambda at: _one_byte_else(at / "z"), "Bad CRC-32"),
    "a broken file": (lambda at: a_folder(at / "d", "b.json", b"{"), "b.json is no advisory"),
    "a file of 100 MB": (lambda at: a_folder(at / "d", "b.json", PADDED), "b.json is larger"),
    "no YAML": (lambda at: a_folder(at / "d", "b.yaml", b"a: b: c"), "b.yaml is no advisory"),
    "YAML that repeats itself": (
        lambda at: a_folder(at / "d", "b.yaml", b"id: &a X\nx: [*a, *a]"),
        "b.yaml is no advisory (it holds YAML aliases",
    ),
    "YAML that wants an object": (
        lambda at: a_folder(at / "d", "b.yaml", b"!!python/object/apply:os.abort []"),
        "b.yaml is no advisory",
    ),
    "YAML without a floor": (lambda at: a_folder(at / "d", "b.yaml", b"[" * 90_000), "depth"),
    "a link to nothing": (lambda at: _dangling(at / "d"), "No such file"),
    "a pipe": (lambda at: _pipe(at / "d"), "c.json is no file"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_read_whole_is_refused(case: str, tmp_path: Path) -> None:
    build, why = CASES[case]
    assert why in refused(build(tmp_path))


def test_marks_of_aliases_in_words_are_words(tmp_path: Path) -> None:
    part = "affected: [{package: {ecosystem: PyPI, name: x}, versions: [1.0]}]"
    text = f"id: A-1\nmodified: 2026-01-01\nsummary: a &b and *c*\n{part}"
    assert loaded(a_file(tmp_path / "a.yaml", text.encode()), "db", None, NOW).facts.records == 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_second_member_of_a_name_does_not_hide_the_first(tmp_path: Path) -> None:
    other = line_of(a_record("GHSA-2", "shop", versions=["1.0"]))
    archive = a_zip(tmp_path / "z", {"good.json": other})
    found = loaded(archive, "db", None, NOW).sieve.of("shop")
    assert [one.id for one in found] == ["PYSEC-2026-1", "GHSA-2"]


@pytest.mark.parametrize("limit,value", [("MOST_BYTES", 1000), ("MOST_DOCUMENTS", 9)])
def test_no_database_is_endless(
    limit: str, value: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advisory_source, limit, value)
    lines = RECORDED.read_bytes().splitlines()
    folder = tmp_path / "d"
    folder.mkdir()
    for number, line in enumerate(lines):
        (folder / f"{number}.json").write_bytes(line)
    archive = a_zip(tmp_path / "z", {f"{number}.json": line for number, line in enumerate(lines)})
    for place in (folder, archive, *([RECORDED] if limit == "MOST_BYTES" else [])):
        assert "holds more than" in refused(place)


@pytest.mark.parametrize("what", ["gone", "longer"])
def test_a_file_that_changes_while_the_folder_is_read_is_said(what: str, tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "d", "b.json", GOOD)
    source = advisory_source.opened(folder)
    documents = source.documents()
    next(documents)  # b.json, then good.json
    path = folder / "good.json"
    path.unlink() if what == "gone" else path.write_bytes(GOOD + b" ")
    with pytest.raises(ToolError, match=r"good.json (cannot be read|changed while it was read)"):
        next(documents)


def test_a_folder_that_cannot_be_listed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: object) -> None:
        raise PermissionError(13, "Permission denied", "inner")

    monkeypatch.setattr(os, "scandir", forbidden)
    assert "inner cannot be read: Permission denied" in refused(tmp_path)
