"""What it costs to record which tests execute a change, on jinja's own suite. Effects: processes.

The change is large and hot on purpose: its lexer and its parser, each new as a whole, so every line that
any template runs through is watched.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import Cost, environment, machine, median, ratio, rounds, run, table
from prepare import Place

if TYPE_CHECKING:
    from collections.abc import Callable

HOT = ("src/jinja2/lexer.py", "src/jinja2/parser.py")
WITHOUT = "covering-tests off"
RECORD = "covering-tests auto"
CONTEXTS = "covering-tests contexts"
ALONE = "pytest and the record, nothing measured"
THEIRS = "pytest --cov --cov-context=test"
BARE = "pytest"
GOAL = 1.25
PLUGIN = """\
from pytest_gates.adapters.covering import start_recorder
from pytest_gates.plugin.covering import Covering

def pytest_configure(config):
    config.pluginmanager.register(Covering(start_recorder(config.rootpath, HOT)), "watched")
"""
POLICY = """\
base = "{base}"
reports = ["json"]
history = "off"
[tests]
[patch-coverage]
lines = 1
covering-tests = "{means}"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="what prepare.py has prepared with Python 3.12+")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    place = Place.of(args.folder, "jinja2")
    if not place.python.exists():
        sys.exit(f"{place.python} is missing: run benchmarks/prepare.py --projects jinja2 first")
    base = _base_without(place.tree)
    bench = _Bench(place, base)
    measured = rounds(bench.variants(), args.rounds)
    print(machine(place.python), "\n")
    print(_costs(measured), "\n")
    print(_ratios(measured), "\n")
    print(bench.found())


def _base_without(tree: Path) -> str:
    """A commit in which the hot files do not exist, so that all their lines are new."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]

    def ask(*words: str) -> str:
        done = subprocess.run([*git, *words], cwd=tree, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    head = ask("rev-parse", "HEAD")
    ask("checkout", "-q", "--detach", head)
    ask("rm", "-q", "--cached", *HOT)
    ask("commit", "-q", "-m", "without the hot files")
    base = ask("rev-parse", "HEAD")
    ask("add", *HOT)
    ask("commit", "-q", "-m", "the hot files")
    return base


class _Bench:
    def __init__(self, place: Place, base: str) -> None:
        self._place = place
        self._base = base
        folder = place.tree.parent / "plugin"
        folder.mkdir(exist_ok=True)
        (folder / "watched_alone.py").write_text(f"HOT = {HOT!r}\n{PLUGIN}", encoding="utf-8")
        self._env = environment(place.python, PYTHONPATH=str(folder))
        self._facts: dict[str, Any] = {}

    def variants(self) -> dict[str, Callable[[], Cost]]:
        return {
            BARE: self._pytest,
            ALONE: lambda: self._pytest("-p", "watched_alone"),
            WITHOUT: lambda: self._gated(WITHOUT, "off"),
            RECORD: lambda: self._gated(RECORD, "auto"),
            CONTEXTS: lambda: self._gated(CONTEXTS, "contexts"),
            THEIRS: lambda: self._pytest("--cov", "--cov-report=", "--cov-context=test"),
        }

    def found(self) -> str:
        """Whether both means told the same, for those who doubt the cheaper one."""
        lines = [f"`{name}`: {_told(facts)}" for name, facts in self._facts.items()]
        pairs = [_pairs(facts) for facts in self._facts.values() if facts]
        if len(pairs) > 1:
            lines.append(
                f"pairs of line and test that only one of the two has: {len(pairs[0] ^ pairs[1])}"
            )
        return "\n".join(f"- {line}" for line in lines)

    def _pytest(self, *words: str) -> Cost:
        for left in self._place.tree.glob(".coverage*"):
            left.unlink()
        return self._run("-p", "no:cacheprovider", *words)

    def _gated(self, name: str, means: str) -> Cost:
        tree = self._place.tree
        shutil.rmtree(tree / "gates-report", ignore_errors=True)
        policy = POLICY.format(base=self._base, means=means)
        (tree / "gates.toml").write_text(policy, encoding="utf-8")
        cost = self._run("-p", "no:cacheprovider", "-p", "gates")
        report = json.loads((tree / "gates-report" / "report.json").read_bytes())
        self._facts[name] = report["evidence"]["covering"]
        return cost

    def _run(self, *words: str) -> Cost:
        log = self._place.tree.parent / "covering.txt"
        argv = [str(self._place.python), "-m", "pytest", "-q", *words]
        cost = run(argv, cwd=self._place.tree, env=self._env, log=log)
        if cost.exit_status:
            sys.exit(f"{' '.join(argv)}: exit {cost.exit_status}\n{log.read_text()[-3000:]}")
        return cost


def _pairs(facts: dict[str, Any]) -> set[tuple[str, int, str]]:
    return {
        (path, line, test)
        for path, groups in facts["files"].items()
        for group in groups
        for first, last in group["lines"]
        for line in range(first, last + 1)
        for test in (facts["tests"][number] for number in group.get("tests", ()))
    }


def _told(facts: dict[str, Any] | None) -> str:
    if facts is None:
        return "nothing"
    if "why" in facts:
        return f"unknown: {facts['why']}"
    return (
        f"{len(_pairs(facts))} pairs of line and test, {len(facts['tests'])} tests; {facts['how']}"
    )


def _costs(measured: list[dict[str, Cost]]) -> str:
    rows = [
        [
            name,
            f"{median(measured, name, 'cpu'):.2f}",
            f"{median(measured, name, 'wall'):.2f}",
            f"{median(measured, name, 'rss_kib') / 1024:.0f}",
        ]
        for name in measured[0]
    ]
    return table(("variant", "CPU s", "wall s", "peak MiB"), rows)


def _ratios(measured: list[dict[str, Cost]]) -> str:
    rows = []
    for name, of, aim in (
        (RECORD, WITHOUT, f"at most {GOAL}"),
        (ALONE, BARE, f"at most {GOAL}"),
        (CONTEXTS, WITHOUT, ""),
        (WITHOUT, BARE, ""),
        (RECORD, BARE, ""),
        (CONTEXTS, BARE, ""),
        (THEIRS, BARE, ""),
    ):
        low, middle, high = ratio(measured, name, of, "cpu")
        rows.append((f"{name} / {of}", f"{middle:.2f}", f"{low:.2f}-{high:.2f}", aim))
    return table(("ratio of CPU inside one round", "median", "range", "goal"), rows)


if __name__ == "__main__":
    main()
