"""What a failed test is told to be: a table of worlds, each of which answers every trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.flakes.diagnosis import Answer, Conclusion, Scene, Suspect, Trial, diagnose
from pytest_gates.flakes.statistics import UNKNOWN, Belief
from pytest_gates.model.case import Attempt, Failure, FlakeClass, Outcome, Role

FAILED = Attempt(outcome=Outcome.FAILED, failure=Failure(signature="s", kind="E", phase="call"))
PASSED = Attempt(outcome=Outcome.PASSED)
OTHER = Attempt(
    outcome=Outcome.ERROR, failure=Failure(signature="t", kind="OSError", phase="setup")
)

World = Callable[[Trial], Answer]


def told(world: World, **changes: Any) -> tuple[Conclusion, list[Trial]]:
    """The conclusion in a world, and all that was asked."""
    values: dict[str, Any] = {
        "first": FAILED, "ran_before": 20, "in_module": 0, "other_order": False, "belief": UNKNOWN,
    }  # fmt: skip
    conversation = diagnose(Suspect(**{**values, **changes}))
    asked: list[Trial] = []
    try:
        trial = next(conversation)
        while True:
            asked.append(trial)
            trial = conversation.send(world(trial))
    except StopIteration as end:
        return end.value, asked


def always(attempt: Attempt) -> World:
    return lambda trial: (attempt,) * trial.times


def by_scene(default: Attempt = PASSED, **scenes: tuple[Attempt, ...] | str) -> World:
    """Answers by the name of the scene; a tuple is (first time, second time in one process)."""

    def answer(trial: Trial) -> Answer:
        known = scenes.get(trial.scene.name.lower(), (default,))
        if isinstance(known, str):
            return known
        return (*known, known[-1])[: trial.times]

    return answer


def script(*answers: Answer) -> World:
    """These answers in their order, whatever is asked."""
    left = iter(answers)
    return lambda trial: next(left)


def kind_of(world: World, **changes: Any) -> FlakeClass:
    return told(world, **changes)[0].diagnosis.kind


def test_what_fails_under_every_setting_is_a_regression() -> None:
    conclusion, asked = told(always(FAILED))
    assert conclusion.diagnosis.kind is FlakeClass.REGRESSION
    assert conclusion.diagnosis.probability is not None
    assert conclusion.diagnosis.probability >= 95
    assert conclusion.witness is None
    assert Scene.OWN_FILE in {trial.scene for trial in asked}


def test_what_passes_after_the_same_tests_is_flaky() -> None:
    assert kind_of(always(PASSED)) is FlakeClass.FLAKY


def test_what_both_fails_and_passes_alone_is_flaky() -> None:
    assert kind_of(script((FAILED, FAILED), (PASSED, FAILED))) is FlakeClass.FLAKY


def test_a_victim_passes_alone_and_fails_after_the_same_tests() -> None:
    conclusion, _ = told(by_scene(prefix=(FAILED,)))
    assert conclusion.diagnosis.kind is FlakeClass.ORDER_DEPENDENT
    assert conclusion.diagnosis.role is Role.VICTIM
    assert conclusion.witness is not None
    assert conclusion.witness.scene is Scene.PREFIX
    assert conclusion.witness.shows_failure


def test_the_tests_of_its_own_file_are_tried_first() -> None:
    conclusion, asked = told(by_scene(module=(FAILED,), prefix=(FAILED,)), in_module=4)
    assert conclusion.witness is not None
    assert conclusion.witness.scene is Scene.MODULE
    assert Scene.PREFIX not in {trial.scene for trial in asked}


def test_a_victim_of_another_file_is_found_after_its_own_was_cleared() -> None:
    conclusion, _ = told(by_scene(module=(PASSED,), prefix=(FAILED,)), in_module=4)
    assert conclusion.witness is not None
    assert conclusion.witness.scene is Scene.PREFIX


def test_a_brittle_test_passes_in_the_order_of_collection() -> None:
    world = by_scene(alone=(FAILED,), own_file=(FAILED,), collected=(PASSED,))
    conclusion, _ = told(world, other_order=True)
    assert conclusion.diagnosis.kind is FlakeClass.ORDER_DEPENDENT
    assert conclusion.diagnosis.role is Role.BRITTLE
    assert conclusion.witness is not None
    assert not conclusion.witness.shows_failure


def test_a_test_that_heals_itself_is_brittle_and_not_flaky() -> None:
    conclusion, _ = told(by_scene(alone=(FAILED, PASSED)))
    assert conclusion.diagnosis.kind is FlakeClass.ORDER_DEPENDENT
    assert conclusion.diagnosis.role is Role.BRITTLE
    assert conclusion.witness is None


def test_what_fails_the_second_time_in_one_process_accumulates() -> None:
    conclusion, _ = told(by_scene(alone=(PASSED, FAILED), prefix=(FAILED,)))
    assert conclusion.diagnosis.kind is FlakeClass.ACCUMULATING
    assert conclusion.witness is not None


def test_what_passes_when_only_its_file_is_collected_is_polluted_by_an_import() -> None:
    conclusion, _ = told(by_scene(alone=(FAILED,), own_file=(PASSED,)))
    assert conclusion.diagnosis.kind is FlakeClass.IMPORT_POLLUTED
    assert conclusion.witness is not None
    assert conclusion.witness.files


def test_passing_once_and_failing_once_where_only_its_file_is_collected_is_flaky() -> None:
    assert (
        kind_of(script((FAILED, FAILED), (FAILED, FAILED), (PASSED,), (FAILED,)))
        is FlakeClass.FLAKY
    )


@pytest.mark.parametrize(
    "world, why",
    [
        (always(OTHER), "another failure"),
        (by_scene(alone="its copy gave no answer"), "no answer"),
        (by_scene(prefix="too long"), "too long"),
        (by_scene(prefix=(OTHER,)), "another failure"),
        (by_scene(prefix=(FAILED,), alone=(PASSED, PASSED)), "seldom"),
    ],
)
def test_what_cannot_be_told_is_inconclusive_and_says_why(world: World, why: str) -> None:
    changes = {"reruns": 1} if why == "seldom" else {}
    diagnosis = told(world, **changes)[0].diagnosis
    assert diagnosis.kind is FlakeClass.INCONCLUSIVE
    assert why in diagnosis.why


def test_without_further_attempts_nothing_is_told() -> None:
    conclusion, asked = told(always(PASSED), reruns=0)
    assert conclusion.diagnosis.kind is FlakeClass.INCONCLUSIVE
    assert asked == []


def test_a_first_test_that_passes_alone_is_flaky() -> None:
    """Nothing ran before it, so both runs were under the same circumstances."""
    conclusion, asked = told(always(PASSED), ran_before=0)
    assert conclusion.diagnosis.kind is FlakeClass.FLAKY
    assert len(asked) == 1


def test_a_coin_flip_that_lands_on_fail_is_no_proof_of_a_regression() -> None:
    diagnosis = told(always(FAILED), belief=Belief(30, 10))[0].diagnosis
    assert diagnosis.kind is FlakeClass.INCONCLUSIVE
    assert diagnosis.probability is not None


def test_where_the_same_order_is_too_dear_a_known_flake_is_still_one() -> None:
    world = by_scene(prefix="too long")
    assert kind_of(world, known_flaky=True) is FlakeClass.FLAKY
    assert kind_of(world, known_flaky=False) is FlakeClass.INCONCLUSIVE


def test_a_file_that_cannot_be_collected_alone_does_not_hide_a_regression() -> None:
    diagnosis = told(by_scene(default=FAILED, own_file="no fresh process"))[0].diagnosis
    assert diagnosis.kind is FlakeClass.REGRESSION
    assert "no fresh process" in diagnosis.why


@pytest.mark.parametrize("reruns", [1, 2, 3, 5])
def test_no_setting_is_tried_more_often_than_the_policy_says(reruns: int) -> None:
    for world in (
        always(FAILED),
        by_scene(prefix=(FAILED,)),
        by_scene(alone=(PASSED, FAILED), prefix=(FAILED,)),
    ):
        _, asked = told(world, reruns=reruns)
        for scene in (Scene.ALONE, Scene.PREFIX):
            assert sum(1 for trial in asked if trial.scene is scene) <= reruns


def test_without_a_second_run_in_one_process_the_first_ones_go_on() -> None:
    conclusion, asked = told(
        lambda trial: (FAILED,) if trial.scene is Scene.PREFIX else (PASSED,), reruns=4
    )
    assert conclusion.diagnosis.kind is FlakeClass.ORDER_DEPENDENT
    assert sum(1 for trial in asked if trial.scene is Scene.PREFIX) == 4


@pytest.mark.parametrize(
    "answers",
    [
        ((PASSED, PASSED), (FAILED,), (FAILED, FAILED)),
        ((PASSED, PASSED), (FAILED,), (PASSED, PASSED), (PASSED,)),
        ((FAILED, PASSED), (FAILED, FAILED), (FAILED,)),
    ],
    ids=["alone", "after the same tests", "a second time"],
)
def test_outcomes_that_differ_under_one_setting_are_flaky(answers: tuple[Answer, ...]) -> None:
    assert kind_of(script(*answers)) is FlakeClass.FLAKY


def test_a_copy_that_dies_in_the_second_run_says_nothing_of_repetition() -> None:
    conclusion, _ = told(lambda trial: (FAILED,))
    assert conclusion.diagnosis.kind is FlakeClass.REGRESSION
    assert "a second time" not in conclusion.diagnosis.why


def test_a_surer_policy_asks_no_more_than_it_needs() -> None:
    _, asked = told(always(FAILED), reruns=10)
    assert sum(1 for trial in asked if trial.scene is Scene.ALONE) < 5


OUTCOMES = st.sampled_from([FAILED, PASSED, OTHER])


@given(
    st.lists(OUTCOMES, min_size=60, max_size=60),
    st.integers(0, 30),
    st.booleans(),
    st.integers(1, 4),
)
def test_every_conversation_ends_and_flaky_was_seen_to_pass_and_to_fail(
    outcomes: Iterable[Attempt], ran_before: int, other_order: bool, reruns: int
) -> None:
    left = iter(outcomes)
    seen: list[Attempt] = []

    def world(trial: Trial) -> Answer:
        made = tuple(next(left) for _ in range(trial.times))
        seen.extend(made)
        return made

    conclusion, _ = told(
        world,
        ran_before=ran_before,
        in_module=ran_before // 2,
        other_order=other_order,
        reruns=reruns,
    )
    kind = conclusion.diagnosis.kind
    if kind is not FlakeClass.REGRESSION and kind is not FlakeClass.INCONCLUSIVE:
        assert any(one.passed for one in seen)
    if kind is FlakeClass.REGRESSION:
        assert not any(one.passed for one in seen)


@given(st.integers(0, 40), st.booleans(), st.integers(0, 6))
def test_a_stable_failure_is_never_called_flaky(ran_before: int, other: bool, reruns: int) -> None:
    kind = kind_of(
        always(FAILED),
        ran_before=ran_before,
        in_module=ran_before // 3,
        other_order=other,
        reruns=reruns,
    )
    assert kind in {FlakeClass.REGRESSION, FlakeClass.INCONCLUSIVE}
