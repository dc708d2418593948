"""Report to issues of Azure Pipelines: logging commands, one a line. Pure.

Escaped as Microsoft's page "Logging commands" says. There are only errors and warnings: notes are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_gates.model.contracts import Reporter
from pytest_gates.model.report import Report
from pytest_gates.model.text import well_formed
from pytest_gates.reporters.annotations import Annotation, annotations_of
from pytest_gates.reporters.issues import Weight

MOST = 100
_TYPES = {Weight.BLOCKS: "error", Weight.WARNS: "warning"}
_ESCAPES = (("%", "%AZP25"), (";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"))


def render(report: Report) -> bytes:
    """UTF-8, for the standard output of a step. Empty where there is nothing to say."""
    told = (one for one in annotations_of(report, most=MOST) if one.weight in _TYPES)
    return "".join(f"{_command(one)}\n" for one in told).encode()


def _command(one: Annotation) -> str:
    properties = "".join(f"{name}={escaped(value)};" for name, value in _properties(one))
    return f"##vso[task.logissue {properties}]{escaped(one.text)}"


def _properties(one: Annotation) -> Iterator[tuple[str, str]]:
    yield "type", _TYPES[one.weight]
    if one.path is not None:
        yield "sourcepath", one.path
        yield "linenumber", str(one.line)
    if one.column is not None:
        yield "columnnumber", str(one.column)
    yield "code", one.title


def escaped(text: str) -> str:
    """Text and properties alike."""
    found = well_formed(text)
    for char, code in _ESCAPES:
        found = found.replace(char, code)
    return found


REPORTER = Reporter(name="azure", file_name="azure-annotations.txt", render=render)
