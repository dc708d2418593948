"""Advisories as literals, and the recorded ones. Reads files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_gates.advisories.record import Advisory, advisory_of

RECORDED = Path(__file__).parent.parent / "recorded" / "pypa-advisories-3ccb612.jsonl"
MODIFIED = "2026-01-01T00:00:00Z"


def a_range(*events: dict[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    return {"type": kind, "events": list(events)}


def between(introduced: str, **end: str) -> dict[str, Any]:
    """`between("1", fixed="2")` is a range of two events."""
    return a_range({"introduced": introduced}, *({kind: text} for kind, text in end.items()))


def a_record(name: str = "PYSEC-2026-1", package: str = "shop", **fields: Any) -> dict[str, Any]:
    """One record of OSV; `ranges`, `versions` and `ecosystem` are those of its one package."""
    part: dict[str, Any] = {
        "package": {"ecosystem": fields.pop("ecosystem", "PyPI"), "name": package}
    }
    part |= {key: fields.pop(key) for key in ("ranges", "versions") if key in fields}
    return {"id": name, "modified": MODIFIED, "affected": [part], **fields}


def line_of(record: object) -> bytes:
    return json.dumps(record).encode()


def an_advisory(name: str = "PYSEC-2026-1", package: str = "shop", **fields: Any) -> Advisory:
    return advisory_of(line_of(a_record(name, package, **fields)))
