"""The command that shows a failure."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.flakes.commands import command_for
from pytest_gates.model.case import Diagnosis, FlakeClass, Role


@pytest.mark.parametrize(
    "diagnosis, expected",
    [
        (Diagnosis(kind=FlakeClass.REGRESSION, why=""), "pytest t.py::a"),
        (Diagnosis(kind=FlakeClass.FLAKY, why=""), "until ! pytest t.py::a; do :; done"),
        (Diagnosis(kind=FlakeClass.ORDER_DEPENDENT, why="", role=Role.BRITTLE), "pytest t.py::a"),
        (
            Diagnosis(kind=FlakeClass.ORDER_DEPENDENT, why="", because=("t.py::p", "u.py::q")),
            "pytest t.py::p u.py::q t.py::a",
        ),
        (Diagnosis(kind=FlakeClass.ORDER_DEPENDENT, why="", role=Role.VICTIM), None),
        (Diagnosis(kind=FlakeClass.ACCUMULATING, why="", because=("t.py::b",)), "pytest t.py::b t.py::a"),
        (
            Diagnosis(kind=FlakeClass.IMPORT_POLLUTED, why="", because=("z.py",)),
            "pytest z.py t.py::a --deselect z.py",
        ),
        (Diagnosis(kind=FlakeClass.ORDER_DEPENDENT, why="", because=("x",) * 21), None),
    ],
)  # fmt: skip
def test_the_shortest_command_shows_it(diagnosis: Diagnosis, expected: str | None) -> None:
    assert command_for(diagnosis, "t.py::a") == expected


@given(st.text(min_size=1))
def test_any_name_is_one_word_for_the_shell_or_there_is_no_command(name: str) -> None:
    command = command_for(Diagnosis(kind=FlakeClass.REGRESSION, why=""), name)
    assert command is None or shlex.split(command) == ["pytest", name]


def test_control_characters_are_not_offered_to_be_copied() -> None:
    assert command_for(Diagnosis(kind=FlakeClass.REGRESSION, why=""), "t.py::a\x1b[2J") is None
