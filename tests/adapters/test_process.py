"""Shows that a program is heard to its end, stopped whole, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pytest_gates.adapters.process import (
    STDERR_KEPT,
    NotEnded,
    Running,
    clean_environment,
    run,
)
from support.fake_tools import python_argv
from support.waiting import ends_soon, is_alive, pid_in, wait_until

GRANDCHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(600)"])
with open(sys.argv[1], "w") as stream:
    stream.write(f"{child.pid}\\n")
"""
LONG = 60.0


def start(code: str, cwd: Path, env: dict[str, str], *args: str, polite: bool = False) -> Running:
    return Running(python_argv(code, *args), cwd=cwd, env=env, polite=polite)


@pytest.mark.parametrize("exit_code", [0, 1, 2, 101])
def test_the_exit_code_is_told(
    exit_code: int, tmp_path: Path, env: dict[str, str], temporary: Path
) -> None:
    ended = start(f"raise SystemExit({exit_code})", tmp_path, env).wait(LONG)

    assert ended.exit_code == exit_code
    assert (ended.stdout, ended.stderr) == (b"", "")
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_program_that_was_killed_has_a_negative_exit_code(
    tmp_path: Path, env: dict[str, str]
) -> None:
    ended = start("import os; os.kill(os.getpid(), 9)", tmp_path, env).wait(LONG)

    assert ended.exit_code == -signal.SIGKILL


def test_standard_output_is_kept_whole_byte_for_byte(tmp_path: Path, env: dict[str, str]) -> None:
    code = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 20_000)"

    ended = start(code, tmp_path, env).wait(LONG)

    assert ended.stdout == bytes(range(256)) * 20_000


def test_five_megabytes_on_standard_error_do_not_block_and_their_end_is_kept(
    tmp_path: Path, env: dict[str, str], temporary: Path
) -> None:
    code = (
        "import sys; sys.stderr.write('first words' + 'x' * 5_000_000 + 'last words');"
        "print('said after it')"
    )

    ended = start(code, tmp_path, env).wait(LONG)

    assert ended.exit_code == 0
    assert ended.stdout.split() == [b"said", b"after", b"it"]
    assert len(ended.stderr) == STDERR_KEPT
    assert ended.stderr.endswith("xlast words")
    assert list(temporary.iterdir()) == []


def test_standard_error_that_is_no_utf_8_can_be_read(tmp_path: Path, env: dict[str, str]) -> None:
    ended = start(r"import sys; sys.stderr.buffer.write(b'caf\xe9')", tmp_path, env).wait(LONG)

    assert ended.stderr == "caf\N{REPLACEMENT CHARACTER}"


def test_a_program_has_no_standard_input_to_wait_for(tmp_path: Path, env: dict[str, str]) -> None:
    ended = start("import sys; print(repr(sys.stdin.read()))", tmp_path, env).wait(LONG)

    assert ended.stdout.strip() == b"''"


def test_a_program_runs_in_the_named_folder_with_the_named_environment(
    tmp_path: Path, env: dict[str, str]
) -> None:
    code = (
        "import os; print(os.getcwd()); print(os.environ.get('GATES_A'), 'GATES_B' in os.environ)"
    )

    ended = run(python_argv(code), cwd=tmp_path, env={**env, "GATES_A": "a"}, timeout_seconds=LONG)

    folder, variables = ended.stdout.decode().splitlines()
    assert Path(folder).resolve() == tmp_path.resolve()
    assert variables == "a False"


def test_a_program_that_hangs_is_stopped_and_the_limit_is_named(
    tmp_path: Path, env: dict[str, str], temporary: Path
) -> None:
    running = start("import time; time.sleep(600)", tmp_path, env)

    with pytest.raises(NotEnded, match=r"within 0\.2 seconds and was stopped"):
        running.wait(0.2)

    assert list(temporary.iterdir()) == []


def test_a_program_that_ended_before_anybody_waited_has_not_hung(
    tmp_path: Path, env: dict[str, str]
) -> None:
    mark = tmp_path / "mark"
    code = "import os, sys; open(sys.argv[1], 'w').write(f'{os.getpid()}\\n')"
    running = start(code, tmp_path, env, str(mark))
    pid = pid_in(mark)
    wait_until(lambda: not is_alive(pid))

    assert running.wait(0.0).exit_code == 0


def test_a_program_that_ignores_the_wish_to_end_is_stopped_all_the_same(
    tmp_path: Path, env: dict[str, str]
) -> None:
    mark = tmp_path / "pid"
    code = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(600)"
    )
    running = start(code, tmp_path, env, str(mark))
    pid = pid_in(mark)

    running.stop()

    assert not is_alive(pid)


@pytest.mark.skipif(os.name != "posix", reason="process groups of POSIX")
def test_what_a_hanging_program_started_is_stopped_with_it(
    tmp_path: Path, env: dict[str, str], temporary: Path
) -> None:
    mark = tmp_path / "pid"
    running = start(GRANDCHILD + "time.sleep(600)", tmp_path, env, str(mark))
    grandchild = pid_in(mark)
    assert is_alive(grandchild)

    with pytest.raises(NotEnded):
        running.wait(0.1)

    wait_until(lambda: not is_alive(grandchild))
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="process groups of POSIX")
@pytest.mark.parametrize("ending", ["stop", "wait"])
def test_what_a_program_left_behind_does_not_outlive_it(
    ending: str, tmp_path: Path, env: dict[str, str]
) -> None:
    mark = tmp_path / "pid"
    running = start(GRANDCHILD, tmp_path, env, str(mark))
    grandchild = pid_in(mark)
    wait_until(lambda: not is_alive(running._process.pid))

    if ending == "stop":
        running.stop()
    else:
        assert running.wait(LONG).exit_code == 0

    try:
        assert ends_soon(grandchild)
    finally:
        if is_alive(grandchild):
            os.kill(grandchild, signal.SIGKILL)


def test_stopping_twice_is_stopping_once(
    tmp_path: Path, env: dict[str, str], temporary: Path
) -> None:
    running = start("import time; time.sleep(600)", tmp_path, env)

    running.stop()
    running.stop()

    assert list(temporary.iterdir()) == []


def test_stopping_what_has_been_waited_for_does_nothing(
    tmp_path: Path, env: dict[str, str], temporary: Path
) -> None:
    running = start("print(1)", tmp_path, env)
    assert running.wait(LONG).exit_code == 0

    running.stop()

    assert list(temporary.iterdir()) == []


def test_waiting_for_what_was_stopped_says_that_it_did_not_end(
    tmp_path: Path, env: dict[str, str]
) -> None:
    running = start("import time; time.sleep(600)", tmp_path, env)
    running.stop()

    with pytest.raises(NotEnded):
        running.wait(LONG)


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(("no-such-program-anywhere",), id="missing"),
        pytest.param(("{folder}",), id="a folder"),
        pytest.param(("{file}",), id="not executable"),
        pytest.param(("a\0b",), id="no name at all"),
    ],
)
def test_a_program_that_cannot_be_started_is_named_and_leaves_no_folder(
    argv: tuple[str, ...], tmp_path: Path, env: dict[str, str], temporary: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (name,) = (
        word.replace("{folder}", str(tmp_path)).replace("{file}", str(tmp_path / "file"))
        for word in argv
    )

    with pytest.raises(NotEnded) as caught:
        Running((name,), cwd=tmp_path, env=env, polite=True)

    assert str(caught.value).startswith(f"{name} could not be started: ")
    assert list(temporary.iterdir()) == []


def test_a_program_cannot_be_started_in_a_folder_that_is_not_there(
    tmp_path: Path, env: dict[str, str], temporary: Path
) -> None:
    with pytest.raises(NotEnded):
        start("print(1)", tmp_path / "nowhere", env)

    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="niceness of POSIX")
def test_a_polite_program_steps_back_behind_the_tests(tmp_path: Path, env: dict[str, str]) -> None:
    code = "import time; time.sleep(600)"
    polite, eager = start(code, tmp_path, env, polite=True), start(code, tmp_path, env)
    try:
        own = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, eager._process.pid) == own
        assert os.getpriority(os.PRIO_PROCESS, polite._process.pid) > min(own, 18)
    finally:
        polite.stop()
        eager.stop()


def test_the_time_it_took_ends_with_its_last_word_and_not_with_our_waiting(
    tmp_path: Path, env: dict[str, str]
) -> None:
    mark = tmp_path / "mark"
    code = "import os, sys; print(1); open(sys.argv[1], 'w').write(f'{os.getpid()}\\n')"
    running = start(code, tmp_path, env, str(mark))
    pid_in(mark)
    running._started_at -= 1000

    assert running.wait(LONG).seconds > 999


@pytest.mark.parametrize(
    "name",
    [
        "COVERAGE_PROCESS_START",
        "COVERAGE_PROCESS_CONFIG",
        "COV_CORE_SOURCE",
        "PYTEST_ADDOPTS",
        "PYTEST_CURRENT_TEST",
        "PYTEST_PLUGINS",
        "PIP_AUDIT_OUTPUT",
        "PIP_AUDIT_FORMAT",
    ],
)
def test_a_tool_does_not_inherit_what_would_change_its_answer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")
    monkeypatch.setenv("MY_PYTEST_ADDOPTS", "kept")

    cleaned = clean_environment(("PIP_AUDIT_",))

    assert name not in cleaned
    assert cleaned["PIP_INDEX_URL"] == cleaned["MY_PYTEST_ADDOPTS"] == "kept"
    assert os.environ[name] == "x"


def test_without_prefixes_of_its_own_a_tool_keeps_all_other_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_AUDIT_OUTPUT", "kept")

    assert clean_environment(())["PIP_AUDIT_OUTPUT"] == "kept"
