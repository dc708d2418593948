"""Folders, files and variables in the judged project that would change what a scanner sees."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_gates
from pytest_gates.model.evidence import Scan
from pytest_gates.model.verdict import Verdict
from support.osv import OsvServer, advisory
from support.projects import ONLY_TESTS, Project
from support.runs import rules

CI = ("--gates-profile", "ci")
FLAW = "import subprocess\ndef run(words): subprocess.call(words, shell=True)\n"
# A folder that takes the place of a scanner, or of what a scanner imports, and says that all is well.
IMPOSTOR = """
    import sys
    print('{"errors": [], "metrics": {"./app.py": {}}, "results": [], "dependencies": []}')
    sys.exit(0)
    """
VULNERABLE = {("shop", "1.0"): [advisory("PYSEC-2026-1", "shop", fixed="1.1")]}


def scanning(url: str) -> str:
    return (
        "[tool.pytest-gates.bandit]\nfail-on = 'low'\n"
        f"[tool.pytest-gates.pip-audit]\nsource = '{url}'\nrequirements = ['pins.txt']\n"
    )


def judge(project: Project, *args: str) -> subprocess.CompletedProcess[str]:
    """`python -m pytest`, which puts the current folder first on the path."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "gates", *CI, *args],
        cwd=project.root,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", ["bandit", "yaml", "stevedore", "pip_audit", "requests"])
@pytest.mark.parametrize("by", ["python -m pytest", "PYTHONPATH=."])
def test_a_folder_with_the_name_of_a_scanner_changes_no_answer(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str, by: str
) -> None:
    if by == "PYTHONPATH=.":
        monkeypatch.setenv("PYTHONPATH", ".")
    with OsvServer(VULNERABLE) as server:
        project.policy(scanning(server.url)).write(
            {
                "app.py": FLAW,
                "pins.txt": "shop==1.0\n",
                f"{name}/__init__.py": IMPOSTOR,
                f"{name}/__main__.py": IMPOSTOR,
                "tests/test_it.py": "def test_it(): pass",
            }
        ).commit()
        done = judge(project, "tests")
    assert done.returncode == 10, done.stdout + done.stderr
    assert "B602" in rules(project.result("bandit"))
    assert rules(project.result("pip-audit")) == ["PYSEC-2026-1"]
    assert project.verify().returncode == 10


def test_a_copy_of_the_judge_in_the_tree_is_refused(project: Project) -> None:
    project.policy().write({"tests/test_it.py": "def test_it(): assert False"})
    shutil.copytree(Path(pytest_gates.__file__).parent, project.root / "pytest_gates")
    project.commit()
    done = judge(project)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "inside the project it is to judge" in done.stderr
    assert not project.report_path.exists()
    assert project.verify().returncode == 11


def test_a_folder_in_the_place_of_the_judge_leads_to_no_pass(
    project: Project, workers: tuple[str, ...]
) -> None:
    """One that only pretends to be the plugin."""
    project.policy().write(
        {
            "pytest_gates/__init__.py": "",
            "pytest_gates/plugin.py": "",
            "pytest_gates/__main__.py": "import sys; print('all is well'); sys.exit(0)",
            "tests/test_it.py": "def test_it(): assert True",
        }
    ).commit()
    assert judge(project, *workers).returncode in {0, 1, 3, 4}
    assert not project.report_path.exists()
    verified = subprocess.run(
        [Path(sys.executable).parent / "gates", "verify"],
        cwd=project.root,
        check=False,
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 11
    assert "no report" in verified.stdout


@pytest.mark.parametrize(
    "name, value",
    [
        ("PIP_AUDIT_OUTPUT", "audit.json"),
        ("PIP_AUDIT_FORMAT", "columns"),
        ("PIP_AUDIT_VULNERABILITY_SERVICE", "pypi"),
        ("PIP_AUDIT_OSV_URL", "http://127.0.0.1:9/"),
        ("PIP_AUDIT_DESC", "off"),
        ("PIP_AUDIT_LOGLEVEL", "no such level"),
        ("PIPAPI_PYTHON_LOCATION", "/no/python"),
        ("VIRTUAL_ENV", "/no/environment"),
    ],
)
def test_the_environment_does_not_reach_pip_audit(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with OsvServer(VULNERABLE) as server:
        policy = f"[tool.pytest-gates.pip-audit]\nsource = '{server.url}'\n"
        project.policy(policy + "requirements = ['pins.txt']\n").write(
            {"pins.txt": "shop==1.0\n", "test_it.py": "def test_it(): pass"}
        ).commit()
        assert project.run(*CI).ret == 10
    assert rules(project.result("pip-audit")) == ["PYSEC-2026-1"]
    assert server.asked == [("shop", "1.0")]


def test_a_dot_bandit_file_skips_nothing(project: Project) -> None:
    excuse = "[bandit]\nskips = B602,B404\nexclude = ./\n"
    project.policy("[tool.pytest-gates.bandit]\nfail-on = 'high'\n").write(
        {
            "src/.bandit": excuse,
            ".bandit": excuse,
            "src/app.py": FLAW,
            "setup.cfg": excuse,
            "test_it.py": "def test_it(): pass",
        }
    ).commit()
    assert project.run(*CI).ret == 10
    assert "B602" in rules(project.result("bandit"))
    scan = project.report().evidence.scans["bandit"]
    assert isinstance(scan, Scan)
    assert scan.inputs == 2
    assert project.verify().returncode == 10


def test_bandits_own_settings_in_pyproject_are_not_obeyed_unless_named(project: Project) -> None:
    own = "[tool.bandit]\nskips = ['B602']\nexclude_dirs = ['src']\n"
    files = {"src/app.py": FLAW, "test_it.py": "def test_it(): pass"}
    project.policy("[tool.pytest-gates.bandit]\nfail-on = 'high'\n" + own).write(files).commit()
    assert project.run(*CI).ret == 10
    assert project.result("bandit").verdict is Verdict.FAIL


def test_a_copy_of_the_judge_is_refused_when_only_pythonpath_puts_it_first(
    project: Project, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    project.policy(ONLY_TESTS).write({"tests/test_it.py": "def test_it(): pass"})
    shutil.copytree(Path(pytest_gates.__file__).parent, project.root / "pytest_gates")
    project.commit()
    monkeypatch.setenv("PYTHONPATH", ".")
    done = judge(project, *workers)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert not project.report_path.exists()
