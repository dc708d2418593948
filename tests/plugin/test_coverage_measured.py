"""What is measured: from the first import, in each process, once, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.verdict import Verdict
from pytest_gates.reporters import json as report_json
from support.covered import TEST, facts, lines, measured, statements
from support.projects import Project
from support.runs import lean, plain

_GATE = "[tool.pytest-gates.coverage]\nlines = {floor}\n"
_SRC = '[tool.pytest.ini_options]\npythonpath = ["src"]\n'


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


def test_a_project_that_its_own_plugin_imports_is_measured_from_its_first_line(
    project: Project,
    workers: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    site = tmp_path_factory.mktemp("site")
    _declare_plugin(site, "shop", "shop.plugin")
    monkeypatch.setenv("PYTHONPATH", f"{site}:{project.root / 'src'}")
    project.policy(_GATE.format(floor=100))
    project.write(
        {
            "src/shop/__init__.py": "from shop.cart import total\n",
            "src/shop/cart.py": "x = 1\n\ndef total():\n    return x\n",
            "src/shop/plugin.py": "import shop\n\ndef pytest_report_header():\n    return 'shop is here'\n",
            "tests/test_shop.py": "from shop import total\n\ndef test_total():\n    assert total() == 1\n",
        }
    )
    done = project.run(*workers)
    done.stdout.fnmatch_lines(["shop is here"])
    assert lines(project) == {
        "src/shop/__init__.py": (1, 1),
        "src/shop/cart.py": (3, 3),
        "src/shop/plugin.py": (3, 3),
    }
    assert done.ret == 0


@pytest.mark.parametrize("how", ["PYTEST_PLUGINS", "-p after the project's own"])
def test_gates_that_came_after_the_project_was_imported_do_not_call_its_coverage_low(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    how: str,
) -> None:
    site = tmp_path_factory.mktemp("site")
    _declare_plugin(site, "shop", "shop.plugin")
    monkeypatch.setenv("PYTHONPATH", f"{site}:{project.root / 'src'}")
    project.policy(_GATE.format(floor=100))
    project.write(
        {
            "src/shop/__init__.py": "x = 1\n\ndef total():\n    return x\n",
            "src/shop/plugin.py": "import shop\n",
            "tests/test_shop.py": "import shop\n\ndef test_total():\n    assert shop.total() == 1\n",
        }
    )
    if how == "PYTEST_PLUGINS":
        monkeypatch.setenv("PYTEST_PLUGINS", "gates")
        plain(project, "--gates-profile=ci")
    else:
        plain(project, "-p", "shop.plugin", "-p", "gates", "-p", "no:shop", "--gates-profile=ci")
    assert project.result("coverage").verdict is not Verdict.FAIL


@pytest.mark.parametrize("where", ["conftest.py", "tests/conftest.py"])
def test_a_project_that_its_conftest_imports_is_measured_from_its_first_line(
    project: Project, workers: tuple[str, ...], where: str
) -> None:
    project.policy(_GATE.format(floor=100) + _SRC)
    project.write(
        {
            where: "import shop\n",
            "src/shop/__init__.py": statements(10, 10),
            "tests/test_shop.py": TEST,
        }
    )
    done = project.run(*workers)
    assert lines(project) == {"src/shop/__init__.py": (10, 10)}
    assert done.ret == 0


def test_workers_together_measure_what_one_process_measures(project: Project) -> None:
    project.policy("[tool.pytest-gates.coverage]\nbranches = 1\n" + _SRC)
    project.write(
        {
            "src/shop/__init__.py": """
            def sign(number):
                if number < 0:
                    return -1
                elif number > 0:
                    return 1
                return 0
        """,
            "tests/test_a.py": "import shop\ndef test_a(): shop.sign(1)\n",
            "tests/test_b.py": "import shop\ndef test_b(): shop.sign(-1)\n",
        }
    )
    assert project.run().ret == 0
    alone = facts(project).files
    assert project.run("-n2").ret == 0
    assert facts(project).files == alone
    assert alone[0].branches.hit == 3


def test_a_lost_worker_makes_the_coverage_unknown_and_not_lower(project: Project) -> None:
    project.policy(_GATE.format(floor=1) + _SRC)
    project.write(
        {
            "src/shop/__init__.py": statements(9, 10),
            "tests/test_shop.py": """
            import os
            import shop

            def test_a(): pass
            def test_b(): os._exit(1)
        """,
        }
    )
    done = project.run("-n2")
    assert done.ret == 1
    assert isinstance(project.report().evidence.coverage, Unavailable)
    assert project.result("coverage").verdict is Verdict.INCONCLUSIVE
    assert "took its coverage data along" in project.result("coverage").findings[0].message


def test_data_left_over_by_another_run_is_neither_counted_nor_deleted(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(_GATE.format(floor=1) + _SRC)
    project.write(
        {
            "src/shop/__init__.py": "def total():\n    return 1\n",
            "tests/test_shop.py": TEST,
            "all.py": "import sys\nsys.path.insert(0, 'src')\nimport shop\nshop.total()\n",
        }
    )
    argv = [sys.executable, "-m", "coverage", "run", "--source=src", "all.py"]
    subprocess.run(argv, cwd=project.root, check=True)
    left_over = (project.root / ".coverage").read_bytes()
    assert project.run(*workers).ret == 0
    assert lines(project) == {"src/shop/__init__.py": (1, 2)}
    assert (project.root / ".coverage").read_bytes() == left_over


def test_the_run_leaves_no_data_file_in_the_project(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(_GATE.format(floor=1) + _SRC)
    project.write({"src/shop/__init__.py": "x = 1\n", "tests/test_shop.py": TEST})
    assert project.run(*workers).ret == 0
    assert not list(project.root.glob(".coverage*"))


def test_two_runs_at_once_in_one_folder_both_measure_right(project: Project) -> None:
    project.policy(_GATE.format(floor=1) + _SRC)
    project.write(
        {
            "src/shop/__init__.py": "def a():\n    return 1\n\ndef b():\n    return 1\n",
            "tests/test_shop.py": """
            import os, pathlib, time
            import shop

            def test_shop():
                me = os.environ["WHICH"]
                getattr(shop, me)()
                pathlib.Path(me).touch()
                for _ in range(600):  # until the other run is here as well
                    if pathlib.Path("a").exists() and pathlib.Path("b").exists():
                        return
                    time.sleep(0.05)
                raise AssertionError("the other run never came")
        """,
        }
    )
    found = _two_at_once(project)
    assert found == {"a": ((5, 5),), "b": ((2, 2),)}


def test_a_run_from_a_subdirectory_measures_the_same(
    project: Project,
) -> None:
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
    assert project.run().ret == 0
    expected = facts(project).files
    argv = [sys.executable, "-m", "pytest", "-p", "gates"]
    done = subprocess.run(argv, cwd=project.root / "tests", check=False, capture_output=True)
    assert done.returncode == 0
    assert facts(project).files == expected


def test_a_test_that_changes_the_working_folder_changes_no_number(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(_GATE.format(floor=100) + _SRC)
    project.write(
        {
            "src/shop/__init__.py": "x = 1\n",
            "tests/test_shop.py": """
            import os, tempfile
            import shop

            def test_shop(): os.chdir(tempfile.mkdtemp())
        """,
        }
    )
    assert project.run(*workers).ret == 0
    assert lines(project) == {"src/shop/__init__.py": (1, 1)}


def test_measuring_agrees_with_pytest_cov(project: Project, workers: tuple[str, ...]) -> None:
    project.policy("[tool.pytest-gates.coverage]\ncombined = 1\n" + _SRC)
    project.write(
        {
            "src/shop/__init__.py": """
            import threading

            def sign(number):
                return -1 if number < 0 else [one for one in (1, 2) if one > number]

            def late():
                thread = threading.Thread(target=sign, args=(-1,))
                thread.start()
                thread.join()

            def never():
                for _ in range(3):
                    pass
        """,
            "tests/test_shop.py": "import shop\ndef test_shop(): shop.sign(1); shop.late()\n",
        }
    )
    plain(project, "--cov=src", "--cov-branch", "--cov-report=json", *workers)
    theirs = json.loads((project.root / "coverage.json").read_text())
    summary = theirs["files"]["src/shop/__init__.py"]["summary"]
    assert project.run(*workers).ret == 0
    found = measured(project, "src/shop/__init__.py")
    assert (found.lines.hit, found.lines.total) == (
        summary["covered_lines"],
        summary["num_statements"],
    )
    assert (found.branches.hit, found.branches.total) == (
        summary["covered_branches"],
        summary["num_branches"],
    )


def test_a_file_that_cannot_be_parsed_makes_the_coverage_unknown(project: Project) -> None:
    project.policy(_GATE.format(floor=1) + _SRC)
    project.write(
        {
            "src/shop/__init__.py": "x = 1\n",
            "src/shop/broken.py": "def broken(:\n",
            "tests/test_shop.py": TEST,
        }
    )
    done = project.run("--gates-profile=ci")
    assert done.ret == 11
    assert "broken.py" in project.result("coverage").findings[0].message


def _declare_plugin(site: Path, name: str, module: str) -> None:
    """An installed distribution of which only the metadata lies here: its entry point for pytest."""
    folder = site / f"{name}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(f"[pytest11]\n{name} = {module}\n")


def _two_at_once(project: Project) -> dict[str, tuple[tuple[int, int], ...]]:
    """Missing lines of the run that called `a` and of the one that called `b`."""
    running = {
        which: subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "gates", f"--gates-report-dir=out-{which}"],
            cwd=project.root,
            env={**os.environ, "WHICH": which},
            stdout=subprocess.DEVNULL,
        )
        for which in ("a", "b")
    }
    assert {which: one.wait(60) for which, one in running.items()} == {"a": 0, "b": 0}
    found = {}
    for which in running:
        path = project.root / f"out-{which}" / "report.json"
        coverage = report_json.parse(path.read_bytes()).evidence.coverage
        assert not isinstance(coverage, Unavailable)
        found[which] = coverage.files[0].missing
    return found
