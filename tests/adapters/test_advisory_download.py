"""Shows that a download is whole, in time, within bounds and from where it was asked for, or an error."""

from __future__ import annotations

import contextlib
import itertools
import urllib.request
from pathlib import Path

import pytest

from pytest_gates.adapters.advisory_download import Redirects, fetched
from pytest_gates.errors import ToolError
from support.answers import AnswerServer, answer

BODY = b"x" * 3000


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_a_whole_answer_is_written(tmp_path: Path) -> None:
    with AnswerServer(answer(BODY)) as server:
        assert fetched(server.url, tmp_path / "got", 10) == 3000
    assert (tmp_path / "got").read_bytes() == BODY


def test_a_redirect_leads_on_but_not_to_a_file_or_another_scheme(tmp_path: Path) -> None:
    with AnswerServer(answer(BODY)) as there:
        with AnswerServer(answer(b"", 302, Location=there.url)) as server:
            assert fetched(server.url, tmp_path / "got", 10) == 3000
        for place in ("file:///etc/passwd", "ftp://127.0.0.1/", "other://127.0.0.1/"):
            with (
                AnswerServer(answer(b"", 302, Location=place)) as server,
                pytest.raises(ToolError, match=r"leads elsewhere|status 302"),
            ):
                fetched(server.url, tmp_path / "other", 10)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "said,why",
    [
        (answer(b"no", 404), "status 404"),
        (answer(b"no", 500), "status 500"),
        (answer(b"", 204), "status 204"),
        (answer(BODY, promised=9000), "cut off: 3000 of 9000 bytes"),
        (answer(BODY * 9), "larger than 10000 bytes"),
        (b"nonsense\r\n\r\n", "cannot be fetched"),
        (b"", "cannot be fetched"),
    ],
)
def test_anything_else_is_an_error(said: bytes, why: str, tmp_path: Path) -> None:
    with AnswerServer(said) as server, pytest.raises(ToolError, match=why):
        fetched(server.url, tmp_path / "got", 10, most_bytes=10_000)


def test_a_loop_of_redirects_ends(tmp_path: Path) -> None:
    with AnswerServer(answer(b"", 302, Location="/again")) as server, pytest.raises(ToolError):
        fetched(server.url, tmp_path / "got", 10)
    assert len(server.asked) < 9


def test_a_silent_server_is_not_waited_for(tmp_path: Path) -> None:
    with (
        AnswerServer(answer(BODY), hold=True) as server,
        pytest.raises(ToolError, match="timed out"),
    ):
        fetched(server.url, tmp_path / "got", 0.2)


def test_a_slow_server_has_no_more_time_than_the_whole(tmp_path: Path) -> None:
    times = itertools.count(step=100)
    with AnswerServer(answer(BODY)) as server, pytest.raises(ToolError, match="not whole in 50 s"):
        fetched(server.url, tmp_path / "got", 50, clock=lambda: float(next(times)))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "nothing", "http://[::"]
)
def test_only_the_web_is_asked(url: str, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be fetched"):
        fetched(url, tmp_path / "got", 1)


@pytest.mark.parametrize(
    "old,new,allowed",
    [
        ("https", "https", True),
        ("http", "https", True),
        ("https", "http", False),
        ("http", "ftp", False),
    ],
)
def test_no_redirect_leads_to_a_way_that_anybody_can_read(
    old: str, new: str, allowed: bool
) -> None:
    request = urllib.request.Request(f"{old}://a.example/x")
    refused = contextlib.nullcontext() if allowed else pytest.raises(ToolError, match="elsewhere")
    with refused:
        assert Redirects().redirect_request(request, None, 302, "", {}, f"{new}://b.example/y")
