"""Suites with planted failures of every class: is each told to be what it is? Prints Markdown.

`python benchmarks/planted.py --suites 20`; each suite runs alone and on two workers.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.planted import CLASSES, PlantedSuite

_POLICY = """\
[tool.pytest-gates]
history = "off"
[tool.pytest-gates.tests]
[tool.pytest-gates.flaky]
rerun-budget = "20m"
mass-failure = 100
[tool.pytest.ini_options]
pythonpath = ["."]
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", type=int, default=10)
    parser.add_argument("--tests", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--python", default=sys.executable)
    given = parser.parse_args()
    told: Counter[str] = Counter()
    right: Counter[str] = Counter()
    wrong: list[str] = []
    dangerous: list[str] = []
    began = time.monotonic()
    for seed in range(given.first_seed, given.first_seed + given.suites):
        suite = PlantedSuite(seed, tests=given.tests)
        for extra in ((), ("-n2",)):
            found = run(suite, given.python, extra)
            for name, (kind, role, because) in found.items():
                word = name.split("_")[1]
                told[word] += 1
                mistakes = suite.wrong({name: (kind, role, because)})
                right[word] += not mistakes
                wrong += [f"seed {seed} {' '.join(extra)}: {one}" for one in mistakes]
                if mistakes and word == "regression":
                    dangerous.append(f"seed {seed}: {name} told {kind}")
            print(f"seed {seed} {' '.join(extra)}: {len(found)} failed", file=sys.stderr)
    seconds = time.monotonic() - began
    report(given, told, right, wrong, dangerous, seconds)
    return bool(dangerous)


def run(
    suite: PlantedSuite, python: str, extra: tuple[str, ...]
) -> dict[str, tuple[str, str | None, tuple[str, ...]]]:
    """Class, role and causes of every test that failed in the run, by its name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text(_POLICY)
        suite.write(folder)
        subprocess.run(
            [python, "-m", "pytest", "-q", "-p", "gates", "--gates-profile", "ci", *extra],
            cwd=folder,
            check=False,
            capture_output=True,
        )
        document = json.loads((folder / "gates-report" / "report.json").read_text())
    found = {}
    for case in document["evidence"]["cases"]:
        if case["attempts"][0]["outcome"] == "passed":
            continue
        diagnosis = case.get("diagnosis") or {"kind": "not told"}
        because = tuple(one.rpartition("::")[2] for one in diagnosis.get("because", ()))
        short = case["nodeid"].rpartition("::")[2].partition("[")[0]
        found[short] = (diagnosis["kind"], diagnosis.get("role"), because)
    return found


def report(
    given: argparse.Namespace,
    told: Counter[str],
    right: Counter[str],
    wrong: list[str],
    dangerous: list[str],
    seconds: float,
) -> None:
    tests = given.suites * given.tests * 2
    print(
        f"{given.suites} suites of {given.tests} tests, each alone and with `-n2`: {tests} tests, "
    )
    print(f"{told.total()} failed in a run, {seconds:.0f} s together.\n")
    print("| planted | failed in a run | told right |\n| --- | --- | --- |")
    for word in CLASSES:
        if told[word]:
            print(f"| {word} | {told[word]} | {right[word]} |")
    share = math.nan if not told.total() else 100 * right.total() / told.total()
    print(f"\nRight: {right.total()} of {told.total()} ({share:.1f} %).")
    print(f"Regressions told to be anything else: {len(dangerous)}.")
    for line in wrong[:20]:
        print(f"- {line}")


if __name__ == "__main__":
    sys.exit(main())
