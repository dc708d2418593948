"""Two texts of a file and what was executed of the later one, as the patch gate wants them."""

from __future__ import annotations

import difflib
from textwrap import dedent

from pytest_gates.changes.patch import ChangedFile
from pytest_gates.changes.statements import statements_of
from pytest_gates.model.change import FileChange, Hunk
from pytest_gates.model.measured import MeasuredLines


def text(source: str) -> bytes:
    """Dedented, without the first line end."""
    return dedent(source).lstrip("\n").encode()


def change_of(
    base: bytes | None, now: bytes, path: str = "shop.py", base_path: str | None = None
) -> FileChange:
    """What git would say, line feeds alone ending a line."""
    if base is None:
        count = len(now.splitlines())
        return FileChange(path=path, hunks=(Hunk(0, 0, 1, count),) if count else ())
    old, new = base.split(b"\n"), now.split(b"\n")
    hunks = tuple(
        Hunk(a + 1 if b > a else a, b - a, c + 1 if d > c else c, d - c)
        for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    )
    return FileChange(path=path, base_path=base_path or path, hunks=hunks)


def a_changed_file(
    base: bytes | None,
    now: bytes,
    *,
    missing: tuple[int, ...] = (),
    path: str = "shop.py",
    **measured: object,
) -> ChangedFile:
    """Every statement can be executed, and was, unless it is said to be `missing`."""
    values: dict[str, object] = {
        "executable": tuple(one.first for one in statements_of(now)),
        "missing": missing,
        **measured,
    }
    return ChangedFile(
        change=change_of(base, now, path),
        now=now,
        base=base,
        measured=MeasuredLines(**values),  # type: ignore[arg-type]
    )
