"""The house stands as it was drawn: who knows whom, how long a file is, where a part lives."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import pytest_gates
from pytest_gates import catalog
from pytest_gates.model.contracts import Gate, Reporter, Tool

ROOT = Path(__file__).parents[2]
SOURCE = Path(pytest_gates.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
ALL_FILES = sorted({*FILES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")})
MOST_LINES = 400
# Slow to import, and needed by few runs: wherever one is used late, a comment beside it says for whom.
HEAVY = frozenset({
    "bandit", "cvss", "cyclonedx", "detect_secrets", "license_expression", "pip_requirements_parser",
    "requests", "yaml",
})  # fmt: skip
# Where an import inside a function, or only for the type checker, has a reason of its own.
LAZY_PLACES = (
    "plugin/__init__.py",
    "plugin/early.py",
    "cli/__init__.py",
    "hookspecs.py",
    "model/spdx.py",  # the library of licences, for who judges them
    "reporters/cyclonedx.py",  # the library of the bill of materials, for who wants one
    "tools/sarif.py",  # the many types of such a file, for who has one
    "config/policy.py",  # packaging, for a key that hardly any policy has
    "adapters/advisory_database.py",  # YAML, and what writes copies, for whose database is not packed
    "adapters/bandit_scan.py",  # what imports bandit, for who has files that nobody scanned yet
    "adapters/history.py",  # psycopg, for who keeps the history in PostgreSQL
    "plugin/internals.py",  # what not every pytest has
    "plugin/measuring.py",  # only names the type: a run without a coverage gate does not import coverage
    "plugin/patching.py",  # as measuring
)
# These begin programs: what they hold is run, not re-exported.
STARTING_PACKAGES = ("plugin/__init__.py", "cli/__init__.py")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT if ROOT in path.parents else SOURCE).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or "."


def test_every_contract_of_the_house_is_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()",
         "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    assert f"Contracts: {len(contracts)} kept, 0 broken." in done.stdout


def test_the_house_was_found() -> None:
    """The tests below say nothing about an empty list."""
    assert len(FILES) > 30
    assert len(ALL_FILES) > len(FILES)


@pytest.mark.parametrize("path", ALL_FILES, ids=name_of)
def test_a_file_is_short_enough_to_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_module_says_in_one_sentence_what_it_is(path: Path) -> None:
    text = ast.get_docstring(tree_of(path))
    assert text
    assert text.splitlines()[0].rstrip().endswith((".", "?"))


@pytest.mark.parametrize(
    "path",
    [
        one
        for one in FILES
        if one.name == "__init__.py" and not name_of(one).endswith(STARTING_PACKAGES)
    ],
    ids=name_of,
)
def test_the_face_of_a_package_re_exports_nothing(path: Path) -> None:
    names = {name for node in ast.walk(tree_of(path)) for name in imported(node)}
    assert names <= {"__future__"}
    assert not any(
        isinstance(node, ast.FunctionDef) and node.name == "__getattr__"
        for node in tree_of(path).body
    )


@pytest.mark.parametrize("name", STARTING_PACKAGES)
def test_what_begins_a_program_is_loaded_before_anything_of_ours(name: str) -> None:
    """The plugin is loaded by every pytest start of the machine; `gates` is not isolated yet."""
    names = {found for node in tree_of(SOURCE / name).body for found in imported(node)}
    ours = {found for found in names if found.startswith("pytest_gates")}
    assert ours <= {"pytest_gates"}
    others = {found.partition(".")[0] for found in names - ours}
    assert others <= {*sys.stdlib_module_names, "pytest"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_stand_on_top(path: Path) -> None:
    """But for heavy libraries of others, and for the places that say why."""
    place = path.relative_to(SOURCE).as_posix()
    tree = tree_of(path)
    late = sorted(
        name
        for node in ast.walk(tree)
        if not any(node is one for one in tree.body)
        for name in imported(node)
        if name.partition(".")[0] not in HEAVY
    )
    assert place in LAZY_PLACES or not late, f"{place} imports late: {late}"


def test_a_relative_import_hides_no_neighbour() -> None:
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            assert not (isinstance(node, ast.ImportFrom) and node.level), name_of(path)


@pytest.mark.parametrize("gate", catalog.GATES, ids=lambda gate: gate.name)
def test_a_gate_lives_in_a_file_of_its_own_name(gate: Gate) -> None:
    module = gate.name.replace("-", "_")
    room = "gates" if gate.tool is None else "tools"
    assert (SOURCE / room / f"{module}.py").is_file()
    # In model/ where not only the judge goes by it: the plugin tries failures again as it says.
    places = {f"pytest_gates.{room}.{module}", f"pytest_gates.model.{module}_settings"}
    assert gate.settings.__module__ in places


@pytest.mark.parametrize(
    "tool", [gate.tool for gate in catalog.GATES if gate.tool], ids=lambda tool: tool.name
)
def test_a_tool_is_two_functions_of_its_own_file(tool: Tool) -> None:
    for function in (tool.command, tool.read):
        assert function.__module__ == f"pytest_gates.tools.{tool.name.replace('-', '_')}"


@pytest.mark.parametrize("reporter", catalog.REPORTERS, ids=lambda one: one.name)
def test_a_reporter_lives_in_a_file_of_its_own_name(reporter: Reporter) -> None:
    module = f"pytest_gates.reporters.{reporter.name.replace('-', '_')}"
    assert reporter.render.__module__ == module


def test_every_file_of_a_room_is_in_the_catalog() -> None:
    """A gate that nobody can switch on is a gate that nobody tests."""
    gates = {gate.name.replace("-", "_") for gate in catalog.GATES if gate.tool is None}
    tools = {gate.tool.name.replace("-", "_") for gate in catalog.GATES if gate.tool}
    reporters = {reporter.name for reporter in catalog.REPORTERS}
    judges = modules_of("gates") - {"scan", "covering", "patch_places", "licences"}
    assert judges == gates
    sarif = {"sarif_log", "sarif_paths", "sarif_reading", "sarif_results"}
    assert (
        modules_of("tools") - {"advisories", "nosec", "pip_audit_answer", "ruff_answers"} - sarif
        == tools
    )
    parts = {
        "terminal",
        "terminal_excuses",
        "terminal_findings",
        "explained",
        "xml",
        "junit_elements",
    }
    parts |= {"issues", "annotations", "markdown_text", "cyclonedx_bill", "cyclonedx_document"}
    assert modules_of("reporters") - parts == reporters


def test_no_two_reporters_write_the_same_file() -> None:
    names = [reporter.file_name for reporter in catalog.REPORTERS]
    assert len(set(names)) == len(names)


def test_the_core_never_asks_for_the_time() -> None:
    """`today` is handed in: what is judged tomorrow from the same evidence can be reproduced."""
    for room in ("model", "gates", "tools", "config", "reporters"):
        for path in (SOURCE / room).glob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert ".now(" not in text, name_of(path)
            assert ".today(" not in text, name_of(path)


def modules_of(room: str) -> set[str]:
    return {path.stem for path in (SOURCE / room).glob("*.py")} - {"__init__"}
