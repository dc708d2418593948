"""Old debt blocks no change, a change adds none, and without a base nobody knows which is which."""

from __future__ import annotations

from pytest_gates.model.evidence import BaseScan, Scan, Unavailable
from pytest_gates.model.verdict import Verdict
from support.projects import Project

POLICY = """
[tool.pytest-gates]
base = "main"

[tool.pytest-gates.tests]

[tool.pytest-gates.bandit]
fail-on = "low"
only-new = true

[tool.pytest-gates.secrets]
only-new = true

[tool.pytest-gates.ruff]
only-new = true

[tool.ruff.lint]
select = ["F401"]

[tool.pytest-gates.profiles.local]
on-inconclusive = "block"
"""
OLD = "import os\n\ndef run(x):\n    exec(x)\n"


def a_project(project: Project) -> Project:
    project.policy(POLICY).write({"src/a.py": OLD, "test_a.py": "def test_a():\n    pass\n"})
    project.write({".gitignore": "gates-report\n.pytest_cache\n__pycache__\n.ruff_cache\n"})
    project.commit()
    project.git("switch", "-q", "-c", "change")
    return project


def scan_of(project: Project, name: str) -> Scan:
    found = project.report().evidence.scans[name]
    assert isinstance(found, Scan)
    return found


def test_old_findings_are_shown_and_only_new_ones_block(project: Project) -> None:
    a_project(project)
    # Moved, and its file renamed: still the old one.
    (project.root / "src" / "a.py").unlink()
    project.write({"src/b.py": '"""Now with a name."""\n\n' + OLD, "src/c.py": "A = 1\n"})
    project.git("add", "-A")

    first = project.run()

    assert first.ret == 0
    bandit = project.result("bandit")
    assert bandit.verdict is Verdict.PASS
    assert bandit.summary.startswith("no new of 1 finding(s), 1 at the base")
    assert [one.is_new for one in bandit.findings] == [False]
    assert project.result("ruff").summary.startswith("no new of 1 finding(s)")
    base = scan_of(project, "bandit").base
    assert isinstance(base, BaseScan)
    assert not base.from_cache
    assert base.commit == project.git("rev-parse", "main").strip()

    token = "npm_" + "aB3dE6gH9j" * 3 + "Qq1Ww2"
    project.write({"src/c.py": f"import re\nA = '{token}'\neval(A)\n"})

    second = project.run()

    assert second.ret == 10
    assert project.result("bandit").summary.startswith("1 new of 2 finding(s)")
    new = [one.where for one in project.result("bandit").findings if one.is_new]
    assert new == ["src/c.py:3"]
    assert [one.where for one in project.result("secrets").findings] == ["src/c.py:2"]
    assert [one.where for one in project.result("ruff").findings if one.is_new] == ["src/c.py:1"]
    assert token not in project.report_path.read_text(encoding="utf-8")
    for name in ("bandit", "secrets", "ruff"):
        known = scan_of(project, name).base
        assert isinstance(known, BaseScan)
        assert known.from_cache
    assert project.verify("--accept-recorded", "bandit").returncode in {0, 10}


def test_without_a_base_it_is_not_known_and_says_what_to_fetch(project: Project) -> None:
    a_project(project)

    done = project.run("--gates-base", "no-such-branch")

    assert done.ret == 11
    for name in ("bandit", "secrets", "ruff"):
        result = project.result(name)
        assert result.verdict is Verdict.INCONCLUSIVE
        assert [one.rule for one in result.findings][-1] == "no-base"
        assert result.findings[-1].remedy
        assert isinstance(scan_of(project, name).base, Unavailable)
