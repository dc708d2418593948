"""Gather what all test processes saw of the change, in the process that decides. Effects: none of its own."""

from __future__ import annotations

from typing import Any

import msgspec

from pytest_gates.changes.covering import merged, related, watched_paths
from pytest_gates.model.change import Change
from pytest_gates.model.covering_settings import CoveringSettings
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.patch import CoveringFacts, CoveringRecord, PatchFacts
from pytest_gates.model.policy import Policy
from pytest_gates.plugin.covering import OUTPUT_KEY, CoveringOrders, unpacked

GATE = "patch-coverage"


class CoverRecords:
    """Who is to watch what, and what came of it."""

    def __init__(self, policy: Policy, *, every_worker_runs_all: bool = False) -> None:
        self._each = every_worker_runs_all
        gate = policy.gate(GATE)
        self._settings = gate.settings if gate is not None else None
        self._orders: CoveringOrders | None = None
        self._records: list[CoveringRecord | Unavailable] = []

    def orders(self, change: Change | Unavailable) -> CoveringOrders | None:
        """None where the policy does not ask, or there is nothing that a test could execute."""
        settings = self._settings
        if (
            isinstance(change, Unavailable)
            or not isinstance(settings, CoveringSettings)
            or settings.covering_tests == "off"
        ):
            return None
        paths = watched_paths(change)
        if paths and self._orders is None:
            self._orders = CoveringOrders(means=settings.covering_tests, paths=paths)
        return self._orders

    def add(self, record: CoveringRecord | Unavailable) -> None:
        self._records.append(record)

    def add_worker(self, name: str, output: dict[str, Any] | None) -> None:
        """`output` is None when the worker died before it could hand anything over."""
        if self._orders is None:
            return
        if output is not None:
            record = unpacked(output.get(OUTPUT_KEY))
            if self._each and isinstance(record, CoveringRecord):
                # As the recorder names them: each worker's run of a test is a test of its own.
                named = tuple(f"{test}@{name}" for test in record.tests)
                record = msgspec.structs.replace(record, tests=named)
            self.add(record)
            return
        self.add(
            Unavailable(
                why=f"worker {name} died and took along what it saw of the change",
                remedy="see the crashed test",
            )
        )

    def facts(
        self, change: Change | Unavailable, patch: PatchFacts | Unavailable
    ) -> CoveringFacts | Unavailable | None:
        """None where nobody asked."""
        if self._orders is None or isinstance(change, Unavailable):
            return None
        record = merged(self._records)
        return record if isinstance(record, Unavailable) else related(record, change, patch)
