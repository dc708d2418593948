"""Settings that gates share, and the marks that make a type its own parser and documentation. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec

from pytest_gates.model.finding import Finding, Severity
from pytest_gates.model.moment import Moment
from pytest_gates.model.package import AdvisoryDatabase
from pytest_gates.model.verdict import Mode

Percent = Annotated[Decimal, msgspec.Meta(extra={"quantity": "percent"})]
"""0 to 100, exact: TOML numbers never pass through a binary float."""

Duration = Annotated[int, msgspec.Meta(extra={"quantity": "duration"})]
"""Whole seconds; written as a number of seconds or as "90s", "10m", "2h", "30d"."""


class GateSettings(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What every gate's table understands."""

    mode: Annotated[
        Mode,
        msgspec.Meta(
            description="`block`: a failure blocks the merge. `warn`: it is only shown.",
            extra={"looser": ("block", "warn"), "judged_later": True},
        ),
    ] = Mode.BLOCK

    @property
    def complaint(self) -> str | None:
        """What is wrong with the table as a whole, where each key by itself is right."""
        return None

    @property
    def needs_change(self) -> bool:
        """Whether the gate cannot judge without knowing what this change did."""
        return False

    @property
    def needs_branches(self) -> bool:
        """Whether branches must be measured."""
        return False

    @property
    def needs_patch(self) -> bool:
        """Whether a gate that uses coverage judges the changed files alone, and nothing of the whole."""
        return False


class ForeignSettings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    """The table of a gate that is not installed here: its mode can be read, the rest is not ours."""

    open_ended: ClassVar[bool] = True


class ScanSettings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    """What every gate understands that judges the findings of an external tool: all of them fail."""

    timeout: Annotated[
        Duration,
        msgspec.Meta(
            description="The tool is stopped after this time and the gate inconclusive.",
            extra={"looser": "never"},
        ),
    ] = 600

    @property
    def floor(self) -> Severity | None:
        """Lowest severity that fails, None where severity plays no part."""
        return None

    @property
    def new_only(self) -> bool:
        """Whether only findings fail that the base does not have."""
        return False

    @property
    def takes_long(self) -> bool:
        """Whether these settings ask a tool that is quick for more than anybody waits for."""
        return False

    @property
    def scans_changed(self) -> bool:
        """Whether the tool wants to know which files the change touches."""
        return False

    @property
    def config_files(self) -> tuple[str, ...]:
        """Files that configure the tool: names that count in any folder, or paths with a `/`.

        The base is judged by those of the work tree: code alone decides what is new.
        """
        return ()

    @property
    def unread_remedy(self) -> str:
        return "make it readable, leave it out in the policy, or waive it"

    def fails(self, finding: Finding) -> bool:  # noqa: ARG002 - for tools to answer
        """Whether the policy minds this finding."""
        return True

    def doubts(
        self,
        database: AdvisoryDatabase | None,  # noqa: ARG002 - for tools to answer
        started: Moment,  # noqa: ARG002
    ) -> tuple[Finding, ...]:
        """Why the answer of a tool that asked `database` in a run of that moment proves nothing."""
        return ()

    def accepts_unread(self, subject: str) -> bool:  # noqa: ARG002 - for tools to answer
        """Whether the policy allows the tool not to have looked at `subject`."""
        return False


class CodeScanSettings(ScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """For tools that look at the files of the project, of which the base has others."""

    only_new: Annotated[
        bool,
        msgspec.Meta(
            description="Only findings fail that the base does not have. The base is scanned too, or "
            "looked up; where that fails the gate is inconclusive.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = False

    @property
    def needs_change(self) -> bool:
        return self.only_new

    @property
    def new_only(self) -> bool:
        return self.only_new


class SeveritySettings(CodeScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """For tools that tell how bad a finding is, and how sure they are."""

    fail_on: Annotated[
        Severity,
        msgspec.Meta(
            description="Lowest severity that fails; a finding without one always does.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = Severity.LOW
    confidence: Annotated[
        Severity,
        msgspec.Meta(
            description="Findings of which the tool is less sure than this do not fail.",
            extra={"looser": "higher", "judged_later": True},
        ),
    ] = Severity.LOW

    @property
    def floor(self) -> Severity | None:
        return self.fail_on

    def fails(self, finding: Finding) -> bool:
        """Unless it is known to be milder, or less sure, than the policy cares for."""
        mild = finding.severity is not None and not finding.severity.at_least(self.fail_on)
        unsure = finding.confidence is not None and not finding.confidence.at_least(self.confidence)
        return not (mild or unsure)
