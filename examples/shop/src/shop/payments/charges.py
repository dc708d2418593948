"""Charges: what was taken from whom, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

Provider = Callable[[str, int], bool]
"""Takes cents from a card (negative: gives back) and says whether that worked."""


class Declined(Exception):
    """The provider did not take the money."""


@dataclass(frozen=True)
class Charge:
    """Money that was taken."""

    card: str
    cents: int
    at: dt.datetime


def charge(provider: Provider, card: str, cents: int, now: dt.datetime) -> Charge:
    """Raises Declined, and ValueError for nothing to pay."""
    if cents <= 0:
        raise ValueError(f"nothing to pay: {cents} cents")
    if not provider(card, cents):
        raise Declined(card[-4:])
    return Charge(card=card, cents=cents, at=now)
