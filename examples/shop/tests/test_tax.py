import pytest

from shop.cart import Article, Cart
from shop.tax import UnknownCountry, tax_cents


@pytest.mark.parametrize(("country", "cents"), [("AT", 644), ("DE", 601), ("NL", 670)])
def test_each_line_has_its_own_rate(country: str, cents: int):
    cart = Cart()
    cart.add(Article("T1", "Tea", 450, reduced_tax=True))
    cart.add(Article("P1", "Pot", 2995))
    assert tax_cents(cart, country) == cents


def test_there_is_no_tax_where_nothing_is_delivered():
    with pytest.raises(UnknownCountry):
        tax_cents(Cart(), "AQ")
