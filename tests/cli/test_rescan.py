"""`gates verify --rescan` looks again at what needs no code of the change to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.judged import Document, Judged

POLICY = "[tool.pytest-gates.tests]\n[tool.pytest-gates.bandit]\nfail-on = 'low'\n"
FLAW = "import subprocess\n\n\ndef run(word):\n    subprocess.call(word, shell=True)\n"


@pytest.fixture(scope="module")
def flawed_once(tmp_path_factory: pytest.TempPathFactory, quiet_session: None) -> Judged:
    files = {"pyproject.toml": POLICY, "shop.py": FLAW, "test_it.py": "def test_it(): pass\n"}
    return Judged.made(tmp_path_factory.mktemp("flawed"), files, status=10)


@pytest.fixture
def flawed(flawed_once: Judged, tmp_path: Path) -> Judged:
    return flawed_once.copy(tmp_path / "project")


def hide(document: Document) -> None:
    """What code in the judged process can do: the report is consistent with itself."""
    document["evidence"]["scans"]["bandit"]["findings"] = []
    for result in document["results"]:
        if result["gate"] == "bandit":
            result.update(verdict="pass", findings=[])
            result["measures"][0]["observed"] = "0"
    document["decision"] = "pass"


def test_what_the_report_hides_is_found(flawed: Judged) -> None:
    flawed.edit(hide)
    assert flawed.verify().returncode == 0
    done = flawed.verify("--rescan")
    assert done.returncode == 10
    assert "bandit: scanned again, " in done.stdout
    assert "that the report hides (B404 shop.py:1" in done.stdout


def test_a_scan_of_the_tree_takes_the_place_of_the_recorded_one(flawed: Judged) -> None:
    """No code of the tree runs: this one would end the process that imports it."""
    flawed.write(
        {"shop.py": "import os\nos._exit(3)\n", "sitecustomize.py": "raise SystemExit(3)\n"}
    )
    done = flawed.verify("--rescan")
    assert done.returncode == 0, done.stdout
    assert "that are not there" in done.stdout


def test_the_law_of_the_base_says_how_it_is_scanned(flawed: Judged) -> None:
    flawed.git("checkout", "-q", "-b", "change")
    flawed.write({"pyproject.toml": f"{POLICY}exclude = ['shop.py']\n"})
    flawed.commit()
    flawed.run()
    assert flawed.verify().returncode == 0
    done = flawed.verify("--policy-from", "main")
    assert "bandit was measured otherwise than the policy of main asks: exclude" in done.stdout
    again = flawed.verify("--policy-from", "main", "--rescan")
    assert again.returncode == 10
    assert "measured otherwise" not in again.stdout
    assert "B602 shop.py:5" in again.stdout


def test_only_what_is_new_counts_where_the_law_says_so(flawed: Judged) -> None:
    flawed.write({"pyproject.toml": f"{POLICY}only-new = true\n"})
    flawed.commit()
    flawed.git("checkout", "-q", "-b", "change")
    flawed.write({"other.py": "x = 1\n"})
    flawed.commit()
    assert flawed.run("--gates-profile", "ci").returncode == 0
    words = ("--policy-from", "main", "--rescan")
    done = flawed.verify(*words)
    assert done.returncode == 0, done.stdout
    flawed.write({"other.py": "import telnetlib\n"})
    done = flawed.verify(*words)
    assert done.returncode == 10
    assert "B401 other.py:1" in done.stdout
