"""The vocabulary of JUnit XML: test cases, suites, properties, and names that are unique. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pytest_gates.model.finding import fingerprint_of
from pytest_gates.reporters.xml import element, escaped, legal

_MESSAGE_LIMIT = 500
_NAME_LIMIT = 1_000  # an id of 100 kB is a page of its own in every reader
# Surefire's schema is a sequence. `<properties>` is pytest's, and stands first there.
_ORDER = (
    "properties", "failure", "rerunFailure", "flakyFailure", "skipped", "error", "rerunError", "flakyError",
    "system-out", "system-err",
)  # fmt: skip

Parts = list[tuple[str, str]]
"""Children of a testcase: tag and XML."""


class Case(msgspec.Struct, frozen=True):
    """One `<testcase>`; `counts_as` is the attribute of the suite that it counts for, if any."""

    xml: str
    counts_as: str | None


class Names:
    """Gives out names; two tests of one class never get the same, for GitLab keeps only the last."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], int] = {}

    def of_test(self, nodeid: str) -> dict[str, str | None]:
        """As pytest writes them: `tests/t.py::TestA::test_b[1]` is `test_b[1]` of `tests.t.TestA`."""
        path, colons, inner = nodeid.partition("::")
        before, bracket, params = inner.partition("[")
        names = [
            path.replace("/", ".").removesuffix(".py"),
            *(before.split("::") if colons else ()),
        ]
        return self._unique(".".join(names[:-1]), (names[-1] + bracket + params) or ".")

    def of_gate(self, name: str) -> dict[str, str | None]:
        return self._unique("gates", name)

    def _unique(self, classname: str, name: str) -> dict[str, str | None]:
        wanted = (_short(legal(classname)), _short(legal(name)))
        count = self._given.get(wanted, 0)
        given = wanted
        while given in self._given:
            count += 1
            given = (wanted[0], f"{wanted[1]} #{count + 1}")
        self._given[given] = 0
        self._given[wanted] = count
        return {"classname": given[0], "name": given[1]}


def _short(name: str) -> str:
    """Cut in the middle; the digest of the whole keeps two long names apart."""
    if len(name) <= _NAME_LIMIT:
        return name
    half = _NAME_LIMIT // 2
    return f"{name[:half]}...{name[-half:]} ({fingerprint_of('', name, '')})"


def case_of(attributes: Mapping[str, str | None], parts: Parts) -> Case:
    """The parts in the order of Surefire's schema; at most one of them is a verdict."""
    ordered = sorted(parts, key=lambda part: _ORDER.index(part[0]))
    tags = {tag for tag, _ in parts}
    counted = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    return Case(
        element("testcase", attributes, *(xml for _, xml in ordered)),
        next((word for tag, word in counted.items() if tag in tags), None),
    )


def verdict_part(tag: str, kind: str, message: str, text: str = "") -> tuple[str, str]:
    """The message once more as text: GitLab shows the text only."""
    what = {"type": kind, "message": head(message)}
    return tag, element(tag, what, escaped("\n".join(one for one in (message, text) if one)))


def skipped_part(kind: str, message: str, text: str = "") -> tuple[str, str]:
    return verdict_part("skipped", kind, message if message.strip() else "skipped", text)


def suite_of(name: str, cases: tuple[Case, ...], seconds: float, started: str, facts: str) -> str:
    attributes = {
        "name": name,
        **counts_of(cases),
        "time": told_seconds(seconds),
        "timestamp": started,
    }
    return element("testsuite", attributes, f"\n{facts}\n", *(f"{one.xml}\n" for one in cases))


def counts_of(cases: tuple[Case, ...]) -> dict[str, str | None]:
    found = [one.counts_as for one in cases]
    return {
        "tests": str(len(cases)),
        **{word: str(found.count(word)) for word in ("failures", "errors", "skipped")},
    }


def told_seconds(seconds: float) -> str:
    return f"{max(0.0, seconds):.3f}"


def property_list(values: Mapping[str, str | None]) -> str:
    """Empty when there is none."""
    found = [
        element("property", {"name": name, "value": value})
        for name, value in values.items()
        if value is not None
    ]
    return element("properties", {}, *found) if found else ""


def head(text: str) -> str:
    return text if len(text) <= _MESSAGE_LIMIT else f"{text[:_MESSAGE_LIMIT]}..."
