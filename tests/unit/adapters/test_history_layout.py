"""Runs are laid out in bytes that come back, and in sums that need no clock."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.adapters.history_layout import (
    HALF_LIFE_SECONDS,
    code_of,
    digest_of,
    key_of,
    microseconds,
    moment,
    outcome_of,
    packed,
    seconds_of,
    stored_nodeid,
    tally,
    told_nodeid,
    unpacked,
    weight_of,
)
from pytest_gates.errors import HistoryError
from pytest_gates.model.case import Outcome

NUMBERS = st.integers(0, 1 << 62)
ANY_TEXT = st.text(st.characters() | st.sampled_from("\x00\x01\\\ud800\udfff"), max_size=300)
HALF_LIFE = HALF_LIFE_SECONDS * 1_000_000


@given(st.dictionaries(NUMBERS, st.integers(0, 255)))
def test_codes_come_back_by_their_number(codes: dict[int, int]) -> None:
    numbers, found = unpacked(packed(codes))
    assert dict(zip(numbers, found, strict=True)) == codes
    assert numbers == sorted(numbers)


def test_tests_that_follow_one_another_take_a_byte_each_at_most() -> None:
    codes = {number: number * 7 % 250 for number in range(1000, 11_000)}
    assert len(packed(codes)) < 10_000


@given(st.binary(max_size=60), st.integers(0, 59))
def test_a_blob_that_was_damaged_is_no_run(noise: bytes, place: int) -> None:
    whole = bytearray(packed(dict.fromkeys(range(50), 7)))
    whole[place % len(whole)] ^= 0xFF
    for blob in (noise, bytes(whole), bytes(whole[:-1])):
        with pytest.raises(HistoryError, match="damaged"):
            unpacked(blob)


@given(st.floats(2e-5, 20_000))
def test_a_duration_is_kept_to_five_percent(seconds: float) -> None:
    assert seconds_of(code_of(seconds)) == pytest.approx(seconds, rel=0.05)


@pytest.mark.parametrize(
    "seconds, told", [(0.0, 0.0), (-1.0, 0.0), (1e-9, 0.0), (float("nan"), 0.0)]
)
def test_what_took_no_time_is_zero(seconds: float, told: float) -> None:
    assert seconds_of(code_of(seconds)) == told


@given(st.floats(allow_nan=False))
def test_no_duration_is_taken_for_a_skip(seconds: float) -> None:
    assert outcome_of(code_of(seconds)) is Outcome.PASSED


@given(ANY_TEXT)
def test_a_node_id_comes_back_and_can_be_stored(nodeid: str) -> None:
    stored = stored_nodeid(nodeid)
    assert told_nodeid(stored) == nodeid
    assert "\x00" not in stored
    stored.encode()
    assert len(digest_of(nodeid)) == 16


@given(ANY_TEXT, ANY_TEXT)
def test_two_node_ids_are_never_stored_alike(one: str, other: str) -> None:
    assert (stored_nodeid(one) == stored_nodeid(other)) == (one == other)
    assert (digest_of(one) == digest_of(other)) == (one == other)


@given(st.text(max_size=1000))
def test_a_key_is_short_and_stays_what_it_is(text: str) -> None:
    key = key_of(text)
    assert len(key) <= 200
    assert key_of(key) == key
    assert "\x00" not in key


def test_long_keys_differ_by_their_end() -> None:
    assert key_of("x" * 500 + "a") != key_of("x" * 500 + "b")


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_a_moment_comes_back_exactly(when: dt.datetime) -> None:
    assert moment(microseconds(when)) == when


@given(st.integers(0, 1 << 51), st.integers(0, 24))
def test_a_weight_halves_every_thirty_days(at: int, times: int) -> None:
    later = at + times * HALF_LIFE
    told = tally(1, 1, weight_of(at), weight_of(at), later)
    assert told.weighted_runs == pytest.approx(0.5**times)
    assert (told.runs, told.failures) == (1, 1)
