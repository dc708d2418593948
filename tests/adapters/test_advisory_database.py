"""Shows that a database says the same in each form it may have on the disk, and when a copy of it is used."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]

from pytest_gates import __version__
from pytest_gates.adapters.advisory_database import Loaded, loaded
from pytest_gates.errors import ToolError
from support.advisories import RECORDED, a_record, line_of

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
LINES = RECORDED.read_bytes().splitlines()
RECORDS = [json.loads(line) for line in LINES]


def load(path: Path, cache: Path | None = None, *names: str) -> Loaded:
    return loaded(path, "db", frozenset(names) if names else None, NOW, cache=cache)


def essence(known: Loaded) -> object:
    """What a database says of each package, without the words."""
    return (
        known.facts.newest,
        known.facts.records,
        known.facts.withdrawn,
        {
            name: sorted((one.id, one.aliases, one.severity, one.parts(name)[0].versions)
                         for one in known.sieve.of(name))
            for name in known.sieve.names
        },
    )  # fmt: skip


def lines(folder: Path) -> Path:
    (folder / "db.jsonl").write_bytes(b"\n\r\n".join(LINES))
    return folder / "db.jsonl"


def packed(folder: Path) -> Path:
    halves = (b"\n".join(LINES[:9]) + b"\n", b"\n".join(LINES[9:]))
    content = b"".join(gzip.compress(one) for one in halves) + bytes(512)
    (folder / "db.jsonl.gz").write_bytes(content)
    return folder / "db.jsonl.gz"


def tree_of_json(folder: Path) -> Path:
    for record in RECORDS:
        below = folder / "db" / "advisories" / "github-reviewed" / record["id"]
        below.mkdir(parents=True)
        (below / "one.json").write_text(json.dumps(record, indent=2))
    (folder / "db" / "package.json").write_text("{}")
    return folder / "db"


def tree_of_yaml(folder: Path) -> Path:
    """As the PyPA keeps it: moments without quotes, empty fields, other files all around."""
    (folder / "db" / "vulns" / "x").mkdir(parents=True)
    (folder / "db" / ".github").mkdir()
    (folder / "db" / ".github" / "ci.yaml").write_text("on: push")
    (folder / "db" / "vulns" / "README.md").write_text("# all")
    for record in RECORDS:
        text = yaml.safe_dump({**record, "severity": record.get("severity"), "credits": None})
        text = re.sub("(modified|published): '(.*)'", r"\1: \2", text)
        (folder / "db" / "vulns" / "x" / f"{record['id']}.yaml").write_text(text)
    return folder / "db"


def plain_folder(folder: Path) -> Path:
    """With a link to a file, a link to a folder, and one that leads back to where it is."""
    (folder / "db" / "more").mkdir(parents=True)
    for number, line in enumerate(LINES):
        place = ("elsewhere.json", "db/a.json", "db/more/b.json")[min(number, 2)]
        (folder / place.replace(".", f"{number}.")).write_bytes(line)
    (folder / "db" / "link.json").symlink_to(folder / "elsewhere0.json")
    (folder / "db" / "again").symlink_to(folder / "db", target_is_directory=True)
    (folder / "db" / "more" / "loop").symlink_to("..", target_is_directory=True)
    return folder / "db"


def zipped(folder: Path) -> Path:
    """As OSV publishes it; names that lead out of a folder are names like any other."""
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("modified_id.csv", "x")
        archive.mkdir("folder")
        for number, line in enumerate(LINES):
            name = (
                ("../../../escaped.json", "/absolute.json")[number]
                if number < 2
                else f"{number}.json"
            )
            archive.writestr(name, line)
    return folder / "all.zip"


def zipped_tree(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "tree.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("db-main/.github/x.yaml", "on: push")
        archive.writestr("db-main/schema.json", "{}")
        for number, record in enumerate(RECORDS):
            archive.writestr(f"db-main/vulns/a/{number}.yaml", yaml.safe_dump(record))
    return folder / "tree.zip"


FORMS = (lines, packed, tree_of_json, tree_of_yaml, plain_folder, zipped, zipped_tree)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_says_the_same_with_and_without_a_copy(form: Any, tmp_path: Path) -> None:
    path, cache = form(tmp_path), tmp_path / "cache"
    expected = essence(loaded(RECORDED, "db", None, NOW))
    first = load(path, cache)
    again = load(path, cache)
    assert essence(first) == essence(again) == essence(load(path)) == expected
    assert first.facts == again.facts == load(path).facts
    assert first.notes == again.notes
    assert len(list(cache.glob("*"))) == (0 if form in {lines, packed} else 1)
    assert not list(tmp_path.parent.glob("escaped*"))


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    path = tmp_path / "db.jsonl"
    other = line_of(a_record("GHSA-1", ecosystem="npm"))
    future = line_of(a_record("GHSA-2", modified="2030-01-01T00:00:00Z"))
    path.write_bytes(b"\n".join((*LINES, other, future)))
    left_out, ahead = load(path).notes
    assert left_out == "1 advisories about other things than Python packages left out"
    assert ahead.startswith("1 advisories say that they were modified in the future")
    (tmp_path / "tree").mkdir()
    assert load(tree_of_yaml(tmp_path / "tree")).notes == (
        "1 file(s) of the database are no JSON and no YAML",
    )


def test_one_advisory_alone_is_a_database(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(RECORDS[0], indent=1))
    (tmp_path / "one.yml").write_text(yaml.safe_dump(RECORDS[0]))
    assert (
        load(tmp_path / "one.json").facts.records == load(tmp_path / "one.yml").facts.records == 1
    )


def test_versions_in_yaml_are_what_is_written(tmp_path: Path) -> None:
    part = "affected:\n- package: {ecosystem: PyPI, name: shop}\n  versions: [1.10, 2]\n"
    (tmp_path / "one.yaml").write_text(f"id: A-1\nmodified: 2026-01-01\n{part}")
    (advisory,) = load(tmp_path / "one.yaml").sieve.of("shop")
    assert advisory.parts("shop")[0].versions == ("1.10", "2")


def cached(tmp_path: Path) -> tuple[Path, Path]:
    path, cache = zipped(tmp_path), tmp_path / "cache"
    load(path, cache)
    (copy,) = cache.iterdir()
    return path, copy


def test_a_copy_is_used_while_the_database_is_what_it_was(tmp_path: Path) -> None:
    path, copy = cached(tmp_path)
    before = copy.stat().st_mtime_ns
    os.utime(copy, ns=(1, 1))
    load(path, copy.parent, "idna")
    assert copy.stat().st_mtime_ns == 1 != before

    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("new.json", line_of(a_record("NEW-1", "idna", versions=["1.0"])))
    assert "NEW-1" in {one.id for one in load(path, copy.parent, "idna").sieve.of("idna")}


def _forged(content: bytes) -> bytes:
    """A body that belongs to its head, and is none of ours all the same."""
    head = msgspec.json.decode(content.partition(b"\n")[0])
    head["body"] = hashlib.sha256(b"{}").hexdigest()
    return msgspec.json.encode(head) + b"\n{}"


DAMAGES = {
    "nothing left": lambda content: b"",
    "no JSON": lambda content: b"\x00" * len(content),
    "cut off": lambda content: content[:-100],
    "a record less": lambda content: content[: content.rindex(b"\n")],
    "a version changed": lambda content: content.replace(b'"0.', b'"9.', 1),
    "another layout": lambda content: content.replace(b'"layout":1', b'"layout":0', 1),
    "another version": lambda content: content.replace(__version__.encode(), b"9.9", 1),
    "lines of another kind": _forged,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_copy_that_is_not_exactly_ours_is_made_again(damage: str, tmp_path: Path) -> None:
    path, copy = cached(tmp_path)
    good = copy.read_bytes()
    copy.write_bytes(DAMAGES[damage](good))
    assert essence(load(path, copy.parent)) == essence(load(path))
    assert copy.read_bytes() == good


def test_without_a_place_for_a_copy_the_answer_is_the_same(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    path = zipped(tmp_path)
    assert essence(load(path, blocked / "below")) == essence(load(path))


def test_a_database_that_proves_nothing_leaves_no_copy(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "a.json").write_bytes(line_of(a_record(ecosystem="npm")))
    with pytest.raises(ToolError, match="no advisory about a Python package"):
        load(tmp_path / "db", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
