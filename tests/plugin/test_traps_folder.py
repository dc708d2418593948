"""A report that cannot be written, and two runs that write it at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_gates.model.coverage import CoverageFacts, Ratio
from pytest_gates.model.report import Decision
from support.projects import Project

GREEN = {"test_it.py": "def test_it(): pass\n"}


def test_a_file_in_the_place_of_the_report_folder_stops_the_run_before_the_first_test(
    project: Project, workers: tuple[str, ...]
) -> None:
    trace = "from pathlib import Path\ndef test_it(): Path('ran').write_text('yes')\n"
    project.policy().write({"gates-report": "a file\n", "test_it.py": trace}).commit()
    done = project.run(*workers)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "report-dir" in done.stderr.str()
    assert not (project.root / "ran").exists()
    assert (project.root / "gates-report").read_text(encoding="utf-8") == "a file\n"
    assert project.verify().returncode == 11


def test_a_folder_in_the_place_of_the_report_stops_the_run(project: Project) -> None:
    project.policy().write({**GREEN, "gates-report/report.json/x": ""}).commit()
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "INTERNALERROR" not in done.stdout.str() + done.stderr.str()
    assert project.verify().returncode == 11


def test_a_report_folder_that_vanishes_during_the_run_is_no_pass(
    project: Project, workers: tuple[str, ...]
) -> None:
    """A test replaces the folder by a file: nothing can be written at the end."""
    test = """
        import pathlib, shutil
        def test_it():
            shutil.rmtree("gates-report")
            pathlib.Path("gates-report").write_text("a file")
        """
    project.policy().write({"test_it.py": test}).commit()
    done = project.run(*workers)
    assert done.ret == 11
    assert any("cannot be written" in line for line in done.outlines)
    assert project.verify().returncode == 11


def test_a_link_in_the_place_of_the_report_is_replaced_not_followed(project: Project) -> None:
    project.policy().write({**GREEN, "precious.txt": "mine\n", "gates-report/x": ""})
    project.report_path.symlink_to(project.root / "precious.txt")
    project.commit()
    assert project.run().ret == 0
    assert (project.root / "precious.txt").read_text(encoding="utf-8") == "mine\n"
    assert not project.report_path.is_symlink()
    assert project.report().decision is Decision.PASS


@pytest.mark.usefixtures("unmeasured")
def test_two_runs_at_once_leave_one_whole_report_and_nothing_else(project: Project) -> None:
    slow = "import shop, time\ndef test_it():\n    time.sleep(0.5)\n    assert shop.f()\n"
    policy = "[tool.coverage.run]\nsource = ['.']\nomit = ['test_*']\n"
    project.policy(policy + "[tool.pytest-gates.coverage]\nlines = 100\n").write(
        {"shop.py": "def f():\n    return 1\n", "test_it.py": slow, ".gitignore": "__pycache__/\n"}
    ).commit()
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "gates", "-p", "no:cacheprovider"],
            cwd=project.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [run.communicate(timeout=100)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    report = project.report()
    assert report.finished
    assert report.decision is Decision.PASS
    assert isinstance(report.evidence.coverage, CoverageFacts)
    (file,) = report.evidence.coverage.files
    assert file.lines == Ratio(2, 2)
    left = sorted(path.name for path in (project.root / "gates-report").iterdir())
    assert left == ["coverage.data", "report.json"]
    assert list(project.root.glob(".coverage*")) == []
    assert project.verify().returncode == 0
