"""`gates` imports nothing of the project it judges, and is not judged by a copy of itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_gates
from support.judged import Judged

SCRIPTS = Path(sys.executable).parent
# What it prints would be taken for an answer, and its status for a pass.
IMPOSTOR = "import sys\nprint('all is well')\nsys.exit(0)\n"
SHADOWS = ("click", "msgspec", "pluggy", "packaging", "tomllib", "coverage", "pytest")
# `python -m` and PYTHONPATH=. let these in before any program of ours begins.
EARLIER = ("json", "importlib", "typing")


def started(judged: Judged, *argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=judged.root,
        env={**os.environ, **variables},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", [*SHADOWS, *EARLIER])
def test_a_folder_of_the_project_is_not_imported_by_the_command(red: Judged, name: str) -> None:
    red.write({f"{name}/__init__.py": IMPOSTOR})
    done = started(red, str(SCRIPTS / "gates"), "verify")
    assert done.returncode == 10, done.stdout + done.stderr
    assert "all is well" not in done.stdout


@pytest.mark.parametrize("name", SHADOWS)
@pytest.mark.parametrize("variables", [{}, {"PYTHONPATH": "."}], ids=["plain", "PYTHONPATH"])
def test_a_folder_of_the_project_is_not_imported_by_the_module(
    red: Judged, name: str, variables: dict[str, str]
) -> None:
    red.write({f"{name}/__init__.py": IMPOSTOR})
    done = started(red, sys.executable, "-m", "pytest_gates", "verify", **variables)
    assert done.returncode == 10, done.stdout + done.stderr
    assert "all is well" not in done.stdout


@pytest.mark.parametrize("variables", [{}, {"PYTHONPATH": "."}], ids=["plain", "PYTHONPATH"])
@pytest.mark.parametrize("name", ["subprocess", "signal", "selectors", "click", "_pytest"])
def test_a_file_of_the_project_is_not_imported(
    red: Judged, name: str, variables: dict[str, str]
) -> None:
    """Modules of the standard library too: whatever comes before the isolation must not need them."""
    red.write({f"{name}.py": IMPOSTOR})
    done = started(red, str(SCRIPTS / "gates"), "verify", **variables)
    assert done.returncode == 10, done.stdout + done.stderr
    assert "all is well" not in done.stdout


def test_no_conftest_and_no_plugin_of_the_project_is_imported(red: Judged) -> None:
    trace = "import pathlib\npathlib.Path('imported').write_text('yes')\n"
    red.write(
        {
            "conftest.py": trace,
            "house/__init__.py": trace,
            "pytest_gates_house.py": trace,
            "house-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: house\nVersion: 1\n",
            "house-1.dist-info/entry_points.txt": "[pytest_gates]\nhouse = house\n",
        }
    )
    done = started(red, str(SCRIPTS / "gates"), "verify", PYTHONPATH=".", PYTEST_PLUGINS="house")
    assert done.returncode == 10
    assert not (red.root / "imported").exists()


def test_a_copy_of_the_judge_in_the_tree_does_not_answer(red: Judged) -> None:
    """The isolated interpreter finds the installed judge, whose answer is the true one."""
    shutil.copytree(Path(pytest_gates.__file__).parent, red.root / "pytest_gates")
    done = started(red, sys.executable, "-m", "pytest_gates", "verify")
    assert done.returncode == 10, done.stdout + done.stderr
    assert "failed-test" in done.stdout


def test_a_judge_that_lies_in_the_judged_tree_refuses(red: Judged) -> None:
    """Isolated and all the same imported from there, as by a path file of the environment."""
    shutil.copytree(Path(pytest_gates.__file__).parent, red.root / "pytest_gates")
    code = (
        f"import sys; sys.path.insert(0, {str(red.root)!r}); sys.argv[1:] = ['verify']\n"
        "from pytest_gates.cli import main; main()"
    )
    done = started(red, sys.executable, "-I", "-c", code)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "lies inside the project" in done.stderr


def test_a_judge_in_the_tree_refuses_whatever_folder_it_is_called_from(red: Judged) -> None:
    shutil.copytree(Path(pytest_gates.__file__).parent, red.root / "pytest_gates")
    code = (
        f"import sys; sys.path.insert(0, {str(red.root)!r})\n"
        f"sys.argv[1:] = ['verify', '--root', {str(red.root)!r}]\n"
        "from pytest_gates.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=red.root.parent,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2


def test_variables_of_the_interpreter_do_not_reach_the_judge(red: Judged) -> None:
    done = started(
        red,
        str(SCRIPTS / "gates"),
        "verify",
        PYTHONSTARTUP="nothing.py",
        PYTHONWARNINGS="error",
        PYTHONOPTIMIZE="2",
    )
    assert done.returncode == 10
    assert done.stderr == ""
