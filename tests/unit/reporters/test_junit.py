"""junit.xml: one testcase a test with all its attempts, one a gate, and text that comes back as it was."""

from __future__ import annotations

import pytest

from pytest_gates.model.case import (
    Attempt,
    CaseRecord,
    CollectionError,
    Diagnosis,
    Failure,
    FlakeClass,
    Novelty,
    Outcome,
    Role,
    Setting,
)
from pytest_gates.model.evidence import Unavailable
from pytest_gates.reporters.junit import REPORTER, render
from support.evidence import (
    NODEID,
    a_case,
    a_gate,
    a_report,
    a_run,
    a_stack,
    an_attempt,
    an_evidence,
    an_excuse,
)
from support.junit import VERDICTS, child, facts, one, suite, tags, written

PASSED = an_attempt(Outcome.PASSED, Setting.ISOLATED, seconds=0.25)
FAILED = an_attempt(failure=a_stack(), seconds=0.5)


def test_the_document_of_a_green_run() -> None:
    assert render(a_report()).decode() == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<testsuites name="pytest-gates" tests="2" failures="0" errors="0" skipped="0" time="60.000">\n'
        '<testsuite name="pytest" tests="1" failures="0" errors="0" skipped="0" time="60.000"'
        ' timestamp="2026-11-20T11:29:00+00:00">\n'
        '<properties><property name="gates.run" value="run-1"/><property name="gates.commit"'
        ' value="0123456789abcdef0123456789abcdef01234567"/>'
        '<property name="gates.uncommitted-changes" value="false"/>'
        '<property name="gates.platform" value="linux"/></properties>\n'
        '<testcase classname="tests.test_pay" name="test_refund" file="tests/test_pay.py" time="0.000"/>\n'
        "</testsuite>\n"
        '<testsuite name="gates" tests="1" failures="0" errors="0" skipped="0" time="0.000"'
        ' timestamp="2026-11-20T11:29:00+00:00">\n'
        '<properties><property name="gates.decision" value="pass"/>'
        '<property name="gates.profile" value="ci"/>'
        '<property name="gates.policy" value="pyproject.toml [tool.pytest-gates]"/>'
        f'<property name="gates.policy-digest" value="{a_report().policy.digest}"/>'
        '<property name="gates.generator" value="pytest-gates 0.1.0"/></properties>\n'
        '<testcase classname="gates" name="stub" time="0.000"><system-out>looked</system-out></testcase>\n'
        "</testsuite>\n"
        "</testsuites>\n"
    )


def test_the_file_is_called_junit_xml() -> None:
    assert (REPORTER.name, REPORTER.file_name) == ("junit", "junit.xml")


# One attempt


@pytest.mark.parametrize(
    "outcome, tag, kind, message",
    [
        (Outcome.FAILED, "failure", "failed", "boom"),
        (Outcome.ERROR, "error", "error", "boom"),
        (Outcome.CRASHED, "error", "crashed", "boom"),
        (Outcome.INTERRUPTED, "error", "interrupted", "boom"),
        (Outcome.SKIPPED, "skipped", "pytest.skip", "skipped"),
        (Outcome.XFAILED, "skipped", "pytest.xfail", "xfailed"),
    ],
)
def test_an_outcome_is_one_verdict_and_is_counted(
    outcome: Outcome, tag: str, kind: str, message: str
) -> None:
    suite_of_one = written(a_case(attempts=(an_attempt(outcome),)))
    found = child(child(suite_of_one, "testcase"), tag)
    assert (found.get("type"), found.get("message"), found.text) == (kind, message, message)
    counted = {word: suite_of_one.get(word) for word in VERDICTS.values()}
    assert counted == {word: "1" if word == VERDICTS[tag] else "0" for word in VERDICTS.values()}


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.XPASSED])
def test_a_pass_has_no_verdict(outcome: Outcome) -> None:
    assert not {*VERDICTS} & {*tags(one(an_attempt(outcome)))}


def test_a_failure_is_told_with_its_type_stack_and_what_it_printed() -> None:
    failure = a_stack(stdout="printed\n", stderr="complained", log="INFO logged")
    case = one(an_attempt(failure=failure, line=7))
    assert tags(case) == ["properties", "failure", "system-out", "system-err"]
    found = child(case, "failure")
    assert (found.get("type"), found.get("message")) == ("ValueError", "boom")
    assert found.text == "Traceback: boom"
    assert child(case, "system-out").text == "printed\n\n--- captured log ---\nINFO logged"
    assert child(case, "system-err").text == "complained"
    assert (case.get("file"), case.get("line")) == ("tests/test_pay.py", "7")


@pytest.mark.parametrize(
    "outcome, words",
    [
        (Outcome.FAILED, "failed"),
        (Outcome.ERROR, "could not be set up or torn down"),
        (Outcome.CRASHED, "took its process down"),
        (Outcome.INTERRUPTED, "began and was never seen to end"),
    ],
)
@pytest.mark.parametrize("failure", [None, a_stack(" \n", " ")])
def test_a_failure_that_says_nothing_has_text_all_the_same(
    outcome: Outcome, words: str, failure: Failure | None
) -> None:
    found = child(one(an_attempt(outcome, failure=failure, message=None)), tags_of(outcome))
    assert (found.get("message"), found.text, found.get("type")) == (words, words, outcome.value)


def tags_of(outcome: Outcome) -> str:
    return "failure" if outcome is Outcome.FAILED else "error"


def test_a_stack_of_white_space_is_no_stack() -> None:
    found = child(one(an_attempt(failure=a_stack(" \n"))), "failure")
    assert found.text == "boom"


@pytest.mark.parametrize("kind", ["yaml", "symbol", "array", "file", "integer", "base64Binary"])
def test_an_exception_is_never_called_as_gitlab_calls_an_instruction(kind: str) -> None:
    found = child(one(an_attempt(failure=a_stack(kind=kind))), "failure")
    assert found.get("type") == f"exception {kind}"


# Several attempts


def test_a_test_that_passed_in_the_end_keeps_its_failed_attempts() -> None:
    case = one(
        an_attempt(failure=a_stack(stdout="out", stderr="err")),
        an_attempt(Outcome.ERROR, Setting.SAME_PREFIX),
        PASSED,
    )
    assert tags(case) == ["properties", "flakyFailure", "flakyError"]
    first, second = case[1], case[2]
    assert first.get("message") == "attempt 1 (in-run): boom"
    assert first.get("type") == "ValueError"
    assert [(each.tag, each.text) for each in first] == [
        ("stackTrace", "Traceback: boom"), ("system-out", "out"), ("system-err", "err"),
    ]  # fmt: skip
    assert second.get("message") == "attempt 2 (same-prefix): boom"
    assert [(each.tag, each.text) for each in second] == [("stackTrace", "boom")]
    assert facts(case)["gates.attempts"] == "failed in-run, error same-prefix, passed isolated"
    assert facts(case)["gates.standing"] == "flaky"
    assert case.get("time") == "0.250"


def test_a_test_that_failed_for_good_has_one_failure_and_its_reruns() -> None:
    case = one(
        FAILED,
        an_attempt(setting=Setting.ISOLATED),
        an_attempt(Outcome.CRASHED, Setting.ISOLATED),
    )
    assert tags(case) == ["properties", "failure", "rerunFailure", "rerunError"]
    assert child(case, "failure").get("message") == "attempt 1 (in-run): boom"
    assert child(case, "rerunFailure").get("message") == "attempt 2 (isolated): boom"
    assert child(case, "rerunError").get("message") == "attempt 3 (isolated): boom"
    assert case.get("time") == "0.500"


def test_the_children_stand_in_the_order_of_surefires_schema() -> None:
    error = an_attempt(Outcome.ERROR, failure=a_stack(stdout="out"))
    assert tags(one(error, FAILED, error)) == [
        "properties", "rerunFailure", "error", "rerunError", "system-out",
    ]  # fmt: skip


def test_one_pass_among_failures_does_not_make_a_regression_pass() -> None:
    regression = Diagnosis(kind=FlakeClass.REGRESSION, why="it fails alone, too")
    assert tags(one(FAILED, PASSED, FAILED, diagnosis=regression)) == [
        "properties", "failure", "rerunFailure",
    ]  # fmt: skip


def test_a_flake_that_never_passed_does_not_look_passed() -> None:
    brittle = Diagnosis(kind=FlakeClass.ORDER_DEPENDENT, why="needs another", role=Role.BRITTLE)
    assert tags(one(FAILED, FAILED, diagnosis=brittle)) == ["properties", "failure", "rerunFailure"]


def test_what_was_diagnosed_is_told_in_properties_and_once_under_the_stack() -> None:
    diagnosis = Diagnosis(
        kind=FlakeClass.ORDER_DEPENDENT,
        why="it passes alone",
        role=Role.VICTIM,
        because=("a.py::first", "b.py::second"),
        probability=12.345,
        command="pytest a.py b.py",
    )
    case = one(FAILED, FAILED, PASSED, diagnosis=diagnosis, novelty=Novelty.NEW)
    assert facts(case) == {
        "gates.attempts": "failed in-run, failed in-run, passed isolated",
        "gates.standing": "flaky",
        "gates.novelty": "new",
        "gates.diagnosis": "order-dependent",
        "gates.why": "it passes alone",
        "gates.role": "victim",
        "gates.because": "a.py::first\nb.py::second",
        "gates.regression-percent": "12.3",
        "gates.command": "pytest a.py b.py",
    }
    assert [each.findtext("stackTrace") for each in case.iter("flakyFailure")] == [
        (
            "Traceback: boom\n\npytest-gates: order-dependent: it passes alone\n"
            "  because of a.py::first\n  because of b.py::second\n  reproduce: pytest a.py b.py"
        ),
        "Traceback: boom",
    ]


def test_the_bare_diagnosis_of_a_failure_stands_under_its_stack() -> None:
    regression = Diagnosis(kind=FlakeClass.REGRESSION, why="it fails alone, too")
    assert child(one(FAILED, FAILED, diagnosis=regression), "failure").text == (
        "Traceback: boom\n\npytest-gates: regression: it fails alone, too"
    )


# Quarantine


@pytest.mark.parametrize(
    "attempts, kept",
    [
        ((FAILED, PASSED), "flakyFailure"),
        ((FAILED, FAILED), "rerunFailure"),
        ((FAILED,), "rerunFailure"),
    ],
)
def test_a_quarantined_test_is_skipped_with_its_owner_and_keeps_its_attempts(
    attempts: tuple[Attempt, ...], kept: str
) -> None:
    case = one(*attempts, quarantine=(an_excuse(issue="SHOP-1"),))
    assert {*tags(case)} == {"properties", "skipped", kept}
    found = child(case, "skipped")
    assert found.get("type") == "gates.quarantined"
    assert found.get("message") == (
        "quarantined until 2026-11-30, owner @ana: races with the clock (SHOP-1)"
    )
    assert found.text == found.get("message")
    assert facts(case)["gates.standing"] == "quarantined"
    assert case.get("time") == "0.500"


def test_a_quarantined_test_that_heals_itself_did_not_pass_in_the_end() -> None:
    healed = an_attempt(Outcome.PASSED, Setting.IN_PROCESS)
    brittle = Diagnosis(kind=FlakeClass.ORDER_DEPENDENT, why="it needs itself", role=Role.BRITTLE)
    case = one(FAILED, healed, diagnosis=brittle, quarantine=(an_excuse(),))
    assert tags(case) == ["properties", "rerunFailure", "skipped"]


def test_an_entry_without_an_issue_needs_none() -> None:
    case = one(FAILED, quarantine=(an_excuse(),))
    assert child(case, "skipped").get("message", "").endswith("@ana: races with the clock")


def test_an_excuse_of_another_test_is_none() -> None:
    assert "failure" in tags(one(FAILED, quarantine=(an_excuse("t.py::test_other"),)))


def test_an_excuse_that_only_the_evidence_claims_is_not_believed() -> None:
    assert tags(one(FAILED, excused="@mallory")) == ["properties", "failure"]


def test_a_quarantined_test_that_passed_is_a_pass() -> None:
    assert tags(one(an_attempt(Outcome.PASSED), quarantine=(an_excuse(),))) == []


# No attempt


def test_a_deselected_test_is_not_listed() -> None:
    assert written(CaseRecord(nodeid=NODEID, deselected=True)).get("tests") == "0"


@pytest.mark.parametrize(
    "stopped, why", [(None, "not run: nobody knows why"), ("-x was given", "not run: -x was given")]
)
def test_a_test_that_was_not_run_does_not_look_passed(stopped: str | None, why: str) -> None:
    case = child(written(CaseRecord(nodeid=NODEID), stopped_early=stopped), "testcase")
    found = child(case, "skipped")
    assert (found.get("type"), found.get("message"), found.text) == ("gates.not-run", why, why)
    assert case.get("time") == "0.000"


def test_what_could_not_be_collected_is_an_error() -> None:
    error = CollectionError(nodeid="tests/test_pay.py", message="no module named shop")
    found = suite(a_report(evidence=an_evidence(tests=(), errors=(error,))))
    assert found.get("errors") == "1"
    case = child(found, "testcase")
    assert (case.get("classname"), case.get("name")) == ("", "tests.test_pay")
    assert case.get("file") == "tests/test_pay.py"
    assert child(case, "error").text == "collection failure\nno module named shop"


# Names


def names(*nodeids: str) -> list[tuple[str | None, str | None]]:
    tests = tuple(CaseRecord(nodeid=nodeid) for nodeid in nodeids)
    return [(case.get("classname"), case.get("name")) for case in written(*tests).iter("testcase")]


def test_tests_of_one_name_are_told_apart() -> None:
    same = ("a/b.py::test", "a.b.py::test", "a/b.py::test", "a/b.py::test #2", "a/b.py::test")
    assert [name for _, name in names(*same)] == [
        "test", "test #2", "test #3", "test #2 #2", "test #4",
    ]  # fmt: skip


def test_ids_that_differ_only_in_what_cannot_be_written_are_told_apart() -> None:
    assert names("t.py::t[\x00]", r"t.py::t[\x00]") == [("t", r"t[\x00]"), ("t", r"t[\x00] #2")]


def test_a_test_does_not_take_the_name_of_a_gate() -> None:
    report = a_report(a_gate(), evidence=an_evidence(tests=(CaseRecord(nodeid="gates.py::stub"),)))
    assert child(suite(report, 1), "testcase").get("name") == "stub"
    assert child(suite(report), "testcase").get("name") == "stub #2"


def test_an_id_of_100_kb_is_cut_and_stays_unique() -> None:
    long = "x" * 100_000
    (_, first), (_, second) = names(f"t.py::t[{long}a{long}]", f"t.py::t[{long}b{long}]")
    assert first != second
    assert first is not None
    assert len(first) < 1_100
    assert first.startswith("t[xxx")


def test_an_empty_id_has_a_name() -> None:
    assert names("") == [("", ".")]


# Time and place


@pytest.mark.parametrize("shard, name", [(None, "pytest"), ("e2e", "pytest e2e")])
def test_the_suite_is_named_for_the_shard(shard: str | None, name: str) -> None:
    assert written(shard=shard).get("name") == name


def test_a_run_that_did_not_end_took_as_long_as_its_attempts() -> None:
    assert written(a_case(attempts=(FAILED, PASSED)), finished=None).get("time") == "0.750"


def test_a_clock_that_went_back_makes_no_negative_time() -> None:
    started = a_run().started
    earlier = started.replace(year=2020)
    found = written(a_case(attempts=(an_attempt(seconds=-1.0),)), finished=earlier)
    assert found.get("time") == "0.000"
    assert child(found, "testcase").get("time") == "0.000"


def test_what_the_run_was_made_on_stands_in_its_properties() -> None:
    found = facts(written(selection=("-k pay", "one file"), stopped_early="-x was given"))
    assert found["gates.selection"] == "-k pay, one file"
    assert found["gates.stopped-early"] == "-x was given"


def test_without_a_commit_none_is_named() -> None:
    found = facts(written(checkout=Unavailable(why="no git", remedy="install it")))
    assert not {"gates.commit", "gates.uncommitted-changes"} & {*found}
