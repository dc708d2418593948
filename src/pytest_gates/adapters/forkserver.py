"""A process forked at a good moment, from which any number of equal ones can be forked. Effects: processes.

The server does nothing but fork: every job begins with the memory of that moment, however much has
happened since in the process that asks. A job runs in a session of its own, and is killed with
everything it started when it ends or its time is over; nothing of it ever returns to its caller's code.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import struct
import sys
import threading
import time
import warnings
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

import msgspec

_HEAD = struct.Struct("!Q")
_LOOK_ROUND_SECONDS = 0.5


class JobEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A job is over. `answer` is None when its process died or was stopped; `why` says so."""

    job: int
    answer: bytes | None
    why: str | None = None


class _Order(msgspec.Struct, frozen=True, array_like=True):
    job: int
    payload: bytes
    timeout_seconds: float


def unsafe_to_fork(*, foreign_threads: int = 0) -> str | None:
    """Why this process must not be forked now, None when it may be.

    `foreign_threads` is how many threads that Python did not start may be alive (a test worker's
    connection). Threads do not live on in the fork, and a lock that one of them holds is never freed.
    """
    if not hasattr(os, "fork") or os.uname().sysname == "Darwin":
        # macOS: its own libraries start threads behind Python's back, and abort in a fork.
        return "this platform cannot fork safely"
    frames = sys._current_frames()  # noqa: SLF001 - documented, in spite of its name
    others = [
        one
        for one in threading.enumerate()
        if one is not threading.main_thread() and not _waits_for_others(frames.get(one.ident or 0))
    ]
    foreign = sum(1 for one in others if type(one).__name__ == "_DummyThread")
    if len(others) - foreign > 0 or foreign > foreign_threads:
        names = ", ".join(sorted(one.name for one in others))
        return f"threads are running: {names}"
    return None


def _waits_for_others(frame: FrameType | None) -> bool:
    """Whether a thread is an idle server: it waits for a connection, and so holds no lock of a test.

    pytest-rerunfailures, for one, starts such a thread in every run. (16.7)
    """
    if frame is None:
        return False
    place = (os.path.basename(frame.f_code.co_filename), frame.f_code.co_name)  # noqa: PTH119
    return place in {("socket.py", "accept"), ("selectors.py", "select")}


class ForkServer:
    """Forked at its creation; `work(payload)` runs in a process of its own for each job."""

    def __init__(self, work: Callable[[bytes], bytes]) -> None:
        """Raises OSError when no process can be made."""
        asked, self._orders = os.pipe()
        self._answers, answer = os.pipe()
        self._buffer = bytearray()
        with warnings.catch_warnings():
            # Python 3.12 warns of any thread; `unsafe_to_fork` has looked at them.
            warnings.simplefilter("ignore")
            gc.freeze()  # or the first collection in the fork would copy all of the parent's pages
            try:
                self._pid = os.fork()
            finally:
                gc.unfreeze()
        if self._pid == 0:
            os.close(self._orders)
            os.close(self._answers)
            _serve(asked, answer, work)
        os.close(asked)
        os.close(answer)

    def submit(self, job: int, payload: bytes, timeout_seconds: float) -> None:
        """Start a job; its end comes out of `next_ended`. Raises OSError when the server is gone."""
        order = msgspec.msgpack.encode(_Order(job, payload, timeout_seconds))
        _write(self._orders, _HEAD.pack(len(order)) + order)

    def next_ended(self) -> JobEnded:
        """Waits for any job. Raises OSError when the server is gone."""
        while (frame := _framed(self._buffer)) is None:
            piece = os.read(self._answers, 1 << 16)
            if not piece:
                raise ConnectionError("the fork server ended")
            self._buffer += piece
        return msgspec.msgpack.decode(frame, type=JobEnded)

    def close(self) -> None:
        """End the server and every job; does nothing the second time, nor in a fork of the caller."""
        if self._pid <= 0:
            return
        pid, self._pid = self._pid, 0
        for descriptor in (self._orders, self._answers):
            os.close(descriptor)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.waitpid(pid, 0)


class _Job:
    """A child of the server, and what it has said so far."""

    def __init__(self, order: _Order, pid: int, descriptor: int) -> None:
        self.number = order.job
        self.pid = pid
        self.descriptor = descriptor
        self.deadline = time.monotonic() + order.timeout_seconds
        self.timeout_seconds = order.timeout_seconds
        self.said = bytearray()

    def stop(self) -> None:
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)

    def ended(self, *, in_time: bool) -> JobEnded:
        """Close it, with everything it started."""
        # Its group first: as long as the child is not waited for, its number belongs to nobody else.
        self.stop()
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        answer = _framed(self.said)
        if answer is not None:
            return JobEnded(job=self.number, answer=answer)
        if not in_time:
            why = f"it did not end within {self.timeout_seconds:.0f} seconds"
        elif os.WIFSIGNALED(status):
            why = f"the process was ended by signal {os.WTERMSIG(status)}"
        else:
            why = f"the process ended itself with status {os.waitstatus_to_exitcode(status)}"
        return JobEnded(job=self.number, answer=None, why=why)


def _serve(asked: int, answer: int, work: Callable[[bytes], bytes]) -> NoReturn:
    """The server's whole life; it never runs its caller's code."""
    try:
        os.setsid()  # Ctrl-C in the terminal is for the process that asks
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _Server(asked, answer, work).run()
    finally:
        os.kill(os.getpid(), signal.SIGKILL)  # no exit handler of anybody runs in here
    raise AssertionError  # pragma: no cover - nothing comes after SIGKILL


class _Server:
    def __init__(self, asked: int, answer: int, work: Callable[[bytes], bytes]) -> None:
        self._asked = asked
        self._answer = answer
        self._work = work
        self._orders = bytearray()
        self._jobs: dict[int, _Job] = {}
        self._parent = os.getppid()

    def run(self) -> None:
        while self._turn():
            pass
        for job in self._jobs.values():
            job.stop()

    def _turn(self) -> bool:
        now = time.monotonic()
        wait = min(
            [_LOOK_ROUND_SECONDS, *(job.deadline - now for job in self._jobs.values())],
        )
        ready, _, _ = select.select([self._asked, *self._jobs], [], [], max(0.0, wait))
        if self._asked in ready:
            piece = os.read(self._asked, 1 << 16)
            if not piece:
                return False
            self._orders += piece
            while (frame := _framed(self._orders)) is not None:
                self._begin(msgspec.msgpack.decode(frame, type=_Order))
        for descriptor in ready:
            if descriptor in self._jobs:
                self._listen(self._jobs[descriptor])
        self._look_round()
        # The pipe may be held open by a process that a test forked.
        return os.getppid() == self._parent

    def _begin(self, order: _Order) -> None:
        heard, said = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                for descriptor in (self._asked, self._answer, heard, *self._jobs):
                    os.close(descriptor)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                own = os.getpid()
                answer = self._work(order.payload)
                if os.getpid() == own:  # and not a fork that a test forgot to end
                    _write(said, _HEAD.pack(len(answer)) + answer)
            finally:
                os.kill(os.getpid(), signal.SIGKILL)
        os.close(said)
        self._jobs[heard] = _Job(order, pid, heard)

    def _listen(self, job: _Job) -> None:
        piece = os.read(job.descriptor, 1 << 16)
        job.said += piece
        if not piece or _is_whole(job.said):
            self._end(job, in_time=True)

    def _look_round(self) -> None:
        """Jobs whose time is over, and dead ones whose pipe somebody else still holds."""
        now = time.monotonic()
        for job in tuple(self._jobs.values()):
            if now >= job.deadline:
                self._end(job, in_time=False)
            elif os.waitid(os.P_PID, job.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                while select.select([job.descriptor], [], [], 0)[0]:
                    piece = os.read(job.descriptor, 1 << 16)
                    if not piece:
                        break
                    job.said += piece
                self._end(job, in_time=True)

    def _end(self, job: _Job, *, in_time: bool) -> None:
        del self._jobs[job.descriptor]
        ended = msgspec.msgpack.encode(job.ended(in_time=in_time))
        _write(self._answer, _HEAD.pack(len(ended)) + ended)


def _is_whole(buffer: bytearray) -> bool:
    return len(buffer) >= _HEAD.size and len(buffer) >= _HEAD.size + _HEAD.unpack_from(buffer)[0]


def _framed(buffer: bytearray) -> bytes | None:
    """Take the first whole frame out of the buffer; None when it holds none."""
    if not _is_whole(buffer):
        return None
    (length,) = _HEAD.unpack_from(buffer)
    frame = bytes(buffer[_HEAD.size : _HEAD.size + length])
    del buffer[: _HEAD.size + length]
    return frame


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
