"""Documentation, catalog, command line and schema say the same. Reads files."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from pytest_gates import __version__, api, hookspecs
from pytest_gates.catalog import DEFAULT_POLICY, GATES, REPORTERS, catalog
from pytest_gates.cli.app import app
from pytest_gates.config.exceptions import parse_exceptions, with_exceptions
from pytest_gates.config.policy import (
    BUILT_IN_PROFILES,
    Overrides,
    parse_policy,
    policy_table,
)
from pytest_gates.model.contracts import Gate
from pytest_gates.model.policy import PolicySource
from pytest_gates.model.report import Decision
from pytest_gates.plugin import _OPTIONS
from support.documents import DOCS, ROOT, Block, anchors, blocks, links, name_of, pages

GENERATOR = DOCS / "generate_reference.py"
ADD_A_GATE = DOCS / "how-to" / "add-a-gate.md"
OTHER_SCANNERS = DOCS / "how-to" / "other-scanners.md"
REFERENCE = DOCS / "reference"
_TABLE = "tool.pytest-gates"
_THIRD_PARTY = ("conftest.py", "gates-todo/src/gates_todo/gate.py")
# Where the screens of the pages were made; no reader has these folders.
_PLACES = re.compile(r"/(?:work|tmp|root|home)/")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reference", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def documented_gates() -> tuple[Gate, ...]:
    """The gates that the how-to writes: their tables occur in its examples."""
    texts = {block.title: block.text for block in blocks(ADD_A_GATE, "python")}
    (scanner,) = blocks(OTHER_SCANNERS, "python")
    texts["scanner.py"] = scanner.text
    found: list[Gate] = []
    for name in (*_THIRD_PARTY, "scanner.py"):
        namespace: dict[str, Any] = {"__name__": Path(name).stem}
        # Without our own `from __future__ import annotations`: the page has none.
        exec(compile(texts[name], name, "exec", dont_inherit=True), namespace)
        found.append(namespace["GATE"])
    return tuple(found)


def toml_blocks() -> list[Block]:
    return [block for page in pages() for block in blocks(page, "toml")]


def page_text(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["gates.md", "policy.md", "report.schema.json"])
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    generated: str = generator().PAGES[name]()
    assert page_text(name) == generated


def test_every_built_in_gate_has_a_section_with_all_its_keys() -> None:
    text = page_text("gates.md")
    for gate in GATES:
        section = text.partition(f"\n## {gate.name}\n")[2].partition("\n## ")[0]
        assert gate.doc in section
        for key in gate.settings.__struct_encode_fields__:
            assert f"| `{key}` |" in section


def test_every_key_of_gates_and_policy_says_what_it_is() -> None:
    rows = [
        line
        for name in ("gates.md", "policy.md")
        for line in page_text(name).partition("## Exceptions file")[0].splitlines()
        if line.startswith("| `")
    ]
    assert rows
    assert [row for row in rows if row.endswith("|  |")] == []


def test_the_schema_knows_every_decision() -> None:
    document = json.loads(page_text("report.schema.json"))
    assert set(document["$defs"]["Decision"]["enum"]) == {one.value for one in Decision}


def test_the_policy_page_shows_the_default_policy() -> None:
    section = page_text("policy.md").partition("## Without a policy")[2].partition("\n## ")[0]
    found = next(
        block for block in blocks(REFERENCE / "policy.md", "toml") if block.text in section
    )
    assert tomllib.loads(found.text)["tool"]["pytest-gates"] == DEFAULT_POLICY


def test_every_option_of_pytest_is_documented() -> None:
    text = page_text("command-line.md")
    for flag, settings in _OPTIONS:
        shown = f"{flag} {settings['metavar']}" if "metavar" in settings else flag
        assert f"`{shown}`" in text


def commands(group: click.Command = app, above: str = "") -> list[tuple[str, click.Command]]:
    """Those that do something, by the words that call them: a group is no command itself."""
    assert isinstance(group, click.Group)
    context = click.Context(group)
    found: list[tuple[str, click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            found += commands(command, f"{above}{name} ")
        elif command is not None:
            found.append((f"{above}{name}", command))
    return found


@pytest.mark.parametrize("name, command", commands(), ids=[name for name, _ in commands()])
def test_every_option_of_a_command_is_documented(name: str, command: click.Command) -> None:
    section = page_text("command-line.md").partition(f"\n### gates {name}\n")[2]
    section = re.split(r"\n##+ ", section)[0]
    assert f"`gates {name}" in section
    for option in command.params:
        if isinstance(option, click.Option):
            assert re.search(rf"`{re.escape(option.opts[0])}[ `]", section), option.opts[0]


def test_no_page_documents_an_option_that_does_not_exist() -> None:
    ours = {flag for flag, _ in _OPTIONS} | {"--help", "--version"}
    ours |= {word for _, command in commands() for one in command.params for word in one.opts}
    named = {
        found
        for line in page_text("command-line.md").splitlines()
        if line.startswith("| `--")
        for found in re.findall(r"`(--[\w-]+)", line.split("|")[1])
    }
    assert named - ours == set()


def test_every_exit_status_is_documented() -> None:
    text = page_text("exit-status.md")
    for status in pytest.ExitCode:
        assert re.search(rf"^\| {int(status)} \|", text, re.MULTILINE), status
    for decision in Decision:
        assert f"| `{decision}` | {decision.exit_status} |" in text


def test_every_hook_is_documented() -> None:
    text = page_text("hooks.md")
    hooks = [name for name in vars(hookspecs) if name.startswith("pytest_gates_")]
    assert hooks
    for name in hooks:
        assert f"`{name}(" in text
    assert f"`{hookspecs.ENTRY_POINT_GROUP}`" in text


def test_every_example_imports_only_the_published_interface() -> None:
    found = [
        module
        for page in pages()
        for block in blocks(page, "python")
        for module in re.findall(r"^(?:from|import) (pytest_gates[\w.]*)", block.text, re.MULTILINE)
    ]
    assert set(found) == {api.__name__}


def test_every_example_of_python_compiles() -> None:
    for page in pages():
        for block in blocks(page, "python"):
            compile(block.text, f"{block.page}: {block.title}", "exec")


def test_there_are_examples_to_try() -> None:
    holding = [block for block in toml_blocks() if f"[{_TABLE}" in block.text]
    waivers = [block for block in toml_blocks() if "[[waiver]]" in block.text]
    assert len(holding) > 10
    assert len(waivers) > 2
    assert any(block.page == "README.md" for block in holding)


@pytest.mark.parametrize("block", toml_blocks(), ids=lambda block: f"{block.page}-{block.title}")
def test_every_example_of_toml_is_accepted(block: Block) -> None:
    document = tomllib.loads(block.text)
    known = catalog(gates=documented_gates())
    if document.keys() & {"waiver", "quarantine"}:
        found = parse_exceptions(block.text, "gates-exceptions.toml")
        policy = with_exceptions(policy_of("", known.gates), found, known.gates)
        assert (policy.waivers, policy.quarantine) == (found.waivers, found.quarantine)
    if f"[{_TABLE}" in block.text:
        assert policy_table(source_of(block.text)) is not None
        policy_of(block.text, known.gates)


def source_of(text: str) -> PolicySource:
    return PolicySource(file_name="pyproject.toml", text=text, table=_TABLE)


def policy_of(text: str, gates: Mapping[str, Gate]) -> Any:
    policies = [
        parse_policy(
            source_of(text),
            gates=gates,
            default=DEFAULT_POLICY,
            profile=profile,
            overrides=Overrides(),
            version=__version__,
            reporters=tuple(one.name for one in REPORTERS),
        )
        for profile in BUILT_IN_PROFILES
    ]
    return policies[0]


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_relative_link_resolves(page: Path) -> None:
    for target in links(page):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        aim = (page.parent / name).resolve() if name else page
        assert aim.is_relative_to(ROOT), target
        assert aim.exists(), target
        if anchor:
            assert anchor in anchors(aim), target


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_no_page_holds_a_path_of_the_machine_it_was_written_on(page: Path) -> None:
    assert _PLACES.findall(page.read_text(encoding="utf-8")) == []


def test_every_environment_that_the_readme_names_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Development")[2]
    named = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    assert len(named) > 5
    for name in named:
        assert name == "py" or f"[testenv:{name}]" in tox


def test_every_page_stands_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in pages():
        if page.is_relative_to(DOCS):
            assert f": {page.relative_to(DOCS).as_posix()}\n" in navigation
