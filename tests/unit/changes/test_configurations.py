"""Changes of the tools' own configuration, key by key."""

from __future__ import annotations

import pytest

from pytest_gates.changes.configurations import (
    configuration_changes,
    tools_of,
    whole_file_changed,
)
from pytest_gates.model.finding import Effect

TOOLS = ("bandit", "coverage", "mypy", "pytest", "ruff")
UNSURE = " (nobody can tell which of them is stricter)"


@pytest.mark.parametrize(
    "path, tools",
    [
        ("pyproject.toml", {"coverage", "pytest", "ruff", "mypy", "bandit"}),
        ("deep/down/pyproject.toml", {"ruff"}),
        ("setup.cfg", {"coverage", "pytest", "mypy"}),
        ("tox.ini", {"coverage", "pytest"}),
        ("x/tox.ini", set()),
        ("x/.ruff.toml", {"ruff"}),
        ("README.md", set()),
    ],
)
def test_which_files_configure_what(path: str, tools: set[str]) -> None:
    assert set(tools_of(path)) == tools


def told(path: str, base: str | None, now: str | None) -> list[str]:
    texts = [None if text is None else text.encode() for text in (base, now)]
    found = configuration_changes(path, texts[0], texts[1], TOOLS)
    assert all(one.effect is Effect.FAIL for one in found)
    return [one.message for one in found]


@pytest.mark.parametrize(
    "path, base, now, messages",
    [
        (
            "pyproject.toml",
            "[tool.coverage.run]\nomit = ['a']",
            "[tool.coverage.run]\nomit = ['a', 'b']",
            ['pyproject.toml tool.coverage.run.omit: +"b"'],
        ),
        (
            "pyproject.toml",
            "",
            "[tool.coverage.report]\nexclude_also = ['def x']\nfail_under = 3",
            ['pyproject.toml tool.coverage.report.exclude_also: +"def x"'],
        ),
        (
            "pyproject.toml",
            "[tool.coverage.run]\nsource = ['a', 'b']",
            "[tool.coverage.run]\nsource = ['a']",
            [f'pyproject.toml tool.coverage.run.source: -"b"{UNSURE}'],
        ),
        (
            "tox.ini",
            "[coverage:run]\nomit =\n  a\n  b\n",
            "[coverage:run]\nomit = a, b, c\nbranch = true",
            [
                f'tox.ini [coverage:run].branch: +"true"{UNSURE}',
                'tox.ini [coverage:run].omit: +"c"',
            ],
        ),
        ("tox.ini", "[testenv]\ncommands = a", "[testenv]\ncommands = b", []),
        ("tox.ini", "", "[pytest]\n", [f'tox.ini [pytest]: +"empty"{UNSURE}']),
        (
            "setup.cfg",
            "[tool:pytest]\naddopts = -q",
            "[tool:pytest]\naddopts = -q --deselect x",
            [f'setup.cfg [tool:pytest].addopts: -"-q" +"-q --deselect x"{UNSURE}'],
        ),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\nfilterwarnings = ['error']",
            "[tool.pytest.ini_options]\nfilterwarnings = []\nmarkers = ['x']",
            [],
        ),
        (
            "pyproject.toml",
            "[tool.ruff.lint]\nselect = ['ALL']\n[tool.ruff.format]\nquote-style = 'single'",
            "[tool.ruff.lint]\nselect = ['E']\n[tool.ruff.format]\nquote-style = 'double'",
            [f'pyproject.toml tool.ruff.lint.select: -"ALL" +"E"{UNSURE}'],
        ),
        (
            "pyproject.toml",
            "[tool.mypy]\nstrict = true",
            "[tool.mypy]\nstrict = false\n[[tool.mypy.overrides]]\nmodule = 'x'",
            [
                "pyproject.toml tool.mypy.overrides: +\"{'module': 'x'}\"" + UNSURE,
                f'pyproject.toml tool.mypy.strict: -"True" +"False"{UNSURE}',
            ],
        ),
        (
            "pyproject.toml",
            "[tool.bandit]\nskips = ['B101']",
            "[tool.bandit]\nskips = ['B101', 'B602']",
            ['pyproject.toml tool.bandit.skips: +"B602"'],
        ),
        (
            ".coveragerc",
            None,
            "[run]\nomit = a",
            [
                ".coveragerc: new; it takes the place of other configuration of coverage",
                '.coveragerc [run].omit: +"a"',
            ],
        ),
        ("pytest.ini", "", None, ["pytest.ini: gone; it takes the place of other configuration of pytest"]),
        ("pyproject.toml", None, "[project]\nname = 'x'", []),
        ("pyproject.toml", "tool = 3", "tool = 4", []),
        ("pyproject.toml", "[tool]\nruff = 3", "[tool]\nruff = 4",
         [f'pyproject.toml tool.ruff: -"3" +"4"{UNSURE}']),
        ("pyproject.toml", "", "[tool.coverage.run]",
         [f'pyproject.toml tool.coverage.run: +"empty"{UNSURE}']),
        ("README.md", "a", "b", []),
    ],
)  # fmt: skip
def test_what_a_change_of_configuration_is_told_as(
    path: str, base: str | None, now: str | None, messages: list[str]
) -> None:
    assert told(path, base, now) == messages


def test_only_the_tools_of_the_law_are_asked() -> None:
    assert (
        configuration_changes("pyproject.toml", b"", b"[tool.ruff]\nselect = []", ("mypy",)) == ()
    )
    assert (
        configuration_changes("pyproject.toml", b"", b"[tool.ruff]\nselect = []", ("nobody",)) == ()
    )


@pytest.mark.parametrize(
    "path, text",
    [("pyproject.toml", b"[["), ("tox.ini", b"no section\n"), (".coveragerc", b"\xff")],
)
def test_what_cannot_be_read_is_unknown(path: str, text: bytes) -> None:
    found = configuration_changes(path, b"", text, ("coverage",))
    assert [one.effect for one in found] == [Effect.UNKNOWN]


def test_a_file_that_the_policy_names_belongs_to_the_law() -> None:
    found = whole_file_changed("bandit.yml", "bandit")
    assert found.effect is Effect.FAIL
    assert "the gate `bandit` goes by it" in found.message
