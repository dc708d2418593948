"""Report to inspections of TeamCity: service messages, one a line. Pure.

Escaped as TeamCity's page "Service Messages" says: a vertical bar before `' | [ ]`, and `|0xNNNN` for all
that is not ASCII. A report that blocks adds one build problem, which fails the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_gates.model.contracts import Reporter
from pytest_gates.model.report import Report
from pytest_gates.model.text import well_formed
from pytest_gates.reporters.annotations import Annotation, annotations_of
from pytest_gates.reporters.issues import Weight

MOST = 1000
_SEVERITIES = {Weight.BLOCKS: "ERROR", Weight.WARNS: "WARNING", Weight.NOTE: "INFO"}
_SPECIAL = re.compile(r"[|'\[\]\n\r]|[^\x00-\x7f]")
_SPELLED = {"\n": "|n", "\r": "|r"}
_IDENTITY = "pytest-gates"


def render(report: Report) -> bytes:
    """ASCII, for the standard output of a step. Empty where there is nothing to say."""
    told = annotations_of(report, most=MOST)
    types = dict.fromkeys(one.title for one in told)
    lines = [
        *(
            _message(
                "inspectionType",
                (("id", name), ("name", name), ("description", name), ("category", "pytest-gates")),
            )
            for name in types
        ),
        *map(_inspection, told),
    ]
    if report.decision.exit_status:
        decision = f"gates: {report.decision}"
        lines.append(_message("buildProblem", (("description", decision), ("identity", _IDENTITY))))
    return "".join(f"{line}\n" for line in lines).encode()


def _inspection(one: Annotation) -> str:
    return _message(
        "inspection",
        (
            ("typeId", one.title),
            ("message", one.text),
            # It shows nothing without a file.
            ("file", one.path or "."),
            ("line", str(one.line or 0)),
            ("SEVERITY", _SEVERITIES[one.weight]),
        ),
    )


def _message(name: str, values: Iterable[tuple[str, str]]) -> str:
    said = " ".join(f"{key}='{escaped(value)}'" for key, value in values)
    return f"##teamcity[{name} {said}]"


def escaped(text: str) -> str:
    """The value of an attribute."""
    return _SPECIAL.sub(_spelled, well_formed(text))


def _spelled(found: re.Match[str]) -> str:
    char = found.group()
    if char.isascii():
        return _SPELLED.get(char) or f"|{char}"
    units = char.encode("utf-16-be").hex()
    return "".join(f"|0x{units[at : at + 4]}" for at in range(0, len(units), 4))


REPORTER = Reporter(name="teamcity", file_name="teamcity-messages.txt", render=render)
