"""Refunds, and the clock that says until when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shop.payments.charges import Charge, Declined, Provider


class TooLate(Exception):
    """The days for a refund are over."""


@dataclass(frozen=True)
class RefundClock:
    """Runs from the charge on; its last day counts in full."""

    days: int = 14

    def ends(self, charge: Charge) -> dt.datetime:
        day = (charge.at + dt.timedelta(days=self.days + 1)).date()
        return dt.datetime.combine(day, dt.time(), tzinfo=charge.at.tzinfo)

    def is_open(self, charge: Charge, now: dt.datetime) -> bool:
        return now < self.ends(charge)


def refund(provider: Provider, charge: Charge, now: dt.datetime, clock: RefundClock) -> int:
    """Cents that were given back. Raises TooLate and Declined."""
    if not clock.is_open(charge, now):
        raise TooLate(f"ended on {clock.ends(charge):%Y-%m-%d}")
    if not provider(charge.card, -charge.cents):
        raise Declined(charge.card[-4:])
    return charge.cents
