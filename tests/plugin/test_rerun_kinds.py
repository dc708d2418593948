"""Tests of every kind are tried again: classes, TestCase, subtests, asyncio, fixtures of every scope."""

from __future__ import annotations

import pytest

from pytest_gates.model.case import FlakeClass, Outcome, Setting, Standing
from support.flaking import FLAKY, ONCE, case_of, kinds, outcomes, run
from support.projects import Project
from support.runs import standings


def the_flaky_one(project: Project, text: str, *args: str, status: int = 11) -> None:
    """Run a module whose test `test_flaky` fails once; it is flaky and blocks as unknown (no history)."""
    project.policy(FLAKY).write({"conftest.py": ONCE, "test_it.py": text})
    assert run(project, *args) == status


@pytest.mark.parametrize(
    "text",
    [
        """
        import conftest, unittest
        class TestIt(unittest.TestCase):
            def setUp(self): self.fresh = True
            def tearDown(self): del self.fresh
            def test_flaky(self):
                self.assertTrue(self.fresh)
                self.assertFalse(conftest.first_time("a"))
        """,
        """
        import conftest
        class TestIt:
            def setup_method(self): self.fresh = []
            def test_flaky(self):
                assert self.fresh == []
                self.fresh.append(1)
                assert not conftest.first_time("a")
        """,
        """
        import conftest, pytest
        @pytest.mark.anyio
        async def test_flaky(): assert not conftest.first_time("a")
        @pytest.fixture
        def anyio_backend(): return "asyncio"
        """,
        """
        import conftest, pytest
        @pytest.mark.parametrize("mutable", [[]], ids=["list"])
        def test_params(mutable):
            assert mutable == []
            mutable.append(1)
            assert not conftest.first_time("a")
        """,
        """
        import conftest, pytest
        @pytest.fixture
        def database():
            if conftest.first_time("a"): raise ConnectionError("not up yet")
        def test_flaky(database): pass
        """,
        """
        import conftest, pytest
        @pytest.fixture(scope="session")
        def database():
            if conftest.first_time("a"): raise ConnectionError("not up yet")
        def test_flaky(database): pass
        """,
        """
        import conftest, pytest
        @pytest.fixture
        def database():
            yield
            if conftest.first_time("a"): raise ConnectionError("gone")
        def test_flaky(database): pass
        """,
        """
        import conftest, pytest
        @pytest.fixture(scope="class")
        def wide(): return []
        class TestIt:
            def test_flaky(self, wide, tmp_path, caplog, capsys):
                assert wide == []
                wide.append(1)
                (tmp_path / "x").mkdir()
                assert not conftest.first_time("a")
        """,
        """
        import conftest
        def test_flaky(subtests):
            for number in range(3):
                with subtests.test(number=number):
                    assert not conftest.first_time("a")
        """,
        """
        import conftest, unittest
        class TestIt(unittest.TestCase):
            def test_flaky(self):
                for number in range(3):
                    with self.subTest(number=number):
                        self.assertFalse(conftest.first_time("a"))
        """,
    ],
    ids=[
        "TestCase", "class", "anyio", "parametrized-mutable", "set-up", "session-set-up", "tear-down",
        "class-scoped", "subtests", "subTest",
    ],
)  # fmt: skip
def test_a_failure_that_happens_once_is_flaky_in_a_test_of_this_kind(
    project: Project, workers: tuple[str, ...], text: str, request: pytest.FixtureRequest
) -> None:
    if "subtests" in request.node.name and not hasattr(pytest, "Subtests"):
        pytest.skip("this pytest has no subtests")
    the_flaky_one(project, text, *workers)
    (case,) = project.report().evidence.cases
    assert case.standing is Standing.FLAKY
    assert case.attempts[0].bad
    assert outcomes(case, Setting.ISOLATED)[0] is Outcome.PASSED


def test_a_test_of_pytest_asyncio_is_tried_again(
    project: Project, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pytest_asyncio")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    project.policy(
        FLAKY + '[tool.pytest.ini_options]\nasyncio_default_fixture_loop_scope = "function"\n'
    )
    text = """
        import asyncio, conftest, pytest
        @pytest.fixture
        def value(): return 1
        @pytest.mark.asyncio
        async def test_flaky(value):
            await asyncio.sleep(0)
            assert not conftest.first_time("a")
    """
    project.write({"conftest.py": ONCE, "test_it.py": text})
    words = ("-p", "gates", "-p", "no:hypothesispytest", "--gates-profile", "ci", *workers)
    assert project.pytester.runpytest_subprocess(*words).ret == 11
    assert case_of(project, "test_flaky").standing is Standing.FLAKY


@pytest.mark.parametrize("style", ["subtests", "subTest"])
def test_a_subtest_that_fails_every_time_fails_the_run_once(
    project: Project, workers: tuple[str, ...], style: str
) -> None:
    if style == "subtests" and not hasattr(pytest, "Subtests"):
        pytest.skip("this pytest has no subtests")
    texts = {
        "subtests": """
            def test_wrong(subtests):
                for number in range(3):
                    with subtests.test(number=number): assert number != 1
        """,
        "subTest": """
            import unittest
            class TestIt(unittest.TestCase):
                def test_wrong(self):
                    for number in range(3):
                        with self.subTest(number=number): self.assertNotEqual(number, 1)
        """,
    }
    project.policy(FLAKY).write({"test_it.py": texts[style]})
    assert run(project, *workers) == 1
    assert kinds(project) == {"test_wrong": FlakeClass.REGRESSION}


def test_the_last_test_is_tried_again_without_a_second_session_fixture(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Peers tear it down and set it up again, in the run that is judged."""
    the_flaky_one(
        project,
        """
        import conftest, os, pathlib, pytest
        LOG = pathlib.Path(__file__).with_name(f"log")
        MAIN = os.getpid()
        @pytest.fixture(scope="session")
        def wide():
            if os.getpid() == MAIN:
                LOG.write_text(LOG.read_text() + "up " if LOG.exists() else "up ")
            yield
            if os.getpid() == MAIN: LOG.write_text(LOG.read_text() + "down ")
        def test_flaky(wide): assert not conftest.first_time("a")
        """,
        *workers,
    )
    assert (project.root / "log").read_text() == "up down "


def test_module_fixtures_live_on_between_two_attempts_in_one_process(project: Project) -> None:
    project.policy(FLAKY).write(
        {
            "test_it.py": """
            import pytest
            @pytest.fixture(scope="module")
            def wide(): return []
            @pytest.fixture
            def narrow(): return []
            def test_keeps(wide, narrow):
                assert narrow == []
                narrow.append(1)
                wide.append(1)
                assert len(wide) == 2
        """
        }
    )
    run(project)
    again = outcomes(case_of(project, "test_keeps"), Setting.IN_PROCESS)
    assert set(again) == {Outcome.PASSED}


def test_with_a_wider_rerun_scope_they_end_between_attempts(project: Project) -> None:
    project.policy(FLAKY + 'rerun-scope = "module"\n').write(
        {
            "test_it.py": """
            import pytest
            @pytest.fixture(scope="module")
            def wide(): return []
            def test_ends(wide):
                wide.append(1)
                assert len(wide) == 2
        """
        }
    )
    assert run(project) == 1
    again = outcomes(case_of(project, "test_ends"), Setting.IN_PROCESS)
    assert set(again) == {Outcome.FAILED}


def test_a_test_that_hangs_is_stopped_in_every_attempt(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Peers run the second attempt without a limit, and it passes."""
    project.policy(FLAKY).write(
        {
            "test_it.py": """
            import pytest, time
            @pytest.mark.timeout(1)
            def test_hangs(): time.sleep(5)
        """
        }
    )
    assert run(project, *workers) == 1
    assert kinds(project) == {"test_hangs": FlakeClass.REGRESSION}
    assert all(one.seconds < 4 for one in case_of(project, "test_hangs").attempts)


def test_nothing_is_left_behind_in_the_temporary_folder(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that is stopped because it hangs cannot clean up after itself."""
    temporary = project.root / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    project.policy(FLAKY + 'test-budget = "2s"\n').write(
        {
            "test_it.py": """
            import os, time
            MAIN = os.getpid()
            def test_hangs(tmp_path):
                if os.getpid() != MAIN: time.sleep(60)
                assert 0
        """
        }
    )
    assert run(project) == 1
    assert [one.name for one in temporary.iterdir() if "gates" in one.name] == []


def test_waiting_for_attempts_is_not_within_the_time_limit_of_the_test(project: Project) -> None:
    project.policy(FLAKY).write(
        {
            "test_it.py": """
            import pytest, time
            @pytest.mark.timeout(2)
            def test_slow():
                time.sleep(0.8)
                assert 0
        """
        }
    )
    assert run(project) == 1
    assert "Timeout" not in (case_of(project, "test_slow").attempts[0].message or "")
    assert kinds(project) == {"test_slow": FlakeClass.REGRESSION}


def test_an_exception_that_cannot_be_printed_is_a_failure_like_others(project: Project) -> None:
    project.policy(FLAKY).write(
        {
            "test_it.py": """
            class Mute(Exception):
                def __str__(self): raise ValueError("no words")
            def test_wrong(): raise Mute
            def test_after(): pass
        """
        }
    )
    assert run(project) == 1
    assert kinds(project) == {"test_wrong": FlakeClass.REGRESSION}
    assert standings(project)["test_after"] is Standing.PASSED


def test_a_doctest_is_tried_again(project: Project) -> None:
    options = '[tool.pytest.ini_options]\naddopts = "--doctest-modules"\n'
    example = ">>> import conftest\n>>> conftest.first_time('a')\nFalse\n"
    project.policy(FLAKY + options).write({"conftest.py": ONCE, "shop.py": f"'''\n{example}'''\n"})
    assert run(project) == 11
    (case,) = project.report().evidence.cases
    assert case.standing is Standing.FLAKY


def test_a_crashed_worker_does_not_keep_others_from_being_told_apart(project: Project) -> None:
    project.policy(FLAKY).write(
        {
            "conftest.py": ONCE,
            "test_a.py": "import os\ndef test_crash(): os._exit(3)\n",
            "test_b.py": """
            import conftest, pytest
            @pytest.mark.parametrize("number", range(6))
            def test_b(number): assert not conftest.first_time(f"b{number}") or number != 4
            """,
        }
    )
    run(project, "-n2")
    found = standings(project)
    assert found["test_crash"] is Standing.CRASHED
    assert found["test_b[4]"] is Standing.FLAKY


@pytest.mark.parametrize(
    "dist", ["load", "loadscope", "loadfile", "loadgroup", "worksteal", "each"]
)
def test_every_way_of_distributing_tests_works(project: Project, dist: str) -> None:
    project.policy(FLAKY).write(
        {
            "conftest.py": ONCE,
            "test_it.py": """
            import conftest, os, pytest
            WORKER = os.environ["PYTEST_XDIST_WORKER"]
            def test_flaky(): assert not conftest.first_time("a" + WORKER)
            def test_wrong(): assert 0
            @pytest.mark.xdist_group("g")
            def test_grouped(): assert not conftest.first_time("b" + WORKER)
        """,
        }
    )
    assert run(project, "-n2", f"--dist={dist}") == 1
    found = {name.partition("@")[0]: one for name, one in standings(project).items()}
    assert found == {
        "test_flaky": Standing.FLAKY,
        "test_wrong": Standing.FAILED,
        "test_grouped": Standing.FLAKY,
    }


def test_in_fresh_processes_the_same_is_told(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(FLAKY + 'isolation = "fresh"\n').write(
        {
            "conftest.py": ONCE,
            "test_it.py": """
            import conftest
            STATE = []
            def test_polluter(): STATE.append(1)
            def test_victim(): assert not STATE
            def test_flaky(): assert not conftest.first_time("a")
        """,
        }
    )
    run(project, *workers, "--dist=loadfile")
    found = kinds(project)
    assert found["test_victim"] is FlakeClass.ORDER_DEPENDENT
    assert found["test_flaky"] is FlakeClass.FLAKY
    record = project.report().evidence.reruns
    assert record is not None
    assert record.isolation == ("fresh",)


def test_a_thread_of_the_project_leads_to_fresh_processes_and_is_said(project: Project) -> None:
    project.policy(FLAKY).write(
        {
            "conftest.py": ONCE + "\n    import threading, time\n"
            "    threading.Thread(target=time.sleep, args=(60,), name='poller', daemon=True).start()\n",
            "test_it.py": "import conftest\ndef test_flaky(): assert not conftest.first_time('a')\n",
        }
    )
    run(project)
    record = project.report().evidence.reruns
    assert record is not None
    assert record.isolation == ("fresh",)
    assert "poller" in record.notes[0]
    assert kinds(project) == {"test_flaky": FlakeClass.FLAKY}
