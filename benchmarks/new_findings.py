"""Are new findings told from old ones? Pairs of commits, under bandit. Effects: git, processes.

Truth is told without our code: a finding is old if the same rule is at the line of the older commit to which
`git diff -U0 -M` maps its line unchanged. Ours is what a run does: the change, the scan of the work tree, the
scan of the base from git's objects, and the matching.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from measuring import machine, table

from pytest_gates.adapters.change import find_change
from pytest_gates.adapters.scans import Scans
from pytest_gates.model.change import Change
from pytest_gates.model.evidence import BaseScan, Scan
from pytest_gates.model.paths import matches
from pytest_gates.new_findings import NewFindings
from pytest_gates.tools import bandit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gates.model.finding import Finding

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
ALL = bandit.BanditSettings(test_files=(), only_new=True)
NO_TESTS = bandit.BanditSettings().test_files


class Count(NamedTuple):
    """Of the findings of the newer commits, by the truth and by us."""

    old: int = 0
    new: int = 0
    noise: int = 0
    missed: int = 0


def git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "core.quotepath=off", *words], cwd=root, check=True, capture_output=True
    )
    return done.stdout.decode("utf-8", "replace")


def mapping(
    root: Path, old: str, new: str
) -> tuple[dict[str, str | None], dict[str, list[tuple[int, ...]]]]:
    """New path -> old path (None for a new file) of files that differ, and the hunks by new path."""
    was: dict[str, str | None] = {}
    hunks: dict[str, list[tuple[int, ...]]] = {}
    for line in git(root, "diff", "-M", "--name-status", old, new).splitlines():
        kind, *names = line.split("\t")
        if kind[0] != "D":
            was[names[-1]] = None if kind == "A" else names[0]
    lines = iter(git(root, "diff", "-U0", "-M", "--no-color", old, new).split("\n"))
    name = ""
    for line in lines:
        found = HUNK.match(line)
        if line.startswith("+++ "):
            name = line[6:]
        elif found:
            old_start, old_count, new_start, new_count = (int(one or "1") for one in found.groups())
            hunks.setdefault(name, []).append((old_start, old_count, new_start, new_count))
            for _ in range(old_count + new_count):
                next(lines)
    return was, hunks


def old_line(line: int, hunks: list[tuple[int, ...]]) -> int | None:
    shift = 0
    for old_start, old_count, new_start, new_count in hunks:
        first = new_start if new_count else new_start + 1
        if line < first:
            break
        if line < first + new_count:
            return None
        shift = (old_start if old_count else old_start + 1) + old_count - first - new_count
    return line + shift


def truth(root: Path, old: str, new: str, before: Scan, after: Scan) -> list[bool]:
    was, hunks = mapping(root, old, new)
    there = Counter(
        (one.rule, one.location.path, one.location.line) for one in before.findings if one.location
    )
    marks = []
    for one in after.findings:
        assert one.location is not None
        path, line = one.location.path, one.location.line or 0
        path_then = was.get(path, path)
        line_then = old_line(line, hunks.get(path, [])) if path_then is not None else None
        key = (one.rule, path_then, line_then)
        is_old = line_then is not None and there[key] > 0  # type: ignore[index]
        there[key] -= is_old  # type: ignore[index]
        marks.append(not is_old)
    return marks


def scan_of(root: Path) -> Scan:
    scans = Scans(root)
    scans.start(bandit.TOOL, ALL)
    found = scans.answer("bandit")
    assert isinstance(found, Scan), found
    return found


def ours(root: Path, old: str, scan: Scan) -> tuple[Scan, float]:
    """As `plugin/gathering.py` does it; with the seconds beside the scan of the base."""
    started = time.perf_counter()
    change = find_change(root, named=old, environment={})
    assert isinstance(change, Change), change
    news = NewFindings(root, None, lambda: change)
    news.start(bandit.TOOL, ALL, Scans(root).context)
    found = news.compared("bandit", scan)
    assert isinstance(found, Scan)
    assert isinstance(found.base, BaseScan), found.base
    return found, time.perf_counter() - started - found.base.seconds


def counted(marks: list[tuple[bool, bool]]) -> Count:
    return Count(
        old=sum(not real for real, _ in marks),
        new=sum(real for real, _ in marks),
        noise=sum(not real and said for real, said in marks),
        missed=sum(real and not said for real, said in marks),
    )


def is_quiet(finding: Finding) -> bool:
    """Of the set without tests and without B101."""
    assert finding.location is not None
    path = finding.location.path
    return finding.rule != "B101" and not any(matches(glob, path) for glob in NO_TESTS)


def pairs(root: Path, count: int, reach: int) -> list[str]:
    """`count` + 1 commits of the first-parent history, oldest first, evenly spaced over `reach`."""
    history = git(root, "rev-list", "--first-parent", f"--max-count={reach + 1}", "HEAD").split()
    step = (len(history) - 1) // count
    return [history[at * step] for at in range(count + 1)][::-1]


def project(
    source: Path, folder: Path, count: int, reach: int
) -> Iterator[tuple[Scan, list[bool]]]:
    root = folder / source.parent.name
    git(folder, "clone", "-q", "--shared", str(source), str(root))
    points = pairs(root, count, reach)
    before: Scan | None = None
    for old, new in zip([points[0], *points], points, strict=False):
        git(root, "checkout", "-q", "--detach", "--force", new)
        after = scan_of(root)
        if before is not None:
            found, beside = ours(root, old, after)
            assert isinstance(found.base, BaseScan)
            if found.base.findings != len(before.findings):
                raise SystemExit(
                    f"{old}: {found.base.findings} from objects, {len(before.findings)} checked out"
                )
            marks = truth(root, old, new, before, after)
            print(f"{root.name} {old[:10]}..{new[:10]}: {sum(marks)} new of {len(marks)}, "
                  f"{beside:.2f} s beside the scan", file=sys.stderr, flush=True)  # fmt: skip
            yield found, marks
        before = after


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path, help="git folders, bare or not")
    parser.add_argument("--pairs", type=int, default=7, help="of each repository")
    parser.add_argument("--reach", type=int, default=400, help="commits back from HEAD")
    options = parser.parse_args()
    rows, total = [], 0
    whole: dict[str, list[tuple[bool, bool]]] = {"all files": [], "no tests, no B101": []}
    with tempfile.TemporaryDirectory() as folder:
        for source in options.repositories:
            own: dict[str, list[tuple[bool, bool]]] = {name: [] for name in whole}
            for scan, marks in project(
                source.resolve(), Path(folder), options.pairs, options.reach
            ):
                total += 1
                for one, real in zip(scan.findings, marks, strict=True):
                    own["all files"].append((real, bool(one.is_new)))
                    if is_quiet(one):
                        own["no tests, no B101"].append((real, bool(one.is_new)))
                        if real != one.is_new:
                            print(f"  {'missed' if real else 'noise'}: {one.rule} {one.where}",
                                  file=sys.stderr, flush=True)  # fmt: skip
            for name, found in own.items():
                whole[name] += found
                rows.append((source.parent.name, name, *counted(found)))
    print(machine(sys.executable), "\n")
    print(f"{total} pairs\n")
    rows += [("all", name, *counted(found)) for name, found in whole.items()]
    print(table(("project", "set", "old", "new", "old shown as new", "new missed"), rows))
    for name, found in whole.items():
        count = counted(found)
        print(f"\n{name}: {100 * count.noise / max(1, count.old):.2f} % of the old shown as new, "
              f"{count.missed} of {count.new} new ones missed")  # fmt: skip


if __name__ == "__main__":
    main()
