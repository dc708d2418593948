"""One gated run against its tools one after the other, on real projects. Effects: processes, a port."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import Cost, environment, machine, median, ratio, rounds, run, table
from osv_server import serving
from prepare import DEFAULT, PROJECTS, Place

if TYPE_CHECKING:
    from collections.abc import Callable

GATES = "pytest -p gates"
SEQUENCE = "one after the other"
COVERAGE = "pytest --cov --cov-branch"
BARE = "pytest"
GOALS = ((GATES, SEQUENCE, 0.82), (GATES, COVERAGE, 1.10))

POLICY = """\
[tests]
[coverage]
branches = 1
[bandit]
fail-on = "high"
paths = ["src/**"]
[pip-audit]
source = "{url}"
[ruff]
"""


class Bench:
    """The variants of one prepared project."""

    def __init__(self, place: Place, url: str, limit_seconds: float) -> None:
        self._place = place
        self._env = environment(place.python)
        self._limit = limit_seconds
        self.verdicts: dict[str, str] = {}
        self.statuses: dict[str, set[int]] = {}
        self.steps: dict[str, list[Cost]] = {}
        self._log = place.tree.parent / "log"
        self._log.mkdir(exist_ok=True)
        (place.tree / "gates.toml").write_text(POLICY.format(url=url), encoding="utf-8")
        self._sequence = {
            # --no-fix: projects set `fix = true`, and a benchmark must not edit what it measures.
            "ruff": ["ruff", "check", "--no-fix"],
            "bandit": ["bandit", "-q", "-r", "src"],
            "pip-audit": ["pip-audit", "--progress-spinner", "off", "-s", "osv", "--osv-url", url],
            "tests": ["pytest", "-q", "--cov", "--cov-branch", "--reruns", "2"],
        }

    def variants(self) -> dict[str, Callable[[], Cost]]:
        return {
            SEQUENCE: self._one_after_the_other,
            COVERAGE: lambda: self._run(COVERAGE, ["pytest", "-q", "--cov", "--cov-branch"]),
            GATES: self._gated,
            BARE: lambda: self._run(BARE, ["pytest", "-q"]),
        }

    def _one_after_the_other(self) -> Cost:
        total = Cost(0, 0.0, 0.0, 0)
        for name, argv in self._sequence.items():
            cost = self._run(f"  {name}", argv)
            self.steps.setdefault(name, []).append(cost)
            total += cost
        return total

    def _gated(self) -> Cost:
        shutil.rmtree(self._place.tree / "gates-report", ignore_errors=True)
        cost = self._run(GATES, ["pytest", "-q", "-p", "gates"])
        path = self._place.tree / "gates-report" / "report.json"
        self.verdicts = (
            answers(json.loads(path.read_bytes())) if path.is_file() else {"report": "none"}
        )
        return cost

    def _run(self, name: str, argv: list[str]) -> Cost:
        for left in self._place.tree.glob(".coverage*"):
            if left.name != ".coveragerc":
                left.unlink()
        program = str(self._place.python.parent / argv[0])
        log = self._log / f"{name.strip().replace(' ', '_')}.txt"
        cost = run(
            [program, *argv[1:]],
            cwd=self._place.tree,
            env=self._env,
            log=log,
            limit_seconds=self._limit,
        )
        self.statuses.setdefault(name, set()).add(cost.exit_status)
        return cost


def answers(report: dict[str, Any]) -> dict[str, str]:
    """Gate to verdict; "not run: WHY" where the facts for it are missing."""
    evidence = report["evidence"]
    facts = {"coverage": evidence["coverage"], **evidence["scans"]}
    found = {}
    for result in report["results"]:
        gate = result["gate"]
        missing = facts.get(gate, {}).get("kind") == "unavailable"
        found[gate] = f"not run: {facts[gate]['why']}" if missing else result["verdict"]
    return found


def report_on(name: str, bench: Bench, measured: list[dict[str, Cost]], python: Path) -> str:
    lines = [f"### {name} {PROJECTS[name].version}", "", machine(python), ""]
    rows = [
        [
            variant,
            f"{median(measured, variant, 'cpu'):.2f}",
            f"{median(measured, variant, 'wall'):.2f}",
            f"{median(measured, variant, 'rss_kib') / 1024:.0f}",
        ]
        for variant in measured[0]
    ]
    for step, costs in bench.steps.items():
        found = [{step: cost} for cost in costs]
        rows.append(
            [f"- {step}", *(f"{median(found, step, what):.2f}" for what in ("cpu", "wall")), ""]
        )
    lines.append(table(("variant", "CPU s", "wall s", "peak MiB"), sorted(rows)))
    lines.append("")
    compared = []
    for variant, of, goal in GOALS:
        for what in ("wall", "cpu"):
            low, middle, high = ratio(measured, variant, of, what)
            aim = f"at most {goal}" if what == "wall" else ""
            compared.append(
                (f"{variant} / {of}", what, f"{middle:.2f}", f"{low:.2f}-{high:.2f}", aim)
            )
    lines.append(table(("ratio inside one round", "of", "median", "range", "goal"), compared))
    statuses = "; ".join(f"{key.strip()} {sorted(value)}" for key, value in bench.statuses.items())
    verdicts = ", ".join(f"{gate} {verdict}" for gate, verdict in bench.verdicts.items())
    lines += ["", f"Exit statuses: {statuses}.", f"Gates: {verdicts}.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="what prepare.py has prepared")
    parser.add_argument("--projects", nargs="+", default=list(DEFAULT), choices=sorted(PROJECTS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--advisories", type=Path, help="OSV records, one a line; none: all clean")
    parser.add_argument("--limit", type=float, default=900, help="seconds one run may take")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    args = parser.parse_args()
    everything: dict[str, Any] = {}
    not_run = []
    with serving(args.advisories) as url:
        for name in args.projects:
            place = Place.of(args.folder, name)
            if not place.python.exists():
                sys.exit(f"{place.python} is missing: run benchmarks/prepare.py first")
            bench = Bench(place, url, args.limit)
            print(f"{name}:", file=sys.stderr, flush=True)
            measured = rounds(bench.variants(), args.rounds)
            print(report_on(name, bench, measured, place.python), flush=True)
            everything[name] = [
                {key: cost._asdict() for key, cost in one.items()} for one in measured
            ]
            not_run += [f"{name}: {k} {v}" for k, v in bench.verdicts.items() if v.startswith("no")]
    if args.json:
        args.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    if not_run:
        sys.exit("the comparison is void, a gate did not run: " + "; ".join(not_run))


if __name__ == "__main__":
    main()
