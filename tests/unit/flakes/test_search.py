"""The smallest set: found whole, in few trials, in order, also where several members are needed."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.flakes.search import Contradicted, Found, Lost, confirmed, smallest_set


def searched(
    length: int, effect: Callable[[tuple[int, ...]], bool | None], *, width: int = 1
) -> tuple[Found, int]:
    """What is found among `length` tests, and in how many trials."""
    search = smallest_set(tuple(range(length)), width=width)
    trials = 0
    sequences = next(search)
    while True:
        trials += len(sequences)
        try:
            sequences = search.send(tuple(effect(one) for one in sequences))
        except StopIteration as end:
            found: Found = end.value
            return found, trials


def needs(*members: int) -> Callable[[tuple[int, ...]], bool]:
    return lambda sequence: set(members) <= set(sequence)


@given(st.data())
def test_the_set_is_found_whatever_its_size_and_place(data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 300))
    members = data.draw(st.sets(st.integers(0, length - 1), min_size=1, max_size=min(4, length)))
    width = data.draw(st.integers(1, 4))
    found, _ = searched(length, needs(*members), width=width)
    assert found == Found(tuple(sorted(members)), minimal=True)


@given(st.data())
def test_a_set_of_k_among_n_takes_at_most_two_and_twice_k_log_n_trials(
    data: st.DataObject,
) -> None:
    length = data.draw(st.integers(2, 2000))
    members = data.draw(st.sets(st.integers(0, length - 1), min_size=1, max_size=min(4, length)))
    _, trials = searched(length, needs(*members))
    assert trials <= 2 + 2 * len(members) * math.ceil(math.log2(length))


def test_order_matters_and_is_kept() -> None:
    found, _ = searched(
        50, lambda sequence: 7 in sequence[: sequence.index(31)] if 31 in sequence else False
    )
    assert found.members == (7, 31)


def test_a_cleaner_in_between_does_not_lose_the_polluter() -> None:
    """Test 3 pollutes, 10 cleans, 20 pollutes again: only what comes after the cleaner is needed."""

    def effect(sequence: tuple[int, ...]) -> bool:
        dirty = False
        for one in sequence:
            dirty = (dirty or one in {3, 20}) and one != 10
        return dirty

    found, _ = searched(30, effect)
    assert effect(found.members)
    assert len(found.members) == 1


def test_a_set_is_confirmed_behind_it_and_without_it() -> None:
    def ask(answers: Iterator[tuple[bool | None, ...]]) -> None:
        asking = confirmed((3, 4), 2)
        asked = next(asking)
        with contextlib.suppress(StopIteration):
            while True:
                assert asked == ((3, 4), ())
                asked = asking.send(next(answers))

    ask(iter([(True, False), (True, False)]))
    for wrong in ((False, False), (True, True)):
        with pytest.raises(Contradicted):
            ask(iter([(True, False), wrong]))
    with pytest.raises(Lost):
        ask(iter([(None, False)]))


def test_a_trial_without_an_answer_ends_the_search() -> None:
    with pytest.raises(Lost, match="could not be run"):
        searched(10, lambda sequence: None if len(sequence) < 4 else 3 in sequence)


def test_a_question_about_what_is_kept_without_an_answer_ends_it_too() -> None:
    with pytest.raises(Lost, match="could not be run"):
        searched(10, lambda sequence: None if len(sequence) == 1 else 3 in sequence)


def test_a_member_that_only_undid_a_cleaner_is_left_out() -> None:
    """5 pollutes, 2 keeps it from it, 9 undoes that: without 2, nobody needs 9."""
    found, _ = searched(12, lambda seen: 5 in seen and (2 not in seen or 9 in seen))
    assert found.members == (5,)


def test_an_effect_that_does_not_come_back_is_lost() -> None:
    with pytest.raises(Lost, match="does not show"):
        searched(4, lambda sequence: False)


def test_members_that_another_makes_needless_are_left_out() -> None:
    """Each of 5 and 9 is enough behind 2, so not both are kept."""
    found, _ = searched(12, lambda sequence: 2 in sequence and bool({5, 9} & set(sequence)))
    assert len(found.members) == 2
    assert found.minimal
