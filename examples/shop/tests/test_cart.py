import pytest

from shop.cart import Article, Cart

TEA = Article("T1", "Tea", 450, reduced_tax=True)
POT = Article("P1", "Pot", 2995)


def test_the_same_article_twice_is_one_line():
    cart = Cart()
    cart.add(TEA)
    cart.add(TEA, 2)
    assert cart.lines == {"T1": (TEA, 3)}
    assert cart.net_cents == 1350


def test_what_is_removed_costs_nothing():
    cart = Cart()
    cart.add(TEA)
    cart.add(POT)
    cart.remove("T1")
    cart.remove("never there")
    assert cart.net_cents == 2995


def test_less_than_one_cannot_be_added():
    with pytest.raises(ValueError, match="cannot add 0 of T1"):
        Cart().add(TEA, 0)
