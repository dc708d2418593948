"""The coverage gate: floors are compared exactly, for the whole and for each path."""

from __future__ import annotations

import pytest

from pytest_gates.model.report import Decision
from pytest_gates.model.verdict import Verdict
from support.covered import TEST, facts, lines, measured, statements
from support.projects import Project
from support.runs import block, lean, plain, rules, said

_BRANCHES = """
    def sign(number):
        if number < 0:
            return -1
        return 1
"""
_BRANCH_TEST = """
    from shop import sign

    def test_sign(): assert sign(1) == 1
"""


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


@pytest.mark.parametrize(
    "hit, total, floor, verdict",
    [
        (79, 80, "99", Verdict.FAIL),  # 98.75
        (79, 80, "98.75", Verdict.PASS),
        (79, 80, "98.7500001", Verdict.FAIL),
        (948, 1000, "94.9", Verdict.FAIL),
        (949, 1000, "94.9", Verdict.PASS),
        (35, 44, "80", Verdict.FAIL),  # 79.55
        (2, 3, "66.67", Verdict.FAIL),
        (10, 10, "100", Verdict.PASS),
    ],
)
def test_a_floor_is_compared_exactly(
    project: Project, hit: int, total: int, floor: str, verdict: Verdict
) -> None:
    project.policy(f"[tool.pytest-gates.coverage]\nlines = {floor}\n")
    project.write({"shop.py": statements(hit, total), "test_shop.py": TEST})
    project.write({"pyproject.toml": _with_source(project, "shop")})
    done = project.run()
    assert lines(project) == {"shop.py": (hit, total)}
    assert project.result("coverage").verdict is verdict
    assert done.ret == (10 if verdict is Verdict.FAIL else 0)


def test_workers_together_are_compared_as_one(project: Project, workers: tuple[str, ...]) -> None:
    project.policy("[tool.pytest-gates.coverage]\nlines = 99\nsource = ['shop']\n")
    project.write({"shop.py": statements(79, 80), "test_shop.py": TEST})
    done = project.run(*workers)
    assert done.ret == 10
    assert project.report().decision is Decision.BLOCKED
    assert rules(project.result("coverage")) == ["lines-below-floor"]
    assert "98.75 % (79 of 80), required 99 %" in "\n".join(block(done.outlines))


def test_a_blocked_floor_names_where_it_is_written_and_what_to_cover(project: Project) -> None:
    project.policy("[tool.pytest-gates.coverage]\nlines = 99\nsource = ['shop']\n")
    project.write({"shop.py": statements(79, 80), "test_shop.py": TEST})
    done = project.run()
    told = "\n".join(block(done.outlines))
    assert "set by pyproject.toml [tool.pytest-gates.coverage] lines" in told
    assert "cover 1 of 1 missing: shop.py:80" in told


def test_a_floor_of_branches_turns_their_measurement_on(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy("[tool.pytest-gates.coverage]\nbranches = 50\nsource = ['shop']\n")
    project.write({"shop.py": _BRANCHES, "test_shop.py": _BRANCH_TEST})
    done = project.run(*workers)
    assert done.ret == 0
    assert facts(project).branch
    found = measured(project, "shop.py")
    assert (found.branches.hit, found.branches.total) == (1, 2)
    assert found.missing_branches == ((2, 3),)


def test_a_branch_that_was_not_taken_blocks(project: Project, workers: tuple[str, ...]) -> None:
    project.policy("[tool.pytest-gates.coverage]\nbranches = 50.1\nsource = ['shop']\n")
    project.write({"shop.py": _BRANCHES, "test_shop.py": _BRANCH_TEST})
    done = project.run(*workers)
    assert done.ret == 10
    assert rules(project.result("coverage")) == ["branches-below-floor"]


def test_lines_and_branches_together_are_counted_as_coverage_counts_them(
    project: Project,
) -> None:
    # 3 of 4 lines and 1 of 2 branches: 4 of 6.
    project.policy("[tool.pytest-gates.coverage]\ncombined = 66.7\nsource = ['shop']\n")
    project.write({"shop.py": _BRANCHES, "test_shop.py": _BRANCH_TEST})
    done = project.run()
    assert done.ret == 10
    (finding,) = project.result("coverage").findings
    assert "(4 of 6)" in finding.message


def test_lines_alone_do_not_turn_branches_on(project: Project) -> None:
    project.policy("[tool.pytest-gates.coverage]\nlines = 1\nsource = ['shop']\n")
    project.write({"shop.py": _BRANCHES, "test_shop.py": _BRANCH_TEST})
    assert project.run().ret == 0
    assert not facts(project).branch


def test_the_longest_glob_owns_a_file(project: Project, workers: tuple[str, ...]) -> None:
    project.policy("""
        [tool.pytest-gates.coverage.paths]
        "src/**" = 50
        "src/shop/pay/**" = 95
        [tool.pytest.ini_options]
        pythonpath = ["src"]
    """)
    project.write(
        {
            "src/shop/__init__.py": statements(5, 10),
            "src/shop/pay/__init__.py": statements(9, 10),
            "tests/test_shop.py": "import shop.pay\ndef test_shop(): pass\n",
        }
    )
    done = project.run(*workers)
    assert done.ret == 10
    (finding,) = project.result("coverage").findings
    assert finding.subject == "src/shop/pay/**"
    assert "90.00 % (9 of 10), required 95 %" in finding.message


def test_each_path_has_floors_of_lines_and_branches(project: Project) -> None:
    project.policy("""
        [tool.pytest-gates.coverage.paths]
        "shop.py" = { lines = 75, branches = 51 }
    """)
    project.write({"shop.py": _BRANCHES, "test_shop.py": _BRANCH_TEST})
    done = project.run()
    assert done.ret == 10
    assert rules(project.result("coverage")) == ["branches-below-floor"]


def test_a_glob_that_matches_nothing_is_never_a_pass(project: Project) -> None:
    project.policy("""
        [tool.pytest-gates.coverage.paths]
        "shop.py" = 1
        "src/payments/**" = 98
    """)
    project.write({"shop.py": statements(1, 2), "test_shop.py": TEST})
    done = project.run("--gates-profile=ci")
    assert done.ret == 11
    (finding,) = project.result("coverage").findings
    assert (finding.rule, finding.subject) == ("unmatched-glob", "src/payments/**")


def test_nothing_to_measure_is_inconclusive(project: Project, workers: tuple[str, ...]) -> None:
    project.policy("[tool.pytest-gates.coverage]\nlines = 0\n")
    project.write({"src/shop/__init__.py": "", "tests/test_it.py": "def test_it(): pass"})
    done = project.run("--gates-profile=ci", *workers)
    assert done.ret == 11
    assert project.result("coverage").verdict is Verdict.INCONCLUSIVE


def test_an_installed_copy_that_is_tested_instead_is_inconclusive(
    project: Project,
    workers: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    elsewhere = tmp_path_factory.mktemp("installed")
    (elsewhere / "shop.py").write_text(statements(9, 10))
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    project.policy("[tool.pytest-gates.coverage]\nlines = 1\n")
    project.write({"src/shop.py": statements(9, 10), "tests/test_shop.py": TEST})
    done = project.run("--gates-profile=ci", *workers)
    assert done.ret == 11
    (finding,) = project.result("coverage").findings
    assert "no line of the measured code was executed" in finding.message
    assert "editable" in (finding.remedy or "")


def test_a_coverage_gate_in_mode_warn_does_not_block(project: Project) -> None:
    project.policy("[tool.pytest-gates.coverage]\nlines = 99\nmode = 'warn'\n")
    project.write({"shop.py": statements(1, 80), "test_shop.py": TEST})
    done = project.run()
    assert done.ret == 0
    assert project.report().decision is Decision.WARN


def test_a_partial_run_does_not_judge_coverage(project: Project) -> None:
    project.policy("[tool.pytest-gates.coverage]\nlines = 100\n")
    project.write({"shop.py": statements(1, 80), "test_shop.py": TEST})
    done = project.run("-k", "test_shop")
    assert done.ret == 0
    assert project.result("coverage").verdict is Verdict.INCONCLUSIVE
    assert said(done) == ["gates: not judged, partial run (-k test_shop)"]


def test_a_green_run_tells_its_coverage_in_the_one_line(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy("[tool.pytest-gates.coverage]\nlines = 90\nsource = ['shop']\n")
    project.write({"shop.py": statements(949, 1000), "test_shop.py": TEST})
    done = project.run(*workers)
    assert done.ret == 0
    (line,) = said(done)
    assert "coverage lines 94.90 %" in line


def test_unnamed_gates_do_not_measure(project: Project) -> None:
    project.policy("[tool.pytest-gates.coverage]\nlines = 100\n")
    project.write(
        {
            "shop.py": statements(1, 80),
            "test_shop.py": """
            import sys

            def test_shop():
                assert sys.gettrace() is None
        """,
        }
    )
    assert plain(project).ret == 0


def _with_source(project: Project, name: str) -> str:
    return f"{(project.root / 'pyproject.toml').read_text()}source = ['{name}']\n"
