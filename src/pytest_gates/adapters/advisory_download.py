"""Fetch one file over the network, within bounds of time and size. Effects: network, writes a file.

By urllib: it asks nothing that it was not told to, knows the proxies of the environment, and is there. A
handler that is not named here does not exist, so no redirect can lead to a file of this machine.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_gates import __version__
from pytest_gates.errors import ToolError
from pytest_gates.model.text import printable

MOST_BYTES = 1024 * 1024 * 1024
_CHUNK = 256 * 1024
_SILENCE_SECONDS = 30.0
_MOST_REDIRECTS = 5
_AGAIN = (
    "check the address, the network and its proxies, or give the path of a file that you fetched"
)


class Redirects(urllib.request.HTTPRedirectHandler):
    """To where the first address might have led as well: never from https to anything else."""

    max_redirections = _MOST_REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urllib.parse.urlsplit(newurl).scheme not in {"https", req.type}:
            raise ToolError(printable(f"the server leads elsewhere, to {newurl}"), _AGAIN)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetched(
    url: str,
    target: Path,
    timeout_seconds: float,
    *,
    most_bytes: int = MOST_BYTES,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Writes what the server answers to `target`; how many bytes.

    Raises ToolError for anything but a whole answer of status 200 in time.
    """
    deadline = clock() + timeout_seconds
    name = {"User-Agent": f"pytest-gates/{__version__}", "Accept-Encoding": "identity"}
    opener = _opener()
    try:
        # The scheme is http or https: the opener has no handler for any other.
        request = urllib.request.Request(url, headers=name)  # noqa: S310
        silence = min(_SILENCE_SECONDS, timeout_seconds)
        with opener.open(request, timeout=silence) as answer, target.open("wb") as stream:
            if answer.status != http.HTTPStatus.OK:
                raise ToolError(printable(f"{url} answers with status {answer.status}"), _AGAIN)
            promised = answer.headers.get("Content-Length")
            total = 0
            while chunk := answer.read1(_CHUNK):
                total += len(chunk)
                if total > most_bytes:
                    raise ToolError(f"the answer is larger than {most_bytes} bytes", _AGAIN)
                if clock() > deadline:
                    raise ToolError(f"the answer was not whole in {timeout_seconds:g} s", _AGAIN)
                stream.write(chunk)
    except urllib.error.HTTPError as why:
        why.close()
        raise ToolError(printable(f"{url} answers with status {why.code}"), _AGAIN) from why
    except (OSError, http.client.HTTPException, ValueError) as why:
        said = getattr(why, "reason", None) or why
        raise ToolError(printable(f"{url} cannot be fetched: {said}"), _AGAIN) from why
    if promised is not None and promised != str(total):
        raise ToolError(
            printable(f"the answer is cut off: {total} of {promised} bytes came"), _AGAIN
        )
    return total


def _opener() -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        Redirects(),
    ):
        opener.add_handler(handler)
    return opener
