"""Run variants side by side in shuffled rounds; CPU of whole process trees. Effects: processes, the clock."""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Byte code is written and read as on any developer's machine; no variable of the caller reaches a tool.
UNWANTED = (
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONUNBUFFERED",
    "PYTEST_",
    "COVERAGE_",
    "COV_CORE_",
    "PIP_AUDIT_",
    "PIPAPI_",
    "RUFF_",
    "VIRTUAL_ENV",
)


class Cost(NamedTuple):
    """One process with all its waited-for children. `rss_kib` is the peak of the largest of them."""

    exit_status: int
    wall: float
    cpu: float
    rss_kib: int

    def __add__(self, other: object) -> Cost:
        """One after the other: seconds add up, the peak is the larger one, the first failure stays."""
        if not isinstance(other, Cost):
            return NotImplemented
        return Cost(
            self.exit_status or other.exit_status,
            self.wall + other.wall,
            self.cpu + other.cpu,
            max(self.rss_kib, other.rss_kib),
        )


def environment(python: str | Path, **extra: str) -> dict[str, str]:
    """Variables for a run with the environment that holds `python`, its programs first on PATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(UNWANTED)}
    kept.pop("CI", None)
    programs = str(Path(python).parent)
    path = os.pathsep.join((programs, kept.get("PATH", "")))
    return {**kept, "PATH": path, "PYTHONHASHSEED": "0", **extra}


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path | None = None,
    limit_seconds: float = 1800,
) -> Cost:
    """Wait for it. CPU is user + system of the process and every descendant that was waited for.

    Raises TimeoutError after `limit_seconds`, when the whole group is killed.
    """
    with (log or Path(os.devnull)).open("wb") as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        late = threading.Event()

        def stop() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        alarm = threading.Timer(limit_seconds, stop)
        alarm.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            alarm.cancel()
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if late.is_set():
        raise TimeoutError(f"{argv[0]} did not end within {limit_seconds:g} seconds")
    unit = 1024 if sys.platform == "darwin" else 1
    return Cost(process.returncode, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // unit)


def rounds(
    variants: Mapping[str, Callable[[], Cost]], count: int, *, warm_up: bool = True, seed: int = 1
) -> list[dict[str, Cost]]:
    """Each round runs every variant once, in an order of its own. The warm-up round is not returned."""
    order = random.Random(seed)
    measured: list[dict[str, Cost]] = []
    for number in range(count + warm_up):
        names = list(variants)
        order.shuffle(names)
        found = {name: variants[name]() for name in names}
        shown = ", ".join(f"{name} {found[name].cpu:.2f}" for name in variants)
        kind = "warm-up" if warm_up and not number else f"round {number + (not warm_up)}/{count}"
        print(f"  {kind}: CPU {shown}", file=sys.stderr, flush=True)
        if number or not warm_up:
            measured.append(found)
    return measured


def median(measured: Sequence[Mapping[str, Cost]], name: str, what: str) -> float:
    return float(statistics.median(getattr(one[name], what) for one in measured))


def ratio(
    measured: Sequence[Mapping[str, Cost]], name: str, of: str, what: str
) -> tuple[float, float, float]:
    """Lowest, median and highest of the ratios inside one round."""
    found = sorted(getattr(one[name], what) / getattr(one[of], what) for one in measured)
    return found[0], statistics.median(found), found[-1]


def difference(
    measured: Sequence[Mapping[str, Cost]], name: str, less: str, what: str
) -> tuple[float, float]:
    """Median of the differences inside one round, and its standard error (from the middle half)."""
    found = sorted(getattr(one[name], what) - getattr(one[less], what) for one in measured)
    if len(found) < 4:
        return statistics.median(found), float("nan")
    low, _, high = statistics.quantiles(found, n=4)
    # 1.349: the width of the middle half of a normal distribution in standard deviations;
    # 1.253: how much less a median knows than a mean.
    return statistics.median(found), 1.253 * (high - low) / 1.349 / len(found) ** 0.5


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Markdown."""
    lines = [
        f"| {' | '.join(str(cell) for cell in row)} |" for row in (head, ["---"] * len(head), *rows)
    ]
    return "\n".join(lines)


def machine(python: str | Path) -> str:
    """One line about where this was measured."""
    names = (
        "pytest",
        "coverage",
        "pytest-cov",
        "pytest-rerunfailures",
        "bandit",
        "pip-audit",
        "ruff",
    )
    code = (
        "import importlib.metadata as m, platform\n"
        f"names = {names!r}\n"
        "known = {d.name.lower().replace('_', '-') for d in m.distributions() if d.name}\n"
        "found = [f'{n} {m.version(n)}' for n in names if n in known]\n"
        "print(platform.python_implementation(), platform.python_version(), *found, sep=', ')\n"
    )
    said = subprocess.run(
        [str(python), "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=environment(python),
    )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{os.cpu_count()} CPUs, load {load}, {said.stdout.strip()}"
