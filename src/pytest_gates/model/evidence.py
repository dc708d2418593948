"""Everything that was observed in one run, judged by nobody yet. Pure."""

from __future__ import annotations

import msgspec

from pytest_gates.model.case import CaseRecord, CollectionError
from pytest_gates.model.change import Change
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.exceptions import QuarantineUse
from pytest_gates.model.finding import Finding
from pytest_gates.model.history import HistoryFacts
from pytest_gates.model.moment import Moment
from pytest_gates.model.package import AdvisoryDatabase, Package
from pytest_gates.model.patch import CoveringFacts, PatchFacts
from pytest_gates.model.ratchet import RatchetFacts


class Unavailable(msgspec.Struct, frozen=True, kw_only=True, tag="unavailable", tag_field="kind"):
    """A fact that could not be established, why, and what would help."""

    why: str
    remedy: str


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """Something a tool was asked to look at and did not."""

    subject: str
    why: str


class BaseScan(msgspec.Struct, frozen=True, kw_only=True, tag="base-scan", tag_field="kind"):
    """What the same tool, with the same settings, found at the base: how many findings, at which commit."""

    commit: str
    findings: int
    seconds: float = 0.0
    from_cache: bool = False


class Scan(msgspec.Struct, frozen=True, kw_only=True, tag="scan", tag_field="kind"):
    """What one tool said. `inputs` is how many files or packages it really looked at.

    `base` is None unless the policy asks for new findings only; each finding then says whether it is new.
    `packages` is what was audited or left out, by name; `database` is None where a server was asked.
    """

    tool: str
    version: str
    inputs: int
    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    base: BaseScan | Unavailable | None = None
    packages: tuple[Package, ...] = ()
    database: AdvisoryDatabase | None = None


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


NO_HISTORY = Unavailable(
    why="no gate of the policy looks at the history", remedy="turn the gate `flaky` on"
)


NO_CHANGE = Unavailable(
    why="no gate of the policy compares with a base", remedy="turn the gate `patch-coverage` on"
)
NO_PATCH = Unavailable(
    why="no gate of the policy judges the coverage of a change",
    remedy="turn the gate `patch-coverage` on",
)
NO_RATCHET = Unavailable(
    why="no gate of the policy compares coverage with the base",
    remedy="turn the gate `coverage-ratchet` on",
)


class RerunRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the failed tests of a run were tried again; None in the evidence where no gate asked for it.

    `tried` tests got further attempts, in `processes` processes, which took `seconds` of wall time on
    the busiest worker. `isolation` is "fork", "fresh" or both. `off` says why nothing was tried,
    `mass_failure` why so many failures teach nothing, `cut_short` which budget ended before the end.
    """

    tried: int = 0
    processes: int = 0
    seconds: float = 0.0
    isolation: tuple[str, ...] = ()
    off: str | None = None
    mass_failure: str | None = None
    cut_short: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `cases` in the order of collection; `scans` by the name of the tool's gate.

    `quarantine` is filled in for one judgement by the pipeline: what became of each entry. `covering` is
    None where nobody asked which tests cover the change.
    """

    run: RunInfo
    cases: tuple[CaseRecord, ...]
    collection_errors: tuple[CollectionError, ...]
    coverage: CoverageFacts | Unavailable
    scans: dict[str, Scan | Unavailable]
    history: HistoryFacts | Unavailable = NO_HISTORY
    reruns: RerunRecord | None = None
    quarantine: tuple[QuarantineUse, ...] = ()
    change: Change | Unavailable = NO_CHANGE
    patch: PatchFacts | Unavailable = NO_PATCH
    ratchet: RatchetFacts | Unavailable = NO_RATCHET
    covering: CoveringFacts | Unavailable | None = None
