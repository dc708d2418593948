"""Everything that was observed in one run, judged by nobody yet. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import msgspec

from pytest_gates.model.case import CaseRecord, CollectionError
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.finding import Finding

Moment = Annotated[dt.datetime, msgspec.Meta(tz=True)]
"""A time with its zone: without one, nobody can say how old a report is."""


class Unavailable(msgspec.Struct, frozen=True, kw_only=True, tag="unavailable", tag_field="kind"):
    """A fact that could not be established, why, and what would help."""

    why: str
    remedy: str


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """Something a tool was asked to look at and did not."""

    subject: str
    why: str


class Scan(msgspec.Struct, frozen=True, kw_only=True, tag="scan", tag_field="kind"):
    """What one tool said. `inputs` is how many files or packages it really looked at."""

    tool: str
    version: str
    inputs: int
    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


class Checkout(msgspec.Struct, frozen=True, kw_only=True, tag="checkout", tag_field="kind"):
    """The commit that was tested; `dirty` when the work tree differed from it."""

    commit: str
    dirty: bool


class WorkerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One xdist worker; not `finished` when it died before it could report."""

    id: str
    finished: bool


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How, where and on what the run was made.

    `selection` holds the reasons why this was not the whole suite, empty when it was.
    `finished` and `exit_status` are None until pytest's session has ended.
    """

    id: str
    started: Moment
    finished: Moment | None
    root: str
    checkout: Checkout | Unavailable
    versions: dict[str, str]
    platform: str
    activated_by: str
    shard: str | None = None
    base: str | None = None
    selection: tuple[str, ...] = ()
    stopped_early: str | None = None
    workers: tuple[WorkerRecord, ...] = ()
    exit_status: int | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `cases` in the order of collection; `scans` by the name of the tool's gate."""

    run: RunInfo
    cases: tuple[CaseRecord, ...]
    collection_errors: tuple[CollectionError, ...]
    coverage: CoverageFacts | Unavailable
    scans: dict[str, Scan | Unavailable]
