"""The coverage of a run, of the whole and of what changed, as the gates need it. Effects: tracing, files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pytest_gates.catalog import Catalog
from pytest_gates.model.case import CaseRecord, Standing
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import NO_PATCH, Unavailable
from pytest_gates.model.patch import PatchFacts
from pytest_gates.model.policy import Policy
from pytest_gates.plugin.comparison import Comparison
from pytest_gates.plugin.early import Early
from pytest_gates.plugin.patching import Patching

if TYPE_CHECKING:
    from pytest_gates.adapters.measure import Measurement

_NO_COVERAGE = Unavailable(
    why="no gate of the policy measures coverage", remedy="turn a coverage gate on"
)
_NO_WHOLE = Unavailable(
    why="no gate judges the whole, so only what changed was analysed",
    remedy="turn the gate `coverage` on",
)


class Measuring:
    """What the processes of this run measured, while their data come in."""

    def __init__(self, config: pytest.Config, early: Early, policy: Policy, known: Catalog) -> None:
        self._config = config
        self._early = early
        using = [one for one in policy.gates if known.gates[one.name].uses_coverage]
        self.judges_whole = any(not one.settings.needs_patch for one in using)
        self.judges_patch = any(one.settings.needs_patch for one in using)
        self._lost: Unavailable | None = None
        self._dead: list[str] = []
        self._trouble: Unavailable | None = None
        self._counted: str | None = None
        self._without: tuple[str, ...] = ()

    def add_worker(self, name: str, output: Mapping[str, Any] | None) -> None:
        """The data of a worker; without `output` it died before it could hand anything over."""
        measurement = self._early.measurement
        if output is None:
            self._dead.append(name)
        if measurement is None or output is None:
            return
        packed = output.get("coverage")
        if isinstance(packed, bytes):
            measurement.add_packed(packed, name)
        else:
            self._lost = Unavailable(
                why=f"worker {name} has no coverage data: {packed or 'the gates were not active in it'}",
                remedy="activate the gates through addopts or -p on the command line",
            )

    def finish(
        self, cases: Iterable[CaseRecord], set_apart: Mapping[str, str], stopped: str | None
    ) -> None:
        """End the measurement. `set_apart` are labels of attempts that do not count, by node id."""
        measurement = self._early.measurement
        if measurement is None:
            return
        known = tuple(cases)
        self._without = tuple(set_apart.values())
        self._counted = _counted_failures(known, set_apart)
        self._trouble = self._trouble_of(known, stopped)
        if self._trouble is not None:
            return
        measurement.stop()
        theirs = self._pytest_cov()
        if theirs is not None:
            measurement.take_over(theirs)

    def whole(self) -> CoverageFacts | Unavailable:
        """All that is to be measured; after `finish`."""
        measurement = self._early.measurement
        if measurement is None:
            return _NO_COVERAGE
        if self._trouble is not None:
            return self._trouble
        if not self.judges_whole:
            return _NO_WHOLE
        facts = measurement.facts(without=self._without)
        if isinstance(facts, Unavailable) or self._counted is None:
            return facts
        return msgspec.structs.replace(facts, upper_bound=self._counted)

    def patch(
        self,
        comparison: Comparison,
        cases: Iterable[CaseRecord],
        *,
        started: dt.datetime,
        selection: tuple[str, ...],
    ) -> PatchFacts | Unavailable:
        """What this change wrote; after `finish`. A part of the suite cannot show what is covered."""
        measurement = self._early.measurement
        if not self.judges_patch:
            return NO_PATCH
        if measurement is None:
            return _NO_COVERAGE
        if self._trouble is not None:
            return self._trouble
        if selection:
            return Unavailable(
                why=f"only a part of the suite ran ({', '.join(selection)})",
                remedy="run the whole suite to have its coverage judged",
            )
        change = comparison.change()
        if isinstance(change, Unavailable):
            return change
        patching = Patching(self._config, change, measurement, started)
        facts = patching.facts(cases, without=self._without)
        if isinstance(facts, Unavailable) or self._counted is None:
            return facts
        return msgspec.structs.replace(facts, upper_bound=self._counted)

    def data(self) -> bytes | None:
        """The combined data file, after `whole` or `patch`."""
        measurement: Measurement | None = self._early.measurement
        return measurement.export() if measurement is not None else None

    def _trouble_of(self, cases: tuple[CaseRecord, ...], stopped: str | None) -> Unavailable | None:
        """Why the numbers would be wrong; None when they are right."""
        if stopped and not cases:
            return Unavailable(why="no test ran", remedy="see what stopped the run")
        if self._lost is not None:
            return self._lost
        if self._dead:
            return Unavailable(
                why=f"worker {', '.join(self._dead)} died and took its coverage data along",
                remedy="see the crashed test; the coverage of the others alone would be a wrong number",
            )
        return None

    def _pytest_cov(self) -> Any:
        """The combined coverage object of pytest-cov, when that plugin measures."""
        plugin = self._config.pluginmanager.get_plugin("_cov")
        controller = getattr(plugin, "cov_controller", None)
        return getattr(controller, "cov", None)


def _counted_failures(cases: tuple[CaseRecord, ...], set_apart: Mapping[str, str]) -> str | None:
    """Why lines may count that only the failed attempt of a flaky test executed; None if none may."""
    names = [
        case.nodeid
        for case in cases
        if case.standing is Standing.FLAKY and case.nodeid not in set_apart
    ]
    if not names:
        return None
    return f"{len(names)} test(s) failed at first ({names[0]}), and what only that attempt ran is in it"
