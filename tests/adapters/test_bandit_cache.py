"""What is remembered of files, whatever state the cache is in and whoever else uses it."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_gates.adapters import bandit_cache
from pytest_gates.adapters.bandit_cache import BanditCache
from pytest_gates.adapters.bandit_installed import installed
from pytest_gates.model.bandit import Catalogue, Facts, Issue
from support.installed import ARCHIVE, FOLDER, install

NONE: frozenset[str] = frozenset()
KNOWN = Catalogue(tests={"B1": "one"})
ISSUE = Issue("B1", "one", "LOW", "LOW", "text", 1, 1, 1, 0, 0, 0, "url", "print")
FACTS = Facts(issues=(ISSUE,), comments=((1, "# nosec"),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache that knows the file `key`."""
    BanditCache(str(tmp_path / "cache")).keep("common", KNOWN, NONE, {"key": FACTS})
    return tmp_path / "cache"


def test_what_was_kept_is_known(folder: Path) -> None:
    cache = BanditCache(str(folder))
    assert cache.facts("key") == FACTS
    assert cache.catalogue("common") == KNOWN
    assert cache.facts("other") is None
    assert cache.catalogue("other") is None


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = BanditCache("")
    with cache.alone():
        cache.keep("common", KNOWN, NONE, {"key": FACTS})
    assert cache.facts("key") is None
    assert list(tmp_path.iterdir()) == []


def altered(change: Callable[[dict[str, object]], object]) -> Callable[[bytes], bytes]:
    def of(content: bytes) -> bytes:
        document = json.loads(content)
        change(document)
        return json.dumps(document).encode()

    return of


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda content: content[:-20], id="half"),
        pytest.param(lambda content: content + b"{", id="more"),
        pytest.param(lambda content: content.decode().encode("utf-16"), id="utf-16"),
        pytest.param(lambda _: b"\xff\0", id="noise"),
        pytest.param(lambda _: b"[" * 100_000, id="deep"),
        pytest.param(lambda _: b"[]", id="a list"),
        pytest.param(altered(lambda one: one.update(layout=0)), id="another layout"),
        pytest.param(altered(lambda one: one.update(entries=[])), id="entries a list"),
        pytest.param(altered(lambda one: one.update(entries={"key": [1]})), id="no facts"),
        pytest.param(
            altered(lambda one: one.update(entries={"key": [1, [[["B1"]]]]})), id="no issue"
        ),
        pytest.param(
            altered(lambda one: one.update(entries={"key": [1, [[], [[10**30, ""]]]]})), id="huge"
        ),
    ],
)
def test_what_cannot_be_read_is_not_known_and_written_anew(
    folder: Path, spoiled: Callable[[bytes], bytes]
) -> None:
    file = folder / "files.json"
    file.write_bytes(spoiled(file.read_bytes()))
    cache = BanditCache(str(folder))
    assert cache.facts("key") is None
    cache.keep("common", KNOWN, NONE, {"new": FACTS})
    assert BanditCache(str(folder)).facts("new") == FACTS


def test_a_cache_too_large_to_be_ours_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.truncate(folder / "files.json", 10**12)  # sparse
    assert BanditCache(str(folder)).facts("key") is None
    (folder / "files.json").unlink()
    os.mkfifo(folder / "files.json")
    assert BanditCache(str(folder)).facts("key") is None


def test_a_folder_that_cannot_be_written_costs_nothing_else(folder: Path) -> None:
    blocked = folder / "files.json" / "below"
    cache = BanditCache(str(blocked))
    with cache.alone():
        cache.keep("common", KNOWN, NONE, {"key": FACTS})
    assert cache.facts("key") is None


def test_two_that_write_at_once_lose_nothing(folder: Path) -> None:
    one, two = BanditCache(str(folder)), BanditCache(str(folder))
    one.keep("common", KNOWN, NONE, {"one": FACTS})
    two.keep("common", KNOWN, NONE, {"two": Facts()})
    one.again()
    assert {name: one.facts(name) for name in ("key", "one", "two")} == {
        "key": FACTS,
        "one": FACTS,
        "two": Facts(),
    }


def _fill(folder: str, number: int) -> None:
    for step in range(20):
        cache = BanditCache(folder)
        with cache.alone():
            cache.again()
            cache.keep("common", KNOWN, NONE, {f"{number} {step}": FACTS})


def test_processes_that_share_a_cache_wait_for_each_other(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_fill, args=(str(folder), one)) for one in range(2)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    cache = BanditCache(str(folder))
    known = [cache.facts(f"{number} {step}") for number in range(2) for step in range(20)]
    assert known == [FACTS] * 40
    assert sorted(one.name for one in folder.iterdir()) == ["files.json", "files.json.lock"]


def test_nobody_waits_for_ever(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(lock: int, command: int, length: int) -> None:
        asked.append(length)
        raise PermissionError

    asked: list[int] = []
    monkeypatch.setattr(bandit_cache, "_PATIENCE_SECONDS", 0.06)
    monkeypatch.setattr(os, "lockf", held)
    with BanditCache(str(folder)).alone():
        assert len(asked) > 1


def test_what_nobody_uses_any_more_is_forgotten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = [20_000.0]
    monkeypatch.setattr("pytest_gates.adapters.bandit_cache.time.time", lambda: day[0] * 86_400)
    cache = BanditCache(str(folder))
    cache.keep("common", KNOWN, NONE, {"used": FACTS, "unused": FACTS})
    day[0] += 50
    cache.again()
    cache.keep("common", KNOWN, frozenset({"used"}), {})
    day[0] += 50
    cache.again()
    cache.keep("other", KNOWN, NONE, {"new": FACTS})
    cache.again()
    assert [bool(cache.facts(one)) for one in ("used", "unused", "new")] == [True, False, True]


def test_other_pythons_and_settings_keep_their_catalogues_for_a_while(folder: Path) -> None:
    cache = BanditCache(str(folder))
    for number in range(10):
        cache.keep(str(number), KNOWN, NONE, {})
    cache.again()
    known = [bool(cache.catalogue(one)) for one in ("common", "0", "1", "9")]
    assert known == [False, True, True, True]


def test_nothing_is_written_where_nothing_is_new(folder: Path) -> None:
    before = (folder / "files.json").stat().st_mtime_ns, (folder / "files.json").stat().st_ino
    BanditCache(str(folder)).keep("common", KNOWN, frozenset({"key"}), {})
    assert before == (
        (folder / "files.json").stat().st_mtime_ns,
        (folder / "files.json").stat().st_ino,
    )


def test_the_cache_has_a_largest_size(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bandit_cache, "_MOST_BYTES", 2_000)
    BanditCache(str(folder)).keep("common", KNOWN, NONE, {str(one): FACTS for one in range(99)})
    assert 500 < (folder / "files.json").stat().st_size < 2_000
    monkeypatch.setattr(bandit_cache, "_MOST_BYTES", 20)
    BanditCache(str(folder)).keep("common", KNOWN, NONE, {"key": FACTS})
    assert BanditCache(str(folder)).facts("key") is None


def test_what_killed_runs_left_is_tidied_up_but_not_what_others_write_now(folder: Path) -> None:
    now = folder.stat().st_mtime
    for name, age in (("1", 10**6), ("2", 0), (str(os.getpid()), 0)):
        left = folder / f"files.json.{name}"
        left.write_bytes(b"{")
        os.utime(left, (now - age, now - age))
    BanditCache(str(folder)).keep("common", KNOWN, NONE, {"new": FACTS})
    assert sorted(one.name for one in folder.iterdir()) == ["files.json", "files.json.2"]


def a_plugin(site: Path, name: str, version: str, *, origin: object = None) -> Path:
    info = install(site, name, version, origin=origin)
    (info / "entry_points.txt").write_text("[bandit.plugins]\nx = y:z\n", encoding="utf-8")
    (info / "RECORD").write_text("y.py,sha256=1,2\n", encoding="utf-8")
    return info


def test_every_change_of_a_plugin_is_another_bandit(tmp_path: Path) -> None:
    site = str(tmp_path)
    seen = [installed([site]).digest]
    install(tmp_path, "other", "1.0")
    assert installed([site, "/nowhere", site]).digest == seen[0]
    info = a_plugin(tmp_path, "acme", "1.0", origin=ARCHIVE)
    seen.append(installed([site]).digest)
    (info / "RECORD").write_text("y.py,sha256=2,2\n", encoding="utf-8")
    seen.append(installed([site]).digest)
    (tmp_path / "plugins.zip").write_bytes(b"zip")
    seen.append(installed([site, str(tmp_path / "plugins.zip")]).digest)
    assert len(set(seen)) == len(seen)
    assert installed([site]).changing == ()


def test_a_plugin_that_is_being_written_may_change_at_any_time(tmp_path: Path) -> None:
    a_plugin(tmp_path, "acme", "1.0", origin=FOLDER)
    assert installed([str(tmp_path)]).changing == ("acme-1.0",)


def test_the_bandit_that_runs_the_tests_is_found() -> None:
    assert installed(sys.path).digest != installed([]).digest
    assert installed(sys.path).changing == ()
