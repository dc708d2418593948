"""Run pytest in this process and count every call, Python and C. Effects: a profile hook, files.

Run by per_test.py and startup.py with the interpreter to be measured: it imports nothing but the standard
library, pytest and, with --coverage, coverage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import CodeType, FrameType


def count(arguments: list[str]) -> tuple[int, Counter[CodeType], Counter[CodeType]]:
    """Exit status, calls of Python functions, and calls of C functions by the caller."""
    called: Counter[CodeType] = Counter()
    c_called: Counter[CodeType] = Counter()

    def noted(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            called[frame.f_code] += 1
        elif event == "c_call":
            c_called[frame.f_code] += 1

    sys.setprofile(noted)
    try:
        status = pytest.main(arguments)
    finally:
        sys.setprofile(None)
    return int(status), called, c_called


def named(counts: Counter[CodeType]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for code, number in counts.items():
        total[f"{short(code.co_filename)}:{code.co_firstlineno} {code.co_qualname}"] += number
    return dict(total)


def short(path: str) -> str:
    """Without the place of the environment."""
    for mark in ("site-packages/", "/src/"):
        _, found, rest = path.rpartition(mark)
        if found:
            return rest
    return Path(path).name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--coverage", help="source to measure with plain coverage, as its users would"
    )
    args, words = parser.parse_known_args()
    measuring = None
    if args.coverage:
        import coverage  # noqa: PLC0415 - only where it is measured as well

        measuring = coverage.Coverage(source=[args.coverage], data_file=None)
        measuring.start()
    status, called, c_called = count(words)
    if measuring is not None:
        measuring.stop()
    told = {
        "status": status,
        "python": sum(called.values()),
        "c": sum(c_called.values()),
        "python_by": named(called),
        "c_by": named(c_called),
    }
    args.out.write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
