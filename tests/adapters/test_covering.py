"""Which test executes which lines, by sys.monitoring; what one Python cannot do is played by a stand-in."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import pytest

from pytest_gates.adapters.covering import TOOL, LineRecorder, start_recorder
from pytest_gates.changes.covering import by_line
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.patch import CoveringRecord

needs_monitoring = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="sys.monitoring came with Python 3.12"
)
CODE = """
    def price(kind):
        if kind == "tea":
            return 3
        return 4

    def total(kinds):
        def one(kind):
            return price(kind)
        return sum(one(kind) for kind in kinds)

    def steps():
        yield 1
        yield 2
"""
PRICE = {2, 3}
"""Lines of `price("tea")`."""


class FakeMonitoring:
    """sys.monitoring as far as a recorder asks it. `run` plays code that executes these lines."""

    DISABLE = object()
    events = SimpleNamespace(PY_START=1, LINE=2)

    def __init__(self, *taken: int) -> None:
        self.owner: dict[int, str] = dict.fromkeys(taken, "somebody")
        self.callbacks: dict[tuple[int, int], Callable[..., Any] | None] = {}
        self.watched: dict[int, int] = {}
        self.started: set[int] = set()
        self.silent: set[tuple[int, int]] = set()

    def use_tool_id(self, tool: int, name: str) -> None:
        if tool in self.owner:
            raise ValueError(f"tool {tool} is in use")
        self.owner[tool] = name

    def free_tool_id(self, tool: int) -> None:
        del self.owner[tool]

    def get_tool(self, tool: int) -> str | None:
        return self.owner.get(tool)

    def register_callback(self, tool: int, event: int, call: Callable[..., Any] | None) -> None:
        self.callbacks[tool, event] = call

    def set_events(self, tool: int, _events: int) -> None:
        self.get_tool(tool)

    def set_local_events(self, tool: int, code: CodeType, events: int) -> None:
        if tool not in self.owner:
            raise ValueError(f"tool {tool} is not in use")
        if not events:
            self.silent = {one for one in self.silent if one[0] != id(code)}
        self.watched[id(code)] = events

    def run(self, code: CodeType, *lines: int, tool: int = 4) -> None:
        start, tell = (self.callbacks[tool, event] for event in (1, 2))
        if start is not None and id(code) not in self.started:
            self.started.add(id(code))
            assert start(code, 0) is self.DISABLE
        for line in lines:
            told = (id(code), line)
            if tell is not None and self.watched.get(id(code)) and told not in self.silent:
                assert tell(code, line) is self.DISABLE
                self.silent.add(told)


def code_of(path: Path | str) -> CodeType:
    return compile("x = 1", str(path), "exec")


def told(recorder: LineRecorder) -> CoveringRecord:
    found = recorder.end()
    assert isinstance(found, CoveringRecord), found
    return found


def lines_of(record: CoveringRecord, path: str = "a.py") -> dict[str, set[int]]:
    """By test, "" for none, the lines that it executed."""
    found: dict[str, set[int]] = {}
    for line, who in by_line(record.files.get(path, ())).items():
        for test in who.tests:
            found.setdefault(record.tests[test], set()).add(line)
        if who.outside:
            found.setdefault("", set()).add(line)
    return found


def watching(root: Path, monitoring: FakeMonitoring, *paths: str) -> LineRecorder:
    monitoring.use_tool_id(4, TOOL)
    return LineRecorder(monitoring, 4, root, paths)


def test_each_line_belongs_to_the_tests_that_run_it(tmp_path: Path) -> None:
    fake = FakeMonitoring()
    recorder = watching(tmp_path, fake, "a.py")
    ours, other = code_of(tmp_path / "a.py"), code_of(tmp_path / "sub" / "a.py")
    fake.run(ours, 1, 2, 65)
    recorder.begin("one")
    fake.run(ours, 2, 3, 2)
    fake.run(other, 7)
    recorder.begin("two")
    recorder.begin("three")
    fake.run(ours, 2, 3)
    recorder.begin(None)
    fake.run(ours, 9)
    record = told(recorder)
    assert record.tests == ("one", "two", "three")
    assert lines_of(record) == {"": {1, 2, 65, 9}, "one": {2, 3}, "three": {2, 3}}
    assert list(record.files) == ["a.py"]
    assert fake.owner == {}
    assert not fake.watched[id(ours)]


@pytest.mark.parametrize("name", ["a.py", "sub/../a.py"])
def test_a_file_is_known_by_a_relative_name_wherever_the_test_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "sub").mkdir()
    fake = FakeMonitoring()
    recorder = watching(tmp_path, fake, "a.py")
    monkeypatch.chdir(tmp_path / "sub")
    fake.run(code_of(name), 1)
    assert lines_of(told(recorder)) == {"": {1}}


def test_equal_code_of_two_files_is_two(tmp_path: Path) -> None:
    fake = FakeMonitoring()
    recorder = watching(tmp_path, fake, "a.py", "b.py")
    one, two = code_of(tmp_path / "a.py"), code_of(tmp_path / "b.py")
    assert one == two
    recorder.begin("first")
    fake.run(one, 1)
    recorder.begin("second")
    fake.run(two, 1)
    recorder.begin("third")
    fake.run(one, 1)
    record = told(recorder)
    assert lines_of(record) == {"first": {1}, "third": {1}}
    assert lines_of(record, "b.py") == {"second": {1}}


def test_a_file_that_was_never_run_is_not_in_the_record(tmp_path: Path) -> None:
    assert told(watching(tmp_path, FakeMonitoring(), "a.py")).files == {}


@pytest.mark.parametrize("again", [False, True], ids=["freed", "freed while lines are told"])
def test_a_tool_that_was_taken_away_is_no_record(tmp_path: Path, again: bool) -> None:
    fake = FakeMonitoring()
    recorder = watching(tmp_path, fake, "a.py")
    fake.run(code_of(tmp_path / "a.py"), 1)
    fake.free_tool_id(4)
    if again:
        recorder.begin("one")
        fake.use_tool_id(4, TOOL)
    found = recorder.end()
    assert isinstance(found, Unavailable)
    assert "took our tool" in found.why


def test_a_python_without_monitoring_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "monitoring", raising=False)
    found = start_recorder(Path(), ("a.py",))
    assert isinstance(found, Unavailable)
    assert "contexts" in found.remedy


def test_another_number_is_taken_where_ours_is_not_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeMonitoring(4)
    monkeypatch.setattr(sys, "monitoring", fake, raising=False)
    recorder = start_recorder(tmp_path, ("a.py",))
    assert isinstance(recorder, LineRecorder)
    assert fake.owner == {4: "somebody", 3: TOOL}
    full = start_recorder(tmp_path, ("a.py",)), start_recorder(tmp_path, ("a.py",))
    assert isinstance(full[1], Unavailable)
    assert "somebody" in full[1].why


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(dedent(CODE).lstrip("\n"), encoding="utf-8")
    return path


@pytest.fixture
def recorder(shop: Path) -> Iterator[LineRecorder]:
    found = start_recorder(shop.parent, ("a.py",))
    assert isinstance(found, LineRecorder)
    yield found
    found.end()


def imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_monitoring
def test_python_itself_tells_each_test_its_lines(shop: Path, recorder: LineRecorder) -> None:
    module = imported(shop)
    tests: dict[str, Callable[[], object]] = {
        "direct": lambda: [module.price("tea") for _ in range(3)],
        "again": lambda: module.price("tea"),
        "nested": lambda: module.total(["tea", "coffee"]),
        "in a thread": lambda: in_thread(lambda: module.price("coffee")),
    }
    for name, run in tests.items():
        recorder.begin(name)
        run()
    recorder.begin(None)
    assert lines_of(told(recorder)) == {
        "": {1, 6, 11},
        "direct": PRICE,
        "again": PRICE,
        "nested": {2, 3, 4, 7, 8, 9},
        "in a thread": {2, 4},
    }


def in_thread(run: Callable[[], object]) -> None:
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@needs_monitoring
def test_a_generator_that_goes_on_in_the_next_test_is_seen_there(
    shop: Path, recorder: LineRecorder
) -> None:
    module = imported(shop)
    recorder.begin("first")
    steps = module.steps()
    next(steps)
    recorder.begin("second")
    next(steps)
    assert lines_of(told(recorder)) == {"": {1, 6, 11}, "first": {12}, "second": {13}}


@needs_monitoring
def test_events_that_somebody_restarts_change_nothing(shop: Path, recorder: LineRecorder) -> None:
    """Our own measurement does so after a failed attempt that does not count."""
    module = imported(shop)
    recorder.begin("first")
    module.price("tea")
    sys.monitoring.restart_events()  # type: ignore[attr-defined]
    module.price("tea")
    recorder.begin("second")
    recorder.begin("third")
    module.price("tea")
    assert lines_of(told(recorder)) == {"": {1, 6, 11}, "first": PRICE, "third": PRICE}


@needs_monitoring
def test_the_number_is_free_and_silent_after_the_end(shop: Path, recorder: LineRecorder) -> None:
    module = imported(shop)
    told(recorder)
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined]
    heard: list[object] = []
    monitoring.use_tool_id(4, "next")
    try:
        monitoring.register_callback(4, monitoring.events.LINE, lambda *of: heard.append(of))
        module.price("tea")
    finally:
        monitoring.register_callback(4, monitoring.events.LINE, None)
        monitoring.free_tool_id(4)
    assert heard == []
