"""The report folder from the first moment to the last, and when it cannot be written."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from pytest_gates.model.report import Decision
from support.projects import ONLY_TESTS, Project
from support.runs import lean

_SUITE = {"test_it.py": "def test_it(): open('ran', 'w').close()"}

_LEFT_BY_PYTESTER = "__pycache__\nran\n.pytest_cache\nrunpytest-*\nstdout\nstderr\n"


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


def test_a_green_run_leaves_the_report_and_nothing_half_written(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(_SUITE)
    assert project.run(*workers).ret == 0
    assert [one.name for one in (project.root / "gates-report").iterdir()] == ["report.json"]
    assert project.report().finished


def test_the_coverage_data_lies_beside_the_report(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy("[tool.pytest-gates.coverage]\n").write({**_SUITE, "shop.py": "x = 1\n"})
    project.run(*workers)
    names = {one.name for one in (project.root / "gates-report").iterdir()}
    assert names == {"report.json", "coverage.data"}


def test_a_file_in_the_place_of_the_report_folder_is_a_usage_error(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write({**_SUITE, "gates-report": "I am a file"})
    done = project.run(*workers)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "the report cannot be written" in done.stderr.str()
    assert not (project.root / "ran").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_report_folder_is_a_usage_error(project: Project) -> None:
    project.policy().write({**_SUITE, "gates-report/old.txt": ""})
    (project.root / "gates-report").chmod(0o555)
    done = project.run()
    (project.root / "gates-report").chmod(0o755)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert not (project.root / "ran").exists()


def test_a_report_folder_that_goes_away_during_the_run_is_never_a_pass(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": """
            import pathlib, shutil

            def test_it():
                folder = pathlib.Path(__file__).parent / "gates-report"
                shutil.rmtree(folder)
                folder.write_text("I am a file")
        """
        }
    )
    done = project.run(*workers)
    assert done.ret == 11
    assert "the report cannot be written" in done.stdout.str()


def test_the_report_folder_can_be_named_on_the_command_line(project: Project) -> None:
    project.policy().write(_SUITE)
    done = project.run("--gates-report-dir=out/deep")
    assert done.ret == 0
    assert (project.root / "out/deep/report.json").is_file()
    assert not project.report_path.exists()


def test_the_report_folder_can_be_named_in_the_policy(project: Project) -> None:
    project.policy("[tool.pytest-gates]\nreport-dir = 'out'\n").write(_SUITE)
    assert project.run().ret == 0
    assert (project.root / "out/report.json").is_file()


def test_the_report_folder_lies_at_the_root_wherever_the_run_was_started(
    project: Project,
) -> None:
    project.policy().write({"tests/test_it.py": "def test_it(): pass"})
    argv = [sys.executable, "-m", "pytest", "-p", "gates"]
    done = subprocess.run(argv, cwd=project.root / "tests", check=False, capture_output=True)
    assert done.returncode == 0
    assert project.report().decision is Decision.PASS


def test_during_the_run_a_report_stands_there_that_blocks(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": """
            import json, pathlib

            def test_it():
                path = pathlib.Path(__file__).parent / "gates-report" / "report.json"
                assert json.loads(path.read_text())["decision"] == "inconclusive"
        """
        }
    )
    done = project.run(*workers)
    done.assert_outcomes(passed=1)
    assert project.report().decision is Decision.PASS


def test_a_killed_run_leaves_no_green_report_of_the_run_before(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write({"test_it.py": "def test_it(): pass"})
    assert project.run().ret == 0
    assert project.report().decision is Decision.PASS
    project.write(
        {
            "conftest.py": """
            import os

            def pytest_sessionfinish(session):
                if not hasattr(session.config, "workerinput"):
                    os._exit(0)
        """
        }
    )
    assert project.run(*workers).ret == 0  # nobody can change the status of a dead process
    assert project.report().decision is Decision.INCONCLUSIVE
    assert not project.report().finished


def test_a_test_that_ends_the_process_with_status_zero_leaves_a_report_that_blocks(
    project: Project,
) -> None:
    project.policy().write({"test_it.py": "import os\ndef test_it(): os._exit(0)\n"}).commit()
    assert project.run().ret == 0
    assert project.report().decision is Decision.INCONCLUSIVE
    assert project.verify().returncode != 0


def test_the_report_tells_the_exit_status_of_pytest(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write({"test_it.py": "def test_it(): assert False"})
    done = project.run(*workers)
    assert done.ret == 1
    assert project.report().evidence.run.exit_status == 1
    assert project.report().decision is Decision.BLOCKED


def test_a_clean_checkout_is_told_with_its_commit(project: Project) -> None:
    project.policy().write({**_SUITE, ".gitignore": _LEFT_BY_PYTESTER})
    commit = project.commit()
    project.run()
    checkout = json.loads(project.report_path.read_text())["evidence"]["run"]["checkout"]
    assert checkout == {"kind": "checkout", "commit": commit, "dirty": False}


def test_a_changed_file_makes_the_checkout_dirty(project: Project) -> None:
    project.policy(ONLY_TESTS).write(_SUITE).commit()
    project.write({"test_it.py": "def test_other(): pass"})
    project.run()
    checkout = json.loads(project.report_path.read_text())["evidence"]["run"]["checkout"]
    assert checkout["dirty"] is True


@pytest.mark.parametrize("folder", ["{elsewhere}", "../{elsewhere.name}"])
def test_a_report_folder_outside_the_project_leaves_the_commit_known(
    project: Project, tmp_path_factory: pytest.TempPathFactory, folder: str
) -> None:
    project.policy().write(_SUITE)
    commit = project.commit()
    where = folder.format(elsewhere=tmp_path_factory.mktemp("elsewhere"))
    assert project.run(f"--gates-report-dir={where}").ret == 0
    path = project.root / where / "report.json"
    checkout = json.loads(path.read_text())["evidence"]["run"]["checkout"]
    assert checkout.get("commit") == commit
