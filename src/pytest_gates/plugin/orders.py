"""What test processes are told of the policy, so that they can try failures again. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from pytest_gates.model.case import Attempt, Diagnosis
from pytest_gates.model.evidence import RerunRecord
from pytest_gates.model.exceptions import Quarantine
from pytest_gates.model.flaky_settings import FlakySettings
from pytest_gates.model.history import Tally

INPUT_KEY = "pytest_gates_reruns"
"""Under it the orders, as plain data, lie in an xdist worker's input."""

MANY_FAILURES = 10
"""Fewer never count as a mass failure, however large their share is."""


class RerunOrders(msgspec.Struct, frozen=True, kw_only=True):
    """What a test process must know to try failures again; plain data, so that xdist can carry it.

    `priors` are tallies of the base for tests that ever failed there. `off` is why nothing is tried
    again but what a marker asks for. `processes` is how many test processes share this machine.
    """

    settings: FlakySettings
    quarantine: tuple[Quarantine, ...]
    priors: Mapping[str, Tally]
    today: dt.date
    off: str | None = None
    processes: int = 1


def orders_from(workerinput: Mapping[str, object]) -> RerunOrders | None:
    """In an xdist worker: what the controller sent; None where the gate `flaky` is off."""
    sent = workerinput.get(INPUT_KEY)
    return None if sent is None else msgspec.convert(sent, type=RerunOrders)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a test process tells at its end: its record, better diagnoses, attempts of quarantined tests.

    `set_apart` maps tests whose first attempt failed to the label that its coverage was recorded under.
    """

    record: RerunRecord
    explained: Mapping[str, Diagnosis]
    watched: Mapping[str, tuple[Attempt, ...]]
    set_apart: Mapping[str, str] = {}


def merged(
    records: Sequence[RerunRecord], settings: FlakySettings, ran: int, failed: int
) -> RerunRecord:
    """One record of all test processes. `ran` and `failed` count first attempts: all together decide."""
    mass = None
    if failed >= MANY_FAILURES and failed * 100 > settings.mass_failure * ran:
        mass = (
            f"{failed} of {ran} tests failed, more than {settings.mass_failure} %: further attempts "
            "were stopped, and the history learns nothing from this run (mass-failure)"
        )
    # One process saw too many failures, all together were not: what it left out is said all the same.
    early = [one.mass_failure for one in records if one.mass_failure and mass is None]
    return RerunRecord(
        tried=sum(one.tried for one in records),
        processes=sum(one.processes for one in records),
        seconds=max((one.seconds for one in records), default=0.0),
        isolation=tuple(sorted({how for one in records for how in one.isolation})),
        off=next((one.off for one in records if one.off), None),
        mass_failure=mass,
        cut_short=tuple(
            dict.fromkeys((*(why for one in records for why in one.cut_short), *early))
        ),
        notes=tuple(dict.fromkeys(note for one in records for note in one.notes)),
    )
