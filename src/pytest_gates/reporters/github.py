"""Report to annotations of GitHub: workflow commands, one a line. Pure.

The runner keeps ten of each level a step and drops the rest without a word (actions/runner 258d6c85). Text is
escaped as `@actions/core` 3.0.1 does it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_gates.model.contracts import Reporter
from pytest_gates.model.report import Report
from pytest_gates.model.text import well_formed
from pytest_gates.reporters.annotations import Annotation, annotations_of
from pytest_gates.reporters.issues import Weight

MOST = 10
_LEVELS = {Weight.BLOCKS: "error", Weight.WARNS: "warning", Weight.NOTE: "notice"}


def render(report: Report) -> bytes:
    """UTF-8, for the standard output of a step. Empty where there is nothing to say."""
    return "".join(f"{_command(one)}\n" for one in annotations_of(report, most=MOST)).encode()


def _command(one: Annotation) -> str:
    properties = ",".join(f"{name}={escaped_property(value)}" for name, value in _properties(one))
    return f"::{_LEVELS[one.weight]} {properties}::{escaped(one.text)}"


def _properties(one: Annotation) -> Iterator[tuple[str, str]]:
    yield "title", one.title
    if one.path is not None:
        yield "file", one.path
        yield "line", str(one.line)
    if one.end_line is not None:
        yield "endLine", str(one.end_line)
    elif one.column is not None:  # GitHub takes columns within one line alone
        yield "col", str(one.column)


def escaped(text: str) -> str:
    """The text of a command."""
    plain = well_formed(text)
    return plain.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text: str) -> str:
    """The value of a property of a command."""
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


REPORTER = Reporter(name="github", file_name="github-annotations.txt", render=render)
