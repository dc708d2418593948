"""What all security gates together add to a run of about a minute on two workers. Effects: processes."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import Cost, environment, machine, median, ratio, rounds, run, table
from prepare import PROJECTS, Place
from real_projects import answers

if TYPE_CHECKING:
    from collections.abc import Callable

WITHOUT, COLD, WARM = "tests gate alone", "security gates, cold", "security gates, warm"
GOALS = ((COLD, 1.05), (WARM, 1.01))
POLICY = "[tests]\nallow-partial = true\n"
SECURITY = """\
[bandit]
fail-on = "high"
exclude = ["copies/**"]
[secrets]
exclude = ["copies/**"]
[licences]
deny = ["AGPL-3.0-only"]
[pip-audit]
source = "offline:{database}"
max-age = "20000d"
"""


class Bench:
    """One prepared project, its tests copied until they last long enough."""

    def __init__(self, place: Place, database: Path, copies: int) -> None:
        self._place = place
        self._database = database.resolve()
        self._env = environment(place.python)
        self.verdicts: dict[str, str] = {}
        shutil.rmtree(place.tree / "copies", ignore_errors=True)
        for number in range(copies):
            shutil.copytree(place.tree / "tests", place.tree / "copies" / f"c{number}" / "tests")

    def variants(self) -> dict[str, Callable[[], Cost]]:
        return {
            WITHOUT: lambda: self._run(POLICY, cold=False),
            COLD: lambda: self._run(POLICY + self._security, cold=True),
            WARM: lambda: self._run(POLICY + self._security, cold=False),
        }

    @property
    def _security(self) -> str:
        return SECURITY.format(database=self._database)

    def _run(self, policy: str, *, cold: bool) -> Cost:
        tree = self._place.tree
        (tree / "gates.toml").write_text(policy, encoding="utf-8")
        shutil.rmtree(tree / "gates-report", ignore_errors=True)
        if cold:
            shutil.rmtree(tree / ".pytest_cache" / "d" / "gates", ignore_errors=True)
        argv = ["pytest", "-q", "-p", "gates", "-n", "2", "--gates-profile", "ci"]
        argv += ["--import-mode=importlib", "copies"]
        program = str(self._place.python.parent / argv[0])
        cost = run([program, *argv[1:]], cwd=tree, env=self._env, log=tree.parent / "security.txt")
        report = json.loads((tree / "gates-report" / "report.json").read_bytes())
        if policy != POLICY:
            self.verdicts = answers(report)
        return cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="what prepare.py has prepared, with pytest-xdist")
    parser.add_argument("database", type=Path, help="an offline database of advisories")
    parser.add_argument("--project", default="jinja2", choices=sorted(PROJECTS))
    parser.add_argument("--copies", type=int, default=12, help="of the tests of the project")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    place = Place.of(args.folder, args.project)
    bench = Bench(place, args.database, args.copies)
    # The variant "warm" of the first round needs what the warm-up round leaves behind.
    measured = rounds(bench.variants(), args.rounds)
    print(machine(place.python), end="\n\n")
    rows = [
        [name, *(f"{median(measured, name, what):.2f}" for what in ("wall", "cpu"))]
        for name in measured[0]
    ]
    print(table(("variant", "wall s", "CPU s"), rows), end="\n\n")
    compared = []
    for name, goal in GOALS:
        for what in ("wall", "cpu"):
            low, middle, high = ratio(measured, name, WITHOUT, what)
            aim = f"at most {goal}" if what == "wall" else ""
            compared.append((name, what, f"{middle:.3f}", f"{low:.3f}-{high:.3f}", aim))
    print(table(("against the tests gate alone", "of", "median", "range", "goal"), compared))
    print(f"\nGates: {', '.join(f'{gate} {said}' for gate, said in bench.verdicts.items())}.")
    missing = [gate for gate, said in bench.verdicts.items() if said.startswith("not run")]
    if missing:
        sys.exit(f"the comparison is void, these did not run: {', '.join(missing)}")


if __name__ == "__main__":
    main()
