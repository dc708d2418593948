"""Shows which texts are advisories, what is read of them, and that packing changes no answer."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from pytest_gates.advisories.record import (
    Unreadable,
    advisory_of,
    canonical,
    head_of,
    is_withdrawn,
    moment_of,
    packed,
)
from support.advisories import RECORDED, a_range, a_record, an_advisory, between, line_of

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text,why",
    [
        (b"<html>", "malformed"),
        (b"[]", "object"),
        (b"{}", "id"),
        (b'{"id": " "}', "no id"),
        (b'{"id": 1}', "str"),
        (b'{"id": "\xff"}', "utf-8"),
        (b'{"id": "X", "affected": "all"}', "array"),
        (b'{"id": "X", "x": ' + b"[" * 100_000, "recursion|malformed|depth|truncated"),
        (b'{"id": "X", "schema_version": "2.0.0"}', "version 2.0.0 of the OSV schema"),
    ],
)
def test_what_is_no_advisory_is_refused(text: bytes, why: str) -> None:
    for read in (head_of, advisory_of):
        with pytest.raises(Unreadable, match=f"(?i){why}"):
            read(text)


def test_a_broken_body_has_a_head_all_the_same() -> None:
    line = line_of(a_record(ranges="all of them"))
    assert head_of(line).names == {"shop"}
    with pytest.raises(Unreadable, match="ranges"):
        advisory_of(line)


def test_only_python_packages_have_names() -> None:
    assert head_of(line_of(a_record(ecosystem="npm"))).names == frozenset()
    assert an_advisory(affected=None).names == frozenset()
    assert an_advisory(affected=[{"ranges": []}]).names == frozenset()
    assert canonical("A__b..C-d") == "a-b-c-d"


@pytest.mark.parametrize(
    "text,expected",
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456+00:00"),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05+00:00"),
        ("2026-01-02", "2026-01-02T00:00:00+00:00"),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_moments_are_read_in_all_their_spellings(text: str | None, expected: str | None) -> None:
    moment = moment_of(text)
    assert (moment.isoformat() if moment else None) == expected


@pytest.mark.parametrize(
    "when,expected",
    [(None, False), ("2026-05-31T00:00:00Z", True), ("2027-01-01T00:00:00Z", False), ("no", False)],
)
def test_withdrawn_is_what_was_taken_back_by_now(when: str | None, expected: bool) -> None:
    assert is_withdrawn(an_advisory(withdrawn=when), NOW) is expected


def test_packing_keeps_what_an_audit_needs_and_is_still_osv() -> None:
    advisory = an_advisory(
        aliases=["CVE-2026-1"],
        ranges=[between("0", fixed="1"), a_range({"introduced": "0"}, kind="GIT")],
        versions=["0.1"],
        details="d" * 5000,
        severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}],
        database_specific={"severity": "HIGH", "nvd": 1},
    )
    again: dict[str, Any] = json.loads(packed(advisory))
    assert again["affected"] == [
        {
            "package": {"ecosystem": "PyPI", "name": "shop"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1"}]}],
            "versions": ["0.1"],
        }
    ]
    assert len(again["details"]) == 2000
    assert again["database_specific"] == {"severity": "HIGH"}
    short = an_advisory(affected=[{"package": "shop", "ranges": [[{"introduced": "0"}]]}])
    assert json.loads(packed(short))["affected"][0]["ranges"][0]["type"] == "ECOSYSTEM"


def test_packing_twice_is_packing_once() -> None:
    for line in RECORDED.read_bytes().splitlines():
        once = packed(advisory_of(line))
        assert packed(advisory_of(once)) == once
