"""`gates ratchet` writes a baseline that only gets tighter, but for what somebody gives a reason for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from pytest_gates.adapters.baseline_file import parsed
from pytest_gates.model.coverage import FileCoverage, LineRange
from pytest_gates.model.evidence import Checkout
from pytest_gates.model.ratchet import Baseline, Lowered
from pytest_gates.model.report import Decision
from support.evidence import a_failure, a_gate, a_report, a_run, an_evidence, files
from support.excused import TODAY, Excused
from support.repositories import commit, git, write

NAME = "gates-baseline.json"
POLICY = f'[tool.pytest-gates.coverage-ratchet]\nbaseline = "{NAME}"\n'
TEN = "".join(f"line_{number} = {number}\n" for number in range(1, 11))


class Ratcheted:
    """A repository with `pay.py` and `till.py` of ten lines, and a report of what HEAD executed."""

    def __init__(self, root: Path, policy: str = POLICY) -> None:
        root.mkdir()
        self.root = root
        self.excused = Excused(root, policy)
        git(root, "init", "-q", "-b", "main")
        write(root, ".gitignore", "gates-report/\n")
        for name in ("pay.py", "till.py"):
            write(root, name, TEN)
        commit(root)

    def ran(
        self, *missing: LineRange, lines: int = 10, path: str = "pay.py", **run: Any
    ) -> Ratcheted:
        """The last run is of HEAD and did not execute `missing` of `path`."""
        names = [one for one in ("pay.py", "till.py", path) if (self.root / one).exists()]
        coverage = files(
            *(
                FileCoverage(
                    path=one,
                    executable=((1, lines if one == path else 10),),
                    missing=missing if one == path else (),
                )
                for one in dict.fromkeys(names)
            )
        )
        checkout = Checkout(commit=git(self.root, "rev-parse", "HEAD"), dirty=False)
        values = {"checkout": checkout, "versions": {"python": "3.11.9"}, **run}
        evidence = an_evidence(coverage=coverage, run=a_run(**values))
        self.excused.report(a_report(evidence=evidence))
        return self

    def gates(self, *words: str) -> Result:
        return self.excused.gates("ratchet", *words)

    def wrote(self, *words: str) -> Result:
        done = self.gates("--write", *words)
        assert done.exit_code == 0, done.output
        return done

    def baseline(self) -> Baseline:
        return parsed((self.root / NAME).read_bytes(), NAME)

    def executed(self, path: str = "pay.py") -> tuple[LineRange, ...]:
        return self.baseline().files[path].executed


@pytest.fixture
def project(tmp_path: Path) -> Ratcheted:
    """Its baseline has nine lines of `pay.py`, and is committed."""
    found = Ratcheted(tmp_path / "shop").ran((10, 10))
    found.wrote()
    commit(found.root, "baseline")
    return found


def test_a_first_baseline_is_written_and_says_what_it_holds(tmp_path: Path) -> None:
    project = Ratcheted(tmp_path / "shop", "[tool.pytest-gates.tests]\n").ran((3, 4))
    shown = project.gates()
    assert shown.exit_code == 0
    assert "new baseline: 18 executed lines of 2 file(s)" in shown.output
    assert not (project.root / NAME).exists()
    done = project.wrote()
    assert "the policy does not read it yet" in done.output
    assert project.executed() == ((1, 2), (5, 10))
    assert project.baseline().files["pay.py"].blob == git(project.root, "rev-parse", "HEAD:pay.py")


def test_more_cover_tightens_it(project: Ratcheted) -> None:
    shown = project.ran().gates()
    assert shown.exit_code == 0
    assert "+ pay.py: 1 more executed line(s)" in shown.output
    project.wrote()
    assert project.executed() == ((1, 10),)


def test_less_cover_is_refused_and_nothing_is_written(project: Ratcheted) -> None:
    before = (project.root / NAME).read_bytes()
    project.ran((3, 4))
    shown = project.gates()
    assert shown.exit_code == 10
    assert "- pay.py: lines 3-4 are there and were not executed" in shown.output
    refused = project.gates("--write")
    assert refused.exit_code == 1
    assert "1 file(s) would lose cover" in refused.output
    assert (project.root / NAME).read_bytes() == before


def test_with_a_reason_it_is_lowered_and_the_reason_stays(project: Ratcheted) -> None:
    project.ran((3, 4)).wrote("--allow-lower", "pay.py", "--reason", "dead since 3.0")
    entry = Lowered(date=TODAY, path="pay.py", count=3 - 1, reason="dead since 3.0")
    assert project.baseline().lowered == (entry,)
    assert project.executed() == ((1, 2), (5, 10))
    commit(project.root, "lowered")
    project.ran().wrote()
    assert (project.executed(), project.baseline().lowered) == (((1, 10),), (entry,))


@pytest.mark.parametrize(
    "words, status",
    [
        (("--allow-lower", "pay.py"), 2),
        (("--reason", "why not"), 2),
        (("--allow-lower", "pay.py", "--reason", " "), 2),
        (("--allow-lower", "till.py", "--reason", "why not"), 1),
    ],
)
def test_a_reason_and_a_path_that_is_lowered_go_together(
    project: Ratcheted, words: tuple[str, ...], status: int
) -> None:
    assert project.ran((3, 4)).gates("--write", *words).exit_code == status


def test_lines_are_followed_through_edits_and_renames(project: Ratcheted) -> None:
    git(project.root, "mv", "pay.py", "cash.py")
    write(project.root, "cash.py", "first = 0\n" + TEN)
    write(project.root, "till.py", TEN.replace("line_5 = 5\n", ""))
    commit(project.root)
    shown = project.ran((1, 1), (4, 4), lines=11, path="cash.py").gates()
    assert "- cash.py: lines 4 are there and were not executed" in shown.output
    project.ran((1, 1), lines=11, path="cash.py").wrote()
    assert project.executed("cash.py") == ((2, 11),)


def test_gone_files_and_lines_that_are_not_counted_are_said(project: Ratcheted) -> None:
    git(project.root, "rm", "-q", "till.py")
    commit(project.root)
    shown = project.ran(lines=7).gates()
    assert "~ till.py: is gone" in shown.output
    assert "~ pay.py: lines 8-9 are not counted any more" in shown.output


def test_a_squashed_branch_leaves_contents_that_can_be_compared(project: Ratcheted) -> None:
    """The commit of the baseline is unknown, as it is where a branch was squashed."""
    path = project.root / NAME
    commit_then = project.baseline().origin.commit
    path.write_text(path.read_text().replace(commit_then, "f" * 40))
    write(project.root, "pay.py", "first = 0\n" + TEN)
    commit(project.root)
    shown = project.ran((1, 1), (4, 4), lines=11).gates()
    assert "- pay.py: lines 4 are there and were not executed" in shown.output
    blob = project.baseline().files["pay.py"].blob or ""
    path.write_text(path.read_text().replace(blob, "e" * 40))
    commit(project.root)
    shown = project.ran((1, 1), lines=11).gates()
    assert shown.exit_code == 10
    assert "- pay.py: its content eeeeeeeeeeee is not in this clone" in shown.output


@pytest.mark.parametrize(
    "run, said",
    [
        ({"exit_status": 1}, "its decision is"),
        ({"selection": ("-k",)}, "not of the whole suite"),
        ({"checkout": Checkout(commit="f" * 40, dirty=False)}, "the last run was of ffffffffffff"),
        ({"versions": {"python": "3.13.1"}}, "the baseline is of variant python 3.11, linux"),
        ({"shard": "e2e"}, "the baseline is of shard none"),
    ],
)
def test_a_run_that_proves_nothing_here_is_refused(
    project: Ratcheted, run: dict[str, Any], said: str
) -> None:
    done = project.ran(**run).gates("--write")
    assert done.exit_code == 1
    assert said in done.output


def test_uncommitted_changes_are_refused_but_for_the_baseline_itself(project: Ratcheted) -> None:
    project.ran()
    (project.root / NAME).unlink()
    project.wrote()
    write(project.root, "pay.py", "x = 1\n")
    done = project.gates("--write")
    assert done.exit_code == 1
    assert "changes are not committed" in done.output


def test_the_verdict_of_the_ratchet_itself_is_no_objection(project: Ratcheted) -> None:
    project.ran()
    evidence = project.excused
    checkout = Checkout(commit=git(project.root, "rev-parse", "HEAD"), dirty=False)
    run = a_run(checkout=checkout, versions={"python": "3.11.9"})
    coverage = files(FileCoverage(path="pay.py", executable=((1, 10),)))
    for name, status in (("coverage-ratchet", 10), ("stub", 1)):
        judges = (a_gate(a_failure(), name=name), a_gate(name="other"))
        report = a_report(*judges, evidence=an_evidence(coverage=coverage, run=run))
        assert report.decision is Decision.BLOCKED
        evidence.report(report)
        assert project.gates().exit_code == status  # till.py is not measured


def test_cover_of_failed_attempts_is_refused(project: Ratcheted) -> None:
    checkout = Checkout(commit=git(project.root, "rev-parse", "HEAD"), dirty=False)
    run = a_run(checkout=checkout)
    coverage = files(FileCoverage(path="pay.py", executable=((1, 9),)), upper_bound="1 failed")
    project.excused.report(a_report(evidence=an_evidence(coverage=coverage, run=run)))
    assert "cannot be a baseline: 1 failed" in project.gates("--write").output


def test_without_a_report_or_with_a_broken_baseline_nothing_is_written(project: Ratcheted) -> None:
    (project.root / "gates-report" / "report.json").unlink()
    assert "there is no report" in project.gates("--write").output
    (project.root / NAME).write_text("{}")
    commit(project.root)
    done = project.ran().gates("--write")
    assert done.exit_code == 1
    assert "is no baseline" in done.output


def test_a_folder_of_reports_is_not_written_to(tmp_path: Path) -> None:
    project = Ratcheted(tmp_path / "shop", POLICY.replace(NAME, "gates-report")).ran()
    done = project.gates("--write")
    assert done.exit_code == 2
    assert "name the FILE to write" in done.output
    project.wrote(NAME)


def test_a_file_unknown_to_git_is_left_out(project: Ratcheted) -> None:
    write(project.root, ".git/info/exclude", "made.py\n")
    write(project.root, "made.py", TEN)
    shown = project.ran(path="made.py").gates()
    assert "? made.py: git does not track it" in shown.output
