"""Scan Python files with bandit, those alone whose content is not known. Effects: files, processes, stdout.

Started as `python -I -m pytest_gates.adapters.bandit_scan` in the root, with a Question on standard input.
Where all is known from before, bandit is not even imported.
"""

from __future__ import annotations

import gc
import hashlib
import os
import stat
import sys
from collections import Counter
from collections.abc import Iterable

import msgspec

from pytest_gates.adapters.bandit_cache import BanditCache
from pytest_gates.adapters.bandit_installed import installed
from pytest_gates.model.bandit import (
    Answer,
    Catalogue,
    Facts,
    FileAsked,
    FileFound,
    Question,
)
from pytest_gates.model.text import printable

_LAYOUT = 1
_MOST_CONFIG_BYTES = 1_000_000


class NotRead(Exception):
    """Why a file cannot be scanned."""


class _Input(msgspec.Struct, frozen=True, kw_only=True):
    """`key` stands for all that decides what bandit says of the file."""

    path: str
    size: int
    sha256: str
    key: str


class _Known(msgspec.Struct, kw_only=True):
    """What this scan knows so far, by key of the file; `unread` and `crashed` by path."""

    facts: dict[str, Facts]
    unread: dict[str, str]
    crashed: dict[str, tuple[tuple[str, str], ...]]
    catalogue: Catalogue
    refused: str | None = None


def scanned(question: Question) -> Answer:
    """An outcome for every file of the question, or why there is none for any."""
    here = installed(sys.path)
    try:
        common = _common_key(question, here.digest)
    except NotRead as why:
        return Answer(refused=f"the configuration {question.config}: {why}")
    cache = BanditCache("" if here.changing else question.cache)
    unread: dict[str, str] = {}
    inputs = tuple(_inputs(question, common, unread))
    known = _Known(facts={}, unread=unread, crashed={}, catalogue=Catalogue())
    missing = _looked_up(cache, common, inputs, known)
    from_cache = len(inputs) - len(missing)
    if missing or not known.catalogue.tests:
        with cache.alone():
            cache.again()
            missing = _looked_up(cache, common, inputs, known)
            from_cache = len(inputs) - len(missing)
            new = _found_out(missing, question, known)
            if known.refused is not None:
                return Answer(refused=known.refused)
            cache.keep(common, known.catalogue, frozenset(known.facts), new)
    else:
        cache.keep(common, known.catalogue, frozenset(known.facts), {})
    by_path = {one.path: one.key for one in inputs}
    return Answer(
        refused=None,
        files=tuple(_file(one, by_path, known) for one in question.files),
        catalogue=_with_notes(known.catalogue, here.changing),
        from_cache=from_cache,
    )


def content_of(path: str, limit: int) -> bytes:
    """Raises NotRead; a pipe that nobody writes to must not stop the scan."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                raise NotRead("it is no regular file")
            content = stream.read(limit + 1)
    except (OSError, ValueError) as why:
        said = why.strerror if isinstance(why, OSError) else str(why)
        raise NotRead(f"it cannot be read: {said}") from why
    if len(content) > limit:
        raise NotRead(
            f"it has {state.st_size} bytes, more than {limit}: leave it out, or raise `max-kilobytes`"
        )
    return content


def _common_key(question: Question, plugins: str) -> str:
    """For all files: what scans, and by which settings."""
    config = content_of(question.config, _MOST_CONFIG_BYTES) if question.config else b""
    essence = (
        _LAYOUT,
        question.version,
        plugins,
        sys.implementation.name,
        sys.hexversion,
        sorted(set(question.skips)),
        os.fsencode(question.config or ""),
        config,
    )
    return hashlib.sha256(msgspec.msgpack.encode(essence)).hexdigest()


def _inputs(question: Question, common: str, unread: dict[str, str]) -> Iterable[_Input]:
    packages: dict[str, str] = {}
    for asked in question.files:
        path = os.fsdecode(asked.path)
        try:
            content = content_of(path, question.most_bytes)
        except NotRead as why:
            unread[path] = printable(str(why))
            continue
        sha256 = hashlib.sha256(content).hexdigest()
        package = _package(os.path.dirname(path), packages)  # noqa: PTH120 - see bandit_cache
        essence = f"{common}\0{path}\0{package}\0{sha256}".encode("utf-8", "surrogateescape")
        yield _Input(
            path=path,
            size=len(content),
            sha256=sha256,
            key=hashlib.sha256(essence).hexdigest()[:40],
        )


def _package(folder: str, known: dict[str, str]) -> str:
    """The package a file of the folder belongs to, as bandit tells it to its tests."""
    if folder not in known:
        is_package = bool(folder) and os.path.isfile(os.path.join(folder, "__init__.py"))  # noqa: PTH113, PTH118
        outer, _, name = folder.rpartition("/")
        known[folder] = f"{_package(outer, known)}.{name}" if is_package else ""
    return known[folder]


def _looked_up(
    cache: BanditCache, common: str, inputs: tuple[_Input, ...], known: _Known
) -> tuple[_Input, ...]:
    """What the cache knows goes to `known`, what it does not comes back."""
    known.catalogue = cache.catalogue(common) or Catalogue()
    missing: list[_Input] = []
    for one in inputs:
        facts = cache.facts(one.key)
        if facts is None:
            missing.append(one)
        else:
            known.facts[one.key] = facts
    return tuple(missing)


def _found_out(missing: tuple[_Input, ...], question: Question, known: _Known) -> dict[str, Facts]:
    """What bandit says of files of which nothing is known, added to `known`; what is worth keeping."""
    # bandit takes a third of a second to import, and nothing of it is needed where all is known.
    from pytest_gates.adapters import bandit_engine, bandit_pool  # noqa: PLC0415

    try:
        engine = bandit_engine.Engine(question.skips, question.config)
    except bandit_engine.Refused as why:
        known.refused = printable(str(why))
        return {}
    known.catalogue = engine.catalogue
    keys = {one.path: one.key for one in missing}
    jobs = [bandit_engine.Job(path=one.path, size=one.size, sha256=one.sha256) for one in missing]
    settings = (question.skips, question.config)
    new: dict[str, Facts] = {}
    for job, outcome in bandit_pool.outcomes(jobs, engine, settings, question.processes):
        if outcome.unread is not None:
            known.unread[job.path] = outcome.unread
            continue
        known.facts[keys[job.path]] = outcome.facts
        if outcome.crashed:
            known.crashed[job.path] = outcome.crashed
        else:
            new[keys[job.path]] = outcome.facts
    return new


def _file(asked: FileAsked, keys: dict[str, str], known: _Known) -> FileFound:
    path = os.fsdecode(asked.path)
    if path in known.unread:
        return FileFound(unread=known.unread[path])
    facts = known.facts.get(keys[path])
    if facts is None:
        return FileFound(unread="nobody says that it was scanned")
    ignored = {known.catalogue.id_of(one) or one for one in asked.ignored}
    counted = Counter(one.test for one in facts.issues if one.test in ignored)
    if counted:
        shown = tuple(one for one in facts.issues if one.test not in ignored)
        facts = msgspec.structs.replace(facts, issues=shown)
    crashed = [what for test, what in known.crashed.get(path, ()) if test not in ignored]
    return FileFound(
        unread=printable(f"tests of bandit crashed on it: {'; '.join(crashed)}")
        if crashed
        else None,
        facts=facts,
        ignored=dict(counted),
    )


def _with_notes(catalogue: Catalogue, changing: tuple[str, ...]) -> Catalogue:
    if not changing:
        return catalogue
    note = f"nothing is remembered, since {', '.join(changing)} may change without a new version"
    return msgspec.structs.replace(catalogue, notes=(*catalogue.notes, printable(note)))


def main() -> None:
    # A syntax tree is all cycles that live as long as its file: the collector finds nothing in between.
    gc.set_threshold(100_000, 50, 100)
    # Whatever bandit or a plugin of it prints must not get into the answer.
    with os.fdopen(os.dup(1), "wb") as stdout:
        os.dup2(2, 1)
        question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
        stdout.write(msgspec.json.encode(scanned(question)))


if __name__ == "__main__":
    main()
