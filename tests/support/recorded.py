"""What external tools really said once, kept in tests/recorded under the tool's version."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "recorded"


def recorded(name: str) -> bytes:
    """The bytes on stdout of that run."""
    return (_FOLDER / name).read_bytes()
