"""What the gate `sarif` asks of the disk, and what it hears. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Files by the name of their scanner; none of more than `most` bytes."""

    files: Mapping[str, str]
    most: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its text and when it was written (seconds since 1970), or `why` there is no text."""

    why: str | None = None
    moment: float = 0.0
    text: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The tracked file that was written last, and when (seconds since 1970)."""

    path: str
    moment: float


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`now` in seconds since 1970, `roots` names of the root; `commit` and `newest` are None without git."""

    now: float
    roots: tuple[str, ...]
    commit: str | None
    newest: Change | None
    files: dict[str, Place]
