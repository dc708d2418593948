"""Which findings become annotations in the log of a CI system, and how many. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pytest_gates.model.report import Report
from pytest_gates.reporters.issues import Issue, Weight, issues

_LONGEST = 4000
"""GitHub and TeamCity cut a message after 4,096 and 4,000 characters."""


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """One message beside the code. `path` is None where the finding stands in no file; lines count from 1."""

    weight: Weight
    title: str
    text: str
    path: str | None = None
    line: int | None = None
    end_line: int | None = None
    column: int | None = None


def annotations_of(report: Report, *, most: int) -> tuple[Annotation, ...]:
    """What blocks first, then what warns, then notes; of each at most `most`, the last says what is left out.

    What is excused needs nobody's eye. A run that did not finish is told before everything else.
    """
    found: list[Annotation] = []
    if not report.finished:
        text = "The run did not finish, so nothing is known of this change."
        found.append(Annotation(weight=Weight.BLOCKS, title="gates", text=text))
    told = issues(report)
    for weight in (Weight.BLOCKS, Weight.WARNS, Weight.NOTE):
        room = most - sum(1 for one in found if one.weight is weight)
        found += _fitted([one for one in told if one.weight is weight], weight, room)
    return tuple(found)


def _fitted(told: list[Issue], weight: Weight, room: int) -> Iterator[Annotation]:
    kept = told if len(told) <= room else told[: room - 1]
    yield from map(_annotation, kept)
    if len(kept) < len(told):
        text = f"{len(told) - len(kept)} more of this kind are in the report."
        yield Annotation(weight=weight, title="gates", text=text)


def _annotation(issue: Issue) -> Annotation:
    place = issue.finding.location
    remedy = f"\nnext: {issue.finding.remedy}" if issue.finding.remedy else ""
    end = place.end_line if place is not None else None
    return Annotation(
        weight=issue.weight,
        title=f"{issue.gate}: {issue.finding.rule}",
        text=f"{issue.text or issue.rule}{remedy}"[:_LONGEST],
        path=issue.path if place is not None else None,
        line=issue.line if place is not None else None,
        end_line=end if end is not None and end > issue.line else None,
        column=place.column if place is not None and place.line else None,
    )
