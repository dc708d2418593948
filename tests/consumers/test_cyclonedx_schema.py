"""bom.cdx.json of a real run is what the schema of CycloneDX 1.6 asks for; its own validator says so."""

from __future__ import annotations

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from support.projects import Project


@pytest.mark.parametrize("table", ['[tool.pytest-gates.licences]\ndeny = ["AGPL-3.0-only"]\n', ""])
def test_the_bill_of_a_run_is_valid(project: Project, table: str) -> None:
    project.write({"test_it.py": "def test_it(): pass\n"})
    project.policy(f'[tool.pytest-gates]\nreports = ["cyclonedx"]\n{table}').commit()
    project.run()
    text = (project.report_path.parent / "bom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    names = {one["name"] for one in json.loads(text).get("components", [])}
    assert ("pytest" in names) is bool(table)
