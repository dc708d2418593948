"""report.json of real runs is what the published JSON Schema promises; a foreign validator says so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from support.osv import OsvServer, advisory
from support.projects import Project

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "report.schema.json"
SCANNED = (
    "[tool.coverage.run]\nsource = ['.']\nbranch = true\n[tool.pytest-gates.coverage]\nlines = 10\n"
)
SCANNED += "[tool.pytest-gates.bandit]\n[tool.pytest-gates.ruff]\n"
GREEN = {"test_it.py": "def test_it(): pass\n"}
MIXED = {
    "shop.py": "import os\ndef f(x):\n    assert x\n    return x if x else None\n",
    "test_shop.py": """
    import pytest, shop
    def test_good(): shop.f(1)
    def test_bad(): assert shop.f(1) == 2
    @pytest.mark.skip
    def test_skipped(): pass
    @pytest.mark.xfail
    def test_x(): assert 0
    @pytest.fixture
    def broken(): raise RuntimeError
    def test_error(broken): pass
    @pytest.mark.parametrize("name", ["\\x1b[31m", "a\\nb", "ünï", "\\udc80", "x" * 1000])
    def test_named(name): pass
    """,
}
EXCUSED = """
[[waiver]]
gate = "ruff"
subject = "F401"
reason = "kept for its side effect"
owner = "@ana"
expires = 2099-12-31
"""


@pytest.fixture(scope="module")
def schema() -> Mapping[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_gates", "schema"], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def validated(path: Path, schema: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_bytes())
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
        document
    )
    return document


def test_the_published_schema_is_the_one_of_the_command(schema: Mapping[str, Any]) -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema


def test_the_smallest_report_is_valid(project: Project, schema: Mapping[str, Any]) -> None:
    project.policy().write(GREEN).commit()
    assert project.run().ret == 0
    assert validated(project.report_path, schema)["decision"] == "pass"


def test_a_report_with_everything_in_it_is_valid(
    project: Project, workers: tuple[str, ...], schema: Mapping[str, Any]
) -> None:
    known = {("shop", "1.0"): [advisory("PYSEC-1", "shop", fixed="1.1", aliases=["CVE-1"])]}
    with OsvServer(known) as server:
        audit = f"[tool.pytest-gates.pip-audit]\nsource = '{server.url}'\n"
        project.policy(SCANNED + audit + "requirements = ['pins.txt']\n").write(
            {"pins.txt": "shop==1.0\n", "gates-exceptions.toml": EXCUSED, **MIXED}
        ).commit()
        assert project.run(*workers).ret == 1
    document = validated(project.report_path, schema)
    assert document["decision"] == "blocked"
    assert {one["gate"] for one in document["results"]} == {
        "tests", "coverage", "ruff", "bandit", "pip-audit",
    }  # fmt: skip
    assert len(document["evidence"]["cases"]) == 10
    assert document["waivers"][0]["state"] == "used"
    assert document["evidence"]["scans"]["pip-audit"]["findings"]


def test_a_report_of_a_run_that_was_killed_is_valid(
    project: Project, schema: Mapping[str, Any]
) -> None:
    project.policy(SCANNED).write({"test_it.py": "import os\ndef test_it(): os._exit(0)\n"})
    project.commit()
    project.run()
    document = validated(project.report_path, schema)
    assert document["evidence"]["run"]["finished"] is None


def test_a_report_of_unknowns_is_valid(project: Project, schema: Mapping[str, Any]) -> None:
    """No git, no coverage, no scan, a file that cannot be collected."""
    project.policy("[tool.pytest-gates.coverage]\n[tool.pytest-gates.bandit]\n")
    project.write({"broken.py": "def f(:", "test_broken.py": "import no_such_module\n"})
    project.run("--gates-profile", "ci")
    document = validated(project.report_path, schema)
    assert document["evidence"]["run"]["checkout"]["kind"] == "unavailable"
    assert document["evidence"]["collection_errors"]


@pytest.mark.parametrize(
    "key, value", [("decision", "fine"), ("schema", "1"), ("results", None), ("evidence", {})]
)
def test_the_schema_refuses_what_is_no_report(
    project: Project, schema: Mapping[str, Any], key: str, value: object
) -> None:
    project.policy().write(GREEN).commit()
    assert project.run().ret == 0
    document = json.loads(project.report_path.read_bytes())
    document[key] = value
    with pytest.raises(ValidationError):
        Draft202012Validator(schema).validate(document)
