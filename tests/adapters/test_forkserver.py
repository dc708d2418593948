"""Copies of this process: equal at their beginning, stopped in time, and silent to everybody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_gates.adapters.forkserver import ForkServer, JobEnded, unsafe_to_fork

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")

STATE: list[bytes] = []


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[[bytes], bytes]], ForkServer]]:
    started: list[ForkServer] = []

    def serve(work: Callable[[bytes], bytes]) -> ForkServer:
        started.append(ForkServer(work))
        return started[-1]

    yield serve
    for server in started:
        server.close()


Serve = Callable[[Callable[[bytes], bytes]], ForkServer]


def one(server: ForkServer, payload: bytes = b"", timeout_seconds: float = 20) -> JobEnded:
    server.submit(1, payload, timeout_seconds)
    return server.next_ended()


def grow(payload: bytes) -> bytes:
    STATE.append(payload)
    return b",".join(STATE)


def leave(payload: bytes) -> bytes:
    os._exit(3)


def be_killed(payload: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGTERM)
    return payload


def stumble(payload: bytes) -> bytes:
    raise ValueError(payload)


def hang(payload: bytes) -> bytes:
    time.sleep(60)
    return payload


def test_every_job_begins_with_the_memory_of_the_first_moment(serving: Serve) -> None:
    server = serving(grow)
    STATE.append(b"later")
    try:
        assert [one(server, word).answer for word in (b"a", b"b")] == [b"a", b"b"]
    finally:
        STATE.clear()


def test_a_large_payload_and_answer_come_whole(serving: Serve) -> None:
    payload = os.urandom(3_000_000)
    assert one(serving(lambda given: given[::-1]), payload).answer == payload[::-1]


def test_jobs_run_side_by_side(serving: Serve) -> None:
    def wait(payload: bytes) -> bytes:
        time.sleep(0.5)
        return payload

    server = serving(wait)
    began = time.monotonic()
    for number in range(4):
        server.submit(number, str(number).encode(), 20)
    ended = {server.next_ended().job for _ in range(4)}
    assert ended == {0, 1, 2, 3}
    assert time.monotonic() - began < 4 * 0.5


@pytest.mark.parametrize(
    "work, words",
    [
        (leave, "status 3"),
        (be_killed, "signal 15"),
        (stumble, "signal 9"),
        (hang, "within 1 seconds"),
    ],
    ids=["exit", "signal", "exception", "hang"],
)
def test_a_job_without_an_answer_says_how_it_ended(
    serving: Serve, work: Callable[[bytes], bytes], words: str
) -> None:
    server = serving(work)
    server.submit(1, b"", 1)
    ended = server.next_ended()
    assert ended.answer is None
    assert words in (ended.why or "")


def test_the_server_lives_on_after_a_job_that_died(serving: Serve) -> None:
    def work(payload: bytes) -> bytes:
        if payload == b"die":
            os._exit(1)
        return payload

    server = serving(work)
    assert one(server, b"die").answer is None
    assert one(server, b"live").answer == b"live"


def test_what_a_job_started_ends_with_it(serving: Serve, tmp_path: Path) -> None:
    def work(payload: bytes) -> bytes:
        child = subprocess.Popen(["sleep", "60"])
        return str(child.pid).encode()

    answer = one(serving(work)).answer
    assert answer is not None
    for _ in range(100):
        try:
            state = Path(f"/proc/{int(answer)}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            break
        if state == "Z":
            break
        time.sleep(0.05)
    else:
        pytest.fail("the child of the job still runs")


def test_a_fork_that_a_test_forgot_to_end_answers_for_nobody(serving: Serve) -> None:
    def work(payload: bytes) -> bytes:
        if os.fork() == 0:
            return b"the forgotten one"
        time.sleep(0.3)
        return b"the right one"

    assert one(serving(work)).answer == b"the right one"


def test_the_server_ends_with_the_process_that_made_it(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent("""
        import os, time
        from pytest_gates.adapters.forkserver import ForkServer

        def hang(payload):
            time.sleep(60)
            return b""

        server = ForkServer(hang)
        server.submit(1, b"", 60)
        time.sleep(0.5)
        print(server._pid, flush=True)
        os._exit(1)
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script)], check=False, capture_output=True, text=True, timeout=20
    )
    server = int(done.stdout)
    for _ in range(100):
        if not Path(f"/proc/{server}").exists():
            return
        time.sleep(0.05)
    pytest.fail("the server outlived its parent")


def test_closing_twice_does_nothing_and_a_closed_server_says_so() -> None:
    server = ForkServer(lambda payload: payload)
    server.close()
    server.close()
    with pytest.raises(OSError):
        server.submit(1, b"", 1)


def test_a_busy_thread_makes_a_fork_unsafe_and_is_named() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="poller", daemon=True)
    thread.start()
    try:
        assert "poller" in (unsafe_to_fork() or "")
    finally:
        end.set()
        thread.join()


def test_an_idle_server_thread_does_not() -> None:
    """pytest-rerunfailures starts one in every run."""
    import socket

    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        listening.accept()[0].close()

    thread = threading.Thread(target=serve, name="server", daemon=True)
    thread.start()
    try:
        for _ in range(100):
            if "server" not in (unsafe_to_fork() or ""):
                return
            time.sleep(0.02)
        pytest.fail("a thread that waits for a connection counts as busy")
    finally:
        with socket.create_connection(listening.getsockname()):
            thread.join()
        listening.close()


def test_macos_is_never_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Name:
        sysname = "Darwin"

    monkeypatch.setattr(os, "uname", Name)
    assert unsafe_to_fork() == "this platform cannot fork safely"
