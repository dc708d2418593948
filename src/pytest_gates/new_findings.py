"""Tell new findings from those of the base, for the gates that ask for it. Effects: processes, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from pytest_gates.adapters.base_scans import BaseFindings, BaseScans
from pytest_gates.adapters.change import files_at
from pytest_gates.changes.identity import newness, undecided
from pytest_gates.model.change import Change
from pytest_gates.model.contracts import Tool, ToolContext
from pytest_gates.model.evidence import Scan, Unavailable
from pytest_gates.model.finding import Finding
from pytest_gates.model.settings import ScanSettings


class NewFindings:
    """The comparison of one run with its base, tool by tool. A tool whose gate does not ask is left alone."""

    def __init__(
        self,
        root: Path,
        cache: Path | None,
        change: Callable[[], Change | Unavailable],
    ) -> None:
        self._root = root
        self._cache = cache
        self._change = change
        self._scans: BaseScans | None = None
        self._unknown: dict[str, Unavailable] = {}

    def start(
        self, tool: Tool, settings: object, context_of: Callable[[Tool], ToolContext]
    ) -> None:
        """Begin to find out what `tool` finds at the base, where `settings` say that only new ones count."""
        if not (isinstance(settings, ScanSettings) and settings.new_only):
            return
        change = self._change()
        if isinstance(change, Unavailable):
            self._unknown[tool.name] = change
            return
        if self._scans is None:
            self._scans = BaseScans(self._root, change, self._cache)
        self._scans.start(tool, settings, context_of)

    def compared(self, name: str, scan: Scan | Unavailable) -> Scan | Unavailable:
        """The same scan; each finding says whether it is new where that is known."""
        if isinstance(scan, Unavailable) or scan.base is not None:
            return scan
        base = self._unknown.get(name)
        found = self._scans.answer(name) if self._scans is not None and base is None else base
        change = self._change() if found is not None else None
        if found is None or not isinstance(change, Change):
            return scan if found is None else msgspec.structs.replace(scan, base=base)
        if isinstance(found, Unavailable):
            return msgspec.structs.replace(scan, base=found)
        try:
            return self._marked(scan, found, change)
        except OSError as why:
            unknown = Unavailable(
                why=f"the files of the base cannot be read: {why}", remedy="run `git fsck`"
            )
            return msgspec.structs.replace(scan, base=unknown)

    def stop(self, why: str) -> None:
        """End what still runs."""
        if self._scans is not None:
            self._scans.stop(why)

    def _marked(self, scan: Scan, base: BaseFindings, change: Change) -> Scan:
        """Raises OSError."""
        elsewhere = set(base.elsewhere) - {path for path, _ in change.left_out}
        wanted = undecided(scan.findings, base.findings, change)
        marks = newness(
            scan.findings,
            base.findings,
            change,
            texts_now=self._texts(wanted.now),
            texts_base={
                path: content.decode("utf-8", "replace")
                for path, content in files_at(self._root, change.base, wanted.base).items()
            },
        )
        return msgspec.structs.replace(
            scan,
            base=base.scan,
            notes=(*scan.notes, *base.notes),
            findings=tuple(
                msgspec.structs.replace(one, is_new=new and not _is_in(one, elsewhere))
                for one, new in zip(scan.findings, marks, strict=True)
            ),
        )

    def _texts(self, paths: Iterable[str]) -> dict[str, str]:
        """What cannot be read is left out: only its old places are then known, and the rest is new."""
        found: dict[str, str] = {}
        for path in paths:
            try:
                found[path] = (self._root / path).read_bytes().decode("utf-8", "replace")
            except (OSError, ValueError):
                continue
        return found


def _is_in(finding: Finding, elsewhere: set[str]) -> bool:
    """In a link or submodule of the base that this change left alone: what is there is not its doing."""
    if finding.location is None or not elsewhere:
        return False
    path = finding.location.path
    return path in elsewhere or any(path.startswith(f"{one}/") for one in elsewhere)
