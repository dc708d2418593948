"""Judging a change on a large tree: our analysis against `coverage xml` and diff-cover. Effects: processes.

`--tree` is an unpacked source distribution (sympy, say), copied into the work folder; there 20 of its files
are changed, and one workload is measured. Both sides then read the same data, each in processes of its own.
"""

from __future__ import annotations

import argparse
import ast
import datetime as dt
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from measuring import environment, machine, median, ratio, rounds, run, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from measuring import Cost

    from pytest_gates.model.evidence import Unavailable
    from pytest_gates.model.measured import MeasuredFiles

OURS = "our analysis"
IMPORTS = "our imports alone"
PEERS = "coverage xml, then diff-cover"
XML = "- coverage xml"
DIFF_COVER = "- diff-cover"
CHANGED_FILES = 20
EDITS = 8
GOAL_TIME, GOAL_MEMORY = 0.05, 0.25


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("work", type=Path, help="folder for the copy of the tree; kept")
    words.add_argument("--tree", type=Path, help="unpacked sources, for the first run")
    words.add_argument("--package", default="sympy")
    words.add_argument("--workload", type=Path, help="script to measure; else: import the package")
    words.add_argument("--peers", type=Path, help="python with coverage and diff-cover")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--analyse", action="store_true", help=argparse.SUPPRESS)
    words.add_argument("--import-only", action="store_true", help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.analyse or given.import_only:
        return analyse(given.work, given.package, import_only=given.import_only)
    peers = given.peers or Path(sys.executable)
    root = given.work / "tree"
    if not (root / ".git").exists():
        prepare(given, peers, root)
    report(given, peers, root)
    return 0


def analyse(work: Path, package: str, *, import_only: bool) -> int:
    """What the plugin does once the tests have ended, and nothing else."""
    import coverage  # noqa: PLC0415 - the peers' environment does not have ours

    from pytest_gates.adapters.change import find_change  # noqa: PLC0415
    from pytest_gates.adapters.coverage_facts import DataFolder  # noqa: PLC0415
    from pytest_gates.adapters.coverage_patch import measured_files  # noqa: PLC0415
    from pytest_gates.adapters.coverage_scope import scope_of  # noqa: PLC0415
    from pytest_gates.model.change import Change  # noqa: PLC0415
    from pytest_gates.model.patch import PatchFacts  # noqa: PLC0415
    from pytest_gates.plugin.patching import Patching  # noqa: PLC0415

    if import_only:
        return 0
    root = work / "tree"
    os.chdir(root)
    folder = DataFolder()
    scope = scope_of(coverage.Coverage(source=[package], config_file=False))
    shutil.copyfile(root / ".coverage", f"{folder.data_file}.run.{os.getpid()}")

    class Measured:
        def of_files(
            self, paths: Sequence[str], *, without: tuple[str, ...]
        ) -> MeasuredFiles | Unavailable:
            return measured_files(folder, scope, root, paths, without)

        def measures(self, name: str) -> bool:
            return name in scope.folders

    ini: Mapping[str, list[str]] = {"python_files": ["test_*.py"], "testpaths": []}
    config = cast("Any", SimpleNamespace(rootpath=root, getini=ini.__getitem__))
    change = find_change(root, named="main", environment={})
    assert isinstance(change, Change), change
    patching = Patching(config, change, cast("Any", Measured()), dt.datetime.now(dt.UTC))
    found = patching.facts((), without=())
    folder.remove()
    assert isinstance(found, PatchFacts), found
    statements = [one for file in found.files for one in file.statements]
    executed = sum(1 for one in statements if one.executed)
    print(f"{len(found.files)} files, {executed} of {len(statements)} changed statements executed")
    return 0


def prepare(given: argparse.Namespace, peers: Path, root: Path) -> None:
    """A repository with one commit on main, and on `work` a change and the measurement of it."""
    if given.tree is None:
        raise SystemExit("--tree is needed for the first run")
    shutil.copytree(given.tree, root)
    (root / ".gitignore").write_text(".coverage\ncoverage.xml\n__pycache__/\n", encoding="utf-8")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "base")):
        git(root, *words)
    git(root, "checkout", "-q", "-b", "work")
    chosen = random.Random(4)
    files = sorted(
        path
        for path in (root / given.package).rglob("*.py")
        if "tests" not in path.parts and path.stat().st_size > 4000
    )
    for path in chosen.sample(files, CHANGED_FILES):
        edit(path, chosen)
    git(root, "commit", "-qam", "change")
    script = root.parent / "workload.py"
    text = f"import {given.package}\n" if given.workload is None else given.workload.read_text()
    script.write_text(text, encoding="utf-8")
    argv = [
        str(peers), "-m", "coverage", "run", "--branch", f"--source={given.package}", str(script),
    ]  # fmt: skip
    env = environment(peers, PYTHONPATH=str(root))
    subprocess.run(argv, cwd=root, env=env, check=True)


def edit(path: Path, chosen: random.Random) -> None:
    """New statements inside functions, each of two lines."""
    lines = path.read_text(encoding="utf-8").split("\n")
    places = [
        (node.body[-1].lineno, node.body[-1].col_offset)
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, ast.FunctionDef) and node.body[-1].lineno > node.lineno
    ]
    for line, column in sorted(chosen.sample(places, min(EDITS, len(places))), reverse=True):
        pad = " " * column
        lines[line - 1 : line - 1] = [f"{pad}added_{line} = (", f"{pad}    {line})"]
    path.write_text("\n".join(lines), encoding="utf-8")


def git(root: Path, *words: str) -> None:
    named = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    subprocess.run(["git", *named, *words], cwd=root, check=True)


def report(given: argparse.Namespace, peers: Path, root: Path) -> None:
    env = environment(peers)
    own_env = environment(sys.executable)
    diff_cover = str(peers.parent / "diff-cover")
    xml = [str(peers), "-m", "coverage", "xml", "-q", "-i"]
    compare = [diff_cover, "coverage.xml", "--compare-branch", "main", "--expand-coverage-report"]
    own = [sys.executable, str(Path(__file__).resolve()), str(given.work.resolve())]
    own += ["--package", given.package]
    parts: dict[str, Cost] = {}

    def both() -> Cost:
        parts[XML] = run(xml, cwd=root, env=env)
        parts[DIFF_COVER] = run(compare, cwd=root, env=env, log=given.work / "diff-cover.log")
        return parts[XML] + parts[DIFF_COVER]

    measured = rounds(
        {
            PEERS: both,
            OURS: lambda: run(
                [*own, "--analyse"], cwd=root, env=own_env, log=given.work / "ours.log"
            ),
            IMPORTS: lambda: run([*own, "--import-only"], cwd=root, env=own_env),
        },
        given.rounds,
    )
    for one in measured:
        assert all(cost.exit_status == 0 for cost in one.values()), one
    count = sum(1 for _ in (root / given.package).rglob("*.py"))
    print(f"{count} Python files, {CHANGED_FILES} changed. {machine(sys.executable)}\n")
    rows = [
        (
            name,
            f"{median(measured, name, 'cpu'):.2f}",
            f"{median(measured, name, 'wall'):.2f}",
            f"{median(measured, name, 'rss_kib') / 1024:.0f}",
        )
        for name in (PEERS, OURS, IMPORTS)
    ]
    rows += [
        (name, f"{cost.cpu:.2f}", f"{cost.wall:.2f}", f"{cost.rss_kib / 1024:.0f}")
        for name, cost in parts.items()
    ]
    print(table(("variant", "CPU s", "wall s", "peak MiB"), rows), "\n")
    goals = (("wall", GOAL_TIME), ("cpu", GOAL_TIME), ("rss_kib", GOAL_MEMORY))
    ratios = []
    for what, goal in goals:
        low, middle, high = ratio(measured, OURS, PEERS, what)
        ratios.append(
            (f"{OURS} / {PEERS}", what, f"{middle:.3f}", f"{low:.3f}-{high:.3f}", f"at most {goal}")
        )
    print(table(("ratio inside one round", "of", "median", "range", "goal"), ratios), "\n")
    print("ours:", (given.work / "ours.log").read_text().strip())
    print("diff-cover:", *(given.work / "diff-cover.log").read_text().strip().split("\n")[-4:])


if __name__ == "__main__":
    sys.exit(main())
