"""The cart: articles, how many of each, and what they cost in cents."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Article:
    """Something to buy. `cents` is the price of one, without tax."""

    sku: str
    name: str
    cents: int
    reduced_tax: bool = False


@dataclass
class Cart:
    """Articles by SKU, in the order in which they were first added."""

    lines: dict[str, tuple[Article, int]] = field(default_factory=dict)

    def add(self, article: Article, count: int = 1) -> None:
        """Raises ValueError for a count below one."""
        if count < 1:
            raise ValueError(f"cannot add {count} of {article.sku}")
        _, already = self.lines.get(article.sku, (article, 0))
        self.lines[article.sku] = (article, already + count)

    def remove(self, sku: str) -> None:
        """Take all of one article out; an article that is not there stays away."""
        self.lines.pop(sku, None)

    @property
    def net_cents(self) -> int:
        return sum(article.cents * count for article, count in self.lines.values())
