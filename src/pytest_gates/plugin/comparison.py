"""What this run is compared with, found once. Effects: starts git."""

from __future__ import annotations

import os

import msgspec
import pytest

from pytest_gates.adapters.change import files_at, find_change
from pytest_gates.flakes.novelty import novelty_of
from pytest_gates.model.case import CaseRecord, Novelty, Standing
from pytest_gates.model.change import Change
from pytest_gates.model.evidence import NO_CHANGE, Unavailable
from pytest_gates.model.policy import Policy


class Comparison:
    """The change of a run. Git is asked at the start where a gate needs it, else when somebody asks."""

    def __init__(self, config: pytest.Config, policy: Policy) -> None:
        self._config = config
        self._policy = policy
        self._found: Change | Unavailable | None = None

    @property
    def wanted(self) -> bool:
        return any(gate.settings.needs_change for gate in self._policy.gates)

    def change(self) -> Change | Unavailable:
        """The work tree as it was when this was first asked."""
        if self._found is None:
            self._found = find_change(
                self._config.rootpath,
                named=self._policy.base,
                environment=os.environ,
                ignored=(self._policy.report_dir,),
            )
        return self._found

    def with_novelty(self, cases: tuple[CaseRecord, ...]) -> tuple[CaseRecord, ...]:
        """Flaky tests with what this change did to them, where a base can be asked."""
        flaky = [case for case in cases if case.standing is Standing.FLAKY]
        change = self.change() if flaky else None
        if not isinstance(change, Change):
            return cases
        told = self._novelties(change, flaky)
        return tuple(
            msgspec.structs.replace(case, novelty=told[case.nodeid])
            if case.nodeid in told
            else case
            for case in cases
        )

    def _novelties(self, change: Change, flaky: list[CaseRecord]) -> dict[str, Novelty | None]:
        touched = {case.path: change.file(case.path) for case in flaky}
        before = [one.base_path for one in touched.values() if one and one.base_path]
        try:
            texts = files_at(self._config.rootpath, change.base, before)
        except OSError:
            return {}  # not known: said nowhere, and the gate then asks the history alone
        told: dict[str, Novelty | None] = {}
        for case in flaky:
            file = touched[case.path]
            if file is None:
                told[case.nodeid] = Novelty.UNCHANGED
                continue
            base = texts.get(file.base_path or "")
            try:
                now = (self._config.rootpath / case.path).read_text(encoding="utf-8")
                told[case.nodeid] = novelty_of(
                    case.nodeid, None if base is None else base.decode("utf-8"), now
                )
            except (OSError, UnicodeDecodeError):
                continue
        return told

    def known(self) -> Change | Unavailable:
        """For the report: what was found, where anybody asked."""
        return NO_CHANGE if self._found is None else self._found
