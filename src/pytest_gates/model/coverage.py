"""What was executed, in whole numbers and line ranges. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec

from pytest_gates.errors import EvidenceMissing

LineRange = tuple[int, int]
"""First and last line of a run of consecutive line numbers, both inclusive, from 1."""


class Ratio(msgspec.Struct, frozen=True, order=False):
    """`hit` of `total`, compared exactly; 0 of 0 is not a number."""

    hit: int
    total: int

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.hit + other.hit, self.total + other.total)

    @property
    def percent(self) -> Fraction:
        """0 to 100. Raises EvidenceMissing for 0 of 0."""
        if self.total == 0:
            raise EvidenceMissing("0 of 0 is no percentage")
        return Fraction(100 * self.hit, self.total)

    def reaches(self, floor: Decimal) -> bool:
        """Whether the exact percentage is at least `floor`. Raises EvidenceMissing for 0 of 0."""
        return self.percent >= Fraction(floor)

    def shown(self, floor: Decimal | None = None) -> str:
        """Percentage with at least two decimals, rounded down.

        Never printed as a number that would reach `floor` when the ratio does not, and never
        as 100 when something is missing.
        """
        if self.total == 0:
            return "0 of 0"
        places = 2
        if floor is not None:
            exponent = floor.as_tuple().exponent
            places = max(places, -exponent if isinstance(exponent, int) else places)
        scaled = 100 * self.hit * 10**places // self.total
        return f"{scaled // 10**places}.{scaled % 10**places:0{places}d} %"


class FileCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One measured file: which lines could run, which did not, and the same for branches.

    `missing_branches` holds (from line, to line); a negative target leaves the code object.
    """

    path: str
    executable: tuple[LineRange, ...] = ()
    missing: tuple[LineRange, ...] = ()
    branch_count: int = 0
    missing_branches: tuple[tuple[int, int], ...] = ()

    @property
    def lines(self) -> Ratio:
        total = line_count(self.executable)
        return Ratio(total - line_count(self.missing), total)

    @property
    def branches(self) -> Ratio:
        return Ratio(self.branch_count - len(self.missing_branches), self.branch_count)


class CoverageFacts(msgspec.Struct, frozen=True, kw_only=True, tag="coverage", tag_field="kind"):
    """The whole measurement, files in order of path.

    `project_floor` is `[report] fail_under` of the project's own coverage settings, when set.
    `notes` says what a reader must know about how it was measured. `lower_bound` is the reason why
    more may have been executed than was seen, `upper_bound` why some of it may not count (attempts that
    failed), None when all of it was seen, or counts.
    """

    files: tuple[FileCoverage, ...]
    measured_by: str
    core: str
    coverage_version: str
    branch: bool
    source: tuple[str, ...] = ()
    project_floor: Decimal | None = None
    notes: tuple[str, ...] = ()
    lower_bound: str | None = None
    upper_bound: str | None = None


def line_count(ranges: tuple[LineRange, ...]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def ranges_of(lines: tuple[int, ...]) -> tuple[LineRange, ...]:
    """Consecutive numbers drawn together: (1, 2, 3, 7) becomes ((1, 3), (7, 7)).

    `lines` may come in any order and may repeat.
    """
    found: list[list[int]] = []
    for line in sorted(set(lines)):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return tuple((first, last) for first, last in found)
