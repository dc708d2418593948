"""Each touch of pytest's private state does what it is for, with every pytest that is supported."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from pytest_gates.plugin import internals
from support.runs import lean

MODULE = """
    import pytest

    LOG = []

    @pytest.fixture(scope="session")
    def wide():
        LOG.append("session up"); yield; LOG.append("session down")

    @pytest.fixture(scope="module")
    def middle(wide):
        LOG.append("module up"); yield; LOG.append("module down")

    @pytest.fixture(scope="class")
    def narrow(middle):
        LOG.append("class up"); yield; LOG.append("class down")

    @pytest.fixture
    def own(narrow):
        LOG.append("own up"); yield; LOG.append("own down")

    class TestIt:
        def test_it(self, own):
            LOG.append(f"instance {'fresh' if not hasattr(self, 'seen') else 'old'}")
            self.seen = True
"""


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


@pytest.fixture(autouse=True)
def lean_here(pytester: pytest.Pytester) -> None:
    """In this process pytester reads no variable."""
    pytester.makeini("[pytest]\naddopts = -p no:asyncio -p no:hypothesispytest")


def item_of(pytester: pytest.Pytester, text: str = MODULE) -> pytest.Item:
    (item,) = pytester.getitems(text)
    return item


def log_of(item: pytest.Item) -> list[str]:
    return item.getparent(pytest.Module).obj.LOG  # type: ignore[union-attr, no-any-return]


def test_phases_are_reported_as_pytest_itself_reports_them(pytester: pytest.Pytester) -> None:
    item = item_of(pytester)
    heard: list[pytest.TestReport] = []

    def hear(report: pytest.TestReport) -> None:
        heard.append(report)

    reports = internals.Phases(item.config).run(item, None, hear)
    assert [(one.when, one.outcome) for one in reports] == [
        ("setup", "passed"), ("call", "passed"), ("teardown", "passed"),
    ]  # fmt: skip
    assert heard == reports[:1]
    assert log_of(item)[-1] == "session down"


def test_a_set_up_that_fails_has_no_call(pytester: pytest.Pytester) -> None:
    item = item_of(pytester, "def test_it(no_such_fixture): pass")
    reports = internals.Phases(item.config).run(item, None)
    assert [(one.when, one.outcome) for one in reports] == [
        ("setup", "failed"), ("teardown", "passed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "scope, ended",
    [
        ("function", ["own down"]),
        ("class", ["own down", "class down"]),
        ("module", ["own down", "class down", "module down"]),
        ("session", ["own down", "class down", "module down", "session down"]),
    ],
)
def test_a_second_run_has_new_fixtures_up_to_the_scope_and_a_new_instance(
    pytester: pytest.Pytester, scope: str, ended: list[str]
) -> None:
    item = item_of(pytester)
    phases = internals.Phases(item.config)
    with internals.kept_fixtures(item, scope) as nextitem:
        phases.run(item, nextitem)
    log = log_of(item)
    assert [one for one in log if one.endswith("down")] == ended
    internals.renew(item)
    reports = phases.run(item, None)
    assert all(one.outcome == "passed" for one in reports)
    assert log.count("instance fresh") == 2
    assert log.count("session up") == (2 if scope == "session" else 1)
    assert log[-1] == "session down"


def test_temporary_files_of_a_copy_lie_in_its_own_folder(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", os.environ.get("TMPDIR", tempfile.gettempdir()))
    monkeypatch.setattr(tempfile, "tempdir", None)
    item = item_of(
        pytester,
        """
        import tempfile
        PLACES = []
        def test_it(tmp_path): PLACES.extend([tmp_path, tempfile.gettempdir()])
        """,
    )
    internals.use_folder_for_temporary_files(item.config, tmp_path)
    internals.Phases(item.config).run(item, None)
    for place in item.getparent(pytest.Module).obj.PLACES:  # type: ignore[union-attr]
        assert Path(place).is_relative_to(tmp_path)


def test_an_outer_basetemp_is_not_emptied(pytester: pytest.Pytester, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    (outer / "precious").mkdir(parents=True)
    config = pytester.parseconfigure(f"--basetemp={outer}")
    inner = tmp_path / "inner"
    inner.mkdir()
    before = (os.environ.get("TMPDIR"), tempfile.tempdir)
    try:
        internals.use_folder_for_temporary_files(config, inner)
        factory = config._tmp_path_factory  # type: ignore[attr-defined]
        assert factory.getbasetemp().is_relative_to(inner)
    finally:
        if before[0] is None:
            os.environ.pop("TMPDIR", None)
        else:
            os.environ["TMPDIR"] = before[0]
        tempfile.tempdir = before[1]
    assert (outer / "precious").is_dir()


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="this pytest has no subtests")
def test_pytests_count_of_failed_subtests_can_be_corrected(pytester: pytest.Pytester) -> None:
    from _pytest.subtests import failed_subtests_key

    item = item_of(pytester, "def test_it(): pass")
    internals.count_of_failed_subtests(item.config, item, 2)
    internals.count_of_failed_subtests(item.config, item, -1)
    assert list(item.config.stash[failed_subtests_key].values()) == [1]


def test_tracing_is_off_afterwards() -> None:
    before = sys.gettrace()
    try:
        sys.settrace(lambda frame, event, arg: None)
        internals.stop_tracing()
        assert sys.gettrace() is None
    finally:
        sys.settrace(before)


def test_a_timer_of_pytest_timeout_is_cancelled(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_timeout")
    pytester.makepyfile("""
        import signal
        from pytest_gates.plugin.internals import disarm_timers

        def test_it(request):
            assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
            disarm_timers(request.node)
            assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    """)
    done = pytester.runpytest_subprocess("-p", "no:hypothesispytest", "--timeout=30")
    done.assert_outcomes(passed=1)
