"""What `gates verify` says: sentences with a weight, of which the heaviest is the answer. Pure."""

from __future__ import annotations

import enum

import msgspec


class Weight(enum.IntEnum):
    """What a claim does to the answer; the heaviest claim is the answer."""

    SAID = 0
    UNKNOWN = 1
    BLOCKED = 2

    @property
    def exit_status(self) -> int:
        """In this order too a block wins: 10 is returned although 11 is the larger number."""
        return {Weight.SAID: 0, Weight.UNKNOWN: 11, Weight.BLOCKED: 10}[self]

    @property
    def word(self) -> str:
        return {Weight.SAID: "note", Weight.UNKNOWN: "inconclusive", Weight.BLOCKED: "blocked"}[
            self
        ]

    @property
    def colour(self) -> str:
        return {Weight.SAID: "green", Weight.UNKNOWN: "yellow", Weight.BLOCKED: "red"}[self]


class Claim(msgspec.Struct, frozen=True):
    """One sentence about one report."""

    weight: Weight
    text: str
    remedy: str | None = None
