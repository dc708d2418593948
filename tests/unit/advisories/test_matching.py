"""Shows by which rules a version is affected: those of OSV, whatever the order of the events."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from pytest_gates.advisories.matching import Undecided, affects
from pytest_gates.advisories.versions import asked
from support.advisories import a_range, an_advisory, between

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def hit(version: str, **fields: Any) -> bool:
    wanted = asked(version)
    assert wanted is not None
    return affects(an_advisory(**fields), "shop", wanted)


RULES: dict[str, tuple[dict[str, Any], dict[str, bool]]] = {
    "from the start up to the fix": (
        {"ranges": [between("0", fixed="2.0")]},
        {"1.0": True, "0.dev0": True, "0a1": True, "2.0rc1": True, "2.0": False, "2.0.post1": False},
    ),
    "the last affected one is affected": (
        {"ranges": [between("1.0", last_affected="1.2")]},
        {"0.9": False, "1.0": True, "1.2": True, "1.2.post1": False, "1.3": False},
    ),
    "one version alone": (
        {"ranges": [between("1.0", last_affected="1.0")]},
        {"1.0": True, "1.0.0": True, "1.0.1": False},
    ),
    "several intervals in any order": (
        {"ranges": [a_range({"fixed": "3.1"}, {"introduced": "3"}, {"fixed": "2"}, {"introduced": "1"})]},
        {"0": False, "1.5": True, "2": False, "2.9": False, "3.0.5": True, "3.1": False, "9": False},
    ),
    "fixed and broken again at once": (
        {"ranges": [a_range({"introduced": "1"}, {"introduced": "2"}, {"fixed": "2"})]},
        {"1.5": True, "2": True, "3": True},
    ),
    "never fixed": ({"ranges": [between("1")]}, {"0.9": False, "99": True}),
    "below a limit": (
        {"ranges": [a_range({"introduced": "0"}, {"limit": "2"}, {"limit": "3"})]},
        {"1": True, "2.5": True, "3": False},
    ),
    "no limit after all": (
        {"ranges": [a_range({"introduced": "0"}, {"limit": "2"}, {"limit": "*"})]},
        {"9": True},
    ),
    "of two ranges one is enough": (
        {"ranges": [between("1", fixed="2"), between("3", fixed="4")]},
        {"1.1": True, "2.1": False, "3.1": True},
    ),
    "listed, though outside of its own range": (
        {"versions": ["4.0a1"], "ranges": [between("4.0", fixed="4.1")]},
        {"4.0a1": True, "4.0a2": False},
    ),
    "in the range, though not listed": (
        {"versions": ["1.0"], "ranges": [between("1.0", fixed="2.0")]},
        {"1.5": True},
    ),
    "listed in another spelling": (
        {"versions": ["1.0", "v2.0-rc.1"]},
        {"1": True, "1.0.0": True, "2.0rc1": True, "1.0.1": False},
    ),
    "listed words are words": (
        {"versions": ["final", "1.0"]},
        {"1.0": True, "2.0": False},
    ),
    "a build of an affected version": (
        {"versions": ["1.0"], "ranges": [between("0.9", last_affected="1.0")]},
        {"1.0+cu118": True, "1.1+cu118": False},
    ),
    "a build is as fixed as its version": (
        {"ranges": [between("0", fixed="1.0")]},
        {"1.0+cu118": False, "0.9+cu118": True},
    ),
    "a build that is the fix": (
        {"versions": ["1.0"], "ranges": [between("0", fixed="1.0+fix.1")]},
        {"1.0": True, "1.0+fix.1": False, "1.0+fix.2": False, "1.0+a": True},
    ),
    "commits say nothing": (
        {"versions": ["1.0"], "ranges": [a_range({"introduced": "0"}, kind="GIT")]},
        {"1.0": True, "2.0": False},
    ),
    "semantic versions": (
        {"ranges": [a_range({"introduced": "1.0.0-alpha.1"}, {"fixed": "1.2.0"}, kind="SEMVER")]},
        {"1.0.0a1": True, "1.2.0": False},
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_versions_are_affected_by_the_rules_of_osv(rule: str) -> None:
    fields, expected = RULES[rule]
    assert {version: hit(version, **fields) for version in expected} == expected


def test_packed_lines_shorten_what_they_say() -> None:
    part = {"package": "Shop", "ranges": [[{"introduced": "0"}, {"fixed": "2"}]], "fixed": ["2"]}
    assert hit("1", affected=[part])
    assert hit("1.0+x", affected=[{**part, "versions": ["7"]}])
    assert not hit("2", affected=[part])


def test_another_package_or_ecosystem_is_not_meant() -> None:
    advisory = an_advisory(ranges=[between("0")], ecosystem="npm")
    wanted = asked("1")
    assert wanted is not None
    assert not affects(advisory, "shop", wanted)
    assert not affects(an_advisory(ranges=[between("0")]), "shopping", wanted)
    assert affects(an_advisory(ranges=[between("0")], ecosystem="PyPI:mirror"), "shop", wanted)
    assert affects(an_advisory("X-1", "Shop_One.Two", versions=["1"]), "shop-one-two", wanted)


@pytest.mark.parametrize(
    "fields,why",
    [
        ({"ranges": [between("1", fixed="next")]}, "'next', which is no version"),
        ({"ranges": [a_range({"introduced": "0"}, {"limit": "soon"})]}, "'soon', which is no"),
        ({"ranges": [a_range({"fixed": "2"})]}, "begins nowhere"),
        ({"ranges": [a_range()]}, "begins nowhere"),
        ({"ranges": [a_range({"introduced": "0"}, kind="MOON")]}, "the unknown type MOON"),
        ({"ranges": [a_range({"introduced": "0"}, kind="GIT")]}, "no version and no range"),
        ({}, "no version and no range"),
    ],
)
def test_what_tells_nothing_is_not_a_clean_answer(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(Undecided, match=why):
        hit("1.5", **fields)


def test_a_doubt_does_not_hide_what_is_sure() -> None:
    broken = between("1", fixed="next")
    assert hit("1.5", ranges=[broken, between("1", fixed="2")])
    assert hit("1.5.0", ranges=[broken], versions=["1.5"])
    assert hit("1.5", ranges=[a_range(kind="MOON")], versions=["1.5"])


POINTS = [
    f"{major}.{minor}{tail}"
    for major in range(3)
    for minor in range(3)
    for tail in ("a1", "", ".1")
]
ORDERED = sorted(POINTS, key=Version)


@given(st.lists(st.integers(0, len(ORDERED) - 1), unique=True, max_size=8), st.data())
def test_matching_equals_a_slow_look_at_each_interval(
    points: list[int], data: st.DataObject
) -> None:
    """Disjoint intervals, closed or open at their end, told in any order, spread over ranges or not."""
    points.sort()
    last = [data.draw(st.booleans()) for _ in points[::2]]
    intervals = [
        (points[at], points[at + 1] if at + 1 < len(points) else None, last[at // 2])
        for at in range(0, len(points), 2)
    ]
    affected = {
        ORDERED[place]
        for start, end, closed in intervals
        for place in range(start, len(ORDERED))
        if end is None or place < end or (closed and place == end)
    }
    events = [
        event
        for start, end, closed in intervals
        for event in (
            {"introduced": ORDERED[start]},
            *([] if end is None else [{"last_affected" if closed else "fixed": ORDERED[end]}]),
        )
    ]
    random.Random(data.draw(st.integers(0, 99))).shuffle(events)
    together = [a_range(*events)] if events else []
    apart = [
        between(
            ORDERED[start],
            **({} if end is None else {"last_affected" if closed else "fixed": ORDERED[end]}),
        )
        for start, end, closed in intervals
    ]
    for ranges in (together, apart):
        found = {one for one in ORDERED if hit(one, ranges=ranges, versions=["99"])}
        assert found == affected
