"""Shows what tools are told of the change, who is in a hurry, and that real ruff judges without an edit."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_gates.adapters.scans import Scans, is_quick
from pytest_gates.errors import ToolError
from pytest_gates.model.change import Change, FileChange
from pytest_gates.model.contracts import Command, Completed, ToolContext
from pytest_gates.model.evidence import NO_CHANGE, Scan, Unavailable
from pytest_gates.model.settings import ScanSettings
from pytest_gates.tools import ruff_format
from support.fake_tools import fake_tool, python_argv

NO_BASE = Unavailable(why="no base", remedy="name one")
CHANGE = Change(
    base="0" * 40,
    reference="main",
    how="named",
    files=(FileChange(path="b.py"), FileChange(path="a.py")),
    deleted=("gone.py",),
    unread=(("odd", "too large to compare"),),
)


class Curious(ScanSettings, frozen=True, kw_only=True):
    """Asks for the change, which takes long."""

    @property
    def scans_changed(self) -> bool:
        return True

    @property
    def takes_long(self) -> bool:
        return True


@pytest.mark.parametrize(
    "settings, change, told",
    [
        (ScanSettings(), lambda: CHANGE, None),
        (Curious(), lambda: CHANGE, ("a.py", "b.py", "odd")),
        (Curious(), lambda: NO_BASE, NO_BASE),
        (Curious(), None, NO_CHANGE),
    ],
)
def test_a_tool_that_asks_is_told_what_changed_or_why_nobody_knows(
    tmp_path: Path,
    settings: ScanSettings,
    change: Callable[[], Change | Unavailable] | None,
    told: object,
) -> None:
    seen: list[object] = []

    def command(settings: object, context: ToolContext) -> Command:
        seen.append(context.changed)
        raise ToolError("enough", "none")

    Scans(tmp_path, change=change).start(fake_tool("", command=command), settings)
    assert seen == [told]


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="no priorities here")
@pytest.mark.parametrize(
    "hurry, quick, settings, polite",
    [
        (True, True, ScanSettings(), False),
        (False, True, ScanSettings(), True),
        (True, False, ScanSettings(), True),
        (True, True, Curious(), True),
    ],
)
def test_only_a_tool_that_somebody_waits_for_does_not_step_back(
    tmp_path: Path, hurry: bool, quick: bool, settings: ScanSettings, polite: bool
) -> None:
    code = "import os, time; time.sleep(.3); print(os.getpriority(os.PRIO_PROCESS, 0))"

    def read(done: Completed, settings: object) -> Scan:
        return Scan(tool="fake", version="1", inputs=int(done.stdout), findings=())

    tool = fake_tool("", command=lambda *_: Command(argv=python_argv(code)), read=read, quick=quick)
    scans = Scans(tmp_path, hurry=hurry)
    scans.start(tool, settings)
    found = scans.answer("fake")
    assert isinstance(found, Scan)
    assert (found.inputs > min(os.getpriority(os.PRIO_PROCESS, 0), 18)) is polite
    assert is_quick(tool, settings) is (quick and not settings.takes_long)


def test_ruff_format_judges_by_the_settings_of_the_project_and_edits_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "ruff.toml").write_text("format.quote-style = 'single'\n", encoding="utf-8")
    texts = {"single.py": "x = 'a'\n", "double.py": 'x = "a"\n', "broken.py": "def f(:\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    scans = Scans(tmp_path)
    settings = ruff_format.RuffFormatSettings()
    scans.start(ruff_format.TOOL, settings)
    found = scans.answer("ruff-format")
    assert isinstance(found, Scan)
    assert [one.where for one in found.findings] == ["double.py"]
    assert [one.subject for one in found.unread] == ["broken.py"]
    assert found.inputs == 3
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in texts} == texts
