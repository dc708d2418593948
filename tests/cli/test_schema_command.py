"""`gates schema` and the help of all commands: they answer, and quickly import nothing they do not need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator

from pytest_gates import __version__
from pytest_gates.model.report import SCHEMA_VERSION

HEAVY = ("msgspec", "packaging", "pluggy", "coverage", "pytest", "pytest_gates.pipeline")


def gates(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_gates", *words], check=False, capture_output=True, text=True
    )


def test_the_schema_is_a_valid_one_of_this_version() -> None:
    done = gates("schema")
    assert done.returncode == 0
    schema = json.loads(done.stdout)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert str(SCHEMA_VERSION) in schema["title"]


def test_the_schema_is_the_same_every_time() -> None:
    assert gates("schema").stdout == gates("schema").stdout


def test_the_version_is_said() -> None:
    done = gates("--version")
    assert done.returncode == 0
    assert __version__ in done.stdout


@pytest.mark.parametrize("command", ["init", "verify", "schema"])
def test_each_command_is_listed_and_explains_itself(command: str) -> None:
    assert command in gates("--help").stdout
    done = gates(command, "--help")
    assert done.returncode == 0
    assert f"gates {command}" in done.stdout


def test_a_command_names_every_option_with_an_explanation() -> None:
    text = gates("verify", "--help").stdout
    for option in ("--root", "--commit", "--any-commit", "--profile", "--config", "--max-age"):
        assert option in text
    for status in ("0", "10", "11", "2"):
        assert status in text


@pytest.mark.usefixtures("unmeasured")
def test_showing_the_version_imports_no_more_than_click() -> None:
    code = (
        "import sys; sys.argv[1:] = ['--version']\n"
        "from pytest_gates.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], check=False, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "LOADED []"
