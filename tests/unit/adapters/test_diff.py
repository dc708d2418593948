"""A text that is not what git prints is an error, never a change without lines."""

from __future__ import annotations

import pytest

from pytest_gates.adapters.diff import DiffError, hunks_by_name, raw_entries
from pytest_gates.model.change import Hunk

HEAD = b"diff --git a/x.py b/x.py\nindex 1..2 100644\n--- a/x.py\n+++ b/x.py\n"


def test_hunks_are_kept_in_order() -> None:
    text = (
        HEAD
        + b"@@ -1 +1,2 @@ def f():\n-a\n+b\n+c\n@@ -9,0 +11 @@\n+d\n\\ No newline at end of file\n"
    )
    assert hunks_by_name(text) == {b"x.py": (Hunk(1, 1, 1, 2), Hunk(9, 0, 11, 1))}


def test_both_halves_may_lack_their_last_line_end() -> None:
    end = b"\\ No newline at end of file\n"
    text = HEAD + b"@@ -1 +1 @@\n-a\n" + end + b"+b\n" + end
    assert hunks_by_name(text) == {b"x.py": (Hunk(1, 1, 1, 1),)}


@pytest.mark.parametrize(
    "text",
    [
        b"@@ -1 +1 @@\n-a\n+b\n",
        HEAD + b"@@ -1,x +1 @@\n",
        HEAD + b"@@ -1,2 +1 @@\n-a\n+b\n",
        HEAD + b"@@ -1 +1,2 @@\n-a\n+b\n",
        b"* Unmerged path x.py\n",
        b"diff --cc x.py\n",
    ],
    ids=["no file", "no hunk", "fewer removed", "cut off", "unmerged", "combined"],
)
def test_anything_else_is_an_error(text: bytes) -> None:
    with pytest.raises(DiffError):
        hunks_by_name(text)


@pytest.mark.parametrize("text", [b"M\0x.py\0", b":100644 100644 1 2 M", b":1 2 3 4 R100\0a\0"])
def test_a_raw_entry_is_whole_or_an_error(text: bytes) -> None:
    with pytest.raises(DiffError):
        raw_entries(text)
