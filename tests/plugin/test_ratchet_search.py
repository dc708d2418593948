"""Which baseline is taken in a real repository, and what it proves: never more than it can."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_gates.adapters.baselines import Known, Shelf, blobs_at, reports_below
from pytest_gates.adapters.change import find_change
from pytest_gates.errors import GatesError
from pytest_gates.model.baseline import baseline_of, origin_of
from pytest_gates.model.change import Change
from pytest_gates.model.coverage import CoverageFacts, FileCoverage, LineRange
from pytest_gates.model.evidence import Checkout, Unavailable
from pytest_gates.model.ratchet import Baseline, RatchetFacts
from pytest_gates.model.report import Decision, Report
from pytest_gates.plugin.ratchet_search import Search
from pytest_gates.reporters import json
from support.evidence import NOW, a_report, a_run, an_evidence, files
from support.repositories import commit, git, write

PYTHON = {"python": "3.11.9"}
TEN = "".join(f"line_{number} = {number}\n" for number in range(1, 11))


class Repo:
    """`pay.py` and `till.py` of ten lines each on `main`; `topic` is checked out on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        git(root, "init", "-q", "-b", "main")
        write(root, ".gitignore", "artifacts/\n")
        for name in ("pay.py", "till.py"):
            write(root, name, TEN)
        self.base = commit(root, "base")
        git(root, "checkout", "-q", "-b", "topic")

    def coverage(self, *missing: LineRange, path: str = "pay.py", **more: Any) -> CoverageFacts:
        """Ten lines of each file, of which those of `path` did not run."""
        names = sorted({"pay.py", "till.py", path} if (self.root / "pay.py").exists() else {path})
        return files(
            *(
                FileCoverage(
                    path=one, executable=((1, 10),), missing=missing if one == path else ()
                )
                for one in names
            ),
            **more,
        )

    def report(
        self, at: str, coverage: CoverageFacts, decision: Decision = Decision.PASS, **run: Any
    ) -> Report:
        values = {"checkout": Checkout(commit=at, dirty=False), "versions": PYTHON, **run}
        evidence = an_evidence(coverage=coverage, run=a_run(**values))
        return a_report(evidence=evidence, decision=decision)

    def shelf(self, *reports: Report) -> Shelf:
        """As artifacts in a folder."""
        for number, one in enumerate(reports):
            path = self.root / "artifacts" / f"{number}" / "report.json"
            path.parent.mkdir(parents=True)
            path.write_bytes(json.render(one))
        return reports_below(self.root, self.root / "artifacts", json.parse)

    def search(self, coverage: CoverageFacts, named: str = "main", **run: Any) -> Search:
        change = find_change(self.root, named=named, environment={})
        assert isinstance(change, Change)
        tested = Checkout(commit=git(self.root, "rev-parse", "HEAD"), dirty=False)
        return Search(
            root=self.root,
            change=change,
            run=a_run(**{"checkout": tested, "versions": PYTHON, **run}),
            coverage=coverage,
            ignored=(),
        )

    def compared(self, shelf: Shelf, coverage: CoverageFacts, **more: Any) -> RatchetFacts:
        found = self.search(coverage, **more).in_shelf(shelf, "do this")
        assert isinstance(found, RatchetFacts), found
        return found

    def refused(self, shelf: Shelf, coverage: CoverageFacts) -> Unavailable:
        found = self.search(coverage).in_shelf(shelf, "do this")
        assert isinstance(found, Unavailable), found
        return found

    def empty(self, message: str = "more") -> str:
        """A commit that changes no file."""
        return commit(self.root, message)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def lost(facts: RatchetFacts) -> dict[str, Sequence[LineRange]]:
    return {one.path: one.lost for one in facts.files if one.lost}


def test_the_merge_base_itself_is_the_best(repo: Repo) -> None:
    earlier = repo.base
    git(repo.root, "checkout", "-q", "main")
    base = repo.empty()
    git(repo.root, "checkout", "-q", "-B", "topic")
    repo.empty("topic")
    shelf = repo.shelf(
        repo.report(earlier, repo.coverage((1, 5))), repo.report(base, repo.coverage())
    )
    facts = repo.compared(shelf, repo.coverage((3, 4)))
    assert (facts.commit, facts.source) == (base, "the report 1/report.json")
    assert lost(facts) == {"pay.py": ((3, 4),)}
    assert facts.compared == 20


def test_of_an_earlier_run_only_files_that_are_the_same_at_the_base_are_compared(
    repo: Repo,
) -> None:
    git(repo.root, "checkout", "-q", "main")
    write(repo.root, "till.py", TEN + "new = 1\n")
    commit(repo.root)
    git(repo.root, "checkout", "-q", "-B", "topic")
    repo.empty("topic")
    shelf = repo.shelf(repo.report(repo.base, repo.coverage()))
    facts = repo.compared(shelf, files(*repo.coverage((3, 4)).files[:1]))
    assert facts.commit == repo.base
    assert lost(facts) == {"pay.py": ((3, 4),)}
    ((path, why),) = facts.not_comparable
    assert path == "till.py"
    assert why.startswith("changed between the baseline")


def test_a_run_of_another_branch_is_no_baseline(repo: Repo) -> None:
    git(repo.root, "checkout", "-q", "-b", "other", "main")
    write(repo.root, "other.py", "x = 1\n")
    other = commit(repo.root, "other")
    git(repo.root, "checkout", "-q", "topic")
    repo.empty("topic")
    found = repo.refused(repo.shelf(repo.report(other, repo.coverage())), repo.coverage())
    assert "1 known run(s) are of other commits" in found.why
    assert found.remedy == "do this"


def test_a_run_of_this_branch_is_no_baseline_either(repo: Repo) -> None:
    own = repo.empty("topic")
    repo.empty("topic again")
    repo.refused(repo.shelf(repo.report(own, repo.coverage())), repo.coverage())


def test_a_run_that_did_not_pass_is_no_baseline_and_says_why(repo: Repo) -> None:
    repo.empty("topic")
    shelf = repo.shelf(
        repo.report(repo.base, repo.coverage(), Decision.BLOCKED),
        repo.report(repo.base, repo.coverage(), checkout=Checkout(commit=repo.base, dirty=True)),
        *(repo.report(repo.base, repo.coverage(), exit_status=1) for _ in range(2)),
    )
    found = repo.refused(shelf, repo.coverage())
    assert "0/report.json: its decision is blocked" in found.why
    assert "1/report.json: its work tree held uncommitted changes" in found.why
    assert found.why.endswith("1 more cannot be used")


def test_a_broken_report_is_named_and_a_missing_place_is_an_error(repo: Repo) -> None:
    write(repo.root, "artifacts/0/report.json", "{}")
    shelf = reports_below(repo.root, repo.root / "artifacts", json.parse)
    assert [name for name, _ in shelf.refused] == ["0/report.json"]
    with pytest.raises(GatesError, match="not there"):
        reports_below(repo.root, repo.root / "nowhere", json.parse)


def test_lines_about_which_runs_of_the_same_code_disagree_cannot_be_lost(repo: Repo) -> None:
    repo.empty("topic")
    shelf = repo.shelf(
        repo.report(repo.base, repo.coverage(), started=NOW),
        repo.report(repo.base, repo.coverage((4, 4))),
    )
    facts = repo.compared(shelf, repo.coverage((3, 4)))
    (file,) = facts.files
    assert (file.lost, file.unstable) == (((3, 3),), ((4, 4),))


def test_runs_of_another_kind_teach_nothing_about_stability(repo: Repo) -> None:
    repo.empty("topic")
    shelf = repo.shelf(
        repo.report(repo.base, repo.coverage()),
        repo.report(repo.base, repo.coverage((3, 3)), versions={"python": "3.13.1"}),
        repo.report(repo.base, repo.coverage((3, 3)), shard="e2e"),
    )
    facts = repo.compared(shelf, repo.coverage((3, 3)))
    assert lost(facts) == {"pay.py": ((3, 3),)}
    assert facts.doubt is None


def test_the_base_itself_is_compared_with_what_was_before_through_the_changes_since(
    repo: Repo,
) -> None:
    git(repo.root, "checkout", "-q", "main")
    write(repo.root, "pay.py", "first = 0\n" + TEN)
    head = commit(repo.root)
    shelf = repo.shelf(
        repo.report(repo.base, repo.coverage()), repo.report(head, repo.coverage((1, 10)))
    )
    now = FileCoverage(path="pay.py", executable=((1, 11),), missing=((1, 3),))
    facts = repo.compared(shelf, files(now, *repo.coverage().files[1:]))
    assert facts.commit == repo.base
    assert (lost(facts), facts.not_comparable) == ({"pay.py": ((2, 3),)}, ())


def test_the_base_with_nothing_before_it_is_the_first(repo: Repo) -> None:
    git(repo.root, "checkout", "-q", "main")
    facts = repo.compared(
        repo.shelf(repo.report(repo.base, repo.coverage())), repo.coverage((1, 9))
    )
    assert facts.is_first
    dirty = repo.compared(
        Shelf(known=(_known(repo),)),
        repo.coverage((1, 9)),
        checkout=Checkout(commit=repo.base, dirty=True),
    )
    assert (dirty.is_first, lost(dirty)) == (False, {"pay.py": ((1, 9),)})


def _known(repo: Repo) -> Known:
    report = repo.report(repo.base, repo.coverage(), started=NOW - dt.timedelta(days=1))
    assert isinstance(report.evidence.coverage, CoverageFacts)
    origin = origin_of(report.evidence.run, report.evidence.coverage)

    def load() -> Baseline:
        return baseline_of(report, blobs_at(repo.root, repo.base), "memory")

    return Known(origin, load)


def test_a_shallow_clone_is_told_to_fetch(repo: Repo, tmp_path: Path) -> None:
    repo.empty("topic")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repo.root}", str(clone))
    change = Change(base=git(clone, "rev-parse", "HEAD"), reference="HEAD^1", how="")
    search = repo.search(repo.coverage(), checkout=Checkout(commit="f" * 40, dirty=False))
    in_clone = Search(
        root=clone, change=change, run=search.run, coverage=search.coverage, ignored=()
    )
    found = in_clone.in_shelf(Shelf(), "do this")
    assert isinstance(found, Unavailable)
    assert "--unshallow" in found.remedy


def test_a_baseline_file_that_is_not_at_the_base_must_be_of_an_earlier_commit(repo: Repo) -> None:
    report = repo.report(repo.base, repo.coverage())
    known = baseline_of(report, blobs_at(repo.root, repo.base), "gates-baseline.json")
    repo.empty("topic")
    facts = repo.search(repo.coverage((3, 3))).in_file(known, is_of_base=False)
    assert isinstance(facts, RatchetFacts)
    assert lost(facts) == {"pay.py": ((3, 3),)}
    git(repo.root, "checkout", "-q", "--orphan", "elsewhere")
    foreign = commit(repo.root, "foreign")
    git(repo.root, "checkout", "-q", "topic")
    other = baseline_of(
        repo.report(foreign, repo.coverage()), blobs_at(repo.root, foreign), "gates-baseline.json"
    )
    found = repo.search(repo.coverage()).in_file(other, is_of_base=False)
    assert isinstance(found, Unavailable)
    assert "does not descend" in found.why
    assert isinstance(repo.search(repo.coverage()).in_file(other, is_of_base=True), RatchetFacts)


def test_a_commit_that_is_not_here_is_an_error(repo: Repo) -> None:
    with pytest.raises(GatesError, match="cannot list"):
        blobs_at(repo.root, "f" * 40)
