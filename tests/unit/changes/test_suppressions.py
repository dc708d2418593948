"""Comments that hide code from a gate, found and counted."""

from __future__ import annotations

import pytest

from pytest_gates.changes.suppressions import (
    SILENCED_BY_COMMENTS,
    new_suppressions,
    suppressions,
)
from pytest_gates.model.finding import Effect

ALL = SILENCED_BY_COMMENTS


@pytest.mark.parametrize(
    "line, found",
    [
        ("x = 1  # nosec", {"bandit": "nosec"}),
        ("x = 1  #nosec: B101,B102 said Ana", {"bandit": "nosec B101 B102"}),
        ("x = 1  # NOSEC hashlib_insecure_functions", {"bandit": "nosec hashlib_insecure_functions"}),
        ("x = 1  # noqa", {"ruff": "noqa"}),
        ("x = 1  # noqa: F401, E501 - why", {"ruff": "noqa E501 F401"}),
        ("# ruff: noqa", {"ruff": "ruff:noqa"}),
        ("# flake8: noqa: E501", {"ruff": "flake8:noqa E501"}),
        ("# ruff: disable[E501]", {"ruff": "disable E501"}),
        ("x = f()  # type: ignore", {"mypy": "type:ignore"}),
        ("x = f()  # type: ignore[b, a]", {"mypy": "type:ignore a b"}),
        ("# mypy: ignore-errors", {"mypy": "mypy: ignore-errors"}),
        ("x = 1  # pragma: no cover", {"coverage": "no cover"}),
        ("x = 1  # PRAGMA:NO BRANCH", {"coverage": "no branch"}),
        ("p = 'a'  # pragma: allowlist secret: a test", {"secrets": "allowlist secret"}),
        ("// pragma: whitelist nextline secret", {"secrets": "whitelist nextline secret"}),
        # coverage looks at lines, so a string hides code from it; the others look at comments.
        ("s = '# pragma: no cover'", {"coverage": "no cover"}),
        ("s = '# nosec # noqa # type: ignore'", {}),
        ("x = 1  # nosec # noqa: E501", {"bandit": "nosec", "ruff": "noqa E501"}),
        ("x = 1  # nosecurity", {}),
        ("x = 1  # to be ignored", {}),
        ("x = 1", {}),
    ],
)  # fmt: skip
def test_what_hides_code(line: str, found: dict[str, str]) -> None:
    assert {one.gate: one.essence for one in suppressions(line.encode(), ALL)} == found


def test_only_the_gates_that_are_on_are_asked() -> None:
    text = b"x = 1  # nosec # noqa # pragma: no cover\n"
    assert {one.gate for one in suppressions(text, {"bandit"})} == {"bandit"}
    assert {one.gate for one in suppressions(b"x = (  # pragma: no cover\n", {"coverage"})} == {
        "coverage"
    }
    assert suppressions(text, ()) == ()


def test_a_source_of_another_encoding_is_read_as_python_reads_it() -> None:
    text = "# coding: latin-1\nx = 'ä'  # nosec\n".encode("latin-1")
    assert [one.line for one in suppressions(text, ALL)] == [2]


def lines(base: str, now: str, *new: tuple[int, int]) -> list[int | None]:
    found = new_suppressions("a.py", base.encode(), now.encode(), ALL, new)
    return [one.location.line if one.location else None for one in found]


def test_a_comment_that_was_there_is_not_new_wherever_it_moved() -> None:
    assert lines("x = 1  # nosec\n", "y = 2\n\nx = 3  # nosec\n", (1, 3)) == []


def test_one_more_of_the_same_is_new_where_the_change_wrote_it() -> None:
    base = "x = 1  # nosec\ny = 2  # nosec\n"
    now = "x = 1  # nosec\nz = 3  # nosec\ny = 2  # nosec\n"
    assert lines(base, now, (2, 2)) == [2]
    assert lines(base, now) == [3]
    assert lines("", now, (1, 3)) == [1, 2, 3]


def test_another_rule_in_the_same_comment_is_new() -> None:
    assert lines("x = 1  # noqa: E501\n", "x = 1  # noqa\n", (1, 1)) == [1]
    assert lines("x = 1  # noqa: E501\n", "x = 1  # noqa: E501 - and why\n", (1, 1)) == []
    assert lines("x = 1  # nosec B101\n", "x = 1  # nosec B101 is fine\n", (1, 1)) == []


def test_a_comment_that_went_is_no_finding() -> None:
    assert lines("x = 1  # nosec\n", "x = 1\n", (1, 1)) == []


def test_a_finding_names_gate_comment_and_place() -> None:
    (found,) = new_suppressions("a.py", b"", b"\nx = 1  # noqa: E501\n", ALL, ((1, 2),))
    assert (found.rule, found.effect) == ("new-suppression", Effect.FAIL)
    assert found.message == "new comment that hides code from `ruff`: noqa E501"
    assert str(found.location) == "a.py:2"


@pytest.mark.parametrize(
    "text", [b"x = '''  # nosec\n", b"# coding: nonsense\n# nosec\n", b"\xff # nosec\n"]
)
def test_what_cannot_be_split_into_tokens_is_unknown(text: bytes) -> None:
    (found,) = new_suppressions("a.py", b"", text, ALL, ())
    assert (found.rule, found.effect) == ("new-suppression", Effect.UNKNOWN)


def test_what_can_hide_nothing_need_not_be_python() -> None:
    assert new_suppressions("a.py", b"'''", b"\xff '''", ALL, ()) == ()
