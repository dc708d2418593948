"""A gated run that measures lines only, against pytest-cov's default core. Effects: processes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Self

from measuring import Cost, environment, machine, median, ratio, rounds, run, table
from prepare import PROJECTS, Place

GATES = "pytest -p gates"
GATES_C = "pytest -p gates, C tracer"
COV = "pytest --cov"
COV_SYSMON = "pytest --cov, sysmon"
BARE = "pytest"
GOAL = 0.60


class Bench:
    """The variants of one prepared project, with its coverage settings set to lines."""

    def __init__(self, place: Place, source: str) -> None:
        self._place = place
        self.core = "none"
        self._files = {
            place.tree / ".coveragerc": f"[run]\nsource = {source}\n",
            place.tree / "gates.toml": "[tests]\n[coverage]\nlines = 1\n",
        }
        self._before = {path: path.read_text() if path.exists() else None for path in self._files}

    def __enter__(self) -> Self:
        for path, text in self._files.items():
            path.write_text(text, encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        for path, text in self._before.items():
            path.unlink() if text is None else path.write_text(text, encoding="utf-8")

    def measure(self, count: int) -> list[dict[str, Cost]]:
        return rounds(
            {
                GATES: self._gated,
                COV: lambda: self._run("--cov"),
                COV_SYSMON: lambda: self._run("--cov", COVERAGE_CORE="sysmon"),
                GATES_C: lambda: self._run("-p", "gates", COVERAGE_CORE="ctrace"),
                BARE: self._run,
            },
            count,
        )

    def _gated(self) -> Cost:
        cost = self._run("-p", "gates")
        text = (self._place.tree / "gates-report" / "report.json").read_bytes()
        facts: dict[str, Any] = json.loads(text)["evidence"]["coverage"]
        self.core = str(facts.get("core", facts))
        return cost

    def _run(self, *words: str, **extra: str) -> Cost:
        cost = run(
            [str(self._place.python.parent / "pytest"), "-q", *words],
            cwd=self._place.tree,
            env=environment(self._place.python, **extra),
            log=self._place.tree.parent / "sysmon.txt",
        )
        if cost.exit_status:
            sys.exit(f"pytest {' '.join(words)}: exit {cost.exit_status}; see sysmon.txt")
        return cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", type=Path, help="prepared with `prepare.py --python` 3.12 or 3.13"
    )
    parser.add_argument("--project", default="jinja2", choices=sorted(PROJECTS))
    parser.add_argument("--source", help="what to measure (default: the project and its tests)")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    place = Place.of(args.folder, args.project)
    with Bench(place, args.source or f"{args.project}, tests") as bench:
        measured = bench.measure(args.rounds)
    rows = [
        [
            name,
            f"{median(measured, name, 'cpu'):.2f}",
            f"{median(measured, name, 'wall'):.2f}",
            *(f"{ratio(measured, name, COV, what)[1]:.2f}" for what in ("cpu", "wall")),
        ]
        for name in measured[0]
    ]
    print(f"### {args.project} {PROJECTS[args.project].version}, lines only\n")
    print(machine(place.python), "\n", sep="\n", end="")
    head = ("variant", "CPU s", "wall s", f"CPU / `{COV}`", f"wall / `{COV}`")
    print(table(head, sorted(rows)))
    low, middle, high = ratio(measured, GATES, COV, "wall")
    print(
        f"\nGoal: `{GATES}` at most {GOAL:.2f} of `{COV}`: {middle:.2f} ({low:.2f}-{high:.2f}) wall."
    )
    print(f"Core of the gated run: {bench.core}.")
    if "sysmon" not in bench.core.lower():
        sys.exit("the sysmon core was not chosen")


if __name__ == "__main__":
    main()
