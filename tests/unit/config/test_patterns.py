"""Regular expressions of the policy are read when it is, not when a test fails."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_gates.config.values import parse_table
from pytest_gates.model.flaky_settings import FlakySettings


def read(value: Any) -> tuple[FlakySettings | None, list[str]]:
    problems: list[str] = []
    return parse_table(FlakySettings, {"only-rerun": [value]}, "[flaky]", problems), problems


def test_a_regular_expression_is_taken_as_it_is() -> None:
    settings, problems = read(r"^OSError: .* \d+$")
    assert problems == []
    assert settings is not None
    assert settings.only_rerun == (r"^OSError: .* \d+$",)


@pytest.mark.parametrize("value, words", [("(", "regular expression ("), (3, "in quotes")])
def test_what_is_none_is_a_problem_that_says_why(value: Any, words: str) -> None:
    settings, problems = read(value)
    assert settings is None
    assert words in problems[0]
