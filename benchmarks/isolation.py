"""What one more attempt of a failed test costs: in a fork made after collection, and in a fresh process.

`python benchmarks/isolation.py`; prints Markdown. Effects: processes, files.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from measuring import Cost, environment, machine, median, rounds, run, table

_POLICY = """\
[tool.pytest-gates]
history = "off"
[tool.pytest-gates.tests]
[tool.pytest-gates.flaky]
isolation = "{isolation}"
rerun-budget = "20m"
"""
_GOAL = 0.15
_A_TEST = "def test_{number:05d}():\n    pass\n"
# Fails in the run and passes alone; nothing runs before it, so one attempt settles it.
_FAILING = """\
import pathlib
MARK = pathlib.Path(__file__).with_name("seen")
def test_fails_once():
    first = not MARK.exists()
    MARK.touch()
    assert not first
"""


def write_suite(folder: Path, tests: int, isolation: str) -> None:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(_POLICY.format(isolation=isolation))
    for first in range(0, tests, 100):
        text = "\n".join(_A_TEST.format(number=one) for one in range(first, first + 100))
        (folder / f"test_{first:05d}.py").write_text(text)
    (folder / "test_000.py").write_text(_FAILING)


def attempt_seconds(folder: Path, python: str) -> Cost:
    """Wall time of the one attempt that the run needs."""
    (folder / "seen").unlink(missing_ok=True)
    run(
        [python, "-m", "pytest", "-q", "-p", "gates", "--gates-profile", "ci"],
        cwd=folder,
        env=environment(python),
        log=folder / "log.txt",
    )
    document = json.loads((folder / "gates-report" / "report.json").read_text())
    record = document["evidence"]["reruns"]
    if record["processes"] != 1:
        sys.exit(f"expected one attempt: {record}")
    return Cost(exit_status=0, wall=record["seconds"], cpu=0.0, rss_kib=0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--tests", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        homes = {isolation: Path(name) / isolation for isolation in ("fork", "fresh")}
        for isolation, home in homes.items():
            write_suite(home, given.tests, isolation)
        collect = [given.python, "-m", "pytest", "--collect-only", "-qq"]
        variants = {
            "collection alone": lambda: run(
                collect, cwd=homes["fresh"], env=environment(given.python)
            ),
            **{
                isolation: lambda home=home: attempt_seconds(home, given.python)
                for isolation, home in homes.items()
            },
        }
        measured = rounds(variants, given.rounds)
    print(f"\n{machine(given.python)}\n")
    rows = [(name, f"{median(measured, name, 'wall'):.3f}") for name in variants]
    print(table(("what", "wall s"), rows))
    shares = sorted(one["fork"].wall / one["fresh"].wall for one in measured)
    share = shares[len(shares) // 2]
    print(f"\nAn attempt in a fork / in a fresh process: {share:.3f} (goal: at most {_GOAL}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
