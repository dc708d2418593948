"""The scan of the gate `bandit` against `bandit -r`: cold, warm, one file changed. Effects: processes, files.

TREE is copied first, so that a file of the copy can be changed. Both sides scan the same files with the same
bandit; ours is the gate's child program with the question that the gate asks.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from measuring import Cost, environment, machine, median, ratio, rounds, run, table

from pytest_gates.adapters.files import python_files
from pytest_gates.model.bandit import Answer
from pytest_gates.model.contracts import ToolContext
from pytest_gates.model.finding import fingerprint_of
from pytest_gates.tools import bandit

if TYPE_CHECKING:
    from collections.abc import Callable

THEIRS, COLD, WARM, CHANGED = "bandit -r", "gate, cold", "gate, warm", "gate, one file changed"
GOALS = ((COLD, "wall", 0.65), (WARM, "cpu", 0.02), (CHANGED, "cpu", 0.05))
ALL = bandit.BanditSettings(test_files=())
# Standard input and output of a program that `run` starts are not ours to choose.
CHILD = 'exec "$0" -I -m pytest_gates.adapters.bandit_scan < "$1" > "$2"'
OWN_PROGRAM = ("-q", "-r", ".", "--ignore-nosec", "-f", "json", "-o")


class Bench:
    """One tree, its question, and where both sides put their answers."""

    def __init__(self, tree: Path, work: Path, python: str) -> None:
        self._tree = work / "tree"
        shutil.copytree(tree, self._tree, ignore=shutil.ignore_patterns(".git"))
        self._work, self._python, self._env = work, python, environment(python)
        self.files = python_files(self._tree)
        self._changed = sorted(self.files, key=lambda one: (self._tree / one).stat().st_size)[-30]
        self._steps = 0
        context = ToolContext(
            root=str(self._tree),
            python=python,
            python_files=self.files,
            sys_path=(),
            program="",
            version="benchmark",
            cache_folder=str(work / "cache"),
        )
        (work / "question").write_bytes(bandit.command(ALL, context).told)

    @property
    def changed(self) -> str:
        return f"{self._changed} of {(self._tree / self._changed).stat().st_size} bytes"

    def variants(self) -> dict[str, Callable[[], Cost]]:
        return {THEIRS: self._theirs, COLD: self._cold, WARM: self._scan, CHANGED: self._one_more}

    def same_findings(self) -> tuple[int, bool]:
        """How many there are, and whether both sides tell the same of each."""
        self._theirs()
        self._scan()
        theirs = json.loads((self._work / "theirs.json").read_bytes())
        ours = msgspec.json.decode((self._work / "answer").read_bytes(), type=Answer)
        mine = [
            {**msgspec.structs.asdict(one), "path": path}
            for path, found in zip(self.files, ours.files, strict=True)
            for one in found.facts.issues
        ]
        other = [_as_ours(one) for one in theirs["results"]]
        order = [json.dumps(one, sort_keys=True) for one in mine]
        return len(mine), sorted(order) == sorted(json.dumps(one, sort_keys=True) for one in other)

    def _theirs(self) -> Cost:
        answer = str(self._work / "theirs.json")
        argv = [self._python, "-I", "-m", "bandit", *OWN_PROGRAM, answer]
        return run(argv, cwd=self._tree, env=self._env)

    def _cold(self) -> Cost:
        shutil.rmtree(self._work / "cache", ignore_errors=True)
        return self._scan()

    def _one_more(self) -> Cost:
        self._scan()
        self._steps += 1
        with (self._tree / self._changed).open("a", encoding="utf-8") as stream:
            stream.write(f"\n# change {self._steps}\n")
        return self._scan()

    def _scan(self) -> Cost:
        files = (str(self._work / "question"), str(self._work / "answer"))
        cost = run(["sh", "-c", CHILD, self._python, *files], cwd=self._tree, env=self._env)
        if cost.exit_status:
            sys.exit("the scan failed: start it by hand to see why")
        return cost


def _as_ours(issue: dict[str, Any]) -> dict[str, Any]:
    path = str(issue["filename"]).removeprefix("./")
    line, lines = issue["line_number"], issue["line_range"]
    snippet = (one.partition(" ") for one in str(issue["code"]).splitlines())
    flagged = next((text for number, _, text in snippet if number == str(line)), "")
    return {
        "path": path,
        "test": issue["test_id"],
        "name": issue["test_name"],
        "severity": issue["issue_severity"],
        "confidence": issue["issue_confidence"],
        "text": issue["issue_text"],
        "line": line,
        "first": min(lines),
        "last": max(lines),
        "column": issue["col_offset"],
        "end_column": issue["end_col_offset"],
        "cwe": issue["issue_cwe"].get("id", 0),
        "url": issue["more_info"],
        "fingerprint": fingerprint_of(str(issue["test_id"]), path, flagged),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path, help="a folder of Python files, such as Django's")
    parser.add_argument("--python", default=sys.executable, help="the interpreter of both sides")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(chosen.tree, Path(folder), chosen.python)
        measured = rounds(bench.variants(), chosen.rounds)
        count, same = bench.same_findings()
        told = f"changed: {bench.changed}"
    print(f"{machine(chosen.python)}; {len(bench.files)} files, {count} findings, {told}\n")
    print(f"findings {'identical' if same else 'DIFFER'}\n")
    rows = [
        (name, *(f"{median(measured, name, what):.3f}" for what in ("cpu", "wall")))
        for name in bench.variants()
    ]
    print(table(("variant", "CPU s", "wall s"), rows), end="\n\n")
    ratios = [
        (name, what, *(f"{one:.4f}" for one in ratio(measured, name, THEIRS, what)), f"{goal:g}")
        for name, what, goal in GOALS
    ]
    print(table(("ratio to bandit -r", "of", "lowest", "median", "highest", "goal"), ratios))
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
