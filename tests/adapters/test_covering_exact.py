"""sys.monitoring tells the same pairs of test and line as coverage's contexts, on a suite of our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parent.parent.parent
OPTIONS = (
    *("-p", "both", "-p", "no:gates", "-p", "no:xdist", "-p", "no:cacheprovider"),
    *("-p", "no:asyncio", "-p", "no:hypothesispytest", "-o", "addopts="),
)
SUITE = tuple(
    f"tests/unit/flakes/test_{name}.py"
    for name in ("quarantine", "novelty", "signature", "commands")
)
BOTH = """
    import json, os
    from pathlib import Path

    from pytest_gates.adapters.covering import start_recorder
    from pytest_gates.adapters.covering_contexts import start_contexts
    from pytest_gates.adapters.measure import Measurement
    from pytest_gates.changes.covering import by_line
    from pytest_gates.plugin.covering import Covering

    ROOT = Path(os.environ["GATES_TEST_ROOT"])
    FOLDER = ROOT / "src" / "pytest_gates" / "flakes"
    PATHS = tuple(path.relative_to(ROOT).as_posix() for path in FOLDER.glob("*.py"))
    measurement = Measurement(ROOT, branches=False, source=(str(FOLDER),), contexts=True)
    watched = [
        Covering(start_contexts(measurement, PATHS)), Covering(start_recorder(ROOT, PATHS))
    ]

    def pytest_configure(config):
        for number, one in enumerate(watched):
            config.pluginmanager.register(one, f"watched-{number}")

    def pytest_sessionfinish():
        found = []
        for one in watched:
            record = one.told()
            found.append({
                (path, line, test)
                for path, groups in record.files.items()
                for line, who in by_line(groups).items()
                for test in [
                    *(record.tests[number] for number in who.tests), *[""][:who.outside]
                ]
            })
        Path(os.environ["GATES_TEST_TOLD"]).write_text(json.dumps({
            "pairs": [len(one) for one in found], "tests": len({test for *_, test in found[0]}),
            "different": sorted(found[0] ^ found[1]),
        }))
        measurement.close()
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring came with Python 3.12")
def test_monitoring_and_contexts_tell_the_same(tmp_path: Path) -> None:
    (tmp_path / "both.py").write_text(dedent(BOTH), encoding="utf-8")
    told = tmp_path / "told.json"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *OPTIONS, *SUITE],
        cwd=ROOT,
        env={
            **kept,
            # Watched by its place: an installed copy of it lies elsewhere.
            "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT / "src"))),
            "GATES_TEST_ROOT": str(ROOT),
            "GATES_TEST_TOLD": str(told),
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(told.read_bytes())
    assert found["different"] == [], found["pairs"]
    assert found["pairs"][0] > 1000
    assert found["tests"] > 30
