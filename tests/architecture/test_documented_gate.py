"""The how-to of third-party gates does what it says: its files are written down, run and verified."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from pytest_gates.reporters import json
from support.documents import DOCS, blocks
from support.projects import Project

PAGE = DOCS / "how-to" / "add-a-gate.md"
PACKAGE = "gates-todo/"


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


def python_files() -> dict[str, str]:
    return {block.title: block.text for block in blocks(PAGE, "python")}


def package_files() -> dict[str, str]:
    found = {name: text for name, text in python_files().items() if name.startswith(PACKAGE)}
    return {name.removeprefix(PACKAGE): text for name, text in found.items()}


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "n2"])
def test_the_gate_of_the_conftest_blocks_and_passes(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.write(
        {
            "conftest.py": python_files()["conftest.py"],
            "test_it.py": """
                import pytest

                def test_runs(): pass

                @pytest.mark.skip
                def test_rests(): pass
                """,
        }
    )
    project.policy("[tool.pytest-gates.skips]\n").commit()
    assert project.run(*workers).ret == 10
    result = project.result("skips")
    assert result.verdict is Verdict.FAIL
    assert [one.subject for one in result.findings] == ["test_it.py::test_rests"]

    project.policy("[tool.pytest-gates.skips]\nat-most = 1\n").commit()
    assert project.run(*workers).ret == 0
    assert project.result("skips").measures[0].required == "<= 1"


def test_a_wrong_key_of_the_gate_is_a_usage_error_with_a_suggestion(project: Project) -> None:
    project.write({"conftest.py": python_files()["conftest.py"], "test_it.py": "def test(): pass"})
    project.policy("[tool.pytest-gates.skips]\nat-moost = 1\n").commit()
    done = project.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*at-moost*did you mean `at-most`?*"])
    assert not project.report_path.exists()


def test_verify_accepts_a_gate_of_a_conftest_only_when_told(project: Project) -> None:
    project.write({"conftest.py": python_files()["conftest.py"], "test_it.py": "def test(): pass"})
    project.policy("[tool.pytest-gates.skips]\n").commit()
    assert project.run().ret == 0
    assert project.verify().returncode == 11
    assert project.verify("--accept-recorded", "skips").returncode == 0


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds this one's packages and the documented one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    site = Path(
        subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    parent = sysconfig.get_path("purelib")
    (site / "parent.pth").write_text(f"import site; site.addsitedir({parent!r})\n")
    files = package_files()
    files["src/gates_todo/__init__.py"] = ""
    for name, text in files.items():
        if name.startswith("src/"):
            path = site / name.removeprefix("src/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    metadata = site / "gates_todo-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: gates-todo\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[pytest_gates]\ntodo = gates_todo.plugin\n")
    return python


@pytest.mark.skipif(sys.platform == "win32", reason="environments have another layout there")
@pytest.mark.parametrize(
    "comment, status, verdict",
    [("fine", 0, Verdict.PASS), ("FIXME later", 10, Verdict.FAIL)],
    ids=["clean", "left-to-do"],
)
def test_the_packaged_tool_is_run_judged_and_verified(
    project: Project, environment: Path, comment: str, status: int, verdict: Verdict
) -> None:
    project.write(
        {"shop.py": f"price = 1  # {comment}\n", "test_it.py": "def test_it(): pass\n"}
    ).policy("[tool.pytest-gates.todo]\n").commit()
    ran = subprocess.run(
        [environment, "-m", "pytest", "-p", "gates"],
        cwd=project.root,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == status, ran.stdout + ran.stderr
    report = json.parse(project.report_path.read_bytes())
    assert report.decision is (Decision.BLOCKED if status else Decision.PASS)
    result = next(one for one in report.results if one.gate == "todo")
    assert result.verdict is verdict
    assert "2 scanned" in result.summary
    verified = subprocess.run(
        [environment, "-m", "pytest_gates", "verify"],
        cwd=project.root,
        check=False,
        capture_output=True,
        text=True,
    )
    assert verified.returncode == status, verified.stdout + verified.stderr


def test_the_documented_tests_pass(pytester: pytest.Pytester) -> None:
    files = package_files()
    for name in ("src/gates_todo/gate.py", "tests/test_todo.py"):
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name], encoding="utf-8")
    (pytester.path / "src" / "gates_todo" / "__init__.py").write_text("")
    pytester.makeini("[pytest]\npythonpath = src\n")
    pytester.runpytest_subprocess("tests").assert_outcomes(passed=3)
