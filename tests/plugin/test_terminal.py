"""What stands on the screen: one line when all is well, at most 25 when not."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from pytest_gates.model.report import Decision
from support.covered import TEST, statements
from support.flaking import FLAKY, ONCE
from support.projects import ONLY_TESTS, Project
from support.runs import added, block, header, lean, plain, said

_GREEN = {"test_it.py": "def test_it(): pass"}
_RED = {"test_it.py": "def test_it(): assert 1 == 2"}
_FLAKY = """
    import conftest
    def test_flaky(): assert not conftest.first_time("a"), "lost the race"
"""
_LOW_COVERAGE = "[tool.pytest-gates.coverage]\nlines = 99\nsource = ['shop']\n"


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


def test_a_green_run_adds_the_header_and_one_line(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(_GREEN)
    done = project.run(*workers)
    assert done.ret == 0
    new = [line for line in added(done, plain(project, *workers)) if "plugins: " not in line]
    assert new == [
        header(done),
        "gates: pass · tests 1 passed · report gates-report/report.json",
    ]


def test_a_blocked_run_tells_in_25_lines_what_hundreds_of_findings_are(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(ONLY_TESTS + _LOW_COVERAGE)
    project.write(
        {
            "shop.py": statements(1, 40),
            "test_shop.py": TEST,
            "test_it.py": """
            import pytest

            @pytest.fixture
            def broken(): raise ValueError("no")

            @pytest.mark.parametrize("number", range(150))
            def test_fails(number): assert number == -1

            @pytest.mark.parametrize("number", range(150))
            def test_errors(number, broken): pass
        """,
        }
    )
    done = project.run("--tb=no", *workers)
    assert done.ret == 1
    shown = block(done.outlines)
    assert 2 < len(shown) <= 25
    assert max(map(len, shown)) <= 400
    for told in ("failed-test", "errored-test", "lines-below-floor"):
        assert told in "\n".join(shown)
    assert len(project.result("tests").findings) == 300


def test_a_blocking_line_tells_rule_number_place_and_next_step(project: Project) -> None:
    project.policy(_LOW_COVERAGE).write({"shop.py": statements(79, 80), "test_shop.py": TEST})
    done = project.run()
    assert done.ret == 10
    assert project.report().decision is Decision.BLOCKED
    told = "\n".join(block(done.outlines))
    for part in (
        "BLOCK  coverage   lines-below-floor",
        "98.75 % (79 of 80), required 99 %",
        "next: cover 1 of 1 missing: shop.py:80",
        "set by pyproject.toml [tool.pytest-gates.coverage] lines",
    ):
        assert part in told


def test_a_new_flaky_test_is_told_by_name_with_its_limit_and_two_next_steps(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy("[tool.pytest-gates.tests]\n[tool.pytest-gates.flaky]\n")
    project.write({"conftest.py": ONCE, "test_it.py": _FLAKY})
    project.commit()
    done = project.run("--gates-profile", "ci", *workers)
    assert done.ret == 10
    told = block(done.outlines)
    for part in (
        "BLOCK  flaky      new-flaky-test test_it.py::test_flaky (line ",
        " next: reproduce: until ! pytest test_it.py::test_flaky; do :; done",
        " next: or quarantine it for a time: gates quarantine add test_it.py::test_flaky",
        "set by pyproject.toml [tool.pytest-gates.flaky] new-flaky (default)",
    ):
        assert sum(part in line for line in told) == 1
    assert max(map(len, told)) <= 200


def test_a_failed_test_says_what_it_was_told_to_be(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(FLAKY).write(_RED)
    done = project.run("--gates-profile", "ci", *workers)
    assert done.ret == 1
    told = "\n".join(block(done.outlines))
    assert "failed-test test_it.py::test_it (line 1)" in told
    assert re.search(r" regression: failed (\d+) of \1 further attempts$", told, re.MULTILINE)


def test_what_quarantine_excuses_is_told_beside_what_blocks(
    project: Project, workers: tuple[str, ...]
) -> None:
    last_day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    project.policy(FLAKY + _LOW_COVERAGE)
    project.write(
        {
            "conftest.py": ONCE,
            "test_it.py": _FLAKY,
            "shop.py": statements(1, 40),
            "test_shop.py": TEST,
            "gates-exceptions.toml": f"""
                [[quarantine]]
                test = "test_it.py::test_flaky"
                reason = "races with the clock"
                owner = "@ana"
                expires = {last_day}
            """,
        }
    )
    done = project.run("--gates-profile", "ci", *workers)
    assert done.ret == 10
    told = block(done.outlines)
    entry = "test_it.py::test_flaky failed (@ana: races with the clock)"
    assert any(line.startswith(f" QUARANT {entry} until {last_day}, ") for line in told)
    assert "flaky none, 1 of 1 in quarantine failed, 1 tried again" in "\n".join(told)
    assert told[-1].startswith(" Tests pass (1 in quarantine failed), but 1 gate(s) block")


def test_green_tests_are_said_beside_a_block(project: Project) -> None:
    project.policy(_LOW_COVERAGE).write({"shop.py": statements(79, 80), "test_shop.py": TEST})
    done = project.run()
    assert block(done.outlines)[-1].strip() == (
        "Tests pass, but 1 gate(s) block this change. Report gates-report/report.json"
    )


def test_the_last_red_line_of_pytest_names_the_verdict(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(_LOW_COVERAGE).write({"shop.py": statements(79, 80), "test_shop.py": TEST})
    done = project.run(*workers)
    assert done.ret == 10
    done.stdout.fnmatch_lines(["!*! gates: BLOCKED - 1 failed, 2 evaluated !*!"])


def test_quiet_is_one_line_when_all_is_well(project: Project, workers: tuple[str, ...]) -> None:
    project.policy().write(_GREEN)
    done = project.run("-q", *workers)
    assert done.ret == 0
    assert not block(done.outlines)
    assert len(said(done)) == 1


def test_quiet_is_one_line_when_blocked(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(_LOW_COVERAGE).write({"shop.py": statements(79, 80), "test_shop.py": TEST})
    done = project.run("-q", *workers)
    assert done.ret == 10
    assert not block(done.outlines)
    assert said(done) == [
        "gates: BLOCKED · coverage (lines-below-floor) · report gates-report/report.json"
    ]


def test_verbose_tells_each_finding_and_each_number(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy(ONLY_TESTS + "[tool.pytest-gates.coverage]\nlines = 1\nsource = ['shop']\n")
    project.write(
        {
            "shop.py": statements(9, 10),
            "test_shop.py": TEST,
            "test_it.py": """
            import pytest

            @pytest.mark.parametrize("number", range(40))
            def test_fails(number): assert number == -1
        """,
        }
    )
    done = project.run("-v", "--tb=no", *workers)
    assert done.ret == 1
    told = "\n".join(block(done.outlines))
    assert told.count("failed-test") == 40
    assert "coverage: lines 90.00 % (9/10), required >= 1 %" in told
    assert "[pyproject.toml [tool.pytest-gates.coverage] lines]" in told


def test_verbose_tells_the_numbers_of_a_green_run(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(_GREEN)
    done = project.run("-v", *workers)
    assert done.ret == 0
    told = block(done.outlines)
    assert " tests: passed 1" in told


@pytest.mark.parametrize(
    "words, variables, coloured",
    [
        (("--color=yes",), {}, True),
        (("--color=no",), {}, False),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {}, False),  # no terminal
    ],
    ids=["yes", "no", "NO_COLOR", "FORCE_COLOR", "pipe"],
)
def test_colour_follows_pytest(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variables: dict[str, str],
    coloured: bool,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    project.policy().write(_GREEN)
    done = project.run(*words)
    assert done.ret == 0
    line = next(one for one in done.outlines if "gates: pass" in one)
    assert ("\x1b[" in line) is coloured
    assert project.report().decision is Decision.PASS


def test_colour_changes_no_word(project: Project) -> None:
    project.policy().write(_RED)
    coloured = [_bare(line) for line in project.run("--color=yes", "--tb=no").outlines]
    uncoloured = project.run("--color=no", "--tb=no").outlines
    assert block(coloured) == block(uncoloured) != []


def test_a_run_without_a_terminal_reporter_is_judged_all_the_same(project: Project) -> None:
    project.policy(_LOW_COVERAGE).write({"shop.py": statements(79, 80), "test_shop.py": TEST})
    done = project.run("-p", "no:terminal")
    assert done.ret == 10
    assert project.report().decision is Decision.BLOCKED


def test_a_warning_gate_is_told_and_does_not_block(project: Project) -> None:
    project.policy(_LOW_COVERAGE + "mode = 'warn'\n")
    project.write({"shop.py": statements(79, 80), "test_shop.py": TEST})
    done = project.run()
    assert done.ret == 0
    told = block(done.outlines)
    assert "gates: WARN" in told[0]
    assert any(line.startswith(" WARN   coverage") for line in told)
    assert not any(line.startswith("!") for line in done.outlines)


def test_a_report_outside_the_working_folder_is_named_by_its_whole_path(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    project.policy().write(_GREEN)
    done = project.run(f"--gates-report-dir={elsewhere}")
    assert done.ret == 0
    assert said(done)[-1].endswith(f"report {elsewhere / 'report.json'}")
    assert (elsewhere / "report.json").is_file()


def _bare(line: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", line)
