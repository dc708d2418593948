import datetime as dt

import pytest

from shop.payments.charges import Charge, Declined, charge
from shop.payments.refunds import RefundClock, TooLate, refund

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
CARD = "4000-0000-0000-0002"
PAID = Charge(CARD, 3000, NOON)


def accepts(card: str, cents: int) -> bool:
    return True


def declines(card: str, cents: int) -> bool:
    return False


def test_a_charge_remembers_card_amount_and_time():
    assert charge(accepts, CARD, 3000, NOON) == PAID


def test_a_declined_card_is_told_by_its_last_digits():
    with pytest.raises(Declined, match="^0002$"):
        charge(declines, CARD, 3000, NOON)


def test_nothing_is_not_charged():
    with pytest.raises(ValueError, match="nothing to pay"):
        charge(accepts, CARD, 0, NOON)


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (dt.datetime(2026, 3, 15, 23, 59, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 3, 16, tzinfo=dt.UTC), False),
    ],
)
def test_the_last_day_of_the_refund_clock_counts_in_full(now: dt.datetime, is_open: bool):
    assert RefundClock(days=14).is_open(PAID, now) is is_open


def test_a_refund_gives_all_of_it_back():
    assert refund(accepts, PAID, NOON, RefundClock()) == 3000


def test_a_late_refund_is_refused_with_the_day():
    with pytest.raises(TooLate, match="2026-03-16"):
        refund(accepts, PAID, NOON + dt.timedelta(days=30), RefundClock())


def test_a_refund_can_be_declined():
    with pytest.raises(Declined):
        refund(declines, PAID, NOON, RefundClock())
