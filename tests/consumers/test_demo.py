"""The example of examples/shop, run as the README says: its screens, its reports and its exit status."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pytest_gates.model.report import Decision, Report
from pytest_gates.model.verdict import Verdict
from pytest_gates.reporters import json

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop"


class Played(msgspec.Struct, frozen=True):
    """The demo after its end, and the folder that it was told to keep."""

    exit_status: int
    screen: str
    folder: Path

    def report(self, act: str) -> Report:
        return json.parse((self.folder / "reports" / act / "report.json").read_bytes())

    def part(self, number: int) -> str:
        """What the screen showed of one of the three acts."""
        return self.screen.split(f"=== {number}. ")[1].split("\n=== ")[0]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Played once for all tests here: it runs pytest and every tool three times."""
    folder = tmp_path_factory.mktemp("demo")
    yield play(SHOP, folder)
    shutil.rmtree(folder, ignore_errors=True)


def play(shop: Path, folder: Path) -> Played:
    done = subprocess.run(
        [sys.executable, str(shop / "demo.py"), "--keep", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        # pytest-asyncio, which other tests need, warns of settings that the example does not need.
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    return Played(done.returncode, done.stdout + done.stderr, folder)


@pytest.mark.timeout(300)
def test_the_demo_ends_as_it_promises(demo: Played) -> None:
    assert demo.screen.splitlines()[-1] == (
        "demo: as expected: main 0, verify 0 · blocked 10, verify 10 · repaired 0, verify 0"
    )
    assert demo.exit_status == 0


@pytest.mark.timeout(300)
def test_every_gate_but_the_tests_blocks_the_change(demo: Played) -> None:
    report = demo.report("blocked")
    assert report.decision is Decision.BLOCKED
    assert {one.gate: one.verdict for one in report.results} == {
        "tests": Verdict.PASS,
        "coverage": Verdict.FAIL,
        "ruff": Verdict.FAIL,
        "bandit": Verdict.FAIL,
        "pip-audit": Verdict.FAIL,
    }
    rules = {(one.gate, finding.rule) for one in report.results for finding in one.failures}
    assert rules == {
        ("coverage", "lines-below-floor"),
        ("coverage", "branches-below-floor"),
        ("ruff", "F401"),
        ("bandit", "B602"),
        ("pip-audit", "PYSEC-2021-142"),
    }


@pytest.mark.timeout(300)
@pytest.mark.parametrize("act", ["main", "repaired"])
def test_main_and_the_repaired_change_pass_with_one_waiver_in_use(demo: Played, act: str) -> None:
    report = demo.report(act)
    assert report.decision is Decision.PASS
    assert {one.verdict for one in report.results} == {Verdict.PASS}
    assert [(use.waiver.subject, use.matched) for use in report.waivers] == [
        ("GHSA-j8r2-6x86-q33q", 1)
    ]


@pytest.mark.timeout(300)
def test_the_screens_are_the_real_ones(demo: Played) -> None:
    assert "osv_server.py answers on the loopback from\nadvisories.json" in demo.screen
    for number, word in ((1, "pass"), (2, "BLOCKED"), (3, "pass")):
        run, verify = demo.part(number).split("$ gates verify\n")
        assert "$ pytest -p gates --gates-profile ci\n" in run
        assert f"gates: {word}" in run
        assert f"(exit status {10 if word == 'BLOCKED' else 0})" in run
        assert f"gates verify: {'blocked' if word == 'BLOCKED' else 'note'}: " in verify
    assert "Tests pass, but 4 gate(s) block this change." in demo.part(2)
    assert "lines in src/shop/payments/** 91.83 % (45 of 49), required 98 %" in demo.part(2)
    assert "F401" in demo.part(2)
    assert "B602 (high) src/shop/payments/receipts.py:24" in demo.part(2)
    assert "upgrade PyYAML to 5.4" in demo.part(2)


@pytest.mark.timeout(300)
def test_the_demo_judges_clean_commits_of_a_real_history(demo: Played) -> None:
    log = subprocess.run(
        ["git", "log", "--format=%H", "--reverse"],
        cwd=demo.folder / "shop",
        check=True,
        capture_output=True,
        text=True,
    )
    commits = log.stdout.split()
    judged = [demo.report(act).evidence.run.checkout for act in ("main", "blocked", "repaired")]
    assert len(commits) == 7
    assert [msgspec.structs.asdict(one) for one in judged] == [
        {"commit": commit, "dirty": False} for commit in commits[-3:]
    ]


def test_the_demo_does_not_write_into_a_folder_in_use(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    played = play(SHOP, tmp_path)
    assert played.exit_status == 2
    assert "is not an empty folder" in played.screen
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


@pytest.mark.timeout(300)
def test_the_demo_fails_when_a_run_does_not_end_as_promised(tmp_path: Path) -> None:
    """A test of the shop that fails on main must not end as a successful demonstration."""
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop, ignore=shutil.ignore_patterns("__pycache__"))
    (shop / "tests" / "test_cart.py").write_text("def test_it(): assert False\n")
    played = play(shop, tmp_path / "work")
    assert played.exit_status == 1
    assert "demo: main: `pytest -p gates --gates-profile ci` ended with 1, not 0" in played.screen
    assert "demo: NOT AS EXPECTED: main 1, verify 10" in played.screen.splitlines()[-1]
