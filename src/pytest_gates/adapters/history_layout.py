"""How a run is laid out in a database: keys, blobs of clean tests, rows of all others. Pure."""

from __future__ import annotations

import array
import datetime as dt
import hashlib
import itertools
import math
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from pytest_gates.errors import HistoryError
from pytest_gates.model.case import Attempt, CaseRecord, FlakeClass, Outcome, Standing
from pytest_gates.model.history import BranchKind, EventfulTest, RunToRemember, Tally
from pytest_gates.model.text import first_line, well_formed

KIND_NUMBERS = {BranchKind.BASE: 0, BranchKind.CHANGE: 1}
STATE_COLUMNS = (
    "scope", "kind", "test", "runs", "failures", "flaked", "unsteady", "weighted_runs",
    "weighted_failures", "weighted_unsteady", "seen_at", "latest_at", "latest",
)  # fmt: skip
ATTEMPT_COLUMNS = (
    "test", "run", "number", "outcome", "setting", "seconds", "failure", "message", "diagnosis", "why",
)  # fmt: skip

# What `latest` says of the last run of a test that said anything: a sum of these, 0 when all was well.
FIRST_FAILED, FAILED_FOR_GOOD = 1, 2

HALF_LIFE_SECONDS = 30 * 24 * 3600
_WEIGHT_ONE_AT = 1_577_836_800  # 2020-01-01; weights stay within a double from 1936 to 2103
_MICROSECONDS = 1_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

# One byte a test: eight steps an octave keep a duration to 5 % from 10 microseconds to six hours.
_SHORTEST_SECONDS = 1e-5
_STEPS_PER_OCTAVE = 8
_LONGEST_CODE = 249
_SKIPPED_CODE, _XFAILED_CODE = 254, 255
_QUIET = {Outcome.SKIPPED: _SKIPPED_CODE, Outcome.XFAILED: _XFAILED_CODE}
_QUIET_OUTCOMES = {code: outcome for outcome, code in _QUIET.items()}

_HEADER = struct.Struct("<IB")
_WIDTHS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_LARGEST_BLOB = 1 << 28

_LONGEST_KEY = 200
_LONGEST_MESSAGE = 300
_ODD = "\x01"

_PASSED = frozenset({Outcome.PASSED, Outcome.XPASSED})
_FAILED = frozenset({Outcome.FAILED, Outcome.ERROR, Outcome.CRASHED})
_FOR_GOOD = frozenset({Standing.FAILED, Standing.ERROR, Standing.CRASHED})
_NO_FLAKES = frozenset({FlakeClass.REGRESSION, FlakeClass.INCONCLUSIVE})


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """A run ready to be written, with the node ids still in the place of test numbers.

    `clean` holds one code a test, also for tests that were only skipped or failed as expected.
    """

    clean: Mapping[str, int]
    eventful: tuple[EventfulTest, ...]
    passed: int
    flaky: int
    failed: int
    skipped: int
    seconds: float

    @property
    def nodeids(self) -> tuple[str, ...]:
        return (*self.clean, *(one.nodeid for one in self.eventful))


def laid_out(run: RunToRemember) -> Layout:
    """Raises HistoryError when a test occurs twice or has no attempt, or took no finite time."""
    clean = {nodeid: code_of(seconds) for nodeid, seconds in run.clean.items()}
    eventful: list[EventfulTest] = []
    seen = set(clean)
    seconds = sum(run.clean.values())
    standings: list[Standing] = []
    for test in run.eventful:
        if test.nodeid in seen or not test.attempts:
            raise _impossible(run, f"{test.nodeid} occurs twice or has no attempt")
        seen.add(test.nodeid)
        first = test.attempts[0].outcome
        seconds += sum(one.seconds for one in test.attempts)
        record = CaseRecord(nodeid=test.nodeid, attempts=test.attempts, diagnosis=test.diagnosis)
        standings.append(record.standing)
        if len(test.attempts) == 1 and first in _QUIET and test.diagnosis is None:
            clean[test.nodeid] = _QUIET[first]
        else:
            eventful.append(test)
    if not math.isfinite(seconds):
        raise _impossible(run, "its seconds add up to no number")
    return Layout(
        clean=clean,
        eventful=tuple(eventful),
        passed=len(run.clean)
        + sum(one in {Standing.PASSED, Standing.XPASSED} for one in standings),
        flaky=standings.count(Standing.FLAKY),
        failed=sum(one in _FOR_GOOD for one in standings),
        skipped=sum(one in {Standing.SKIPPED, Standing.XFAILED} for one in standings),
        seconds=seconds,
    )


def _impossible(run: RunToRemember, why: str) -> HistoryError:
    return HistoryError(
        f"the run {run.key.id} cannot be remembered: {why}",
        "this is a defect of what collected the run; please report it",
    )


def state_rows(
    layout: Layout, numbers: Mapping[str, int], scope: int, kind: int, at: int
) -> Iterator[tuple[Any, ...]]:
    """What this run adds to the state of each of its tests, in STATE_COLUMNS, sorted by test.

    All that add up are sums or maxima, so the order in which runs are written makes no difference to
    them; `latest` and `unsteady` are settled by the database, which knows the run before.
    """
    weight = weight_of(at)
    found: dict[int, tuple[int, int, int, int | None]] = {}
    for nodeid, code in layout.clean.items():
        said = code not in _QUIET_OUTCOMES
        found[numbers[nodeid]] = (1, 0, 0, 0) if said else (0, 0, 0, None)
    for test in layout.eventful:
        found[numbers[test.nodeid]] = _state_of(test)
    for number in sorted(found):
        runs, failures, flaked, latest = found[number]
        yield (
            scope, kind, number, runs, failures, flaked, flaked, runs * weight, failures * weight,
            flaked * weight, at, at if latest is not None else None, latest,
        )  # fmt: skip


def _state_of(test: EventfulTest) -> tuple[int, int, int, int | None]:
    said = says(test.attempts[0])
    flaked = int(has_flaked(test))
    if said is None:
        return 0, 0, flaked, None
    record = CaseRecord(nodeid=test.nodeid, attempts=test.attempts, diagnosis=test.diagnosis)
    for_good = FAILED_FOR_GOOD if record.standing in _FOR_GOOD else 0
    return 1, int(not said), flaked, for_good + (0 if said else FIRST_FAILED)


def says(attempt: Attempt) -> bool | None:
    """Whether it passed; None where it says nothing about that."""
    return said_by(attempt.outcome)


def said_by(outcome: Outcome) -> bool | None:
    if outcome in _PASSED:
        return True
    return False if outcome in _FAILED else None


def said_by_first(layout: Layout) -> dict[str, bool]:
    """Whether the first attempt passed, for each test whose first attempt says that."""
    found = {nodeid: True for nodeid, code in layout.clean.items() if code not in _QUIET_OUTCOMES}
    for test in layout.eventful:
        said = says(test.attempts[0])
        if said is not None:
            found[test.nodeid] = said
    return found


def has_flaked(test: EventfulTest) -> bool:
    outcomes = {one.outcome for one in test.attempts}
    told = test.diagnosis is not None and test.diagnosis.kind not in _NO_FLAKES
    return told or bool(outcomes & _PASSED and outcomes & _FAILED)


def attempt_rows(
    layout: Layout, numbers: Mapping[str, int], failures: Mapping[str, int], run: int
) -> Iterator[tuple[Any, ...]]:
    """ATTEMPT_COLUMNS of every attempt of the eventful tests; the diagnosis stands at the first."""
    for test in layout.eventful:
        told = test.diagnosis
        for number, one in enumerate(test.attempts):
            message = first_line(one.message, _LONGEST_MESSAGE) if one.message else None
            at_first = told is not None and not number
            yield (
                numbers[test.nodeid], run, number + 1, one.outcome.value, one.setting.value,
                one.seconds,
                failures[key_of(one.failure.signature)] if one.failure is not None else None,
                message or None,
                told.kind.value if told is not None and at_first else None,
                first_line(told.why, _LONGEST_MESSAGE) if told is not None and at_first else None,
            )  # fmt: skip


def failure_rows(layout: Layout) -> dict[str, str]:
    """Type of the exception by the key of each signature that occurs."""
    return {
        key_of(one.failure.signature): first_line(one.failure.kind, _LONGEST_KEY)
        for test in layout.eventful
        for one in test.attempts
        if one.failure is not None
    }


def packed(codes: Mapping[int, int]) -> bytes:
    """Code of a test by its number, in about a byte each: most numbers follow one another."""
    numbers = sorted(codes)
    steps = [one - other for one, other in zip(numbers, [0, *numbers], strict=False)]
    width = next(one for one in _WIDTHS if max(steps, default=0) < 1 << (8 * one))
    tail = array.array(_WIDTHS[width], steps)
    if sys.byteorder == "big":
        tail.byteswap()
    body = tail.tobytes() + bytes(codes[one] for one in numbers)
    return zlib.compress(_HEADER.pack(len(numbers), width) + body, 6)


def unpacked(blob: bytes) -> tuple[list[int], bytes]:
    """Test numbers, ascending, and the code of each. Raises HistoryError when the blob is damaged."""
    reader = zlib.decompressobj()
    try:
        body = reader.decompress(blob, _LARGEST_BLOB)
        count, width = _HEADER.unpack_from(body)
        steps = array.array(_WIDTHS[width])
        steps.frombytes(body[_HEADER.size : _HEADER.size + count * width])
    except (zlib.error, struct.error, KeyError, ValueError) as why:
        raise _damaged() from why
    # Without its end a stream has not shown its checksum.
    whole = reader.eof and not reader.unused_data
    if not whole or len(body) != _HEADER.size + count * (width + 1):
        raise _damaged()
    if sys.byteorder == "big":
        steps.byteswap()
    return list(itertools.accumulate(steps)), body[_HEADER.size + count * width :]


def _damaged() -> HistoryError:
    return HistoryError(
        "a run in the history is damaged", "restore the history, or remove it and begin a new one"
    )


def code_of(seconds: float) -> int:
    if not seconds > _SHORTEST_SECONDS:  # also what is no number
        return 0
    code = 1 + round(_STEPS_PER_OCTAVE * math.log2(min(seconds, 1e6) / _SHORTEST_SECONDS))
    return min(code, _LONGEST_CODE)


def seconds_of(code: int) -> float:
    """0 for what was shorter than ten microseconds."""
    return _SHORTEST_SECONDS * 2.0 ** ((code - 1) / _STEPS_PER_OCTAVE) if code else 0.0


def outcome_of(code: int) -> Outcome:
    return _QUIET_OUTCOMES.get(code, Outcome.PASSED)


def weight_of(at: int) -> float:
    """Of a run at that time, in a unit of 2020: sums need no update when time goes by."""
    return float(2.0 ** ((at / _MICROSECONDS - _WEIGHT_ONE_AT) / HALF_LIFE_SECONDS))


def tally(
    runs: int, failures: int, weighted_runs: float, weighted_failures: float, now: int
) -> Tally:
    """A row of sums as seen from `now`."""
    unit = weight_of(now)
    return Tally(
        runs=runs,
        failures=failures,
        weighted_runs=weighted_runs / unit,
        weighted_failures=weighted_failures / unit,
    )


def microseconds(moment: dt.datetime) -> int:
    """Since 1970 in UTC, exactly."""
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


def moment(at: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=at)


def key_of(text: str) -> str:
    """Text that any database can hold and index; beyond 200 characters its end is a digest."""
    plain = well_formed(text).replace("\x00", "\\x00")
    if len(plain) <= _LONGEST_KEY:
        return plain
    return f"{plain[: _LONGEST_KEY - 33]}:{hashlib.blake2b(plain.encode(), digest_size=16).hexdigest()}"


def digest_of(nodeid: str) -> bytes:
    """What a test is found by: node ids may be longer than any index allows."""
    return hashlib.blake2b(nodeid.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def stored_nodeid(nodeid: str) -> str:
    """As it is, unless it holds what a database cannot; then escaped, behind a mark."""
    if nodeid.isprintable():  # the common case; false for surrogates, NUL and the mark
        return nodeid
    if not any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in nodeid) and (
        not nodeid.startswith(_ODD)
    ):
        return nodeid
    return _ODD + nodeid.encode("unicode_escape").decode("ascii")


def told_nodeid(stored: str) -> str:
    """The node id that was stored."""
    if not stored.startswith(_ODD):
        return stored
    return stored[1:].encode("ascii").decode("unicode_escape")


def by_count(found: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Most frequent first, then by name."""
    return tuple(name for name, _ in sorted(found, key=lambda one: (-one[1], one[0])))
