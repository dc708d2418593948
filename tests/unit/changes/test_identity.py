"""Shows which findings a change brought, and that no dress makes a new one look old."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.changes.identity import newness, qualified_name, scopes, undecided
from pytest_gates.model.change import Change, FileChange, Hunk
from pytest_gates.model.finding import Finding, Location, Severity

LOW, MEDIUM, HIGH = Severity.LOW, Severity.MEDIUM, Severity.HIGH
OLD = """\
import os

def f(x):
    return eval(x)


class A:
    def g(self, x):
        return eval(x)
"""


def at(line: int | None, path: str = "a.py", rule: str = "B307", **more: Any) -> Finding:
    return Finding(
        rule=rule, message="eval", location=Location(path=path, line=line), severity=LOW, **more
    )


def a_change(*files: FileChange) -> Change:
    return Change(base="c0ffee", reference="main", how="named", files=files)


def changed(
    *hunks: tuple[int, int, int, int], path: str = "a.py", was: str | None = "a.py"
) -> Change:
    return a_change(FileChange(path=path, base_path=was, hunks=tuple(Hunk(*one) for one in hunks)))


def new(
    now: list[Finding], base: list[Finding], change: Change, text: str = "", old: str = OLD
) -> list[bool]:
    found = newness(
        tuple(now),
        tuple(base),
        change,
        texts_now={one.location.path: text for one in now if one.location},
        texts_base={one.location.path: old for one in base if one.location},
    )
    return list(found)


def test_nothing_is_new_where_nothing_changed_and_no_text_is_needed() -> None:
    findings = (at(4), at(9), at(9))
    assert newness(findings, findings, a_change(), texts_now={}, texts_base={}) == (False,) * 3
    wanted = undecided(findings, findings, a_change())
    assert (wanted.now, wanted.base) == (frozenset(), frozenset())


def test_a_finding_in_a_file_that_did_not_change_is_new_when_the_base_has_none() -> None:
    """A change elsewhere may break a caller: mypy tells it there."""
    assert new([at(4), at(9)], [at(4)], a_change(), OLD) == [False, True]


def test_lines_above_move_a_finding_and_make_it_no_new_one() -> None:
    assert new([at(6)], [at(4)], changed((1, 0, 2, 2))) == [False]


def test_a_line_that_the_change_wrote_is_new() -> None:
    text = OLD.replace("import os", "import os, eval(1)")
    assert new([at(1), at(4)], [at(4)], changed((1, 1, 1, 1)), text) == [True, False]


def test_a_rule_is_new_on_an_old_line() -> None:
    assert new([at(4), at(4, rule="B102")], [at(4)], a_change(), OLD) == [False, True]


def test_a_moved_function_keeps_its_findings() -> None:
    text = (
        "class A:\n    def g(self, x):\n        return eval(x)\n\ndef f(x):\n    return eval(x)\n"
    )
    change = changed((1, 9, 1, 6))
    assert new([at(3), at(6)], [at(4), at(9)], change, text) == [False, False]


def test_only_white_space_makes_no_new_finding() -> None:
    text = OLD.replace("return eval(x)", "return  eval( x )")
    change = changed((4, 1, 4, 1), (9, 1, 9, 1))
    assert new([at(4), at(9)], [at(4), at(9)], change, text) == [False, False]


def test_the_same_line_in_another_function_is_new() -> None:
    text = OLD + "\n\ndef h(x):\n    return eval(x)\n"
    assert new([at(4), at(9), at(13)], [at(4), at(9)], changed((9, 0, 10, 4)), text) == [
        False,
        False,
        True,
    ]


def test_a_second_copy_of_an_old_flaw_is_new_and_it_is_the_one_that_was_written() -> None:
    text = OLD.replace("    return eval(x)\n\n\n", "    return eval(x)\n    return eval(x)\n\n\n")
    change = changed((3, 0, 4, 1))
    assert new([at(4), at(5)], [at(4)], change, text) == [True, False]


@pytest.mark.parametrize("was, expected", [("old.py", False), (None, True), ("other.py", True)])
def test_a_renamed_file_brings_its_findings_along(was: str | None, expected: bool) -> None:
    edited = changed((4, 1, 4, 1), path="new.py", was=was)
    assert new([at(4, "new.py")], [at(4, "old.py")], edited, OLD) == [expected]
    whole = changed(path="new.py", was=was)
    assert new([at(4, "new.py")], [at(4, "old.py")], whole, OLD) == [expected]


def test_two_files_that_swapped_their_names_swap_their_findings() -> None:
    change = a_change(
        FileChange(path="a.py", base_path="b.py"), FileChange(path="b.py", base_path="a.py")
    )
    assert new([at(4, "a.py"), at(4, "b.py")], [at(4, "b.py")], change, OLD) == [False, True]


def test_a_file_that_does_not_parse_is_compared_without_names() -> None:
    text = "x = (\n\n\nreturn eval(x)\nreturn eval(x)\n"
    change = changed((1, 4, 1, 5))
    assert new([at(4), at(5)], [at(2)], change, text, old="x = (\nreturn eval(x)\n") == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ((LOW, HIGH), (LOW, HIGH), False),
        ((HIGH, HIGH), (LOW, HIGH), False),
        ((LOW, HIGH), (HIGH, HIGH), True),
        ((HIGH, LOW), (HIGH, HIGH), True),
        ((HIGH, HIGH), (None, HIGH), True),
        ((None, None), (HIGH, HIGH), False),
    ],
)
def test_what_became_worse_is_new(before: Any, after: Any, expected: bool) -> None:
    """A changed argument on the next line: the flagged line is the old one, the flaw is not."""
    findings = [
        Finding(rule="B602", message="", location=at(4).location, severity=one, confidence=two)
        for one, two in (before, after)
    ]
    assert new(findings[1:], findings[:1], a_change(), OLD) == [expected]


def test_of_two_on_one_line_the_worse_one_takes_the_worse_place() -> None:
    place = at(4).location
    low, high = (Finding(rule="B", message="", location=place, severity=one) for one in (LOW, HIGH))
    assert new([low, high], [high, low], a_change(), OLD) == [False, False]
    assert new([low, high], [low], a_change(), OLD) == [False, True]


def test_of_two_on_one_line_the_one_with_another_message_is_the_new_one() -> None:
    place = Location(path="a.py", line=1)
    first, second = (Finding(rule="F401", message=one, location=place) for one in ("os", "re"))
    assert new([first, second], [second], a_change(), OLD) == [True, False]


def test_findings_without_a_line_or_a_place_are_compared_by_what_they_say() -> None:
    whole, about = at(None), Finding(rule="V", message="m", subject="numpy")
    other = Finding(rule="V", message="m", subject="scipy")
    assert new([whole, about, other], [about, whole], a_change()) == [False, False, True]
    renamed = changed(path="b.py")
    assert new([at(None, "b.py")], [at(None)], renamed) == [False]
    assert new([at(None, "b.py")], [at(None)], changed(path="b.py", was=None)) == [True]


def test_another_subject_in_the_old_place_is_new() -> None:
    """A key file whose first lines are those of every key of its kind."""
    before, after = at(1, rule="private-key", subject="a"), at(1, rule="private-key", subject="b")
    assert new([after], [before], a_change()) == [True]
    assert new([after], [before], changed((1, 1, 1, 1)), OLD) == [True]
    assert new([after], [after], changed((1, 1, 1, 1)), OLD) == [False]


def test_a_text_that_is_not_known_leaves_places_alone() -> None:
    change = changed((4, 1, 4, 1))
    found = newness((at(4), at(9)), (at(4), at(9)), change, texts_now={}, texts_base={"a.py": OLD})
    assert found == (True, False)


def test_a_line_outside_of_the_text_is_an_empty_one() -> None:
    assert new([at(99)], [at(98)], changed((1, 99, 1, 99)), OLD) == [False]
    assert new([at(0)], [at(98)], changed((1, 99, 0, 99)), OLD) == [False]


def test_only_files_are_read_of_which_something_is_left() -> None:
    change = a_change(
        FileChange(path="a.py", base_path="a.py", hunks=(Hunk(4, 1, 4, 1),)),
        FileChange(path="b.py", base_path="z.py", hunks=(Hunk(4, 1, 4, 1),)),
        FileChange(path="c.py", base_path="c.py", hunks=(Hunk(4, 1, 4, 1),)),
    )
    now = (at(4), at(4, "b.py"), at(9, "c.py"), at(4, "d.py"), at(None, "e.py"))
    base = (at(4), at(4, "z.py"), at(9, "c.py"), at(None, "e.py"))
    wanted = undecided(now, base, change)
    assert wanted.now == {"a.py", "b.py"}
    assert wanted.base == {"a.py", "z.py"}


def test_line_ends_of_all_systems_and_form_feeds_count_as_tools_count_them() -> None:
    text = "import os\r\n\x0c\r\ndef f(x):\r\n    return eval(x)\r\n"
    assert new([at(4)], [at(4)], changed((1, 99, 1, 99)), text) == [False]


NESTED = """\
@one
@two(
    3)
async def outer():
    class Inner:
        @property
        def deep(self):
            return "\\d"
    return Inner
x = 1
"""


@pytest.mark.parametrize(
    "line, name",
    [(1, "outer"), (4, "outer"), (5, "outer.Inner"), (6, "outer.Inner.deep"), (8, "outer.Inner.deep"),
     (9, "outer"), (10, ""), (99, "")],
)  # fmt: skip
def test_the_name_is_that_of_the_innermost_function_or_class(line: int, name: str) -> None:
    assert qualified_name(scopes(NESTED), line) == name


@pytest.mark.parametrize("text", ["x = (", "\0", "(" * 5000, "-" * 200_000 + "1"])
def test_what_is_no_python_has_no_names(text: str) -> None:
    assert scopes(text) == ()


LINES = st.lists(st.sampled_from(["eval(a)", "eval(b)", "x = 1", "def f(): eval(c)"]), max_size=8)


def _findings(lines: list[str]) -> tuple[Finding, ...]:
    return tuple(at(number) for number, one in enumerate(lines, 1) if "eval" in one)


@given(before=LINES, after=LINES, cut=st.integers(0, 8))
def test_never_fewer_new_findings_than_lines_that_were_added(
    before: list[str], after: list[str], cut: int
) -> None:
    """Old is at most what was there: per line text, and in sum. A kept head is never new."""
    head = before[:cut]
    now = head + after
    hunk = Hunk(len(head) + (len(before) > len(head)), len(before) - len(head),
                len(head) + (len(after) > 0), len(after))  # fmt: skip
    found = newness(
        _findings(now),
        _findings(before),
        a_change(FileChange(path="a.py", base_path="a.py", hunks=(hunk,))),
        texts_now={"a.py": "\n".join(now)},
        texts_base={"a.py": "\n".join(before)},
    )
    assert not any(found[: len(_findings(head))])
    for text in {one for one in now if "eval" in one}:
        marks = [
            new_
            for new_, one in zip(found, [x for x in now if "eval" in x], strict=True)
            if one == text
        ]
        assert sum(marks) == max(0, now.count(text) - before.count(text))
