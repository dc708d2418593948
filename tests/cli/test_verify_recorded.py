"""Gates that only the judged project knows: `--accept-recorded` takes their word, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.judged import Judged, put

HOUSE = """
from pytest_gates.api import Effect, Finding, Gate, GateSettings, Judgement

class Settings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    good: bool = True

def evaluate(evidence, settings):
    bad = Finding(rule="bad", message="bad", effect=Effect.FAIL)
    return Judgement(summary="looked", findings=() if settings.good else (bad,))

def pytest_gates_gates():
    return [Gate(name="house", doc="Good.", settings=Settings, evaluate=evaluate)]
"""
ACCEPT = ("--accept-recorded", "house")


@pytest.fixture(scope="module")
def house_once(tmp_path_factory: pytest.TempPathFactory, quiet_session: None) -> Judged:
    files = {
        "conftest.py": HOUSE,
        "pyproject.toml": "[tool.pytest-gates.house]\n",
        "test_it.py": "def test_it(): pass\n",
    }
    return Judged.made(tmp_path_factory.mktemp("house"), files)


@pytest.fixture
def house(house_once: Judged, tmp_path: Path) -> Judged:
    """Passed, under a gate of a conftest."""
    return house_once.copy(tmp_path / "project")


def test_a_gate_that_is_not_installed_cannot_be_judged_again(house: Judged) -> None:
    done = house.verify()
    assert done.returncode == 11
    assert "not installed here" in done.stdout


def test_its_recorded_result_is_taken_when_it_is_accepted(house: Judged) -> None:
    done = house.verify(*ACCEPT)
    assert done.returncode == 0
    assert "taken as recorded" in done.stdout


def test_another_name_accepts_nothing(house: Judged) -> None:
    assert house.verify("--accept-recorded", "home").returncode == 11


def test_a_gate_that_is_installed_is_judged_again_whatever_is_accepted(red: Judged) -> None:
    red.edit(put("results", 0, "verdict", value="pass"))
    assert red.verify("--accept-recorded", "tests").returncode == 10


def test_a_recorded_failure_blocks(tmp_path: Path) -> None:
    judged = Judged.made(
        tmp_path,
        {
            "conftest.py": HOUSE,
            "pyproject.toml": "[tool.pytest-gates.house]\ngood = false\n",
            "test_it.py": "def test_it(): pass\n",
        },
        status=10,
    )
    assert judged.verify(*ACCEPT).returncode == 10
    judged.edit(put("decision", value="pass"))
    assert judged.verify(*ACCEPT).returncode == 10


def test_a_report_without_a_result_of_it_has_nothing_to_accept(house: Judged) -> None:
    house.edit(
        put("results", value=[one for one in house.report()["results"] if one["gate"] == "tests"])
    )
    assert house.verify(*ACCEPT).returncode == 11


def test_a_gate_that_left_the_policy_is_a_change_of_the_policy(house: Judged) -> None:
    house.write({"pyproject.toml": "[tool.pytest-gates.tests]\n"})
    done = house.verify(*ACCEPT)
    assert done.returncode == 11
    assert "house (gone)" in done.stdout


def test_its_mode_is_the_one_of_the_policy_not_of_the_report(tmp_path: Path) -> None:
    """A failure that only warned when the tests ran blocks as soon as the policy says so."""
    judged = Judged.made(
        tmp_path,
        {
            "conftest.py": HOUSE,
            "pyproject.toml": "[tool.pytest-gates.house]\ngood = false\nmode = 'warn'\n",
            "test_it.py": "def test_it(): pass\n",
        },
    )
    assert judged.verify(*ACCEPT).returncode == 0
    judged.write({"pyproject.toml": "[tool.pytest-gates.house]\ngood = false\nmode = 'block'\n"})
    assert judged.verify(*ACCEPT).returncode in {10, 11}


def test_an_installed_package_is_judged_again(house: Judged) -> None:
    """One whose entry point is in the environment of `gates verify`: here, in a folder on its path."""
    site = house.root.parent / "site"
    info = site / "house-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "house.py").write_text(HOUSE, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pytest_gates]\nhouse = house\n")
    code = (
        f"import sys; sys.path.append({str(site)!r}); sys.argv[1:] = ['verify']\n"
        "from pytest_gates.cli import main; main()"
    )
    assert house.python("-I", "-c", code).returncode == 0
    house.write({"pyproject.toml": "[tool.pytest-gates.house]\ngood = false\n"})
    assert house.python("-I", "-c", code).returncode == 10
