"""The project's own coverage settings are respected: what they name, leave out, require and patch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_gates.model.report import Decision
from support.covered import TEST, facts, lines, statements
from support.projects import Project
from support.runs import lean

_GATE = "[tool.pytest-gates.coverage]\nlines = {floor}\n"
_SRC = '[tool.pytest.ini_options]\npythonpath = ["src"]\n'


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


def test_subprocesses_are_measured_where_the_project_asks_for_it(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(_GATE.format(floor=100) + _SRC + '[tool.coverage.run]\npatch = ["subprocess"]\n')
    project.write(
        {
            "src/shop/__init__.py": "",
            "src/shop/__main__.py": "x = 1\nprint(x)\n",
            "tests/test_shop.py": """
            import os, pathlib, subprocess, sys

            def test_main():
                src = pathlib.Path(__file__).parent.parent / "src"
                env = {**os.environ, "PYTHONPATH": str(src)}
                subprocess.run([sys.executable, "-m", "shop"], check=True, env=env)
        """,
        }
    )
    done = project.run(*workers)
    assert lines(project) == {"src/shop/__main__.py": (2, 2)}
    assert done.ret == 0


def test_subprocesses_are_not_measured_where_the_project_does_not_ask(project: Project) -> None:
    project.policy(_GATE.format(floor=1) + _SRC)
    project.write(
        {
            "src/shop/__init__.py": "x = 1\n",
            "src/shop/__main__.py": "print(1)\n",
            "tests/test_shop.py": """
            import os, pathlib, subprocess, sys
            import shop

            def test_main():
                src = pathlib.Path(__file__).parent.parent / "src"
                env = {**os.environ, "PYTHONPATH": str(src)}
                subprocess.run([sys.executable, "-m", "shop"], check=True, env=env)
        """,
        }
    )
    assert project.run().ret == 0
    assert lines(project) == {"src/shop/__init__.py": (1, 1), "src/shop/__main__.py": (0, 1)}


def test_files_left_out_by_omit_are_not_counted(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(
        _GATE.format(floor=100) + _SRC + '[tool.coverage.run]\nomit = ["src/shop/legacy.py"]\n'
    )
    project.write(
        {
            "src/shop/__init__.py": "x = 1\n",
            "src/shop/legacy.py": statements(1, 50),
            "tests/test_shop.py": TEST,
        }
    )
    assert project.run(*workers).ret == 0
    assert [one.path for one in facts(project).files] == ["src/shop/__init__.py"]


@pytest.mark.parametrize(
    "setting", ['source = ["shop"]', 'source_pkgs = ["shop"]', 'include = ["src/*"]']
)
def test_the_source_of_the_project_is_what_is_measured(
    project: Project, workers: tuple[str, ...], setting: str
) -> None:
    project.policy(_GATE.format(floor=100) + _SRC + f"[tool.coverage.run]\n{setting}\n")
    project.write(
        {
            "src/shop/__init__.py": "x = 1\n",
            "other/__init__.py": statements(1, 50),
            "tests/test_shop.py": "import other\n" + TEST.replace("    ", ""),
        }
    )
    project.write({"tests/test_shop.py": "import other, shop\n\ndef test_shop(): pass\n"})
    assert project.run(*workers).ret == 0
    assert lines(project) == {"src/shop/__init__.py": (1, 1)}


def test_excluded_lines_are_not_counted(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(
        _GATE.format(floor=100) + _SRC + '[tool.coverage.report]\nexclude_also = ["def never"]\n'
    )
    project.write(
        {
            "src/shop/__init__.py": "x = 1\n\ndef never():\n    y = 1\n",
            "tests/test_shop.py": TEST,
        }
    )
    assert project.run(*workers).ret == 0
    assert lines(project) == {"src/shop/__init__.py": (1, 1)}


@pytest.mark.parametrize("file_name", [".coveragerc", "setup.cfg", "tox.ini"])
def test_coverage_settings_are_read_where_coverage_reads_them(
    project: Project, file_name: str
) -> None:
    section = "run" if file_name == ".coveragerc" else "coverage:run"
    project.policy(_GATE.format(floor=100) + _SRC)
    project.write(
        {
            file_name: f"[{section}]\nomit = */legacy.py\n",
            "src/shop/__init__.py": "x = 1\n",
            "src/shop/legacy.py": statements(1, 50),
            "tests/test_shop.py": TEST,
        }
    )
    assert project.run().ret == 0
    assert [one.path for one in facts(project).files] == ["src/shop/__init__.py"]


@pytest.mark.parametrize("floor, status", [("79.54", 0), ("79.55", 10), ("80", 10)])
def test_the_floor_of_the_projects_own_coverage_settings_is_honoured_exactly(
    project: Project, floor: str, status: int
) -> None:
    project.policy(
        f"[tool.pytest-gates.coverage]\n{_SRC}[tool.coverage.report]\nfail_under = {floor}\n"
    )
    project.write({"src/shop/__init__.py": statements(35, 44), "tests/test_shop.py": TEST})
    done = project.run()
    assert done.ret == status
    assert project.report().decision is (Decision.BLOCKED if status else Decision.PASS)


def test_a_suite_that_makes_warnings_errors_survives(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(_GATE.format(floor=1) + _SRC + 'filterwarnings = ["error"]\n')
    project.write({"src/shop/__init__.py": "x = 1\n", "tests/test_shop.py": TEST})
    done = project.run(*workers)
    assert done.ret == 0
    assert project.report().decision is Decision.PASS


@pytest.mark.parametrize("flags", [("-W", "error"), ("-X", "dev", "-W", "error")], ids=" ".join)
def test_an_interpreter_that_makes_warnings_errors_survives(
    project: Project, flags: tuple[str, ...]
) -> None:
    project.policy(_GATE.format(floor=1) + _SRC)
    project.write({"src/shop/__init__.py": "x = 1\n", "tests/test_shop.py": TEST})
    argv = [
        sys.executable,
        *flags,
        "-m",
        "pytest",
        "-p",
        "gates",
        "-p",
        "no:pytest_cov",
        "-p",
        "no:asyncio",
    ]
    done = subprocess.run(argv, cwd=project.root, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.report().decision is Decision.PASS


def test_a_test_that_changes_the_working_folder_does_not_lose_the_settings(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(
        _GATE.format(floor=100) + _SRC + '[tool.coverage.report]\nexclude_also = ["def never"]\n'
    )
    project.write(
        {
            "src/shop/__init__.py": "x = 1\n\ndef never():\n    y = 1\n",
            "tests/test_shop.py": """
            import os, tempfile
            import shop

            def test_shop(): os.chdir(tempfile.mkdtemp())
        """,
        }
    )
    done = project.run(*workers)
    assert lines(project) == {"src/shop/__init__.py": (1, 1)}
    assert done.ret == 0
