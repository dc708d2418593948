"""Start the tools of a policy in the background and gather what they found. Effects: processes."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from pytest_gates.adapters.files import project_files, python_files
from pytest_gates.adapters.process import (
    Ended,
    NotEnded,
    Running,
    clean_environment,
    scripts_folder,
)
from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.change import Change
from pytest_gates.model.contracts import Command, Completed, Tool, ToolContext
from pytest_gates.model.evidence import NO_CHANGE, Scan, Unavailable
from pytest_gates.model.settings import ScanSettings
from pytest_gates.model.text import printable

_DEFAULT_TIMEOUT_SECONDS = 600.0


class Scans:
    """The tools of one run, from the first start to the last answer."""

    def __init__(
        self,
        root: Path,
        cache: Path | None = None,
        change: Callable[[], Change | Unavailable] | None = None,
        *,
        hurry: bool = False,
    ) -> None:
        """`cache` is a folder in which tools may keep caches of their own; `change` is what is new.

        `hurry`: somebody waits for the quick ones, and does nothing meanwhile.
        """
        self._root = root
        self._hurry = hurry
        self._change = change
        self._cache = cache
        self._files: tuple[str, ...] | None = None
        self._running: dict[str, tuple[Tool, object, ToolContext, Command, Running]] = {}
        self._known: dict[str, Scan | Unavailable] = {}

    def start(self, tool: Tool, settings: object) -> None:
        """Begin `tool` in the background; a tool that was started before is left alone."""
        if tool.name in self._running or tool.name in self._known:
            return
        try:
            polite = not (self._hurry and is_quick(tool, settings))
            started = begin(
                tool,
                settings,
                lambda: self._told(tool, settings),
                lambda _, command: self._run(tool, command, polite=polite),
            )
        except NothingToScan as why:
            started = refused(why)
        if isinstance(started, Unavailable):
            self._known[tool.name] = started
        else:
            context, command, running = started
            self._running[tool.name] = (tool, settings, context, command, running)

    def _run(self, tool: Tool, command: Command, *, polite: bool) -> Running:
        return Running(
            command.argv,
            cwd=self._root,
            env={**clean_environment(tool.scrub), **command.env},
            polite=polite,
            told=command.told,
        )

    def answer(self, name: str) -> Scan | Unavailable | None:
        """Wait for one tool; None when it was never started."""
        if name in self._running:
            self._known[name] = self._ended(*self._running.pop(name))
        return self._known.get(name)

    def answers(self) -> dict[str, Scan | Unavailable]:
        """Wait for all."""
        for name in tuple(self._running):
            self.answer(name)
        return dict(self._known)

    def stop(self, why: str) -> None:
        """End what still runs; its gates will be inconclusive because of `why`."""
        for name, (*_, running) in self._running.items():
            running.stop()
            self._known[name] = Unavailable(why=f"stopped: {why}", remedy="run again")
        self._running.clear()

    def _told(self, tool: Tool, settings: object) -> ToolContext:
        context = self.context(tool)
        if not (isinstance(settings, ScanSettings) and settings.scans_changed):
            return context
        change = self._change() if self._change is not None else NO_CHANGE
        changed = changed_files(change) if isinstance(change, Change) else change
        return msgspec.structs.replace(context, changed=changed)

    def context(self, tool: Tool) -> ToolContext:
        """What the tool may know of the work tree. Raises ToolError where it is not installed."""
        try:
            version = importlib.metadata.version(tool.distribution)
        except importlib.metadata.PackageNotFoundError:
            version = ""
        program = _program(tool) if tool.program else ""
        if not (version or program):
            raise ToolError(
                f"{tool.name} is not installed in the environment of the tests",
                f"install it: pip install {tool.distribution}",
            )
        return ToolContext(
            root=str(self._root),
            python=sys.executable,
            python_files=self._python_files() if tool.needs_files else (),
            sys_path=tuple(entry for entry in sys.path if self._may_hold_packages(entry)),
            program=program,
            version=version or "unknown",
            files=project_files(self._root) if tool.needs_all_files else (),
            cache_folder=str(self._cache / tool.name) if self._cache is not None else "",
        )

    def _may_hold_packages(self, entry: str) -> bool:
        """Not the judged tree itself, where anybody could put the metadata of a harmless version."""
        if not entry:
            return False
        path, root, prefix = Path(entry).resolve(), self._root.resolve(), Path(sys.prefix).resolve()
        own_environment = prefix.is_relative_to(root) and path.is_relative_to(prefix)
        return path.exists() and (own_environment or not path.is_relative_to(root))

    def _python_files(self) -> tuple[str, ...]:
        if self._files is None:
            self._files = python_files(self._root)
        return self._files

    def _ended(
        self, tool: Tool, settings: object, context: ToolContext, command: Command, running: Running
    ) -> Scan | Unavailable:
        try:
            ended = running.wait(timeout_of(settings))
        except NotEnded as why:
            return too_long(tool, why)
        try:
            return understood(tool, settings, context, command, ended)
        except NothingToScan as why:
            return refused(why)


def is_quick(tool: Tool, settings: object) -> bool:
    """Whether it may run before the first test."""
    return tool.quick and not (isinstance(settings, ScanSettings) and settings.takes_long)


def changed_files(change: Change) -> tuple[str, ...]:
    """Also those of which nobody could tell how they differ: a tool may say more of them."""
    return tuple(
        sorted({*(one.path for one in change.files), *(path for path, _ in change.unread)})
    )


def begin(
    tool: Tool,
    settings: object,
    context_of: Callable[[], ToolContext],
    run: Callable[[Tool, Command], Running],
) -> tuple[ToolContext, Command, Running] | Unavailable:
    """Ask a tool how it wants to be started, and start it; what goes wrong is an unknown.

    Raises NothingToScan.
    """
    try:
        context = context_of()
        command = tool.command(settings, context)
        return context, command, run(tool, command)
    except NothingToScan:
        raise
    except ToolError as why:
        return refused(why)
    except NotEnded as why:
        remedy = f"install it: pip install {tool.distribution}"
        return Unavailable(why=printable(f"{tool.name}: {why}"), remedy=remedy)
    except Exception as crash:  # a tool of a third party may stumble; then nothing was scanned
        return Unavailable(
            why=printable(f"{tool.name} could not be asked: {type(crash).__name__}: {crash}"),
            remedy=f"check the installed version of {tool.distribution} and report this",
        )


def refused(why: ToolError) -> Unavailable:
    return Unavailable(why=printable(why.why), remedy=printable(why.remedy))


def timeout_of(settings: object) -> float:
    return settings.timeout if isinstance(settings, ScanSettings) else _DEFAULT_TIMEOUT_SECONDS


def too_long(tool: Tool, why: NotEnded) -> Unavailable:
    return Unavailable(
        why=f"{tool.name}: {why}",
        remedy=f"raise `timeout` in [tool.pytest-gates.{tool.name}] or find out why it hangs",
    )


def understood(
    tool: Tool, settings: object, context: ToolContext, command: Command, ended: Ended
) -> Scan | Unavailable:
    """What a tool that has ended said. Raises NothingToScan."""
    completed = Completed(
        command=command,
        context=context,
        exit_code=ended.exit_code,
        stdout=ended.stdout,
        stderr=ended.stderr,
        seconds=ended.seconds,
    )
    try:
        scan: object = tool.read(completed, settings)
    except NothingToScan:
        raise
    except ToolError as why:
        return refused(why)
    except Exception as crash:  # a reader that stumbles over an answer knows nothing of it
        return Unavailable(
            why=printable(
                f"the answer of {tool.name} could not be read: {type(crash).__name__}: {crash}"
            ),
            remedy=f"check the installed version of {tool.distribution} and report this",
        )
    if isinstance(scan, Scan):
        return scan
    return Unavailable(
        why=f"the reader of {tool.name} returned {type(scan).__name__}, expected a Scan",
        remedy=f"report it to whoever wrote the tool `{tool.name}`",
    )


def _program(tool: Tool) -> str:
    """Beside the interpreter first: that one was installed with the tests. Empty when there is none."""
    name = tool.program or ""
    found = shutil.which(name, path=str(scripts_folder())) or shutil.which(name)
    return found or ""
