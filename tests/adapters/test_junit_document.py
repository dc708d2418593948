"""Runs come out of JUnit XML as they were: node ids, attempts, times; hostile documents are refused."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from pytest_gates.adapters import junit_document
from pytest_gates.adapters.junit_document import Document, JunitError, NodeIds, read_document
from pytest_gates.model.case import Attempt, Diagnosis, Failure, FlakeClass, Outcome, Setting
from pytest_gates.reporters.junit import render
from support.evidence import a_case, a_report, a_run, an_evidence

P, F, E = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR

NO_FILES = NodeIds(lambda path: False)


def read(text: str | bytes, nodeids: NodeIds = NO_FILES) -> Document:
    content = dedent(text).strip().encode() if isinstance(text, str) else text
    return read_document(io.BytesIO(content), nodeids)


def case(inner: str = "", attributes: str = 'classname="t" name="test_a" time="1.5"') -> Document:
    return read(f"<testsuite><testcase {attributes}>{inner}</testcase></testsuite>")


def outcomes(document: Document) -> dict[str, list[Outcome]]:
    """Of all tests, in the order of the document within clean ones and others."""
    return {
        **{nodeid: [P] for nodeid in document.clean},
        **{one.nodeid: [attempt.outcome for attempt in one.attempts] for one in document.eventful},
    }


# --- what pytest writes -------------------------------------------------------------------------------

SUITE = {
    "test_top.py": """
        import pytest
        def test_plain(): pass
        @pytest.mark.parametrize("x", [1, "a::b", "c.d[e]"])
        def test_many(x): pass
        def test_bad(): assert 1 == 2, "one is two"
        @pytest.mark.skip(reason="why")
        def test_skipped(): pass
        @pytest.mark.xfail
        def test_expected(): assert False
        @pytest.mark.xfail
        def test_unexpected(): pass
        """,
    "tests/unit/test_deep.py": """
        import pytest
        class TestOuter:
            class TestInner:
                def test_in(self): pass
        @pytest.fixture
        def broken(): raise OSError("no disk")
        def test_setup(broken): pass
        @pytest.fixture
        def breaks_late():
            yield
            raise OSError("late")
        def test_teardown(breaks_late): pass
        def test_both(breaks_late): assert False
        """,
    "tests/Capital/test_case.py": "def test_it(): pass",
    "src/pkg/mod.py": "def f():\n    '''\n    >>> f()\n    '''\n",
    "docs/intro.txt": ">>> 1\n1\n",
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("suite")
    for name, text in SUITE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\n", encoding="ascii")
    return root


def run(root: Path, *words: str) -> str:
    argv = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:asyncio")
    done = subprocess.run(
        [sys.executable, *argv, "--doctest-modules", "--doctest-glob=*.txt", *words],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_the_node_ids_and_outcomes_of_pytest_come_back(
    suite: Path, tmp_path: Path, family: str
) -> None:
    file = tmp_path / "junit.xml"
    run(suite, f"--junit-xml={file}", "-o", f"junit_family={family}")
    document = read(file.read_bytes(), NodeIds(lambda path: (suite / path).is_file()))
    told = outcomes(document)
    listed = [line for line in run(suite, "--collect-only").splitlines() if "::" in line]
    assert sorted(told) == sorted(listed)
    deep, top = "tests/unit/test_deep.py::test_", "test_top.py::test_"
    assert {nodeid: found for nodeid, found in told.items() if found != [P]} == {
        f"{top}bad": [F],
        f"{top}skipped": [Outcome.SKIPPED],
        f"{top}expected": [Outcome.XFAILED],
        f"{deep}setup": [E],
        f"{deep}teardown": [E],
        f"{deep}both": [F],
    }
    (bad,) = (one for one in document.eventful if one.nodeid.endswith("test_bad"))
    assert (bad.attempts[0].message or "").startswith("AssertionError: one is two")
    assert document.started is not None
    assert document.started.utcoffset() == dt.timedelta(0)
    assert document.left_out == {}


def test_a_file_that_could_not_be_collected_is_no_test(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import no_such_module", encoding="ascii")
    (tmp_path / "test_good.py").write_text("def test_it(): pass", encoding="ascii")
    run(tmp_path, "--junit-xml=junit.xml", "--continue-on-collection-errors", "--rootdir=.")
    document = read((tmp_path / "junit.xml").read_bytes())
    assert outcomes(document) == {"test_good.py::test_it": [P]}
    assert document.left_out == {"files that could not be collected": 1}


# --- the rule -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "classname, file, files, path",
    [
        ("tests.test_a.TestB", "tests/test_a.py", (), "tests/test_a.py::TestB"),
        ("tests.test_a.TestB", "tests\\test_a.py", (), "tests/test_a.py::TestB"),
        ("tests.test_a", "tests/test_a.py", (), "tests/test_a.py"),
        ("tests.test_a.TestB", "tests/other.py", (), "tests/test_a.py::TestB"),
        ("tests.test_a.TestB", "", ("tests/test_a.py",), "tests/test_a.py::TestB"),
        ("a.b.c", "", ("a.py", "a/b.py"), "a/b.py::c"),
        ("docs.intro.txt", "", ("docs/intro.txt",), "docs/intro.txt"),
        ("tests.Upper.test_a", "", ("tests/Upper/test_a.py",), "tests/Upper/test_a.py"),
        ("tests.test_gone.TestB.TestC", "", (), "tests/test_gone.py::TestB::TestC"),
        ("org.example.ShopTest", "", (), "org/example.py::ShopTest"),
        ("ShopTest", "", (), "ShopTest.py::ShopTest"),
        ("", "", (), ".py"),
    ],
)
def test_a_node_id_is_rebuilt_from_class_name_and_file(
    classname: str, file: str, files: tuple[str, ...], path: str
) -> None:
    nodeids = NodeIds(lambda one: one in files)
    assert nodeids.of(classname, "test_x[1]", file) == f"{path}::test_x[1]"


# --- Surefire, rerunfailures and our own --------------------------------------------------------------


@pytest.mark.parametrize(
    "inner, expected",
    [
        ("<flakyFailure message='m' type='t'/>", [F, P]),
        ("<flakyError/><flakyFailure/>", [E, F, P]),
        ("<failure/><rerunFailure/><rerunError/>", [F, F, E]),
        ("<error/>", [E]),
        ("<failure/><system-out>x</system-out>", [F]),
        ("<skipped/>", [Outcome.SKIPPED]),
        ("<skipped type='pytest.xfail'/>", [Outcome.XFAILED]),
        ("<system-out>x</system-out>", [P]),
    ],
)
def test_every_attempt_of_surefire_is_read(inner: str, expected: list[Outcome]) -> None:
    assert list(outcomes(case(inner)).values()) == [expected]


def test_a_test_that_occurs_again_was_tried_again() -> None:
    one = '<testcase classname="t" name="test_{}"/>'
    bad = '<testcase classname="t" name="test_{}"><failure message="m"/></testcase>'
    document = read(
        f"<testsuite>{bad.format('a')}{one.format('b')}{one.format('a')}{one.format('b')}</testsuite>"
    )
    assert outcomes(document) == {"t.py::test_b": [P], "t.py::test_a": [F, P]}
    assert [one.setting for one in document.eventful[0].attempts] == [
        Setting.IN_RUN,
        Setting.IN_PROCESS,
    ]


def test_our_own_report_comes_back_with_all_that_was_found_out() -> None:
    failure = Failure(signature="s", kind="AssertionError", phase="call")
    bad = Attempt(outcome=F, seconds=0.5, message="boom", failure=failure)
    alone = Attempt(outcome=P, setting=Setting.ISOLATED)
    told = Diagnosis(kind=FlakeClass.ORDER_DEPENDENT, why="passes alone")
    tests = (
        a_case("tests/test_a.py::TestA::test_flaky", attempts=(bad, alone), diagnosis=told),
        a_case("tests/test_a.py::test_red", attempts=(bad,)),
        a_case("tests/test_a.py::test_crashed", Outcome.CRASHED),
        a_case("tests/test_a.py::test_lost", Outcome.INTERRUPTED),
        a_case("tests/test_a.py::test_not_run", attempts=()),
        a_case("tests/test_a.py::test_green[a::b]"),
    )
    report = a_report(evidence=an_evidence(tests=tests, run=a_run(id="run-7")))
    document = read(render(report))
    assert outcomes(document) == {
        "tests/test_a.py::test_green[a::b]": [P],
        "tests/test_a.py::TestA::test_flaky": [F, P],
        "tests/test_a.py::test_red": [F],
        "tests/test_a.py::test_crashed": [Outcome.CRASHED],
        "tests/test_a.py::test_lost": [Outcome.INTERRUPTED],
    }
    flaky = document.eventful[0]
    assert flaky.diagnosis == told
    assert [one.setting for one in flaky.attempts] == [Setting.IN_RUN, Setting.ISOLATED]
    assert document.run == "run-7"
    assert document.commit == a_run().checkout.commit  # type: ignore[union-attr]
    assert document.started == a_run().started
    assert document.left_out == {"verdicts of gates": 1, "that were not run": 1}


@pytest.mark.parametrize(
    "inner, expected",
    [
        ("<flakyFailure/>", [F, P]),
        ("<rerunFailure/><rerunError/>", [F, E]),
        ("", [F]),
    ],
)
def test_a_quarantined_failure_is_a_failure(inner: str, expected: list[Outcome]) -> None:
    found = case(f"<skipped type='gates.quarantined'/>{inner}")
    assert list(outcomes(found).values()) == [expected]


@pytest.mark.parametrize("text", ["passed elsewhere", "nonsense", "passed in-run,failed", ", "])
def test_attempts_that_are_not_understood_are_read_from_the_elements(text: str) -> None:
    inner = f"<properties><property name='gates.attempts' value='{text}'/></properties><failure/>"
    assert list(outcomes(case(inner)).values()) == [[F]]


# --- numbers and times --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "time, seconds",
    [("1.5", 1.5), ("1,234.5", 1234.5), ("", 0), ("x", 0), ("nan", 0), ("inf", 0), ("-1", 0)],
)
def test_a_time_that_is_no_number_is_none(time: str, seconds: float) -> None:
    found = case("", f'classname="t" name="test_a" time="{time}"')
    assert found.clean == {"t.py::test_a": seconds}


@pytest.mark.parametrize(
    "texts, started",
    [
        (["2026-11-20T12:00:00+01:00"], dt.datetime(2026, 11, 20, 11, tzinfo=dt.UTC)),
        (["2026-11-20T12:00:00"], dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)),
        (
            ["2026-11-20T12:00:00Z", "2026-11-20T10:00:00Z"],
            dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC),
        ),
        (["yesterday", ""], None),
        (["0001-01-01T00:00:00+23:00"], None),
    ],
)
def test_a_run_began_with_its_first_suite(texts: list[str], started: dt.datetime | None) -> None:
    suites = "".join(f'<testsuite timestamp="{text}"/>' for text in texts)
    assert read(f"<testsuites>{suites}</testsuites>").started == started


# --- hostile documents --------------------------------------------------------------------------------

BOMB = """<?xml version="1.0"?><!DOCTYPE bomb [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
<testsuite><testcase name="&b;"/></testsuite>"""
FETCH = """<!DOCTYPE t [<!ENTITY file SYSTEM "file:///etc/passwd">]><testsuite name="&file;"/>"""


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "no XML"),
        ("<testsuite><testcase", "no XML"),
        ("not xml", "no XML"),
        (b"\xff\xfe\x00", "no XML"),
        (b'<?xml version="1.0" encoding="klingon"?><testsuite/>', "no XML|cannot be decoded"),
        ("<html><body/></html>", "outermost"),
        ("<testcase name='a'/>", "outermost"),
        (BOMB, "document type"),
        (FETCH, "document type"),
        ("<testsuite>" * 60 + "</testsuite>" * 60, "lie in each other"),
        (
            "<testsuite>" + "<testcase name='a'><failure/></testcase>" * 101 + "</testsuite>",
            "101|100 times",
        ),
    ],
    ids=range(11),
)
def test_a_document_that_is_no_report_is_refused(text: str | bytes, why: str) -> None:
    with pytest.raises(JunitError, match=why):
        read(text)


def test_a_document_of_too_many_tests_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit_document, "MOST_TESTS", 2)
    cases = "".join(f"<testcase classname='t' name='{number}'/>" for number in range(3))
    with pytest.raises(JunitError, match="more than 2 tests"):
        read(f"<testsuite>{cases}</testsuite>")


def test_what_is_no_test_is_counted() -> None:
    document = read(
        f"""
        <testsuites><testsuite name="x">
          <testcase classname="t" name=""/>
          <testcase classname="t"/>
          <testcase classname="t" name="{"n" * 5000}"/>
          <testcase classname="gates" name="coverage"/>
        </testsuite><testsuite name="gates"><testcase classname="gates" name="coverage"/></testsuite>
        </testsuites>
        """
    )
    assert list(document.clean) == ["gates.py::coverage"]
    assert document.left_out == {
        "without a name": 2,
        "with names of more than 4000 characters": 1,
        "verdicts of gates": 1,
    }


def test_a_name_space_changes_nothing() -> None:
    found = read(
        '<testsuite xmlns="urn:x"><testcase classname="t" name="a"><failure/></testcase></testsuite>'
    )
    assert outcomes(found) == {"t.py::a": [F]}


def test_a_message_is_one_line_without_control_characters() -> None:
    found = case("<failure message='one &#x202e; two&#10;three'/>")
    assert found.eventful[0].attempts[0].message == "one \\u202e two"
