"""Which words turn the gates on, and that the header says so."""

from __future__ import annotations

import pytest
from packaging.version import Version

from pytest_gates.model.report import Decision
from support.projects import ONLY_TESTS, Project
from support.runs import header, lean, plain

_SUITE = {"test_it.py": "def test_it(): pass"}


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


@pytest.mark.parametrize("words", [("-p", "gates"), ("-pgates",)], ids=" ".join)
def test_the_command_line_turns_the_gates_on(
    project: Project, workers: tuple[str, ...], words: tuple[str, ...]
) -> None:
    project.policy().write(_SUITE)
    done = plain(project, *words, *workers)
    assert done.ret == 0
    assert header(done).startswith("gates: active via -p,")
    assert project.report().evidence.run.activated_by == "-p"


def test_addopts_turn_the_gates_on(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(ONLY_TESTS + '[tool.pytest.ini_options]\naddopts = ["-p", "gates"]\n').write(
        _SUITE
    )
    done = plain(project, *workers)
    assert done.ret == 0
    assert header(done).startswith("gates: active via addopts,")
    assert project.report().evidence.run.activated_by == "addopts"


def test_the_older_form_of_addopts_turns_the_gates_on(project: Project) -> None:
    project.policy(ONLY_TESTS + '[tool.pytest.ini_options]\naddopts = "-p gates"\n').write(_SUITE)
    done = plain(project)
    assert done.ret == 0
    assert project.report().evidence.run.activated_by == "addopts"


@pytest.mark.parametrize("file_name", ["tox.ini", "pytest.ini"])
def test_addopts_in_an_ini_file_turn_the_gates_on(project: Project, file_name: str) -> None:
    project.policy().write({**_SUITE, file_name: "[pytest]\naddopts = -p gates\n"})
    done = plain(project)
    assert done.ret == 0
    assert project.report().evidence.run.activated_by == "addopts"


def test_pytest_addopts_turns_the_gates_on(
    project: Project, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    project.policy().write(_SUITE)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p gates")
    done = plain(project, *workers)
    assert done.ret == 0
    assert header(done).startswith("gates: active via PYTEST_ADDOPTS,")
    assert project.report().evidence.run.activated_by == "PYTEST_ADDOPTS"


@pytest.mark.parametrize("value", ["gates", "timeit,gates"])
def test_pytest_plugins_turns_the_gates_on(
    project: Project, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    project.policy().write(_SUITE)
    monkeypatch.setenv("PYTEST_PLUGINS", value)
    done = plain(project, *workers)
    assert done.ret == 0
    assert header(done).startswith("gates: active via PYTEST_PLUGINS,")
    assert project.report().evidence.run.activated_by == "PYTEST_PLUGINS"


def test_the_gates_work_without_the_autoload_of_plugins(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.policy().write(_SUITE)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    done = project.run()
    assert done.ret == 0
    assert project.report().decision is Decision.PASS


def test_the_gates_work_with_workers_and_without_the_autoload_of_plugins(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.policy().write(_SUITE)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    done = project.run("-p", "xdist", "-n2")
    assert done.ret == 0
    assert project.report().decision is Decision.PASS
    assert len(project.report().evidence.run.workers) == 2


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(
            "gates",
            marks=pytest.mark.skipif(
                Version(pytest.__version__) < Version("9.2"),
                reason="before pytest 9.2 PYTEST_PLUGINS takes names of modules only",
            ),
        ),
        "pytest_gates.plugin",
    ],
)
def test_pytest_plugins_works_without_the_autoload_of_plugins(
    project: Project, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    project.policy().write(_SUITE)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", named)
    done = plain(project)
    assert done.ret == 0
    assert project.report().decision is Decision.PASS


def test_naming_the_gates_twice_is_naming_them_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.policy(ONLY_TESTS + '[tool.pytest.ini_options]\naddopts = ["-p", "gates"]\n').write(
        _SUITE
    )
    monkeypatch.setenv("PYTEST_PLUGINS", "gates")
    done = project.run()
    assert done.ret == 0
    assert sum(line.startswith("gates: active") for line in done.outlines) == 1


def test_the_header_names_the_policy_and_the_profile(project: Project) -> None:
    project.policy().write(_SUITE)
    done = project.run()
    assert header(done) == (
        "gates: active via -p, policy pyproject.toml [tool.pytest-gates], profile local"
    )


def test_the_header_names_the_default_policy_and_the_profile_asked_for(project: Project) -> None:
    project.write(_SUITE)
    done = project.run("--gates-profile=ci", "--no-gate=pip-audit", "--no-gate=bandit")
    assert "policy the default policy" in header(done)
    assert header(done).endswith("profile ci")


def test_a_folder_called_gates_does_not_come_before_the_plugin(project: Project) -> None:
    project.policy().write({**_SUITE, "gates/__init__.py": "raise ImportError('not this one')"})
    done = project.run()
    assert done.ret == 0
    assert project.report().decision is Decision.PASS
