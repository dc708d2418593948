"""Write an advisory database as one packed file that is the same wherever it is made. Effects: files."""

from __future__ import annotations

import gzip
from pathlib import Path

from pytest_gates.adapters.advisory_database import Loaded
from pytest_gates.adapters.files import write_whole
from pytest_gates.errors import GatesError, ToolError
from pytest_gates.model.package import AdvisoryDatabase
from pytest_gates.model.text import printable

_LEVEL = 9


def write_packed(database: Loaded, target: Path) -> int:
    """Sorted, without a date of its own, replaced in one step; how many bytes. Raises GatesError."""
    lines = sorted(database.sieve.lines)
    content = gzip.compress(b"".join(line + b"\n" for line in lines), _LEVEL, mtime=0)
    # Byte 9 names the system on which it was packed, and Python versions do not agree on it.
    content = content[:9] + b"\xff" + content[10:]
    try:
        write_whole(target, content)
    except GatesError as why:  # it speaks of a report
        raise GatesError(printable(f"{target} cannot be written: {why.__cause__}")) from why
    return len(content)


def refuse_a_step_back(old: AdvisoryDatabase, new: AdvisoryDatabase) -> None:
    """Raises ToolError where the new one would know less than the old one."""
    if new.newest < old.newest:
        why = f"is of {_minute(new)}, older than the one at {old.place} of {_minute(old)}"
    elif new.records * 2 < old.records:
        why = f"holds {new.records} advisories, the one at {old.place} {old.records}"
    else:
        return
    raise ToolError(
        printable(f"the new database {why}"),
        "nothing was written; --force replaces it all the same",
    )


def _minute(database: AdvisoryDatabase) -> str:
    return f"{database.newest:%Y-%m-%d %H:%M}"
