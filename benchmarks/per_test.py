"""What a passing test costs beyond pytest and coverage: calls, memory, time. Effects: processes, files."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from measuring import Cost, difference, environment, machine, median, rounds, run, table
from suites import SOURCE, write_suite

SMALL, LARGE = 200, 1200
CALL_GOAL = 80
MEMORY_GOAL = 1024
QUIET = ("-q", "-p", "no:cacheprovider")
# Other plugins of the environment would be counted on both sides, and blur nothing but the share.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
# name: (policy, words for pytest, words for count_calls.py)
VARIANTS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "bare": ("tests", (), ()),
    "gates: tests": ("tests", ("-p", "gates"), ()),
    "gates: tests, flaky": ("flaky", ("-p", "gates"), ()),
    "plain coverage": ("tests", (), ("--coverage", SOURCE)),
    "gates: tests, coverage": ("coverage", ("-p", "gates"), ()),
}
PAIRS = (
    ("gates: tests", "bare"),
    ("gates: tests, flaky", "gates: tests"),
    ("gates: tests, coverage", "plain coverage"),
)


def counted(python: str, folder: Path, name: str, tests: int) -> dict[str, Any]:
    """All calls of one run; the second of two, so that byte code and caches are there."""
    policy, words, options = VARIANTS[name]
    write_suite(folder, tests, policy)
    out = folder / "calls.json"
    script = Path(__file__).with_name("count_calls.py")
    for _ in range(2):
        cost = run(
            [python, str(script), str(out), *options, *QUIET, *words],
            cwd=folder,
            env=environment(python, **ALONE),
            log=folder / "log.txt",
        )
        if cost.exit_status:
            sys.exit(f"{name}: exit {cost.exit_status}\n{(folder / 'log.txt').read_text()[-2000:]}")
    told: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    if told["status"]:
        sys.exit(f"{name}: pytest ended with {told['status']}")
    return told


class Told(NamedTuple):
    """What count_calls.py said of a small and of a large suite."""

    small: dict[str, Any]
    large: dict[str, Any]

    def slope(self, kind: str) -> float:
        return float(self.large[kind] - self.small[kind]) / (LARGE - SMALL)

    @property
    def together(self) -> float:
        return self.slope("python") + self.slope("c")

    def by_function(self) -> dict[str, float]:
        """Calls a test per function: those of it, and those of C functions that it makes."""
        found: dict[str, float] = defaultdict(float)
        for kind in ("python_by", "c_by"):
            before = self.small[kind]
            for name, number in self.large[kind].items():
                found[name] += (number - before.get(name, 0)) / (LARGE - SMALL)
        return found


def calls(python: str, folder: Path, shown: int) -> None:
    told = {
        name: Told(counted(python, folder, name, SMALL), counted(python, folder, name, LARGE))
        for name in VARIANTS
    }
    rows = [
        (name, *(f"{number:.1f}" for number in (one.slope("python"), one.slope("c"), one.together)))
        for name, one in told.items()
    ]
    print(f"\n#### Calls a test (slope between {LARGE} and {SMALL} tests)\n")
    print(table(("variant", "Python", "C", "together"), rows))
    print()
    for name, base in PAIRS:
        added = told[name].together - told[base].together
        print(f"- {name}, beyond {base}: {added:.1f} calls a test (goal: at most {CALL_GOAL})")
    for name, base in PAIRS if shown else ():
        less = told[base].by_function()
        more = {key: by - less.get(key, 0) for key, by in told[name].by_function().items()}
        print(f"\nWhere, {name} beyond {base}:\n")
        largest = sorted(more.items(), key=lambda pair: -pair[1])[:shown]
        # Growth below one in twenty tests is a list that was doubled.
        top = [(f"`{where}`", f"{by:+.2f}") for where, by in largest if by >= 0.05]
        print(table(("function, with its C calls", "calls a test"), top))


def growth(python: str, folder: Path, sizes: list[int], count: int, names: list[str]) -> None:
    """Peak memory and CPU at each size, and the slopes between neighbours."""
    measured: dict[int, list[dict[str, Cost]]] = {}
    for tests in sizes:
        homes = {name: folder / f"{tests}-{number}" for number, name in enumerate(names)}
        for name, home in homes.items():
            write_suite(home, tests, VARIANTS[name][0])
            # Collecting once leaves the byte code of all test files, at half the price of a run.
            collect = [python, "-m", "pytest", "--collect-only", "-qq", *QUIET[1:]]
            run(collect, cwd=home, env=environment(python, **ALONE))
        variants = {
            name: lambda name=name, home=home: run(
                [python, "-m", *_program(name), *QUIET, *VARIANTS[name][1]],
                cwd=home,
                env=environment(python, **ALONE),
                log=home / "log.txt",
            )
            for name, home in homes.items()
        }
        measured[tests] = rounds(variants, count, warm_up=False)
        failed = {
            n: c.exit_status for one in measured[tests] for n, c in one.items() if c.exit_status
        }
        if failed:
            sys.exit(f"a run failed: {failed}")
    print("\n#### Growth\n")
    rows = []
    for name in names:
        for small, large in zip([0, *sizes], sizes, strict=False):
            kib = median(measured[large], name, "rss_kib")
            cpu = median(measured[large], name, "cpu")
            if small:
                by_kib = 1024 * (kib - median(measured[small], name, "rss_kib")) / (large - small)
                by_cpu = 1e3 * (cpu - median(measured[small], name, "cpu")) / (large - small)
                steps = [f"{by_kib:.0f}", f"{by_cpu:.3f}"]
            else:
                steps = ["", ""]
            rows.append([name, large, f"{kib / 1024:.0f}", f"{cpu:.2f}", *steps])
    head = ("variant", "tests", "peak MiB", "CPU s", "bytes a test", "CPU ms a test")
    print(table(head, rows))
    print()
    for name, base in PAIRS:
        if name not in names or base not in names:
            continue
        for small, large in itertools.pairwise(sizes):
            kib, cpu = (
                difference(measured[large], name, base, what)[0]
                - difference(measured[small], name, base, what)[0]
                for what in ("rss_kib", "cpu")
            )
            print(
                f"- {name}, beyond {base}, {small} to {large}: "
                f"{1024 * kib / (large - small):.0f} bytes (goal: at most {MEMORY_GOAL}) and "
                f"{1e6 * cpu / (large - small):.0f} microseconds of CPU a test"
            )


def _program(name: str) -> tuple[str, ...]:
    if "--coverage" in VARIANTS[name][2]:
        return ("coverage", "run", f"--source={SOURCE}", "-m", "pytest")
    return ("pytest",)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="interpreter with pytest-gates")
    parser.add_argument(
        "--where", type=int, default=0, help="name so many functions of the difference"
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3, help="of the growth; calls repeat exactly")
    parser.add_argument(
        "--with-coverage", action="store_true", help="the growth with coverage, too"
    )
    parser.add_argument("--only", choices=("calls", "growth"))
    args = parser.parse_args()
    print(f"### Cost of a passing test\n\n{machine(args.python)}")
    with tempfile.TemporaryDirectory() as temporary:
        if args.only != "growth":
            calls(args.python, Path(temporary) / "calls", args.where)
        if args.only != "calls" and args.sizes:
            names = list(VARIANTS) if args.with_coverage else list(VARIANTS)[:3]
            growth(args.python, Path(temporary), args.sizes, args.rounds, names)


if __name__ == "__main__":
    main()
