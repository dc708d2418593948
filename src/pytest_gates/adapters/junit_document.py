"""Read one JUnit XML document as a run: which tests, which attempts. Effects: looks whether files exist.

Understood are pytest's own reports, ours, and Surefire's `flakyFailure` and `rerunFailure` (its
`surefire-test-report-3.0.xsd`). Nothing in a document can make the reader fetch or expand anything.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError  # nosec B405 - types alone: defusedxml parses

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from pytest_gates.model.case import BAD_OUTCOMES, Attempt, Diagnosis, FlakeClass, Outcome, Setting
from pytest_gates.model.history import EventfulTest
from pytest_gates.model.text import first_line

MOST_TESTS = 1_000_000
_DEEPEST = 50
_MOST_ATTEMPTS = 100
_LONGEST_NODEID = 4000
_LONGEST_MESSAGE = 400

_VERDICTS = {"failure": Outcome.FAILED, "error": Outcome.ERROR, "skipped": Outcome.SKIPPED}
# Surefire: the attempts before the one that passed, and those after the one that failed.
_EARLIER = {"flakyFailure": Outcome.FAILED, "flakyError": Outcome.ERROR}
_LATER = {"rerunFailure": Outcome.FAILED, "rerunError": Outcome.ERROR}


class JunitError(Exception):
    """A document that is no JUnit XML, or too much of it; its text says which."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One run. What it does not say is None; `run` and `commit` are said by our own reports only.

    `clean` are seconds of the tests that passed at once, `eventful` all others, both by the order of the
    document. `left_out` counts elements by why they are no test that could be told apart.
    """

    run: str | None
    commit: str | None
    started: dt.datetime | None
    clean: dict[str, float]
    eventful: tuple[EventfulTest, ...]
    left_out: dict[str, int]


class NodeIds:
    """Rebuilds node ids; `is_file` says whether the project has such a file, POSIX, relative.

    pytest joins the path of the file (slashes as dots, without `.py`) and the classes into `classname`;
    the last part of the node id is `name`. Where `file` fits the beginning of `classname`, it is the
    path; the rest are classes. Else the longest beginning that is a file of the project is the path.
    Else the classes begin at the first part that begins with a capital.
    """

    def __init__(self, is_file: Callable[[str], bool]) -> None:
        self._is_file = is_file
        self._known: dict[tuple[str, str], str] = {}

    def of(self, classname: str, name: str, file: str) -> str:
        key = (classname, file)
        if key not in self._known:
            self._known[key] = "::".join(self._parts(classname, file.replace("\\", "/")))
        return f"{self._known[key]}::{name}"

    def _parts(self, classname: str, file: str) -> list[str]:
        dotted = file.removesuffix(".py").replace("/", ".")
        if file and (classname == dotted or classname.startswith(f"{dotted}.")):
            rest = classname[len(dotted) + 1 :]
            return [file, *(rest.split(".") if rest else ())]
        parts = classname.split(".")
        for count in range(len(parts), 0, -1):
            for path in _paths(parts[:count]):
                if self._is_file(path):
                    return [path, *parts[count:]]
        count = next((at for at, one in enumerate(parts) if one[:1].isupper()), len(parts))
        # A class without a module, as Java has them in the default package, is its own file.
        module = "/".join(parts[:count]) or parts[0]
        return [f"{module}.py", *parts[count:]]


def _paths(parts: list[str]) -> Iterator[str]:
    yield "/".join(parts) + ".py"
    if len(parts) > 1:  # doctests: `docs.intro.txt` is docs/intro.txt
        yield "/".join(parts[:-1]) + f".{parts[-1]}"


class Reading:
    """What was read of a document so far."""

    def __init__(self, nodeids: NodeIds) -> None:
        self._nodeids = nodeids
        self._started: dt.datetime | None = None
        self._facts: dict[str, str] = {}
        self._tests: dict[str, list[Attempt]] = {}
        self._diagnoses: dict[str, Diagnosis] = {}
        self._left_out: dict[str, int] = {}

    def suite(self, element: Element) -> None:
        moment = _moment(element.get("timestamp"))
        if moment is not None and (self._started is None or moment < self._started):
            self._started = moment

    def property(self, element: Element) -> None:
        """Of a suite; of two with one name the first."""
        self._facts.setdefault(element.get("name", ""), element.get("value", ""))

    def test(self, element: Element, suite: Element) -> None:
        why = _why_no_test(element, suite)
        if why is not None:
            self._left_out[why] = self._left_out.get(why, 0) + 1
            return
        nodeid = self._nodeids.of(
            element.get("classname", ""), element.get("name", ""), element.get("file", "")
        )
        told = _properties(element)
        _add(self._tests.setdefault(nodeid, []), _attempts(element, told))
        if len(self._tests) > MOST_TESTS:
            raise JunitError(f"it holds more than {MOST_TESTS} tests")
        if told.get("gates.diagnosis") in set(FlakeClass):
            kind = FlakeClass(told["gates.diagnosis"])
            self._diagnoses[nodeid] = Diagnosis(kind=kind, why=told.get("gates.why", ""))

    def document(self) -> Document:
        clean: dict[str, float] = {}
        eventful: list[EventfulTest] = []
        for nodeid, attempts in self._tests.items():
            diagnosis = self._diagnoses.get(nodeid)
            if len(attempts) == 1 and attempts[0].passed and diagnosis is None:
                clean[nodeid] = attempts[0].seconds
            else:
                eventful.append(
                    EventfulTest(nodeid=nodeid, attempts=tuple(attempts), diagnosis=diagnosis)
                )
        return Document(
            run=self._facts.get("gates.run") or None,
            commit=self._facts.get("gates.commit") or None,
            started=self._started,
            clean=clean,
            eventful=tuple(eventful),
            left_out=self._left_out,
        )


def read_document(stream: IO[bytes], nodeids: NodeIds) -> Document:
    """Raises JunitError."""
    try:
        return _read(stream, Reading(nodeids))
    except DefusedXmlException as why:
        raise JunitError("it declares a document type or entities, as no report does") from why
    except ParseError as why:
        raise JunitError(f"it is no XML: {why}") from why
    except (ValueError, LookupError) as why:  # encodings that Python does not know
        raise JunitError(f"it cannot be decoded: {why}") from why


def _read(stream: IO[bytes], reading: Reading) -> Document:
    above: list[Element] = []
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        element.tag = element.tag.rpartition("}")[2]
        if event == "start":
            if not above and element.tag not in {"testsuites", "testsuite"}:
                raise JunitError("its outermost element is neither <testsuites> nor <testsuite>")
            if element.tag == "testsuite":
                reading.suite(element)
            above.append(element)
            if len(above) > _DEEPEST:
                raise JunitError(f"more than {_DEEPEST} of its elements lie in each other")
            continue
        above.pop()
        if element.tag == "property" and "testcase" not in {one.tag for one in above}:
            reading.property(element)
        if element.tag == "testcase":
            reading.test(element, above[-1])
            # What was read is not kept: a report may be larger than memory is.
            above[-1].remove(element)
    return reading.document()


def _moment(text: str | None) -> dt.datetime | None:
    """In UTC, which is also what a time without a zone is taken for."""
    try:
        found = dt.datetime.fromisoformat(text or "")
        return found.replace(tzinfo=found.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _why_no_test(element: Element, suite: Element) -> str | None:
    name = element.get("name", "")
    if suite.get("name") == element.get("classname") == "gates":
        return "verdicts of gates"
    if not name:
        return "without a name"
    if sum(len(element.get(one, "")) for one in ("classname", "name", "file")) > _LONGEST_NODEID:
        return f"with names of more than {_LONGEST_NODEID} characters"
    for child in element:
        kind, message = child.get("type"), child.get("message")
        if child.tag == "error" and (
            kind == "gates.collection-error" or message == "collection failure"
        ):
            return "files that could not be collected"
        if child.tag == "skipped" and (kind == "gates.not-run" or message == "collection skipped"):
            return "that were not run"
    return None


def _properties(element: Element) -> dict[str, str]:
    return {one.get("name", ""): one.get("value", "") for one in element.iterfind("properties/*")}


def _attempts(element: Element, told: dict[str, str]) -> list[Attempt]:
    """First one first, never empty. Our own reports say it in a property, others by elements."""
    seconds = _seconds(element.get("time"))
    message = next(
        (one.get("message") for one in element if one.tag in {*_VERDICTS, *_EARLIER, *_LATER}), None
    )
    known = _told_attempts(told.get("gates.attempts"))
    if not known:
        known = [(outcome, Setting.IN_RUN) for outcome in _outcomes(element)]
        known[1:] = [(outcome, Setting.IN_PROCESS) for outcome, _ in known[1:]]
    return [
        Attempt(
            outcome=outcome,
            seconds=seconds,
            setting=setting,
            message=first_line(message, _LONGEST_MESSAGE)
            if message and outcome in BAD_OUTCOMES
            else None,
        )
        for outcome, setting in known
    ]


def _told_attempts(text: str | None) -> list[tuple[Outcome, Setting]]:
    """`failed in-run, passed isolated`; empty where it is not there or not understood."""
    try:
        pairs = [one.split(" ") for one in text.split(", ")] if text else []
        return [(Outcome(outcome), Setting(setting)) for outcome, setting in pairs]
    except ValueError:
        return []


def _outcomes(element: Element) -> list[Outcome]:
    earlier = [_EARLIER[one.tag] for one in element if one.tag in _EARLIER]
    later = [_LATER[one.tag] for one in element if one.tag in _LATER]
    verdict = next((one for one in element if one.tag in _VERDICTS), None)
    if verdict is None:
        return [*earlier, Outcome.PASSED, *later]
    if verdict.get("type") == "gates.quarantined":  # told as skipped, so that nobody sees red
        return [*earlier, Outcome.PASSED] if earlier else later or [Outcome.FAILED]
    return [*earlier, _outcome(verdict), *later]


def _outcome(verdict: Element) -> Outcome:
    kind = verdict.get("type", "")
    if kind == "pytest.xfail":
        return Outcome.XFAILED
    if verdict.tag == "error" and kind in {Outcome.CRASHED, Outcome.INTERRUPTED}:
        return Outcome(kind)
    return _VERDICTS[verdict.tag]


def _add(known: list[Attempt], more: list[Attempt]) -> None:
    """The same test once more: reruns are attempts, what says nothing new is left away."""
    if not known:
        known.extend(more)
    elif all(one.passed for one in (*known, *more)):
        known[:] = known[:1]
    elif known[-1].outcome is Outcome.FAILED and [one.outcome for one in more] == [Outcome.ERROR]:
        pass  # pytest: the call failed, and then the tear-down of the same attempt
    else:
        known.extend(msgspec.structs.replace(one, setting=Setting.IN_PROCESS) for one in more)
    if len(known) > _MOST_ATTEMPTS:
        raise JunitError(f"one of its tests occurs more than {_MOST_ATTEMPTS} times")


def _seconds(text: str | None) -> float:
    """0 where there is no number: how long a test took decides nothing."""
    try:
        found = float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
    return found if math.isfinite(found) and found > 0 else 0.0
