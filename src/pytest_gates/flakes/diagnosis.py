"""What a failed test is, told apart by trying it again under other circumstances. Pure.

`diagnose` is a conversation: it yields the trial it wants to see next, and is sent what happened. It
never counts passes alone: each setting answers a question of its own, and outcomes are compared within
one setting.
"""

from __future__ import annotations

import enum
from collections.abc import Generator

import msgspec

from pytest_gates.flakes.signature import alike
from pytest_gates.flakes.statistics import Belief, probability_of_order, probability_of_regression
from pytest_gates.model.case import Attempt, Diagnosis, FlakeClass, Role, Setting

SURE = 0.95
_BOTH = 2


class Scene(enum.StrEnum):
    """What runs, or is collected, before the target in a trial."""

    ALONE = "alone"
    MODULE = "module"
    PREFIX = "prefix"
    COLLECTED = "collected"
    OWN_FILE = "own-file"


SETTING_OF = {
    Scene.ALONE: Setting.ISOLATED,
    Scene.MODULE: Setting.AFTER,
    Scene.PREFIX: Setting.SAME_PREFIX,
    Scene.COLLECTED: Setting.AFTER,
    Scene.OWN_FILE: Setting.COLLECTED_ALONE,
}


class Trial(msgspec.Struct, frozen=True):
    """One process: `scene` first, then the target, `times` times."""

    scene: Scene
    times: int = 1


Answer = tuple[Attempt, ...] | str
"""The attempts of the target in their order, never empty; or why they could not be made."""


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A test that failed in the run.

    `ran_before` counts the tests that had run before it in the same process, `in_module` those among
    the last of them that stand in its own file. `other_order` when what was collected before it is not
    what ran before it. `belief` is what the base's history says of its failure rate; `known_flaky` when
    it is remembered there to fail at random. `reruns` bounds the attempts in each setting.
    """

    first: Attempt
    ran_before: int
    in_module: int
    other_order: bool
    belief: Belief
    known_flaky: bool = False
    reruns: int = 2


class Witness(msgspec.Struct, frozen=True):
    """What a search for the smallest set may start from: behind this scene the effect was seen.

    The effect is a failure for a victim, a pass for a brittle test, a failure for `files`.
    """

    scene: Scene
    shows_failure: bool
    files: bool = False


class Conclusion(msgspec.Struct, frozen=True):
    """The diagnosis, and where a search can begin, None where there is nothing to search for."""

    diagnosis: Diagnosis
    witness: Witness | None = None


Conversation = Generator[Trial, Answer, Conclusion]


class _Stopped(Exception):
    """A trial could not be made."""


class _Case:
    """What was seen so far of one suspect."""

    def __init__(self, suspect: Suspect) -> None:
        self.suspect = suspect
        self.seen: dict[Scene, list[Attempt]] = {scene: [] for scene in Scene}
        self.again: list[tuple[Attempt, Attempt]] = []

    def ask(self, scene: Scene, times: int = 1) -> Generator[Trial, Answer, Attempt]:
        """One more trial; its first attempt. Raises _Stopped."""
        answer = yield Trial(scene, times)
        if isinstance(answer, str):
            raise _Stopped(answer)
        self.seen[scene].append(answer[0])
        if len(answer) > 1:
            self.again.append((answer[0], answer[1]))
        return answer[0]

    def fails_alike(self, attempt: Attempt) -> bool:
        return alike(self.suspect.first, attempt)

    def passes(self, scene: Scene) -> int:
        return sum(1 for one in self.seen[scene] if one.passed)

    def failures(self, scene: Scene) -> int:
        return sum(1 for one in self.seen[scene] if self.fails_alike(one))

    def mixed(self, scene: Scene) -> bool:
        return bool(self.passes(scene) and self.failures(scene))

    def regression_probability(self) -> float:
        """From all further failures: under every setting the same."""
        failed = sum(self.failures(scene) for scene in Scene)
        failed += sum(1 for _, second in self.again if self.fails_alike(second))
        return probability_of_regression(failed, self.suspect.belief)


def diagnose(suspect: Suspect) -> Conversation:
    """Tell it apart. Ends with `inconclusive` where a trial could not be made or says nothing."""
    case = _Case(suspect)
    if suspect.reruns == 0:
        return _unknown(case, "it may not be tried again (reruns = 0)")
    try:
        first = yield from case.ask(Scene.ALONE, times=2)
        if first.passed:
            return (yield from _passes_alone(case))
        if case.fails_alike(first):
            return (yield from _fails_alone(case))
    except _Stopped as stopped:
        return _unknown(case, f"it could not be told apart: {stopped}")
    return _unknown(
        case, f"alone it {_ended(first)}, which is another failure than that of the run"
    )


def _passes_alone(case: _Case) -> Conversation:
    """Random, or decided by what ran before it: the same tests before it tell which."""
    suspect = case.suspect
    if suspect.ran_before == 0:
        return _flaky(case, "nothing ran before it, and alone it passes")
    try:
        witness = yield from _witness(case)
        if witness is None:
            return _flaky(case, f"after the same {suspect.ran_before} tests it passes as well")
        yield from _made_sure(case, witness)
    except _Stopped as stopped:
        if suspect.known_flaky:
            return _flaky(case, f"alone it passes, and it is known to fail at random ({stopped})")
        raise
    if case.mixed(Scene.ALONE) or case.mixed(Scene.PREFIX) or case.mixed(Scene.MODULE):
        return _flaky(case, "under the same circumstances it both fails and passes")
    if _order_probability(case, witness) < SURE:
        return _unknown(
            case,
            "alone it passes, after others it fails, too seldom seen to be sure (raise `reruns`)",
        )
    found = Witness(witness, shows_failure=True)
    count = suspect.ran_before if witness is Scene.PREFIX else suspect.in_module
    if len(case.again) >= _BOTH and all(_fails_second(case, one) for one in case.again):
        why = f"passes the first time and fails the second in one process ({_counts(case)})"
        return Conclusion(_diagnosis(case, FlakeClass.ACCUMULATING, why), found)
    why = f"passes alone, fails after {_some(count)} ({_counts(case)})"
    return Conclusion(_diagnosis(case, FlakeClass.ORDER_DEPENDENT, why, role=Role.VICTIM), found)


def _witness(case: _Case) -> Generator[Trial, Answer, Scene | None]:
    """The scene behind which it failed again, the cheap one first; None when it passes behind all."""
    if 0 < case.suspect.in_module < case.suspect.ran_before:
        attempt = yield from case.ask(Scene.MODULE)
        if case.fails_alike(attempt):
            return Scene.MODULE
    attempt = yield from case.ask(Scene.PREFIX)
    if case.fails_alike(attempt):
        return Scene.PREFIX
    if attempt.passed:
        return None
    raise _Stopped(f"after the same tests it {_ended(attempt)}, another failure than in the run")


def _made_sure(case: _Case, witness: Scene) -> Generator[Trial, Answer, None]:
    """More of both, until chance can no longer explain it or was caught."""
    for _ in range(case.suspect.reruns - 1):
        yield from case.ask(Scene.ALONE, times=2)
        if case.mixed(Scene.ALONE):
            return
        yield from case.ask(witness)
        if case.mixed(witness) or (
            _order_probability(case, witness) >= SURE and len(case.again) >= _BOTH
        ):
            return


def _order_probability(case: _Case, witness: Scene) -> float:
    return probability_of_order(
        alone_passes=case.passes(Scene.ALONE),
        alone_failures=case.failures(Scene.ALONE),
        behind_passes=case.passes(witness),
        behind_failures=case.failures(witness),
        belief=case.suspect.belief,
    )


def _fails_alone(case: _Case) -> Conversation:
    """A regression, or something that it needs is missing: another test, itself, an empty import."""
    suspect = case.suspect
    trouble: list[str] = []
    while len(case.seen[Scene.ALONE]) < suspect.reruns and (
        len(case.again) < _BOTH or case.regression_probability() < SURE
    ):
        attempt = yield from case.ask(Scene.ALONE, times=2)
        if attempt.passed:
            return _flaky(case, "alone it both fails and passes")
    if len(case.again) >= _BOTH and all(second.passed for _, second in case.again):
        why = f"fails the first time and passes the second in one process ({_counts(case)})"
        return Conclusion(_diagnosis(case, FlakeClass.ORDER_DEPENDENT, why, role=Role.BRITTLE))
    # The cheap one first: what was collected before it may be most of the suite.
    for scene in (Scene.OWN_FILE, *((Scene.COLLECTED,) if suspect.other_order else ())):
        found = yield from _tried(case, scene, trouble)
        if found is not None:
            return found
    probability = case.regression_probability()
    if any(second.passed for _, second in case.again):
        return _flaky(case, "in one process it both fails and passes")
    if probability < SURE:
        why = (
            f"fails every time ({_counts(case)}), which its history makes no proof of a regression"
        )
        return _unknown(case, why, probability)
    more = f"; not tried: {'; '.join(trouble)}" if trouble else ""
    why = f"fails every time, also alone ({_counts(case)}){more}"
    return Conclusion(_diagnosis(case, FlakeClass.REGRESSION, why, probability=probability))


def _tried(
    case: _Case, scene: Scene, trouble: list[str]
) -> Generator[Trial, Answer, Conclusion | None]:
    """Whether it passes there, twice; None when it does not."""
    try:
        first = yield from case.ask(scene)
        if not first.passed:
            return None
        second = yield from case.ask(scene)
    except _Stopped as stopped:
        trouble.append(str(stopped))
        return None
    if not second.passed:
        return _flaky(case, "under the same circumstances it both fails and passes")
    if scene is Scene.OWN_FILE:
        why = f"passes when only its own file is collected ({_counts(case)})"
        return Conclusion(
            _diagnosis(case, FlakeClass.IMPORT_POLLUTED, why),
            Witness(scene, shows_failure=True, files=True),
        )
    why = f"fails alone, passes after others ({_counts(case)})"
    return Conclusion(
        _diagnosis(case, FlakeClass.ORDER_DEPENDENT, why, role=Role.BRITTLE),
        Witness(scene, shows_failure=False),
    )


def _flaky(case: _Case, why: str) -> Conclusion:
    return Conclusion(_diagnosis(case, FlakeClass.FLAKY, f"{why} ({_counts(case)})"))


def _unknown(case: _Case, why: str, probability: float | None = None) -> Conclusion:
    return Conclusion(_diagnosis(case, FlakeClass.INCONCLUSIVE, why, probability=probability))


def _diagnosis(
    case: _Case,
    kind: FlakeClass,
    why: str,
    *,
    role: Role | None = None,
    probability: float | None = None,
) -> Diagnosis:
    percent = None if probability is None else round(100 * probability, 1)
    processes = sum(len(one) for one in case.seen.values())
    return Diagnosis(kind=kind, why=why, role=role, probability=percent, processes=processes)


def _counts(case: _Case) -> str:
    """`failed 2/2 alone, 0/1 after the same tests`: what each setting showed."""
    words = {
        Scene.ALONE: "alone",
        Scene.MODULE: "after its file's tests",
        Scene.PREFIX: "after the same tests",
        Scene.COLLECTED: "as collected",
        Scene.OWN_FILE: "only its file collected",
    }
    parts = [
        f"{sum(1 for one in seen if one.bad)}/{len(seen)} {words[scene]}"
        for scene, seen in case.seen.items()
        if seen
    ]
    if case.again:
        bad = sum(1 for _, second in case.again if second.bad)
        parts.append(f"{bad}/{len(case.again)} a second time")
    return f"failed {', '.join(parts)}"


def _fails_second(case: _Case, pair: tuple[Attempt, Attempt]) -> bool:
    return pair[0].passed and case.fails_alike(pair[1])


def _ended(attempt: Attempt) -> str:
    kind = f" with {attempt.failure.kind} in {attempt.failure.phase}" if attempt.failure else ""
    return f"ended as {attempt.outcome}{kind}"


def _some(count: int) -> str:
    return f"{count} tests" if count > 1 else "one test"
