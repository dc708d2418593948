"""What the tools find at the base, computed beside the tests or remembered. Effects: git, processes, files.

The base's files are written into a temporary folder by the process that becomes the tool, so nothing waits
for them. The user's work tree is not touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from pytest_gates.adapters.base_listing import LaidOver, Listing, laid_over, list_base
from pytest_gates.adapters.base_tree import Order
from pytest_gates.adapters.process import NotEnded, Running, clean_environment
from pytest_gates.adapters.scan_cache import ScanCache, key_of
from pytest_gates.adapters.scans import begin, refused, timeout_of, too_long, understood
from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.change import Change
from pytest_gates.model.contracts import Command, Tool, ToolContext
from pytest_gates.model.evidence import BaseScan, Scan, Unavailable
from pytest_gates.model.finding import Finding
from pytest_gates.model.settings import ScanSettings
from pytest_gates.model.text import first_line, printable, well_formed

_TREE, _ORDER, _DONE = "tree", "order", "done"
_NAMED = 5


class BaseFindings(msgspec.Struct, frozen=True, kw_only=True):
    """`elsewhere` are links and submodules of the base, of which the scan says nothing."""

    scan: BaseScan
    findings: tuple[Finding, ...]
    elsewhere: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class _Job(msgspec.Struct, frozen=True, kw_only=True):
    tool: Tool
    settings: object
    key: str
    laid: LaidOver
    folder: Path
    context: ToolContext
    command: Command
    running: Running


class BaseScans:
    """The tools of one run at one base, from the first start to the last answer."""

    def __init__(self, root: Path, change: Change, cache: Path | None) -> None:
        """`cache` is a folder for entries and for the caches of tools, None where nothing may be kept."""
        self._root = root
        self._change = change
        self._cache = cache
        self._entries = ScanCache(cache / "scans" if cache is not None else None)
        self._jobs: dict[str, _Job] = {}
        self._known: dict[str, BaseFindings | Unavailable] = {}
        self._listing: Listing | None = None

    def start(
        self, tool: Tool, settings: object, context_of: Callable[[Tool], ToolContext]
    ) -> None:
        """Look it up, or begin it in the background. `context_of` tells of the work tree."""
        if tool.name in self._jobs or tool.name in self._known:
            return
        if self._listing is None:
            self._listing = list_base(self._root, self._change.base)
        if self._listing is None:
            base = self._change.base[:12]
            self._known[tool.name] = Unavailable(
                why=f"git cannot list the files of the base {base}",
                remedy=f"see what `git ls-tree {base}` says",
            )
            return
        try:
            self._start(tool, settings, context_of(tool), self._listing)
        except ToolError as why:
            self._known[tool.name] = refused(why)
        except OSError as why:
            self._known[tool.name] = Unavailable(
                why=printable(f"the base could not be laid out for {tool.name}: {why}"),
                remedy="make room in the temporary folder, and the settings of the tool readable",
            )

    def answer(self, name: str) -> BaseFindings | Unavailable | None:
        """Wait for one tool; None when it was never started."""
        if name in self._jobs:
            self._known[name] = self._ended(self._jobs.pop(name))
        return self._known.get(name)

    def stop(self, why: str) -> None:
        """End what still runs."""
        for name, job in self._jobs.items():
            job.running.stop()
            _forget(job.folder)
            self._known[name] = Unavailable(why=f"stopped: {why}", remedy="run again")
        self._jobs.clear()

    def _start(self, tool: Tool, settings: object, here: ToolContext, listing: Listing) -> None:
        """Raises OSError."""
        names = settings.config_files if isinstance(settings, ScanSettings) else ()
        laid = laid_over(self._root, listing, self._change, names)
        here = msgspec.structs.replace(here, own_path=_own_path(self._root))
        changed: tuple[str, ...] | None = None
        if isinstance(settings, ScanSettings) and settings.scans_changed:
            # As they were called there.
            changed = tuple(one.base_path for one in self._change.files if one.base_path)
        inputs = (_inputs(tool, listing, laid), *(changed or ()))
        key = key_of(tool, settings, here, inputs)
        try:
            scan = self._entries.get(key)
        except KeyError:
            pass
        else:
            self._known[tool.name] = self._found(scan, laid, from_cache=True)
            return
        # Real: tools tell absolute names of the folder they run in, not of a link to it.
        folder = Path(tempfile.mkdtemp(prefix="pytest-gates-base-")).resolve()
        there = msgspec.structs.replace(
            _at_base(tool, here, folder / _TREE / listing.prefix, listing), changed=changed
        )
        started: tuple[ToolContext, Command, Running] | Unavailable | None
        try:
            started = begin(
                tool,
                settings,
                lambda: there,
                lambda _, command: self._launch(tool, command, folder, listing, laid),
            )
        except NothingToScan:
            started = None
        if isinstance(started, tuple):
            _, command, running = started
            self._jobs[tool.name] = _Job(
                tool=tool,
                settings=settings,
                key=key,
                laid=laid,
                folder=folder,
                context=there,
                command=command,
                running=running,
            )
            return
        _forget(folder)
        self._known[tool.name] = started or self._found(None, laid, from_cache=False)

    def _launch(
        self, tool: Tool, command: Command, folder: Path, listing: Listing, laid: LaidOver
    ) -> Running:
        """Raises NotEnded, OSError."""
        prefix = listing.prefix
        needed = listing.needed(everything=tool.needs_all_files)
        order = Order(
            root=str(self._root),
            folder=str(folder / _TREE),
            done=str(folder / _DONE),
            blobs=(
                *((os.fsencode(path), blob) for path, blob in listing.above.items()),
                *(
                    (os.fsencode(prefix + path), blob)
                    for path, blob in needed.items()
                    if path not in laid.files
                ),
            ),
            files=tuple(
                (os.fsencode(prefix + path), content)
                for path, content in laid.files.items()
                if content is not None
            ),
        )
        (folder / _ORDER).write_bytes(msgspec.msgpack.encode(order))
        working_folder = folder / _TREE / prefix
        working_folder.mkdir(parents=True)
        return Running(
            (
                sys.executable,
                "-I",
                "-m",
                "pytest_gates.adapters.base_tree",
                str(folder / _ORDER),
                *command.argv,
            ),
            cwd=working_folder,
            env={**clean_environment(tool.scrub), **command.env},
            polite=True,
            told=command.told,
        )

    def _ended(self, job: _Job) -> BaseFindings | Unavailable:
        tool = job.tool
        try:
            ended = job.running.wait(timeout_of(job.settings))
            if not (job.folder / _DONE).exists():
                said = first_line(ended.stderr) or f"exit {ended.exit_code}"
                return Unavailable(
                    why=f"the base could not be laid out for {tool.name}: {said}",
                    remedy=f"see whether git has all of it: `git archive {self._change.base[:12]}`",
                )
            scan = understood(tool, job.settings, job.context, job.command, ended)
        except NotEnded as why:
            scan = too_long(tool, why)
        except NothingToScan:
            self._entries.put(job.key, None)
            return self._found(None, job.laid, from_cache=False)
        finally:
            _forget(job.folder)
        if isinstance(scan, Unavailable):
            return Unavailable(
                why=f"at the base {self._change.base[:10]}: {scan.why}", remedy=scan.remedy
            )
        self._entries.put(job.key, scan)
        return self._found(scan, job.laid, from_cache=False)

    def _found(self, scan: Scan | None, laid: LaidOver, *, from_cache: bool) -> BaseFindings:
        found = scan.findings if scan is not None else ()
        elsewhere = self._listing.elsewhere if self._listing is not None else ()
        return BaseFindings(
            scan=BaseScan(
                commit=self._change.base,
                findings=len(found),
                seconds=scan.seconds if scan is not None else 0.0,
                from_cache=from_cache,
            ),
            # What it says of the settings of today is no old finding.
            findings=tuple(
                one for one in found if one.location is None or one.location.path not in laid.files
            ),
            elsewhere=elsewhere,
            notes=tuple(_notes(scan, laid, elsewhere)),
        )


def _at_base(tool: Tool, here: ToolContext, root: Path, listing: Listing) -> ToolContext:
    folder = f"{here.cache_folder}-base" if here.cache_folder else ""
    return msgspec.structs.replace(
        here,
        root=str(root),
        python_files=listing.python_files if tool.needs_files else (),
        files=tuple(listing.blobs),
        cache_folder=folder,
        at_base=True,
    )


def _notes(scan: Scan | None, laid: LaidOver, elsewhere: tuple[str, ...]) -> Iterator[str]:
    if scan is None:
        yield "the base holds nothing for it to look at"
    elif scan.unread:
        names = ", ".join(one.subject for one in scan.unread[:_NAMED])
        yield f"not looked at in the base: {len(scan.unread)} file(s) ({names})"
    if laid.files:
        names = ", ".join(tuple(laid.files)[:_NAMED])
        yield well_formed(f"the base was judged by the settings of today: {names}")
    if elsewhere:
        names = ", ".join(elsewhere[:_NAMED])
        yield well_formed(
            f"not followed in the base: {len(elsewhere)} link(s), submodule(s) ({names})"
        )


def _inputs(tool: Tool, listing: Listing, laid: LaidOver) -> str:
    """One digest for all that the tool gets to see of the base."""
    digest = hashlib.sha256(os.fsencode(listing.prefix))
    for blobs in (listing.above, listing.needed(everything=tool.needs_all_files)):
        for path, blob in sorted(blobs.items()):
            digest.update(os.fsencode(f"{blob} {path}\0"))
        digest.update(b"\0")
    # Names alone count for tools that are told all of them.
    digest.update(os.fsencode("\0".join(sorted(listing.blobs))))
    for path, content in sorted(laid.files.items()):
        state = "gone" if content is None else hashlib.sha256(content).hexdigest()
        digest.update(os.fsencode(f"{state} {path}\0"))
    return digest.hexdigest()


def _own_path(root: Path) -> tuple[str, ...]:
    """Folders below the root from which this environment imports typed packages of the judged project.

    An editable installation leads to the work tree; a type checker at the base must not follow it.
    """
    found: dict[str, None] = {}
    for name in ("purelib", "platlib"):
        for file in sorted(Path(sysconfig.get_path(name)).glob("*.pth")):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                for line in file.read_text(encoding="utf-8").splitlines():
                    entry = Path(line.strip())
                    if entry.is_absolute() and entry.is_relative_to(root) and entry != root:
                        typed = any(entry.glob("*/py.typed"))
                        found |= {entry.relative_to(root).as_posix(): None} if typed else {}
    return tuple(found)


def _forget(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
