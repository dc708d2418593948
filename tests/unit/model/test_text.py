"""What comes out of `text` can be printed and written down, whatever went in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.model.text import first_line, printable, well_formed

# Every code point, lone surrogates included, and often the dangerous ones.
HOSTILE = st.text(
    st.characters() | st.characters(categories=("Cc", "Cs", "Zl", "Zp")) | st.sampled_from("\u202e\u2066")
)  # fmt: skip
REORDERING = {"RLE", "LRE", "PDF", "RLO", "LRO", "LRI", "RLI", "FSI", "PDI"}


def _is_harmless(char: str) -> bool:
    return (
        unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
        and unicodedata.bidirectional(char) not in REORDERING
    )


@given(HOSTILE, st.integers(8, 500))
def test_printable_text_is_one_harmless_bounded_line(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert all(_is_harmless(char) for char in shown)
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= limit


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=400))
def test_harmless_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


@given(HOSTILE)
def test_well_formed_text_can_be_written_as_utf_8(text: str) -> None:
    assert well_formed(text).encode("utf-8")[:0] == b""


@given(st.text())
def test_text_without_lone_surrogates_is_well_formed_already(text: str) -> None:
    assert well_formed(text) == text.encode("utf-8", "backslashreplace").decode()


@given(HOSTILE, st.integers(8, 500))
def test_the_first_line_is_one_harmless_bounded_line(text: str, limit: int) -> None:
    shown = first_line(text, limit)
    assert all(_is_harmless(char) for char in shown)
    assert len(shown) <= limit
    assert bool(shown) is bool(text.strip())


@pytest.mark.parametrize(
    "text, shown",
    [
        ("a\nb", r"a\nb"),
        ("a\r\tb", r"a\r\tb"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("nul\0", r"nul\x00"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\u2028b", r"a\u2028b"),
        ("\udc80", r"\udc80"),
        ("für 100 € 🎉", "für 100 € 🎉"),
    ],
)
def test_dangerous_characters_are_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    assert printable("begin" + "x" * 100_000 + "end", 23) == "beginxxxxx...xxxxxxxend"


def test_spelling_out_does_not_outgrow_the_limit() -> None:
    assert len(printable("\x00" * 50, 60)) <= 60


@pytest.mark.parametrize(
    "text, first",
    [
        ("", ""),
        (" \n\t\n", ""),
        ("\n\n  what went wrong  \nmore", "what went wrong"),
        ("one\rtwo", "one"),
        ("x" * 500, "x" * 198 + "..." + "x" * 198),
    ],
)
def test_the_first_line_is_the_first_that_says_something(text: str, first: str) -> None:
    assert first_line(text) == first
