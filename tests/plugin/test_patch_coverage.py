"""The patch gate as a user meets it: a real change in a real repository, one run, one screen."""

from __future__ import annotations

import pytest

from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.patch import PatchFacts
from pytest_gates.model.verdict import Verdict
from support.projects import Project
from support.runs import block, lean, rules, said

IGNORED = "gates-report\nstdout\nstderr\n"
POLICY = """
    [tool.pytest.ini_options]
    pythonpath = ["src"]
    [tool.pytest-gates]
    base = "main"
    [tool.pytest-gates.patch-coverage]
    covering-tests = "off"
"""
SHOP = """
    def price(kind):
        if kind == "tea":
            return 3
        return 4


    def unsold():
        return None
"""
TEST = """
    import shop

    def test_price(): assert shop.price("tea") == 3
"""
REFUND = """

    def refund(amount,
               reason):
        if amount > 3:
            log(amount,
                reason)
            return amount
        return 0
"""


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


@pytest.fixture
def shop(project: Project) -> Project:
    """`src/shop.py` and its test, committed on main; a branch `work` is checked out."""
    project.policy(POLICY)
    project.write({"src/shop.py": SHOP, "tests/test_shop.py": TEST, ".gitignore": IGNORED})
    project.commit("base")
    project.git("checkout", "-q", "-b", "work")
    return project


def patch(project: Project) -> PatchFacts:
    found = project.report().evidence.patch
    assert isinstance(found, PatchFacts), found
    return found


def add(project: Project, path: str, text: str) -> None:
    file = project.root / path
    before = file.read_text() if file.exists() else ""
    project.write({path: text})
    file.write_text(before + file.read_text())


def test_new_code_without_a_test_blocks_and_old_debt_does_not(
    shop: Project, workers: tuple[str, ...]
) -> None:
    add(shop, "src/shop.py", "\n" + REFUND)
    shop.commit("refund")
    add(shop, "src/fresh.py", "def fresh():\n    return 1\n")  # untracked, and never imported
    add(shop, "tests/test_shop.py", "def test_refund(): assert shop.refund(1, 'x') == 0\n")
    done = shop.run(*workers)
    assert done.ret == 10
    told = "\n".join(block(done.outlines))
    assert "3 of 7 changed statements are executed, 42.85 %, required 80 %" in told
    assert "cover 3 of 4 missing: src/fresh.py:1-2 (never imported)" in told
    assert "src/shop.py:12-14 (refund)" in told
    assert "compared with main" in told
    assert patch(shop).out_of_scope == (("tests/test_shop.py", "tests, which nobody measures"),)
    # No gate judges the whole, so it was not analysed.
    assert isinstance(shop.report().evidence.coverage, Unavailable)
    assert (shop.root / "gates-report" / "coverage.data").exists()


def test_branches_are_measured_when_the_gate_asks_and_beside_the_whole(shop: Project) -> None:
    shop.policy(POLICY + "branches = 100\n[tool.pytest-gates.coverage]\nlines = 50\n")
    text = (shop.root / "src/shop.py").read_text().replace('== "tea"', '!= "coffee"')
    (shop.root / "src/shop.py").write_text(text)
    done = shop.run()
    assert done.ret == 10
    assert isinstance(shop.report().evidence.coverage, CoverageFacts)
    assert rules(shop.result("patch-coverage")) == [
        "changed-branches-below-floor",
        "partial-branch",
    ]
    assert shop.result("coverage").verdict is Verdict.PASS


def test_a_change_without_code_passes_and_says_so(shop: Project) -> None:
    add(shop, "README.md", "Hello.\n")
    (shop.root / "src/shop.py").write_text(
        (shop.root / "src/shop.py").read_text().split("\n\n")[0] + "\n"
    )
    done = shop.run()
    assert done.ret == 0
    (line,) = said(done)
    assert "patch-coverage no changed statement in 2 changed file(s)" in line


def test_what_cannot_be_compared_or_read_is_never_a_pass(shop: Project) -> None:
    add(shop, "src/broken.py", "x = (\n")
    add(shop, "src/late.py", "x = 1\n")
    add(
        shop,
        "tests/test_late.py",
        "def test_late():\n    open('src/late.py', 'a').write('y = 2\\n')\n",
    )
    assert shop.run("--gates-profile=ci").ret == 11
    found = [one for one in shop.result("patch-coverage").findings if one.rule == "unread"]
    assert [one.location.path for one in found if one.location] == ["src/broken.py", "src/late.py"]
    assert "written while the tests ran" in found[1].message
    assert shop.run("--gates-profile=ci", "--gates-base=nowhere").ret == 11
    assert rules(shop.result("patch-coverage")) == ["no-base"]


def test_a_partial_run_is_not_judged(shop: Project) -> None:
    add(shop, "src/shop.py", REFUND)
    done = shop.run("-k", "price")
    assert done.ret == 0
    assert said(done) == ["gates: not judged, partial run (-k price)"]


def test_beside_pytest_cov_its_data_and_its_scope_count(shop: Project) -> None:
    add(shop, "src/shop.py", "\n" + REFUND)
    add(shop, "lib/other.py", "x = 1\n")
    done = shop.run("--cov=src", "--cov-report=")
    assert done.ret == 10
    (file,) = patch(shop).files
    assert [one.executed for one in file.statements] == [True, False, False, False, False]
    assert ("lib/other.py", "outside what is measured (src)") in patch(shop).out_of_scope
