"""A secret blocks the change, and whatever a run leaves behind does not hold it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gates.model.evidence import Scan
from pytest_gates.model.finding import Effect
from pytest_gates.model.verdict import Verdict
from support.projects import Project

# Put together here, so that nobody takes this file for one that holds them.
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"
OLD, NEW, LAWFUL, BARE = (
    head + tail
    for head, tail in (
        ("s3cr3t-Tr0", "ub4dor-71"),
        ("kq8-Wm2", "_hJ7xPz4v"),
        ("zz9-Plural", "-Z-Alpha-77"),
        ("aa9-Plural", "-Q-Beta-88"),
    )
)
POLICY = """
[tool.pytest-gates]
base = "main"
reports = ["json", "junit"]

[tool.pytest-gates.secrets]
detect-secrets = true
only-new = true
"""
CONFIG = f"""
TOKEN = "{TOKEN}"
OLD_PASSWORD = "{OLD}"
NEW_PASSWORD = "{NEW}"
BARE_SECRET = "{BARE}"  # pragma: allowlist secret
SANDBOX_SECRET = "{LAWFUL}"  # pragma: allowlist secret: the sandbox knows {LAWFUL} alone
"""
TEST = {"test_a.py": "def test_a():\n    pass\n", ".gitignore": "gates-report/\n__pycache__/\n"}


@pytest.fixture
def changed(project: Project) -> Project:
    """One password is in the base, another one in a file that the change leaves alone."""
    project.policy(POLICY).write({"a.py": f'OLD_PASSWORD = "{OLD}"\n', "b.py": CONFIG, **TEST})
    project.commit()
    project.git("switch", "-q", "-c", "change")
    return project.write({"a.py": CONFIG})


def left_behind(root: Path) -> bytes:
    files = [one for one in root.rglob("*") if one.is_file() and ".git" not in one.parts]
    return b"\n".join(one.read_bytes() for one in files if one.suffix not in {".py", ".pyc"})


def test_new_secrets_of_every_kind_block_and_no_value_is_told(changed: Project) -> None:
    done = changed.run("--gates-profile", "ci", "-v")
    assert done.ret == 10
    result = changed.result("secrets")
    assert [(one.rule, str(one.location)) for one in result.failures] == [
        ("github-token", "a.py:1"),
        ("detect-secrets/secret-keyword", "a.py:3"),
        ("detect-secrets/secret-keyword", "a.py:4"),
    ]
    assert "gives no reason" in (result.failures[2].remedy or "")
    notes = {str(one.location): one for one in result.findings if one.effect is Effect.NOTE}
    assert notes["a.py:2"].is_new is False
    assert notes["a.py:5"].suppressed == "the sandbox knows … alone"
    scan = changed.report().evidence.scans["secrets"]
    assert isinstance(scan, Scan)
    assert "detect-secrets 1" in scan.notes[-1]
    said = left_behind(changed.root) + "\n".join((*done.outlines, *done.errlines)).encode()
    assert not [one for one in (TOKEN, OLD, NEW, LAWFUL, BARE) if one.encode() in said]
    assert changed.verify("--rescan").returncode == 10


def test_without_a_base_what_detect_secrets_would_say_is_not_known(project: Project) -> None:
    policy = POLICY.replace('"main"', '"nowhere"').replace("only-new = true", "")
    project.policy(policy).write({"a.py": CONFIG.replace(TOKEN, ""), **TEST}).commit()
    assert project.run("--gates-profile", "ci").ret == 11
    result = project.result("secrets")
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "did not look at changed files" in result.unknowns[0].message
