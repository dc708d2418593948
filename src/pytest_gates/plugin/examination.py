"""Drives a diagnosis: what is tried again, within which budget, and why it failed. Effects: processes.

Attempts that tell a failure apart are made at once. The search for the tests that cause it waits until
all tests have run: it explains, and changes no outcome.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Generator, Mapping
from typing import Any

import msgspec
import pytest

from pytest_gates.flakes.commands import command_for
from pytest_gates.flakes.diagnosis import (
    SETTING_OF,
    Answer,
    Conclusion,
    Scene,
    Suspect,
    Trial,
    Witness,
    diagnose,
)
from pytest_gates.flakes.search import (
    Answers,
    Contradicted,
    Lost,
    Sequences,
    confirmed,
    smallest_set,
)
from pytest_gates.flakes.signature import alike
from pytest_gates.flakes.statistics import belief_of
from pytest_gates.model.case import Attempt, Diagnosis, FlakeClass, Setting
from pytest_gates.model.evidence import RerunRecord
from pytest_gates.plugin.copies import Order, Result
from pytest_gates.plugin.failures import what_was_raised
from pytest_gates.plugin.lab import Budget, Lab, Results, Stopwatch
from pytest_gates.plugin.orders import MANY_FAILURES, RerunOrders, Told
from pytest_gates.plugin.tried_again import Rules, rules_of

_HUNDRED = 100
_CONFIRMATIONS = 2
_GUESSED = 4


class _Mystery(msgspec.Struct, frozen=True):
    """A test whose cause is to be searched for: what ran before it, and behind what it was seen."""

    target: int
    first: Attempt
    diagnosis: Diagnosis
    witness: Witness
    before: tuple[int, ...]


class Examiner:
    """Of one test process."""

    def __init__(
        self,
        config: pytest.Config,
        lab: Lab,
        orders: RerunOrders,
        places: Mapping[Any, int],
        ran: list[tuple[pytest.Item, float]],
        worker: str | None,
    ) -> None:
        self._config = config
        self._lab = lab
        self._orders = orders
        self._places = places
        self._names = [item.nodeid for item in places]
        self._ran = ran
        self._worker = worker
        self._budget = Budget(orders.settings.rerun_budget)
        self._failed = 0
        self._tried = 0
        self._mass: str | None = None
        self._known: dict[str, tuple[str, FlakeClass]] = {}
        self._mysteries: list[_Mystery] = []
        self._explained: dict[str, Diagnosis] = {}
        self._watched: dict[str, tuple[Attempt, ...]] = {}

    def examine(self, item: pytest.Item, first: Attempt) -> tuple[Results, Diagnosis | None]:
        """Every further attempt, and what they amount to; None where nothing was tried."""
        self._failed += 1
        rules = rules_of(item, self._orders.settings)
        if (self._orders.off and not rules.marked) or not rules.wants(what_was_raised(first)):
            return (), None
        if self._is_mass_failure() and not rules.marked:
            return (), None
        if self._budget.refuse() is not None:
            return (), None
        self._tried += 1
        with Stopwatch(self._budget):
            results, conclusion = self._talk(item, first, rules)
        diagnosis = self._with_command(conclusion.diagnosis, self._places[item])
        signature = first.failure.signature if first.failure is not None else ""
        self._known.setdefault(signature, (item.nodeid, diagnosis.kind))
        if conclusion.witness is not None:
            target = self._places[item]
            before = self._before(conclusion.witness.scene, item)
            self._mysteries.append(_Mystery(target, first, diagnosis, conclusion.witness, before))
        return results, diagnosis

    def explain(self) -> None:
        """Search for the causes, as far as the budget goes; try quarantined tests in their order."""
        self._watch_quarantine()
        if not self._orders.settings.explain or self._mass:
            return
        found: list[tuple[int, ...]] = []
        for mystery in self._mysteries:
            if self._budget.refuse() is not None:
                return
            with Stopwatch(self._budget):
                self._explain(mystery, found)

    def told(self) -> Told:
        """At the end: what was done, and what came out of it beyond the reports."""
        record = RerunRecord(
            tried=self._tried,
            processes=self._lab.processes,
            seconds=round(self._budget.spent, 3),
            isolation=tuple(self._lab.used),
            off=self._orders.off,
            mass_failure=self._mass,
            cut_short=tuple(self._budget.cut),
            notes=tuple(self._lab.notes),
        )
        return Told(record=record, explained=self._explained, watched=self._watched)

    def _is_mass_failure(self) -> bool:
        """So many failures have one cause, and it is not in the tests."""
        run = len(self._ran) + 1
        many = max(2, -(-MANY_FAILURES // self._orders.processes))
        share = self._orders.settings.mass_failure
        if self._mass is None and self._failed >= many and self._failed * _HUNDRED > share * run:
            self._mass = (
                f"{self._failed} of the first {run} tests failed, more than {share} %: "
                "nothing was tried again from there on (mass-failure)"
            )
        return self._mass is not None

    def _talk(self, item: pytest.Item, first: Attempt, rules: Rules) -> tuple[Results, Conclusion]:
        """Give the diagnosis what it asks for until it has seen enough."""
        place = self._places[item]
        prefix = self._before(Scene.PREFIX, item)
        module = self._before(Scene.MODULE, item)
        prior = self._orders.priors.get(item.nodeid)
        if prior is not None and prior.failures >= prior.runs:
            prior = (
                None  # what failed every time on the base is broken there, which makes it no coin
            )
        conversation = diagnose(
            Suspect(
                first=first,
                ran_before=len(prefix),
                in_module=len(module),
                other_order=prefix != tuple(range(place)),
                belief=belief_of(prior),
                known_flaky=prior is not None and prior.failures > 0,
                reruns=self._reruns_left(first, rules),
            )
        )
        results: list[Result] = []
        began = time.monotonic()
        answer: Answer | None = None
        while True:
            try:
                trial = next(conversation) if answer is None else conversation.send(answer)
            except StopIteration as end:
                conclusion: Conclusion = end.value
                return tuple(results), conclusion
            self._wait(rules, len(results))
            made = self._made(trial, item, time.monotonic() - began)
            if isinstance(made, str):
                answer = made
            else:
                results += made
                answer = tuple(one.attempt for one in made)

    def _reruns_left(self, first: Attempt, rules: Rules) -> int:
        """One attempt is enough where the same failure was just told to be a regression."""
        signature = first.failure.signature if first.failure is not None else ""
        known = self._known.get(signature)
        settled = known is not None and known[1] is FlakeClass.REGRESSION
        return min(rules.reruns, 1) if settled else rules.reruns

    def _made(self, trial: Trial, item: pytest.Item, spent: float) -> Results | str:
        """The results of one trial, or why it was not made."""
        before = () if trial.scene is Scene.OWN_FILE else self._before(trial.scene, item)
        # Most of these ran elsewhere, so their time is a guess; and a pass is asked for once more.
        needed = self._seconds_of(before) * (_GUESSED if trial.scene is Scene.COLLECTED else 1)
        left = self._orders.settings.test_budget - spent
        if left <= 0:
            why = f"its {self._orders.settings.test_budget} s are used up (test-budget)"
            self._budget.cut[why] = None
            return why
        if needed > left:
            why = (
                f"the {len(before)} tests before it take about {needed:.0f} s, "
                f"{left:.0f} s are left for it (test-budget)"
            )
            self._budget.cut[why] = None
            return why
        refusal = self._budget.refuse(spent + needed)
        if refusal is not None:
            return refusal
        order = self._order(before, self._places[item], SETTING_OF[trial.scene], trial.times)
        limit = max(1.0, min(left, self._budget.left - spent))
        if trial.scene is Scene.OWN_FILE:
            return self._lab.run_with_files((), order.target, order, limit)
        return self._lab.run(order, limit)

    def _order(
        self, before: tuple[int, ...], target: int, setting: Setting, times: int = 1
    ) -> Order:
        return Order(
            before=before,
            target=target,
            times=times,
            scope=self._orders.settings.rerun_scope,
            setting=setting,
            worker=self._worker,
        )

    def _before(self, scene: Scene, item: pytest.Item) -> tuple[int, ...]:
        """Which tests a scene runs first, in their order."""
        if scene is Scene.COLLECTED:
            return tuple(range(self._places[item]))
        if scene not in {Scene.PREFIX, Scene.MODULE}:
            return ()
        ran = [one for one, _ in self._ran]
        if scene is Scene.MODULE:
            own = item.nodeid.partition("::")[0]
            others = [at for at, one in enumerate(ran) if one.nodeid.partition("::")[0] != own]
            ran = ran[others[-1] + 1 if others else 0 :]
        return tuple(self._places[one] for one in ran)

    def _seconds_of(self, before: tuple[int, ...]) -> float:
        """How long these took in the run; those that have not run here count as the average."""
        if not before or not self._ran:
            return 0.0
        took = {self._places[item]: seconds for item, seconds in self._ran}
        average = sum(took.values()) / len(took)
        return sum(took.get(place, average) for place in before)

    def _wait(self, rules: Rules, made: int) -> None:
        """Twice as long each time, with a random part: what collided once shall not collide again."""
        if rules.delay and made:
            jitter = random.SystemRandom().uniform(0.8, 1.2)
            time.sleep(min(rules.delay * 2 ** (made - 1) * jitter, self._budget.left))

    def _explain(self, mystery: _Mystery, found: list[tuple[int, ...]]) -> None:
        members: tuple[int, ...] = ()
        before = self._lab.processes
        why = ""
        minimal = False
        kind = mystery.diagnosis.kind
        role = mystery.diagnosis.role
        files = self._files_besides(mystery.target) if mystery.witness.files else ()
        try:
            members = self._shared(mystery, found)
            if not members:
                width = 1 if files else self._spare_cores
                searched = tuple(range(len(files))) if files else mystery.before
                set_found = self._asked(mystery, smallest_set(searched, width=width), files)
                members, minimal = set_found.members, set_found.minimal
            self._asked(mystery, confirmed(members, 1 if files else _CONFIRMATIONS), files)
            found.append(members)
        except Contradicted as chance:
            members, minimal = (), False
            kind, role = FlakeClass.FLAKY, None
            why = f"; told by chance at first: {chance}"
        except Lost as lost:
            members, minimal = (), False
            why = f"; what it depends on was not found: {lost}"
        names = tuple(files[one] if files else self._names[one] for one in members)
        diagnosis = msgspec.structs.replace(
            mystery.diagnosis,
            kind=kind,
            role=role,
            because=names,
            minimal=minimal,
            why=mystery.diagnosis.why + why,
            processes=mystery.diagnosis.processes + self._lab.processes - before,
        )
        nodeid = self._names[mystery.target]
        self._explained[nodeid] = self._with_command(diagnosis, mystery.target)

    def _shared(self, mystery: _Mystery, found: list[tuple[int, ...]]) -> tuple[int, ...]:
        """A set that explains an earlier test often explains this one too; empty when none does."""
        if mystery.witness.files:
            return ()
        for members in found:
            if set(members) <= set(mystery.before):
                (seen,) = self._seen(mystery, (members,), ())
                if seen:
                    return members
        return ()

    @property
    def _spare_cores(self) -> int:
        return max(1, (os.cpu_count() or 1) // self._orders.processes)

    def _asked(
        self,
        mystery: _Mystery,
        search: Generator[Sequences, Answers, Any],
        files: tuple[str, ...],
    ) -> Any:
        """Give a search the answers that it asks for; what it comes to. Raises Lost."""
        sequences = next(search)
        while True:
            try:
                sequences = search.send(self._seen(mystery, sequences, files))
            except StopIteration as end:
                return end.value

    def _seen(
        self,
        mystery: _Mystery,
        sequences: tuple[tuple[int, ...], ...],
        files: tuple[str, ...],
    ) -> tuple[bool | None, ...]:
        """Whether the effect shows behind each of these. Raises Lost when the budget is used up."""
        refusal = self._budget.refuse()
        if refusal is not None:
            raise Lost(refusal)
        limit = max(1.0, min(self._budget.left, self._orders.settings.test_budget))
        orders = tuple(
            self._order(() if files else sequence, mystery.target, Setting.AFTER)
            for sequence in sequences
        )
        if files:
            answers: tuple[Results | str, ...] = tuple(
                self._lab.run_with_files(
                    tuple(files[one] for one in sequence), mystery.target, order, limit
                )
                for sequence, order in zip(sequences, orders, strict=True)
            )
        else:
            answers = self._lab.run_all(orders, limit)
        return tuple(self._effect(mystery, answer) for answer in answers)

    def _effect(self, mystery: _Mystery, answer: Results | str) -> bool | None:
        if isinstance(answer, str):
            return None
        attempt = answer[0].attempt
        if mystery.witness.shows_failure:
            return alike(mystery.first, attempt)
        return attempt.passed

    def _files_besides(self, target: int) -> tuple[str, ...]:
        own = self._names[target].partition("::")[0]
        return tuple(
            dict.fromkeys(
                name for name in (one.partition("::")[0] for one in self._names) if name != own
            )
        )

    def _watch_quarantine(self) -> None:
        """An order-dependent test passes alone for ever: it is tried where it is known to fail."""
        entries = [one for one in self._orders.quarantine if one.after]
        if not entries:
            return  # as in nearly every run: nothing is looked up for each test of it
        numbers = {name: place for place, name in enumerate(self._names)}
        for item, _ in self._ran:
            entry = next((one for one in entries if one.covers(item.nodeid)), None)
            if entry is None or self._budget.refuse() is not None:
                continue
            before = tuple(numbers[name] for name in entry.after if name in numbers)
            if len(before) != len(entry.after):
                continue  # a test of the entry is gone: not tried, and so not released
            order = self._order(before, self._places[item], Setting.AFTER)
            with Stopwatch(self._budget):
                answer = self._lab.run(order, self._orders.settings.test_budget)
            if not isinstance(answer, str):
                self._watched[item.nodeid] = tuple(one.attempt for one in answer)

    def _with_command(self, diagnosis: Diagnosis, target: int) -> Diagnosis:
        command = command_for(diagnosis, self._names[target])
        return msgspec.structs.replace(diagnosis, command=command)
