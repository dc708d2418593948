"""The ratchet in real runs: untouched lines keep their cover, whatever happens to the percentage."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import pytest

from pytest_gates.model.report import Report
from pytest_gates.model.verdict import GateResult, Verdict
from pytest_gates.reporters import json
from support.judged import Judged

LEAN = ("-q", "-p", "no:hypothesispytest", "-p", "no:asyncio")
POLICY = """\
[tool.pytest-gates]
base = "main"
[tool.pytest-gates.coverage-ratchet]
"""
SHOP = """\
def pay(amount):
    if amount < 0:
        raise ValueError(amount)
    return amount


def refund(amount):
    back = -amount
    return back
"""
FILES = {
    "pyproject.toml": POLICY,
    "shop.py": SHOP,
    "test_pay.py": "from shop import pay\ndef test_pay(): assert pay(1) == 1\n",
    "test_refund.py": "from shop import refund\ndef test_refund(): assert refund(1) == -1\n",
}


@pytest.fixture(scope="module")
def base_once(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A green run of the base, which is in the history."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COVERAGE_", "CI", "GITHUB_", "PYTEST_"))
    }
    with mock.patch.dict(os.environ, {**kept, "GIT_CONFIG_GLOBAL": os.devnull}, clear=True):
        for who in ("AUTHOR", "COMMITTER"):
            os.environ[f"GIT_{who}_NAME"] = "Ana"
            os.environ[f"GIT_{who}_EMAIL"] = "ana@example.org"
        return Judged.made(tmp_path_factory.mktemp("made") / "shop", FILES, *LEAN)


@pytest.fixture
def topic(base_once: Judged, tmp_path: Path, unmeasured: None) -> Judged:
    """A branch of it. The folder's name is the repository's, by which the history knows it."""
    found = base_once.copy(tmp_path / "shop")
    found.git("checkout", "-q", "-b", "topic")
    return found


def report(judged: Judged) -> Report:
    return json.parse(judged.report_path.read_bytes())


def result(judged: Judged) -> GateResult:
    return next(one for one in report(judged).results if one.gate == "coverage-ratchet")


def places(judged: Judged) -> list[str]:
    return [one.where for one in result(judged).failures]


def test_the_first_run_of_the_base_passes_and_says_that_it_is_the_base(base_once: Judged) -> None:
    assert result(base_once).verdict is Verdict.PASS
    assert result(base_once).summary.startswith("this is the base")


def test_a_deleted_test_is_seen_though_the_source_is_untouched(topic: Judged) -> None:
    (topic.root / "test_refund.py").unlink()
    topic.commit()
    done = topic.run(*LEAN[1:])
    assert done.returncode == 10, done.stdout + done.stderr
    assert places(topic) == ["shop.py:8-9"]
    assert "shop.py:8-9" in done.stdout
    assert topic.verify().returncode == 10


def test_a_renamed_file_is_followed_to_its_lines_of_now(topic: Judged) -> None:
    artifact = topic.root / "gates-report" / "base"
    artifact.mkdir()
    topic.report_path.rename(artifact / "report.json")
    topic.git("mv", "shop.py", "till.py")
    text = POLICY + 'baseline = "gates-report/base"\n'
    moved = SHOP.replace("\n\n\n", "\n\n\nLIMIT = 9\n\n\n", 1)
    topic.write({"pyproject.toml": text, "till.py": moved})
    (topic.root / "test_refund.py").unlink()
    topic.write({"test_pay.py": "from till import pay\ndef test_pay(): assert pay(1) == 1\n"})
    assert topic.run(*LEAN).returncode == 10
    assert places(topic) == ["till.py:11-12"]
    assert "base/report.json" not in result(topic).summary


def test_new_code_without_a_test_and_gone_code_with_its_test_are_no_loss(topic: Judged) -> None:
    grown = SHOP[: SHOP.index("def refund")] + "def gift():\n    return 'free'\n"
    topic.write({"shop.py": grown})
    (topic.root / "test_refund.py").unlink()
    done = topic.run(*LEAN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no line lost its cover (5 compared with" in result(topic).summary


def test_without_a_baseline_nothing_is_known(topic: Judged) -> None:
    (topic.root / ".pytest_cache" / "d" / "gates" / "history.sqlite3").unlink()
    topic.commit("nothing")
    assert topic.run(*LEAN, "--gates-profile", "ci").returncode == 11
    (found,) = result(topic).findings
    assert found.rule == "no-baseline"
    assert "gates ratchet --write" in (found.remedy or "")


def test_a_change_cannot_loosen_its_baseline_but_by_saying_so_in_it(topic: Judged) -> None:
    assert topic.python("-m", "pytest_gates", "ratchet", "--write").returncode == 0
    topic.write({"pyproject.toml": POLICY + 'baseline = "gates-baseline.json"\n'})
    topic.commit("baseline")
    topic.git("branch", "-f", "main")
    (topic.root / "test_refund.py").unlink()
    baseline = topic.root / "gates-baseline.json"
    kept = baseline.read_bytes()
    baseline.unlink()
    assert topic.run(*LEAN).returncode == 10
    assert places(topic) == ["shop.py:8-9"]
    baseline.write_bytes(kept)
    topic.commit("no refunds are tested any more")
    assert topic.run(*LEAN).returncode == 10
    lower = ("--allow-lower", "shop.py", "--reason", "tested by the bank")
    done = topic.python("-m", "pytest_gates", "ratchet", "--write", *lower)
    assert done.returncode == 0, done.stdout + done.stderr
    topic.commit("lowered")
    assert topic.run(*LEAN).returncode == 0
    said = {one.rule: one.message for one in result(topic).findings}
    assert "tested by the bank" in said["lowered-baseline"]
    assert "2 line(s) lost their cover, as this change wrote" in said["lost-coverage-allowed"]


def test_a_history_that_cannot_be_opened_is_said_and_blocks(topic: Judged) -> None:
    topic.write(
        {
            "pyproject.toml": POLICY.replace(
                "[tool.pytest-gates]", "[tool.pytest-gates]\nhistory = 'off'"
            )
        }
    )
    assert topic.run(*LEAN, "--gates-profile", "ci").returncode == 11
    assert "history cannot be asked" in result(topic).findings[0].message
