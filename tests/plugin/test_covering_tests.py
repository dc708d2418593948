"""Which tests execute the change: told per function, and held against flaky cover."""

from __future__ import annotations

import sys

import pytest

from pytest_gates.changes.covering import by_line
from pytest_gates.model.change import FileChange, Hunk
from pytest_gates.model.evidence import NO_PATCH, Unavailable
from pytest_gates.model.finding import Effect
from pytest_gates.model.patch import CoveringFacts
from pytest_gates.model.patch_coverage_settings import PatchCoverageSettings
from pytest_gates.plugin.cover_records import CoverRecords
from pytest_gates.plugin.covering import CoveringOrders, pack
from support.changes import a_change, a_record, group
from support.evidence import a_gate_policy, a_policy
from support.flaking import ONCE
from support.projects import Project
from support.runs import lean, rules

MONITORED = sys.version_info >= (3, 12)
BEST = "auto" if MONITORED else "contexts"
POLICY = """
[tool.pytest-gates]
base = "main"
history = "off"
[tool.pytest-gates.patch-coverage]
lines = 1
{settings}
[tool.pytest-gates.flaky]
new-flaky = 5
[tool.pytest.ini_options]
pythonpath = ["src"]
"""
BASE = {
    "src/shop.py": """
        def price(kind):
            return 3
    """,
    "tests/test_shop.py": "",
    "conftest.py": ONCE,
    ".gitignore": "gates-report/\n__pycache__/\n*.seen\n",
}
SHOP = """
    def price(kind):
        if kind == "tea":
            return 3
        return 4

    def stock(count):
        return list(range(count))
"""
TESTS = """
    import pytest
    import shop

    @pytest.fixture(scope="module")
    def stock():
        yield shop.stock(2)
        shop.price("coffee")

    def test_tea():
        assert shop.price("tea") == 3

    def test_stock(stock):
        assert len(stock) == 2

    def test_milk():
        assert shop.price("milk") == 4
"""


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


def changed(project: Project, tests: str, settings: str = "", shop: str = SHOP) -> Project:
    """A branch that changes the shop, its tests already at the base."""
    project.policy(POLICY.format(settings=settings))
    project.write({**BASE, "tests/test_shop.py": tests}).commit()
    project.git("checkout", "-q", "-b", "work")
    return project.write({"src/shop.py": shop})


def facts(project: Project) -> CoveringFacts:
    found = project.report().evidence.covering
    assert isinstance(found, CoveringFacts), found
    return found


def told(project: Project, path: str = "src/shop.py") -> dict[int, tuple[set[str], bool]]:
    """By line, who executes it."""
    known = facts(project)
    return {
        line: ({known.tests[at].rpartition("::")[2] for at in who.tests}, who.outside)
        for line, who in by_line(known.files[path]).items()
    }


@pytest.mark.parametrize("means", ["auto", "contexts"])
def test_each_changed_line_is_told_with_its_tests_on_any_number_of_workers(
    project: Project, workers: tuple[str, ...], means: str
) -> None:
    """What a shared fixture runs, set-up and tear-down, is no single test's."""
    if means == "auto" and not MONITORED:
        pytest.skip("sys.monitoring came with Python 3.12")
    changed(project, TESTS, f'covering-tests = "{means}"')
    done = project.run("-v", *workers)
    assert done.ret == 0, done.stdout
    lines = told(project)
    assert lines[2] == ({"test_tea", "test_milk"}, True)
    assert lines[3] == ({"test_tea"}, False)
    assert lines[4] == ({"test_milk"}, True)
    assert lines[7] == (set(), True)
    notes = [
        (one.message, str(one.location))
        for one in project.result("patch-coverage").findings
        if one.rule == "covering-tests"
    ]
    assert notes == [
        ("price: 2 tests, tests/test_shop.py::test_tea, tests/test_shop.py::test_milk", "src/shop.py:2-4"),
        ("stock: no test, only imports or fixtures of a wider scope than one test", "src/shop.py:6-7"),
    ]  # fmt: skip


FLAKY = """
    import conftest, shop

    def test_tea():
        shop.price("tea")
        assert not conftest.first_time("tea")

    def test_far():
        assert not conftest.first_time("far")

    def test_milk():
        assert shop.price("milk") == 4
"""
EDITED = """
    def price(kind):
        if kind == "tea":
            return 5 - 2
        return 4
"""


def test_cover_by_flaky_tests_alone_fails_where_the_policy_says_so(
    project: Project, workers: tuple[str, ...]
) -> None:
    changed(project, FLAKY, f'covering-tests = "{BEST}"\nflaky-cover = "fail"', EDITED)
    assert project.run(*workers).ret == 10
    result = project.result("patch-coverage")
    (weak,) = result.failures
    assert (weak.rule, str(weak.location)) == ("covered-only-by-flaky", "src/shop.py:3")
    assert weak.message == "price is executed only by tests/test_shop.py::test_tea (flaky)"
    tea, far = project.result("flaky").findings[:2]
    assert (tea.rule, far.rule) == ("new-flaky-test", "new-flaky-test")
    assert "runs no line of this change" in far.message
    assert "runs no line of this change" not in tea.message


@pytest.mark.skipif(MONITORED, reason="this Python has sys.monitoring")
def test_an_older_python_says_what_it_needs_and_blocks_only_who_must_know(
    project: Project,
) -> None:
    changed(project, TESTS, 'mode = "block"')
    assert project.run().ret == 0
    assert rules(project.result("patch-coverage")) == ["covering-tests-unknown"]
    project.policy(POLICY.format(settings='flaky-cover = "fail"'))
    project.run("--gates-profile=ci")
    (unknown,) = project.result("patch-coverage").unknowns
    assert (unknown.rule, unknown.effect) == ("covering-tests-unknown", Effect.UNKNOWN)
    assert "3.12" in unknown.message


def test_what_a_lost_worker_saw_nobody_knows(project: Project) -> None:
    tests = TESTS + "\n    def test_crash():\n        import os; os._exit(1)\n"
    changed(project, tests, f'covering-tests = "{BEST}"')
    project.run("-n2")
    assert isinstance(project.report().evidence.covering, Unavailable)


def gathered(*outputs: dict[str, bytes], each: bool = False) -> CoveringFacts | Unavailable | None:
    """What comes of workers that hand this over."""
    gate = a_gate_policy("patch-coverage", settings=PatchCoverageSettings())
    records = CoverRecords(a_policy(gate), every_worker_runs_all=each)
    change = a_change(FileChange(path="a.py", hunks=(Hunk(1, 1, 1, 1),)))
    assert records.orders(change) == CoveringOrders(means="auto", paths=("a.py",))
    for number, output in enumerate(outputs):
        records.add_worker(f"gw{number}", output)
    return records.facts(change, NO_PATCH)


def test_where_each_worker_runs_all_tests_each_run_of_one_is_a_test_of_its_own() -> None:
    """As in `evidence.cases`; else no test of the run would be among those that cover the change."""
    packed = {"covering": pack(a_record("t", files={"a.py": (group((1, 1), tests=(0,)),)}))}
    both = gathered(packed, packed, each=True)
    assert isinstance(both, CoveringFacts)
    assert both.tests == ("t@gw0", "t@gw1")
    one = gathered(packed, packed)
    assert isinstance(one, CoveringFacts)
    assert one.tests == ("t",)


def test_a_worker_in_which_nobody_watched_leaves_the_tests_unknown() -> None:
    assert isinstance(gathered({}), Unavailable)


def test_off_watches_nothing(project: Project) -> None:
    changed(project, TESTS, 'covering-tests = "off"')
    assert project.run().ret == 0
    assert project.report().evidence.covering is None
    assert rules(project.result("patch-coverage")) == []
