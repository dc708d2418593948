"""Which test executes which lines, by the contexts of our own measurement: on any Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from pytest_gates.adapters.covering_contexts import ContextRecorder, start_contexts
from pytest_gates.changes.covering import by_line
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.patch import CoveringRecord
from support.measuring import SHOP, known, measured, write

WATCHED = """
    from pytest_gates.adapters.covering_contexts import start_contexts
    measurement = Measurement(root, branches=False, source=(), contexts=True)
    recorder = start_contexts(measurement, ("src/shop.py", "src/absent.py"))
    import shop
    recorder.begin("one")
    shop.price("tea")
    recorder.begin("two|x")
    label = measurement.set_apart()
    shop.price("coffee")
    measurement.end_apart(counts=False)
    shop.unsold()
    recorder.begin(None)
    (root / "record.json").write_bytes(msgspec.json.encode(recorder.end()))
    show(measurement)
"""


def lines_of(record: CoveringRecord) -> dict[str, set[int]]:
    """By test, "" for none, the lines that it executed."""
    found: dict[str, set[int]] = {}
    for line, who in by_line(record.files["src/shop.py"]).items():
        for test in who.tests:
            found.setdefault(record.tests[test], set()).add(line)
        if who.outside:
            found.setdefault("", set()).add(line)
    return found


@pytest.mark.parametrize("fixed", ["", "[run]\ncontext = ci|x\n"], ids=["plain", "fixed context"])
def test_each_line_belongs_to_the_tests_that_run_it(tmp_path: Path, fixed: str) -> None:
    """An attempt that may not count is still this test's."""
    root = write(tmp_path / "p", {"src/shop.py": SHOP, ".coveragerc": fixed})
    facts = measured(root, WATCHED)
    record = msgspec.json.decode((root / "record.json").read_bytes(), type=CoveringRecord)
    assert record.tests == ("one", "two|x")
    assert list(record.files) == ["src/shop.py"]
    assert lines_of(record) == {"": {1, 7}, "one": {2, 3}, "two|x": {2, 4, 8}}
    assert known(facts).files[0].missing == ()


class FakeMeasurement:
    """Says what it was told to say."""

    def __init__(
        self,
        why: str | None = None,
        lines: dict[str, dict[int, tuple[str, ...]]] | Unavailable | None = None,
    ) -> None:
        self._why = why
        self._lines = lines
        self.begun: list[str] = []

    def why_no_contexts(self) -> str | None:
        return self._why

    def begin_context(self, name: str) -> None:
        self.begun.append(name)

    def lines_by_context(
        self, paths: Sequence[str]
    ) -> dict[str, dict[int, tuple[str, ...]]] | Unavailable:
        assert self._lines is not None
        assert isinstance(self._lines, Unavailable) or set(paths) >= set(self._lines)
        return self._lines


@pytest.mark.parametrize(
    "measurement, why",
    [(None, "no gate measures coverage"), (FakeMeasurement("pytest-cov measures"), "pytest-cov")],
)
def test_a_measurement_that_cannot_tell_tests_apart_is_told(
    measurement: FakeMeasurement | None, why: str
) -> None:
    found = start_contexts(measurement, ("a.py",))
    assert isinstance(found, Unavailable)
    assert why in found.why


def test_what_the_measurement_cannot_tell_is_unknown() -> None:
    lost = Unavailable(why="the data is broken", remedy="run again")
    assert ContextRecorder(FakeMeasurement(lines=lost), ("a.py",)).end() is lost


def test_tests_begin_and_end_as_contexts() -> None:
    measurement = FakeMeasurement(lines={})
    recorder = start_contexts(measurement, ("a.py",))
    assert isinstance(recorder, ContextRecorder)
    recorder.begin("one")
    recorder.begin("two\nlines")
    recorder.begin(None)
    assert measurement.begun == ["one", "gates-test-1", ""]


REFUSALS = """
    measurement = Measurement(root, branches=False, source=(), contexts=CONTEXTS)
    why = measurement.why_no_contexts()
    (root / "why").write_text(str(why))
    measurement.stop()
    assert measurement.why_no_contexts()
    import shop
    show(measurement)
"""


@pytest.mark.parametrize(
    "settings, contexts, words",
    [
        ("", True, "None"),
        ("[run]\ndynamic_context = test_function\n", True, "dynamic_context"),
        ("[run]\ncore = pytrace\n", True, "None"),
    ],
    ids=["plain", "own contexts", "own core"],
)
def test_a_measurement_knows_why_it_cannot(
    tmp_path: Path, settings: str, contexts: bool, words: str
) -> None:
    root = write(tmp_path / "p", {"src/shop.py": SHOP, ".coveragerc": settings})
    measured(root, REFUSALS.replace("CONTEXTS", str(contexts)))
    assert words in (root / "why").read_text(encoding="utf-8")
