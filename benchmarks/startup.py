"""What starting costs: installed and not asked for, and active. Effects: processes, files."""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import Cost, difference, environment, machine, median, rounds, run, table
from suites import SOURCE, write_suite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

INERT_GOAL_MS = 2
ACTIVE_GOAL_MS = 60
OURS = "pytest_gates"
QUIET = ("-q", "-p", "no:cacheprovider")
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|( *)(\S+)")
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def imports(python: str, code: str) -> dict[str, tuple[int, int]]:
    """Microseconds of each module's import: its own, and with what it imports first."""
    done = subprocess.run(
        [python, "-X", "importtime", "-c", code],
        env=environment(python),
        check=True,
        capture_output=True,
        text=True,
    )
    return {
        found[4]: (int(found[1]), int(found[2]))
        for found in map(_LINE.match, done.stderr.splitlines())
        if found
    }


def inert_imports(python: str, count: int) -> None:
    """Everything that the entry point of an inert run brings in, once pytest is there."""
    before = "import _pytest.config, pytest"
    runs = []
    for _ in range(count):
        bare = imports(python, before)
        ours = imports(python, f"{before}; import {OURS}.plugin")
        runs.append({name: cost for name, cost in ours.items() if name not in bare})
    own = [sum(cost[0] for cost in one.values()) / 1000 for one in runs]
    print("\n#### Inert: imports (`-X importtime`)\n")
    print(
        f"`{OURS}.plugin` and all that comes with it: median {statistics.median(own):.2f} ms, "
        f"lowest {min(own):.2f} ms, {len(runs[0])} modules: {', '.join(sorted(runs[0]))}"
    )


def calls(python: str, folder: Path, variants: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Python and C calls of a whole run of one test: no clock, so no noise."""
    script = str(Path(__file__).with_name("count_calls.py"))
    told = {}
    for name, words in variants.items():
        for _ in range(2):
            out = folder / "calls.json"
            cost = run([python, script, str(out), *words], cwd=folder, env=environment(python))
            if cost.exit_status:
                sys.exit(f"counting {name} failed: exit {cost.exit_status}")
        found = json.loads(out.read_text(encoding="utf-8"))
        told[name] = found["python"] + found["c"]
    return told


def inert(python: str, without: str | None, folder: Path, count: int) -> None:
    """The same run with the entry point present and hidden, and without the distribution at all."""
    write_suite(folder, 1)
    words = {"hidden (-p no:gates)": (*QUIET, "-p", "no:gates"), "installed, not asked for": QUIET}
    hidden, installed = words
    variants = {name: pytest_run(python, folder, *one) for name, one in words.items()}
    if without:
        variants["not installed"] = pytest_run(without, folder, *QUIET)
    measured = rounds(variants, count)
    print("\n#### Inert: paired runs of one test\n")
    print(table(("variant", "CPU ms", "wall ms"), _rows(measured)))
    print()
    _say(measured, installed, hidden, INERT_GOAL_MS)
    if without:
        _say(measured, installed, "not installed", INERT_GOAL_MS)
    counted = calls(python, folder, words)
    print(f"- calls: {counted[installed] - counted[hidden]:+d} of {counted[hidden]}")


def active(python: str, folder: Path, count: int) -> None:
    """Only what pytest-gates adds: other plugins are off, tools are not in the policy."""
    tests, coverage = folder / "tests-only", folder / "coverage"
    write_suite(tests, 1)
    write_suite(coverage, 1, "coverage")
    under_coverage = ("coverage", "run", f"--source={SOURCE}", "-m", "pytest", *QUIET)
    cov = ("-p", "pytest_cov.plugin", f"--cov={SOURCE}", "--cov-report=json:out.json")
    variants = {
        "pytest": pytest_run(python, tests, *QUIET, **ALONE),
        "gates: tests": pytest_run(python, tests, *QUIET, "-p", "gates", **ALONE),
        "coverage run -m pytest": module_run(python, coverage, *under_coverage, **ALONE),
        "pytest --cov, JSON": pytest_run(python, coverage, *QUIET, *cov, **ALONE),
        "gates: tests, coverage": pytest_run(python, coverage, *QUIET, "-p", "gates", **ALONE),
    }
    measured = rounds(variants, count)
    print("\n#### Active: paired runs of one test, no other plugin\n")
    print(table(("variant", "CPU ms", "wall ms"), _rows(measured)))
    print()
    _say(measured, "gates: tests", "pytest", ACTIVE_GOAL_MS)
    _say(measured, "gates: tests, coverage", "pytest --cov, JSON", ACTIVE_GOAL_MS)
    _say(measured, "gates: tests, coverage", "coverage run -m pytest", ACTIVE_GOAL_MS)
    words = {"pytest": QUIET, "gates: tests": (*QUIET, "-p", "gates")}
    counted = calls(python, tests, words)
    print(f"- calls, tests only: {counted['gates: tests'] - counted['pytest']:+d}")


def active_imports(python: str, folder: Path, count: int, shown: int) -> None:
    """Modules that only an active run imports, the dearest first."""
    for policy in ("tests", "coverage"):
        home = write_suite(folder / f"imports-{policy}", 1, policy)
        code = "import os, sys, pytest; os.chdir({!r}); pytest.main({!r})"
        runs = []
        for _ in range(count):
            bare, ours = (
                imports(python, code.format(str(home), [*QUIET, *words]))
                for words in (("-p", "no:gates"), ("-p", "gates"))
            )
            runs.append({name: cost for name, cost in ours.items() if name not in bare})
        total = statistics.median(sum(cost[0] for cost in one.values()) / 1000 for one in runs)
        print(f"\n#### Active: imports with a policy of {policy}: {total:.1f} ms\n")
        inside = {
            name: statistics.median(one[name][1] / 1000 for one in runs if name in one)
            for name in runs[0]
        }
        top = sorted(inside.items(), key=lambda pair: -pair[1])[:shown]
        print(
            table(("module", "ms, with what it imports first"), [(n, f"{ms:.1f}") for n, ms in top])
        )


def pytest_run(python: str, folder: Path, *words: str, **extra: str) -> Callable[[], Cost]:
    return module_run(python, folder, "pytest", *words, **extra)


def module_run(python: str, folder: Path, *words: str, **extra: str) -> Callable[[], Cost]:
    def once() -> Cost:
        log = folder / "log.txt"
        cost = run([python, "-m", *words], cwd=folder, env=environment(python, **extra), log=log)
        if cost.exit_status:
            sys.exit(f"{' '.join(words)}: exit {cost.exit_status}\n{log.read_text()[-2000:]}")
        return cost

    return once


def _rows(measured: list[dict[str, Cost]]) -> list[list[str]]:
    return [
        [name, *(f"{1000 * median(measured, name, what):.1f}" for what in ("cpu", "wall"))]
        for name in measured[0]
    ]


def _say(measured: list[dict[str, Cost]], name: str, less: str, goal: int) -> None:
    middle, error = (1000 * one for one in difference(measured, name, less, "cpu"))
    print(
        f"- {name}, beyond {less}: {middle:+.1f} ms CPU, standard error {error:.1f} (goal: {goal})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="interpreter with pytest-gates")
    parser.add_argument(
        "--without", help="interpreter of an environment that lacks only pytest-gates"
    )
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--imports", type=int, default=11, help="repetitions of -X importtime")
    parser.add_argument("--where", type=int, default=12, help="name so many modules")
    args = parser.parse_args()
    print(f"### Start-up\n\n{machine(args.python)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        inert_imports(args.python, args.imports)
        inert(args.python, args.without, folder / "inert", args.rounds)
        active(args.python, folder / "active", args.rounds)
        active_imports(args.python, folder, max(3, args.imports // 3), args.where)


if __name__ == "__main__":
    main()
