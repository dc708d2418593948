"""The scanners on real projects: what they find, what they could not read, what the policy leaves out."""

from __future__ import annotations

import pytest

from pytest_gates.model.evidence import Scan, Unavailable
from pytest_gates.model.finding import Severity
from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.osv import OsvServer, advisory
from support.projects import Project
from support.runs import rules

CI = ("--gates-profile", "ci")
HIGH = "import subprocess\ndef run(words): subprocess.call(words, shell=True)\n"
LOW = "def check(value): assert value\n"
GREEN = {"test_it.py": "def test_it(): pass\n"}


def bandit(settings: str = "") -> str:
    return f"[tool.pytest-gates.bandit]\n{settings}\n"


def scanned(project: Project, gate: str) -> Scan:
    found = project.report().evidence.scans[gate]
    assert isinstance(found, Scan), found
    return found


def test_a_planted_flaw_blocks_and_says_where(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(bandit()).write({"src/app.py": HIGH, **GREEN}).commit()
    done = project.run(*workers)
    assert done.ret == 10
    assert project.report().decision is Decision.BLOCKED
    (finding,) = project.result("bandit").failures
    assert (finding.rule, finding.severity) == ("B602", Severity.HIGH)
    assert str(finding.location) == "src/app.py:2"
    assert any("B602" in line and "src/app.py:2" in line for line in done.outlines)
    assert project.verify().returncode == 10


def test_a_project_without_a_flaw_passes(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(bandit()).write({"src/app.py": "x = 1", **GREEN}).commit()
    assert project.run(*workers).ret == 0
    assert scanned(project, "bandit").inputs == 2
    assert project.verify().returncode == 0


def test_a_file_bandit_cannot_parse_is_not_a_file_without_flaws(project: Project) -> None:
    project.policy(bandit()).write({"app.py": "x = 1", "broken.py": "def f(:", **GREEN}).commit()
    assert project.run(*CI).ret == 11
    assert rules(project.result("bandit")) == ["unread"]
    assert [one.subject for one in scanned(project, "bandit").unread] == ["broken.py"]
    assert project.verify().returncode == 11


def test_a_flaw_beside_an_unreadable_file_blocks(project: Project) -> None:
    project.policy(bandit()).write({"app.py": HIGH, "broken.py": "def f(:", **GREEN}).commit()
    assert project.run(*CI).ret == 10
    assert {"B602", "unread"} <= set(rules(project.result("bandit")))


@pytest.mark.parametrize(
    "settings, status",
    [
        ("fail-on = 'low'", 10),
        ("fail-on = 'medium'", 0),
        ("fail-on = 'low'\nconfidence = 'high'", 10),
        ("fail-on = 'low'\nskips = ['B101']", 0),
        ("fail-on = 'low'\npaths = ['src/**']", 0),
        ("fail-on = 'low'\nexclude = ['app.py']", 0),
        ("fail-on = 'low'\nexclude = []", 10),
        ("fail-on = 'low'\nmode = 'warn'", 0),
    ],
)
def test_the_policy_says_what_weighs_enough(project: Project, settings: str, status: int) -> None:
    """`assert` outside of tests is of low severity and high confidence."""
    files = {"app.py": LOW, "src/clean.py": "x = 1", **GREEN}
    project.policy(bandit(settings)).write(files).commit()
    assert project.run(*CI).ret == status
    assert project.verify().returncode == status


def test_a_finding_of_little_confidence_is_noted_not_counted(project: Project) -> None:
    """A string that looks like SQL: medium severity, low confidence."""
    code = 'def f(db, name): return "SELECT * FROM t WHERE name = \'" + name + "\'"\n'
    project.policy(bandit("confidence = 'medium'")).write({"app.py": code, **GREEN}).commit()
    assert project.run(*CI).ret == 0
    assert rules(project.result("bandit")) == ["B608"]
    project.policy(bandit("confidence = 'low'")).commit()
    assert project.run(*CI).ret == 10


def test_leaving_everything_out_is_not_finding_nothing(project: Project) -> None:
    project.policy(bandit("exclude = ['**']")).write({"app.py": HIGH, **GREEN}).commit()
    assert project.run(*CI).ret == 11
    assert project.result("bandit").verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "folder",
    ["my.github_tools", ".git_hooks", "eggs.egg", "CVS_import", "with space", "-dash", "ünï"],
)
def test_no_folder_is_left_out_for_its_name(project: Project, folder: str) -> None:
    """bandit itself leaves out every path that merely contains `.git`, `.egg` or `CVS`."""
    project.policy(bandit()).write({f"{folder}/app.py": HIGH, **GREEN}).commit()
    assert project.run(*CI).ret == 10
    (finding,) = project.result("bandit").failures
    assert finding.location is not None
    assert finding.location.path == f"{folder}/app.py"


def test_what_git_ignores_is_not_scanned_and_what_it_does_not_know_yet_is(
    project: Project,
) -> None:
    files = {".gitignore": "generated/\n", "generated/app.py": HIGH, "app.py": "x = 1", **GREEN}
    project.policy(bandit()).write(files).commit()
    assert project.run(*CI).ret == 0
    project.write({"new.py": HIGH})
    assert project.run(*CI).ret == 10


def test_a_module_behind_a_link_does_not_escape_the_scan(project: Project) -> None:
    """Python imports `app.py` all the same; what it links to is no Python file by its name."""
    project.policy(bandit()).write({"app.txt": HIGH, "clean.py": "x = 1", **GREEN})
    (project.root / "app.py").symlink_to("app.txt")
    project.commit()
    assert project.run(*CI).ret in {10, 11}
    assert project.result("bandit").verdict is not Verdict.PASS


def test_a_flaw_that_a_comment_suppresses_stays_in_the_report(project: Project) -> None:
    """Sort, never drop: a reader must see what was silenced, and why."""
    silenced = HIGH.replace("shell=True)", "shell=True)  # nosec B602 - words of ours")
    project.policy(bandit()).write({"app.py": silenced, **GREEN}).commit()
    assert project.run(*CI).ret == 0
    found = {one.rule: one.suppressed for one in project.result("bandit").findings}
    assert found == {"B404": None, "B602": "words of ours"}
    assert project.verify().returncode == 0


def test_a_comment_without_a_reason_hides_nothing_and_is_a_finding(project: Project) -> None:
    silenced = HIGH.replace("shell=True)", "shell=True)  # nosec")
    project.policy(bandit()).write({"app.py": silenced, **GREEN}).commit()
    assert project.run(*CI).ret == 10
    assert {one.rule for one in project.result("bandit").failures} == {
        "B602",
        "nosec-without-reason",
    }
    project.policy(bandit("nosec = 'any'")).commit()
    assert project.run(*CI).ret == 0
    assert "2 of 2 files known from an earlier scan" in scanned(project, "bandit").notes


def test_tests_are_scanned_and_what_is_usual_there_is_counted(project: Project) -> None:
    test = "def test_it():\n    assert eval('1')\n"
    project.policy(bandit()).write({"test_it.py": test}).commit()
    assert project.run(*CI).ret == 10
    assert rules(project.result("bandit")) == ["B307"]
    project.policy(bandit("[tool.pytest-gates.bandit.per-file-ignores]\n'test_*' = ['B307']"))
    project.commit()
    assert project.run(*CI).ret == 0
    assert any("B101 1, B307 1" in note for note in scanned(project, "bandit").notes)


def test_ruff_judges_by_the_projects_own_rules(project: Project, workers: tuple[str, ...]) -> None:
    project.policy("[tool.ruff.lint]\nselect = ['E711']\n[tool.pytest-gates.ruff]\n").write(
        {"app.py": "import os\ndef f(x): return x == None\n", **GREEN}
    ).commit()
    assert project.run(*workers).ret == 10
    assert rules(project.result("ruff")) == ["E711"]
    assert project.verify().returncode == 10


def test_a_project_that_lets_ruff_fix_is_not_edited_by_its_judge(project: Project) -> None:
    code = "import os\nx = 1\n"
    rules_of_ruff = "fix = true\nunsafe-fixes = true\nlint.select = ['F401']\n"
    project.policy(f"[tool.ruff]\n{rules_of_ruff}[tool.pytest-gates.ruff]\n")
    project.write({"app.py": code, **GREEN}).commit()
    assert project.run().ret == 10
    assert rules(project.result("ruff")) == ["F401"]
    assert (project.root / "app.py").read_text(encoding="utf-8") == code


def test_a_file_ruff_cannot_parse_is_inconclusive(project: Project) -> None:
    project.policy("[tool.pytest-gates.ruff]\n").write({"a.py": "def f(:", **GREEN}).commit()
    assert project.run(*CI).ret in {10, 11}
    assert project.result("ruff").verdict is not Verdict.PASS
    assert project.verify().returncode in {10, 11}


def audit(url: str, settings: str = "") -> str:
    text = f"[tool.pytest-gates.pip-audit]\nsource = '{url}'\nrequirements = ['pins.txt']\n"
    return text + settings


def test_a_vulnerable_pin_blocks(project: Project, workers: tuple[str, ...]) -> None:
    known = {("shop", "1.0"): [advisory("PYSEC-2026-1", "shop", fixed="1.1", aliases=["CVE-1"])]}
    with OsvServer(known) as server:
        project.policy(audit(server.url)).write({"pins.txt": "shop==1.0\ncart==2.0\n", **GREEN})
        project.commit()
        assert project.run(*workers).ret == 10
    (finding,) = project.result("pip-audit").findings
    assert (finding.rule, finding.subject) == ("PYSEC-2026-1", "shop 1.0")
    assert "CVE-1" in finding.aliases
    assert "1.1" in (finding.remedy or "")
    assert sorted(server.asked) == [("cart", "2.0"), ("shop", "1.0")]
    assert project.verify().returncode == 10


def test_a_repaired_pin_passes(project: Project) -> None:
    with OsvServer(records=[advisory("PYSEC-2026-1", "shop", fixed="1.1")]) as server:
        project.policy(audit(server.url)).write({"pins.txt": "shop==1.1\n", **GREEN}).commit()
        assert project.run(*CI).ret == 0
    assert scanned(project, "pip-audit").inputs == 1


def test_the_running_environment_is_audited_when_no_file_is_named(project: Project) -> None:
    known = {("pytest", pytest.__version__): [advisory("PYSEC-2026-2", "pytest")]}
    with OsvServer(known) as server:
        policy = f"[tool.pytest-gates.pip-audit]\nsource = '{server.url}'\n"
        project.policy(policy).write(GREEN).commit()
        assert project.run(*CI).ret == 10
    assert rules(project.result("pip-audit")) == ["PYSEC-2026-2"]
    assert scanned(project, "pip-audit").inputs == len(server.asked)


@pytest.mark.parametrize("status", [500, 503, 404, 429])
def test_a_source_that_refuses_is_inconclusive(project: Project, status: int) -> None:
    with OsvServer(status=status) as server:
        project.policy(audit(server.url)).write({"pins.txt": "shop==1.0\n", **GREEN}).commit()
        assert project.run(*CI).ret == 11
    assert isinstance(project.report().evidence.scans["pip-audit"], Unavailable)
    assert project.verify().returncode == 11


def test_a_source_that_is_down_is_inconclusive(project: Project, workers: tuple[str, ...]) -> None:
    with OsvServer() as server:
        url = server.url
    project.policy(audit(url)).write({"pins.txt": "shop==1.0\n", **GREEN}).commit()
    assert project.run(*workers, *CI).ret == 11
    (finding,) = project.result("pip-audit").findings
    assert finding.rule == "no-scan"
    assert url in (finding.remedy or "")


@pytest.mark.parametrize("pins", ["", "shop>=1.0\n", "shop\n", "no such thing ==\n"])
def test_what_pins_nothing_is_not_audited(project: Project, pins: str) -> None:
    with OsvServer() as server:
        project.policy(audit(server.url)).write({"pins.txt": pins, **GREEN}).commit()
        assert project.run(*CI).ret == 11
    assert project.result("pip-audit").verdict is Verdict.INCONCLUSIVE


def test_a_requirements_file_that_is_not_there_is_inconclusive(project: Project) -> None:
    with OsvServer() as server:
        project.policy(audit(server.url)).write(GREEN).commit()
        assert project.run(*CI).ret == 11
    assert project.result("pip-audit").verdict is Verdict.INCONCLUSIVE
