"""Which failures count as the same one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.flakes.signature import alike, normalised, signature_of
from pytest_gates.model.case import Attempt, Failure, Outcome


def failed(
    kind: str = "AssertionError", phase: str = "call", outcome: Outcome = Outcome.FAILED
) -> Attempt:
    return Attempt(outcome=outcome, failure=Failure(signature="s", kind=kind, phase=phase))


@pytest.mark.parametrize(
    "one, other",
    [
        ("assert 3 == 4", "assert 5 == 17"),
        ("took 1.234s", "took 22.9s"),
        ("<A object at 0x7f00aa12>", "<A object at 0x7f11bb99>"),
        ("no 123e4567-e89b-12d3-a456-426614174000", "no 00000000-e89b-12d3-a456-426614174000"),
        (
            "no /tmp/pytest-of-ana/pytest-3/test_a0/x",
            "no /tmp/pytest-of-bob/pytest-41/popen-gw1/test_a0/x",
        ),
        ("on gw0", "on gw11"),
        ("a\n  b", "a b"),
    ],
)
def test_what_differs_from_run_to_run_does_not_count(one: str, other: str) -> None:
    assert signature_of("E", one, "f") == signature_of("E", other, "f")


@pytest.mark.parametrize(
    "one, other",
    [
        (("ValueError", "m", "a.py:f"), ("KeyError", "m", "a.py:f")),
        (("ValueError", "m", "a.py:f"), ("ValueError", "other", "a.py:f")),
        (("ValueError", "m", "a.py:f"), ("ValueError", "m", "a.py:g")),
    ],
)
def test_type_message_and_place_count(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert signature_of(*one) != signature_of(*other)


@given(st.text(), st.text(), st.text())
def test_any_text_has_a_signature_of_sixteen_hex_digits(
    kind: str, message: str, frame: str
) -> None:
    signature = signature_of(kind, message, frame)
    assert len(signature) == 16
    assert int(signature, 16) >= 0


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


def test_only_the_beginning_of_a_long_message_counts() -> None:
    assert signature_of("E", "x" * 2000 + "a", "") == signature_of("E", "x" * 2000 + "b", "")


def test_failures_of_one_type_and_phase_are_alike() -> None:
    assert alike(failed(), failed())
    assert not alike(failed(), failed(kind="OSError"))
    assert not alike(failed(), failed(phase="setup", outcome=Outcome.ERROR))
    assert not alike(failed(), Attempt(outcome=Outcome.PASSED))
    assert not alike(Attempt(outcome=Outcome.PASSED), failed())
    assert not alike(failed(), Attempt(outcome=Outcome.FAILED))
    assert alike(Attempt(outcome=Outcome.CRASHED), Attempt(outcome=Outcome.CRASHED))
