"""Whether a change brought or touched a test."""

from __future__ import annotations

import pytest

from pytest_gates.flakes.novelty import novelty_of
from pytest_gates.model.case import Novelty

OLD = """
import os

def test_a():
    assert 1  # one

class TestB:
    def test_c(self):
        assert 2
"""


@pytest.mark.parametrize(
    "nodeid, base, now, expected",
    [
        ("t.py::test_a", None, OLD, Novelty.NEW),
        ("t.py::test_a", OLD, OLD, Novelty.UNCHANGED),
        ("t.py::test_a[x::y]", OLD, OLD, Novelty.UNCHANGED),
        ("t.py::test_a", OLD, OLD.replace("assert 1  # one", "\n    assert 1"), Novelty.UNCHANGED),
        ("t.py::test_a", OLD, OLD.replace("assert 1", "assert 3"), Novelty.CHANGED),
        ("t.py::test_a", OLD, OLD.replace("def test_a", "@mark\ndef test_a"), Novelty.CHANGED),
        ("t.py::TestB::test_c", OLD, OLD.replace("assert 1", "assert 3"), Novelty.UNCHANGED),
        ("t.py::TestB::test_c", OLD, OLD.replace("assert 2", "assert 3"), Novelty.CHANGED),
        ("t.py::test_a", "x = 1\n", OLD, Novelty.NEW),
        ("t.py::TestB::test_c", "def test_c(): pass\n", OLD, Novelty.NEW),
        ("t.py::test_made_by_a_plugin", OLD, OLD, None),
        ("t.py::test_a", "not python (", OLD, None),
        ("t.py::test_a", OLD, "not python (", None),
        ("t.py::test_a", "\0", OLD, None),
        ("README.md", OLD, OLD, None),
    ],
)
def test_the_tests_own_statements_decide(
    nodeid: str, base: str | None, now: str, expected: Novelty | None
) -> None:
    assert novelty_of(nodeid, base, now) is expected
