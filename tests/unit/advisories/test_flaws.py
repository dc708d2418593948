"""Shows that advisories of one flaw are one finding, how bad it is, and which versions are free of it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.advisories.flaws import Answer, Doubt, groups, known_of
from pytest_gates.advisories.record import Advisory
from pytest_gates.advisories.versions import asked, spelling, version_of
from pytest_gates.model.finding import Severity
from support.advisories import a_range, an_advisory, between

WORDS = {"L": Severity.LOW, "M": Severity.MEDIUM, "H": Severity.HIGH, "C": Severity.CRITICAL}


def rate(kind: str, vector: str) -> Severity | None:
    return WORDS.get(vector) if kind == "CVSS_V3" else None


def of(*advisories: Advisory, version: str = "1.0") -> Answer:
    return known_of("shop", version, advisories, rate)


def affecting(name: str, *aliases: str, fixed: str = "2.0", **fields: Any) -> Advisory:
    return an_advisory(name, aliases=list(aliases), ranges=[between("0", fixed=fixed)], **fields)


def vector(letter: str, kind: str = "CVSS_V3") -> list[dict[str, str]]:
    return [{"type": kind, "score": letter}]


def test_nothing_known_is_a_clean_answer_and_a_fixed_version_too() -> None:
    assert of() == Answer()
    assert of(affecting("PYSEC-2026-1"), version="2.0") == Answer()


def test_a_version_that_nobody_knows_is_never_clean() -> None:
    with pytest.raises(ValueError, match="no version that PEP 440 knows"):
        of(version="2.0-final-2-x")


def test_aliases_are_merged_across_several_steps_under_the_preferred_name() -> None:
    (flaw,) = of(
        affecting("OTHER-1", "CVE-2026-7", summary="other words"),
        affecting("GHSA-aaaa-bbbb-cccc", "CVE-2026-7", details="long"),
        affecting("PYSEC-2026-10", "GHSA-aaaa-bbbb-cccc"),
        affecting("PYSEC-2026-9", "PYSEC-2026-10"),
    ).flaws
    assert flaw.rule == "PYSEC-2026-9"
    assert flaw.aliases == ("CVE-2026-7", "GHSA-aaaa-bbbb-cccc", "OTHER-1", "PYSEC-2026-10")
    assert (flaw.summary, flaw.details) == ("other words", "long")


def test_flaws_that_share_no_name_stay_apart_in_order() -> None:
    found = of(
        affecting("CVE-2026-1"), affecting("GHSA-2"), affecting("PYSEC-2026-3"), affecting("MAL-1")
    )
    assert [one.rule for one in found.flaws] == ["PYSEC-2026-3", "GHSA-2", "CVE-2026-1", "MAL-1"]


@pytest.mark.parametrize(
    "advisories,expected",
    [
        ([affecting("GHSA-1")], None),
        ([affecting("GHSA-1", severity=vector("M"))], Severity.MEDIUM),
        (
            [affecting("GHSA-1", "PYSEC-1", database_specific={"severity": "LOW"}),
             affecting("PYSEC-1", severity=vector("M"))],
            Severity.MEDIUM,
        ),
        ([affecting("GHSA-1", database_specific={"severity": "moderate"})], Severity.MEDIUM),
        ([affecting("GHSA-1", database_specific={"severity": ["HIGH"]})], None),
        ([affecting("GHSA-1", database_specific={"severity": "UNKNOWN"})], None),
        ([affecting("GHSA-1", severity=vector("?"))], None),
        ([affecting("GHSA-1", severity=vector("?") + vector("L"))], None),
        ([affecting("GHSA-1", severity=vector("?") + vector("H"))], Severity.HIGH),
        ([affecting("GHSA-1", severity=vector("C", "CVSS_V9") + vector("M"))], None),
        (
            [an_advisory(affected=[
                {"package": "shop", "versions": ["1.0"], "severity": vector("C")},
                {"package": "else", "versions": ["1.0"], "severity": vector("H")}])],
            Severity.CRITICAL,
        ),
        ([affecting("GHSA-1", "MAL-2026-1", severity=vector("L"))], Severity.CRITICAL),
    ],
)  # fmt: skip
def test_the_highest_severity_of_all_aliases_counts_and_unknown_is_not_low(
    advisories: list[Advisory], expected: Severity | None
) -> None:
    (flaw,) = of(*advisories).flaws
    assert flaw.severity is expected


def test_an_alias_that_is_not_about_this_version_still_tells_how_bad_it_is() -> None:
    other = an_advisory(
        "GHSA-1", aliases=["PYSEC-1"], ranges=[between("5", fixed="6")], severity=vector("H")
    )
    (flaw,) = of(affecting("PYSEC-1"), other).flaws
    assert flaw.severity is Severity.HIGH


def test_fixed_versions_are_later_ones_of_which_no_advisory_says_otherwise() -> None:
    first = an_advisory(
        "PYSEC-1",
        ranges=[
            a_range(
                {"introduced": "0"}, {"fixed": "0.9"}, {"introduced": "1.0"}, {"fixed": "1.10"},
                {"introduced": "2.0"}, {"fixed": "2.1"}, {"introduced": "3"}, {"fixed": "3.0.0"},
            )
        ],
    )  # fmt: skip
    second = affecting("GHSA-1", "PYSEC-1", fixed="1.9.0")
    moon = an_advisory("X-1", aliases=["GHSA-1"], ranges=[a_range(kind="MOON")], versions=["7"])
    assert of(first, second).flaws[0].fixed_in == ("1.10", "2.1")
    assert of(first, second, moon).flaws[0].fixed_in == ()
    words = an_advisory(
        "X-2", ranges=[a_range({"introduced": "0"}, {"fixed": "soon"})], versions=["1.0"]
    )
    assert of(words).flaws[0].fixed_in == ()


def test_what_does_not_tell_is_a_doubt_unless_an_alias_tells() -> None:
    silent = an_advisory("GHSA-1")
    assert of(silent).doubts == (
        Doubt(advisory="GHSA-1", why="it names no version and no range of versions"),
    )
    answer = of(silent, affecting("PYSEC-1", "GHSA-1"))
    assert (len(answer.flaws), answer.doubts) == (1, ())


def test_a_word_that_is_no_version_stands_for_itself() -> None:
    assert (asked("final"), version_of("1" * 1000), spelling("final")) == (None, None, "final")
    assert spelling("1.0.0") == spelling("v1")


NAMES = [f"{kind}-{number}" for kind in ("PYSEC", "GHSA", "CVE") for number in range(4)]


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3)), max_size=9,
             unique_by=lambda one: one[0]),
    st.integers(0, 999),
)  # fmt: skip
def test_merging_does_not_depend_on_the_order_and_joins_what_is_joined(
    drawn: list[tuple[str, list[str]]], seed: int
) -> None:
    advisories = [affecting(name, *aliases) for name, aliases in drawn]
    merged = groups(advisories)
    other = list(advisories)
    random.Random(seed).shuffle(other)
    assert set(groups(other)) == set(merged)
    assert sorted(one.id for group in merged for one in group) == sorted(
        one.id for one in advisories
    )
    named = [frozenset[str]().union(*(one.ids for one in group)) for group in merged]
    assert all(not (a & b) for at, a in enumerate(named) for b in named[at + 1 :])
    for group in merged:  # and nothing more: each advisory is reached from the first
        reached, left = set(group[0].ids), list(group[1:])
        while near := [one for one in left if one.ids & reached]:
            reached |= frozenset().union(*(one.ids for one in near))
            left = [one for one in left if one not in near]
        assert not left
