"""What the gate `patch-coverage` is told. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from pytest_gates.model.covering_settings import CoveringSettings
from pytest_gates.model.patch import ChangedStatement, Newness
from pytest_gates.model.paths import matches
from pytest_gates.model.settings import Percent

DEFAULT_LINES = Decimal(80)
"""In force where the table names no limit at all: a gate that cannot fail would be a trap."""


class PatchCoverageSettings(CoveringSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.patch-coverage]`: of the changed statements alone, compared exactly."""

    lines: Annotated[
        Percent | None,
        msgspec.Meta(
            description="Lowest share of changed statements that are executed, in percent; 80 where "
            "neither `lines`, `branches` nor `max-uncovered` is set.",
            extra={"looser": "lower", "unset": "other", "judged_later": True},
        ),
    ] = None
    branches: Annotated[
        Percent | None,
        msgspec.Meta(
            description="Lowest share of the branches of changed statements that are taken; turns "
            "branch measurement on.",
            extra={"looser": "lower", "unset": "other", "judged_later": True},
        ),
    ] = None
    max_uncovered: Annotated[
        int | None,
        msgspec.Meta(
            extra={"looser": "higher", "unset": "other", "judged_later": True, "quantity": "count"},
            description="Most changed statements that may stay unexecuted, however many there are.",
        ),
    ] = None
    min_statements: Annotated[
        int,
        msgspec.Meta(
            extra={"looser": "higher", "judged_later": True, "quantity": "count"},
            description="With fewer changed statements `lines` and `branches` are not enforced.",
        ),
    ] = 0
    max_new_pragmas: Annotated[
        int | None,
        msgspec.Meta(
            extra={"looser": "higher", "judged_later": True, "quantity": "count"},
            description="Most new comments that tell coverage not to count something.",
        ),
    ] = None
    count_moved: Annotated[
        bool,
        msgspec.Meta(
            description="Judge code as new that was moved from elsewhere.",
            extra={"looser": "lower", "judged_later": True},
        ),
    ] = False
    count_reformatted: Annotated[
        bool,
        msgspec.Meta(
            description="Judge code as new that was only laid out otherwise.",
            extra={"looser": "lower", "judged_later": True},
        ),
    ] = False
    paths: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Globs of the files to judge; all measured ones if empty.",
            extra={"looser": "fewer", "unset": "other", "judged_later": True},
        ),
    ] = ()
    exclude: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Globs of files that are not judged.",
            extra={"looser": "more", "judged_later": True},
        ),
    ] = ()

    @property
    def needs_change(self) -> bool:
        return True

    @property
    def needs_patch(self) -> bool:
        return True

    @property
    def needs_branches(self) -> bool:
        return self.branches is not None

    @property
    def floor(self) -> Decimal | None:
        """Of the lines; the default's where nothing is limited."""
        limits = (self.lines, self.branches, self.max_uncovered)
        return DEFAULT_LINES if all(one is None for one in limits) else self.lines

    def counts(self, one: ChangedStatement) -> bool:
        """Whether a changed statement is to be judged."""
        counted = {
            Newness.NEW: True,
            Newness.MOVED: self.count_moved,
            Newness.REFORMATTED: self.count_reformatted,
        }
        return counted[one.newness] and not one.excluded

    def why_not_judged(self, path: str) -> str | None:
        if self.paths and not any(matches(glob, path) for glob in self.paths):
            return "not among the `paths` of the gate"
        if any(matches(glob, path) for glob in self.exclude):
            return "left out by `exclude` of the gate"
        return None
