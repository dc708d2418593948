"""Shows which tests a `# nosec` names, and that prose never names one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.model.nosec import Nosec, nosec_comments, nosecs


@pytest.mark.parametrize(
    "comment, tests, reason",
    [
        ("# nosec B602 - argv of ours", "B602", "argv of ours"),
        ("#nosec:B602: argv of ours", "B602", "argv of ours"),
        ("# NOSEC b602 argv of ours", "B602", "argv of ours"),
        ("# nosec B307,B101 - a literal", "B307 B101", "a literal"),
        ("# nosec B307, B101 B307 \u2014 a literal", "B307 B101", "a literal"),
        ("# nosec B101 see eval docs", "B101", "see eval docs"),
        ("# nosec B101 eval - see docs", "B101", "eval - see docs"),
        ("# nosec B101, eval - see docs", "B101 eval", "see docs"),
        ("# nosec eval - a literal", "eval", "a literal"),
        ("# nosec eval is fine here", "", "eval is fine here"),
        ("# nosec hashlib_insecure_functions - a cache key", "hashlib_insecure_functions", "a cache key"),
        ("# nosec: any prose about B307", "", "any prose about B307"),
        ("# nosec(tkelsey): catching it", "", "tkelsey): catching it"),
        ("# nosec,", "", ""),
        ("# nosec", "", ""),
        ("# nosec B602", "B602", ""),
        ("# nosec B602 - .", "B602", ""),
        ("# nosec B602  # noqa: S602 - of ours", "B602", ""),
        ("# noqa: S602  # nosec B602 - see #12", "B602", "see #12"),
        ("# nosec B602 # of ours", "B602", "of ours"),
        ("# nosec B602x - of ours", "", "B602x - of ours"),
    ],
)  # fmt: skip
def test_the_list_of_tests_ends_at_the_first_word_that_is_none(
    comment: str, tests: str, reason: str
) -> None:
    assert nosecs(comment) == (Nosec(tests=tuple(tests.split()), reason=reason),)


@pytest.mark.parametrize("comment", ["# noseclike", "# nosecurity B602 - x", "# no sec", "nosec"])
def test_what_only_looks_like_one_is_none(comment: str) -> None:
    assert nosecs(comment) == ()


def test_one_comment_may_hold_two() -> None:
    first, second = nosecs("# nosec B602 - of ours # nosec B101")
    assert (first.tests, first.reason) == (("B602",), "of ours")
    assert (second.tests, second.reason) == (("B101",), "")


@given(st.text(alphabet="# nosecB1230,:-eval_\u2014x"))
def test_any_text_can_be_read(text: str) -> None:
    for one in nosecs("#" + text):
        assert all(test.strip() == test and test for test in one.tests)


def test_only_real_comments_are_read_and_told_with_their_lines() -> None:
    source = b"s = '# nosec B1'\n'''\n# nosec B2\n'''\ncall(  # nosec B3 - why\n    1)  # other\n"
    assert nosec_comments(source) == (((5, "# nosec B3 - why"),), True)
    assert nosec_comments(b"x = 1\n") == ((), True)
    assert nosec_comments("# coding: latin-1\n'\xe4'  # nosec\n".encode("latin-1")) == (
        ((2, "# nosec"),),
        True,
    )


@pytest.mark.parametrize(
    "source",
    [b"# nosec B1 - why\n'''", b"# coding: none\n# nosec", b"\xff # nosec", b"\0# nosec\n'''"],
)
def test_what_cannot_be_split_into_tokens_is_told(source: bytes) -> None:
    assert nosec_comments(source)[1] is False
