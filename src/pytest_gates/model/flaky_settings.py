"""`[tool.pytest-gates.flaky]`: how failed tests are tried again, and how much flakiness is too much. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

import msgspec

from pytest_gates.model.settings import Duration, GateSettings, Percent

Count = Annotated[int, msgspec.Meta(extra={"quantity": "count"})]
"""A whole number from 0."""

Pattern = Annotated[str, msgspec.Meta(extra={"quantity": "regex"})]
"""A regular expression, searched for in `Exception: message`."""


class TestReruns(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="kebab"):
    """What one glob over node ids changes; a bare number stands for `reruns`."""

    __test__: ClassVar[bool] = False  # its name begins with Test, and pytest collects such classes
    shorthand: ClassVar[str] = "reruns"

    reruns: Annotated[
        Count | None, msgspec.Meta(description="In place of the gate's `reruns`.")
    ] = None
    delay: Annotated[
        Duration | None, msgspec.Meta(description="In place of the gate's `delay`.")
    ] = None
    only_rerun: Annotated[
        tuple[Pattern, ...] | None, msgspec.Meta(description="In place of the gate's `only-rerun`.")
    ] = None
    rerun_except: Annotated[
        tuple[Pattern, ...] | None,
        msgspec.Meta(description="In place of the gate's `rerun-except`."),
    ] = None


class FlakySettings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.flaky]`."""

    reruns: Annotated[
        Count,
        msgspec.Meta(
            description="At most so many further attempts of a failed test in each setting (alone, "
            "after the same tests, in one process); evidence may stop earlier. 0: none.",
            extra={"looser": "higher"},
        ),
    ] = 2
    rerun_budget: Annotated[
        Duration,
        msgspec.Meta(
            description="Wall time for all further attempts of a run.", extra={"looser": "higher"}
        ),
    ] = 120
    test_budget: Annotated[
        Duration,
        msgspec.Meta(
            description="Wall time for all further attempts of one test.",
            extra={"looser": "higher"},
        ),
    ] = 60
    mass_failure: Annotated[
        Percent,
        msgspec.Meta(
            description="When more of the tests fail than this, and at least ten, nothing is tried "
            "again and the history learns nothing.",
            extra={"looser": "higher"},
        ),
    ] = Decimal(20)
    isolation: Annotated[
        Literal["auto", "fork", "fresh"],
        msgspec.Meta(
            description="Where attempts are made: in a process forked after collection, or in a "
            "fresh one; `auto` forks where that is safe.",
            extra={"looser": "other"},
        ),
    ] = "auto"
    rerun_scope: Annotated[
        Literal["function", "class", "module", "session"],
        msgspec.Meta(
            description="Fixtures up to this scope are torn down between attempts in one process.",
            extra={"looser": "other"},
        ),
    ] = "function"
    only_rerun: Annotated[
        tuple[Pattern, ...],
        msgspec.Meta(
            description="Try again only failures whose `Exception: message` fits one of these "
            "regular expressions.",
            extra={"looser": "other"},
        ),
    ] = ()
    rerun_except: Annotated[
        tuple[Pattern, ...],
        msgspec.Meta(description="Never try such failures again.", extra={"looser": "fewer"}),
    ] = ()
    delay: Annotated[
        Duration | None,
        msgspec.Meta(
            description="Wait before each further attempt, twice as long each time, ±20 %.",
            extra={"looser": "never"},
        ),
    ] = None
    explain: Annotated[
        bool,
        msgspec.Meta(
            description="Search for the tests that make an order-dependent test fail or pass.",
            extra={"looser": "never"},
        ),
    ] = True
    tests: Annotated[
        dict[str, TestReruns],
        msgspec.Meta(
            description="By glob over node ids; the longest glob that fits wins.",
            extra={"looser": "other"},
        ),
    ] = {}  # noqa: RUF012 - msgspec copies an empty one for each
    new_flaky: Annotated[
        Count,
        msgspec.Meta(
            description="Most flaky tests that have no such history on the base.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = 0
    flaky: Annotated[
        Count | None,
        msgspec.Meta(
            description="Most flaky tests in all; none set: no limit.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = None
    order_dependent: Annotated[
        Count,
        msgspec.Meta(
            description="Most tests that depend on others: on their order, their number or their imports.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = 0
    max_quarantined: Annotated[
        Count,
        msgspec.Meta(
            description="Most tests that entries of the exceptions file may cover.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = 20
