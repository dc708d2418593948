"""Shows what becomes of findings that no comparison can place, and of a comparison that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gates import new_findings
from pytest_gates.adapters.base_scans import BaseFindings
from pytest_gates.model.change import Change, FileChange, Hunk
from pytest_gates.model.contracts import Tool
from pytest_gates.model.evidence import BaseScan, Scan, Unavailable
from pytest_gates.model.finding import Finding, Location
from pytest_gates.model.settings import CodeScanSettings, ScanSettings
from pytest_gates.new_findings import NewFindings
from support.evidence import a_scan
from support.fake_tools import a_context, fake_tool

BASE = BaseScan(commit="c0ffee", findings=1)
ONLY_NEW = CodeScanSettings(only_new=True)


def at(path: str, line: int = 1) -> Finding:
    return Finding(rule="B307", message="eval", location=Location(path=path, line=line))


def a_change(*files: FileChange, left_out: tuple[tuple[str, str], ...] = ()) -> Change:
    return Change(base="c0ffee", reference="main", how="named", files=files, left_out=left_out)


class Answering:
    """A scan of the base that has ended."""

    def __init__(self, root: Path, change: Change, cache: Path | None) -> None:
        self.found: BaseFindings | Unavailable = BaseFindings(
            scan=BASE, findings=(at("a.py"),), elsewhere=("sub", "link.py"), notes=("told",)
        )

    def start(self, tool: Tool, settings: object, context_of: object) -> None:
        pass

    def answer(self, name: str) -> BaseFindings | Unavailable:
        return self.found

    def stop(self, why: str) -> None:
        self.found = Unavailable(why=why, remedy="run again")


def started(
    root: Path,
    change: Change | Unavailable,
    monkeypatch: pytest.MonkeyPatch,
    settings: ScanSettings = ONLY_NEW,
) -> NewFindings:
    monkeypatch.setattr(new_findings, "BaseScans", Answering)
    news = NewFindings(root, None, lambda: change)
    news.start(fake_tool(""), settings, lambda _: a_context())
    return news


def marks(scan: Scan | Unavailable) -> list[bool | None]:
    assert isinstance(scan, Scan)
    return [one.is_new for one in scan.findings]


def test_a_link_or_submodule_that_the_change_leaves_alone_brings_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = a_scan(
        at("a.py"), at("sub/x.py"), at("link.py"), at("subway.py"), Finding(rule="R", message="")
    )
    news = started(tmp_path, a_change(), monkeypatch)
    found = news.compared("fake", scan)
    assert marks(found) == [False, False, False, True, True]
    assert isinstance(found, Scan)
    assert (found.base, found.notes[-1]) == (BASE, "told")
    assert news.compared("fake", found) is found
    bumped = started(tmp_path, a_change(left_out=(("sub", "a submodule"),)), monkeypatch)
    assert marks(bumped.compared("fake", scan)) == [False, True, False, True, True]


def test_without_a_change_the_reason_takes_the_place_of_the_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = Unavailable(why="a shallow clone", remedy="git fetch --unshallow")
    found = started(tmp_path, why, monkeypatch).compared("fake", a_scan(at("a.py")))
    assert isinstance(found, Scan)
    assert found.base == why
    assert marks(found) == [None]


def test_a_base_that_was_not_scanned_or_cannot_be_read_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = a_change(FileChange(path="a.py", base_path="a.py", hunks=(Hunk(1, 1, 1, 1),)))
    news = started(tmp_path, edited, monkeypatch)
    unread = news.compared("fake", a_scan(at("a.py")))  # there is no repository here
    assert isinstance(unread, Scan)
    assert isinstance(unread.base, Unavailable)
    assert "git fsck" in unread.base.remedy
    news.stop("the run was interrupted")
    stopped = news.compared("fake", a_scan(at("a.py")))
    assert isinstance(stopped, Scan)
    assert isinstance(stopped.base, Unavailable)
    assert stopped.base.why == "the run was interrupted"


def test_a_file_that_is_gone_by_now_has_only_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_findings, "files_at", lambda *_: {"a.py": b"eval(x)\n"})
    edited = a_change(FileChange(path="a.py", base_path="a.py", hunks=(Hunk(1, 1, 1, 1),)))
    scan = a_scan(at("a.py"))
    assert marks(started(tmp_path, edited, monkeypatch).compared("fake", scan)) == [True]
    (tmp_path / "a.py").write_text("eval( x )\n", encoding="utf-8")
    assert marks(started(tmp_path, edited, monkeypatch).compared("fake", scan)) == [False]


def test_a_gate_that_does_not_ask_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = a_scan(at("a.py"))
    gone = Unavailable(why="gone", remedy="come back")
    for settings in (ScanSettings(), CodeScanSettings()):
        news = started(tmp_path, a_change(), monkeypatch, settings)
        assert news.compared("fake", scan) is scan
        news.stop("the run ended")
    assert started(tmp_path, a_change(), monkeypatch).compared("fake", gone) is gone
