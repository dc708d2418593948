"""Lines are followed through a change: from the base to now and back."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.model.change import Change, FileChange, Hunk

INSERTED = Hunk(2, 0, 3, 2)  # two lines after line 2
REMOVED = Hunk(5, 1, 6, 0)  # line 5 of the base is gone
REWRITTEN = Hunk(8, 1, 9, 2)  # line 8 became two


def a_file(*hunks: Hunk, base_path: str | None = "a.py") -> FileChange:
    return FileChange(path="a.py", base_path=base_path, hunks=hunks)


@pytest.mark.parametrize(
    "base_line, line",
    [(1, 1), (2, 2), (3, 5), (4, 6), (5, None), (6, 7), (7, 8), (8, None), (9, 11), (100, 102)],
)
def test_a_line_of_the_base_is_found_again(base_line: int, line: int | None) -> None:
    file = a_file(INSERTED, REMOVED, REWRITTEN)
    assert file.line_now(base_line) == line
    if line is not None:
        assert file.line_at_base(line) == base_line


@pytest.mark.parametrize("line", [3, 4, 9, 10])
def test_a_new_line_was_nowhere(line: int) -> None:
    assert a_file(INSERTED, REMOVED, REWRITTEN).line_at_base(line) is None


def test_new_and_gone_lines_are_ranges() -> None:
    file = a_file(INSERTED, REMOVED, REWRITTEN)
    assert file.new_lines == ((3, 4), (9, 10))
    assert file.gone_lines == ((5, 5), (8, 8))


def test_lines_before_the_first_line_shift_all() -> None:
    file = a_file(Hunk(0, 0, 1, 3))
    assert file.line_now(1) == 4
    assert file.line_at_base(3) is None
    assert file.line_at_base(4) == 1


def test_a_new_file_has_no_line_of_the_base() -> None:
    assert a_file(base_path=None).line_at_base(1) is None


def test_a_changed_file_is_found_by_its_name() -> None:
    files = tuple(FileChange(path=one) for one in ("a.py", "b/c.py", "z.py"))
    change = Change(base="0" * 40, reference="main", how="by hand", files=files)
    assert change.file("b/c.py") is files[1]
    assert change.file("b.py") is None
    assert change.file("zz.py") is None


lines = st.lists(st.integers(0, 3), max_size=12)


@given(lines, lines)
def test_lines_are_mapped_as_a_diff_says(before: list[int], after: list[int]) -> None:
    """Both ways, in order, and onto equal text."""
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    hunks = tuple(
        Hunk(a + (b > a), b - a, c + (d > c), d - c) for tag, a, b, c, d in blocks if tag != "equal"
    )
    file = FileChange(path="a.py", base_path="a.py", hunks=hunks)
    mapped = [(line, file.line_now(line)) for line in range(1, len(before) + 1)]
    kept = [(old, new) for old, new in mapped if new is not None]
    assert all(before[old - 1] == after[new - 1] for old, new in kept)
    assert [new for _, new in kept] == sorted({new for _, new in kept})
    assert all(file.line_at_base(new) == old for old, new in kept)
    written = {line for first, last in file.new_lines for line in range(first, last + 1)}
    assert written | {new for _, new in kept} == set(range(1, len(after) + 1))
