"""An OSV server on the loopback: both sides of a comparison ask the same one. Effects: a thread, a port."""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import json
import re
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING = b"{}"
# Our gate trusts no source that has never heard of this.
CANARY = {
    "id": "PYSEC-2019-217",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
        }
    ],
}


class Advisories:
    """What is known of each package; without a file, next to nothing: every package is clean."""

    def __init__(self, path: Path | None) -> None:
        """`path` holds one OSV record a line, plain or gzipped."""
        self._by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for record in _records(path) if path is not None else (CANARY,):
            for name in {_canonical(one["package"]["name"]) for one in _affected(record)}:
                self._by_name[name].append(record)
        self.answer = functools.cache(self._answer)

    def _answer(self, name: str, version: str) -> bytes:
        found = [
            record
            for record in self._by_name.get(_canonical(name), ())
            if any(_hits(one, name, version) for one in _affected(record))
        ]
        return json.dumps({"vulns": found}).encode() if found else NOTHING


@contextlib.contextmanager
def serving(path: Path | None) -> Iterator[str]:
    """The URL of a running server."""
    advisories = Advisories(path)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = advisories.answer(asked["package"]["name"], asked["version"])
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        server.server_close()


def _records(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if not record.get("withdrawn"):
                yield record


def _affected(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one
        for one in record.get("affected", ())
        if one.get("package", {}).get("ecosystem") == "PyPI"
    ]


def _hits(affected: dict[str, Any], name: str, version: str) -> bool:
    if _canonical(affected["package"]["name"]) != _canonical(name):
        return False
    if version in affected.get("versions", ()):
        return True
    return any(
        _inside(one.get("events", ()), version)
        for one in affected.get("ranges", ())
        if one.get("type") == "ECOSYSTEM"
    )


def _inside(events: list[dict[str, str]], version: str) -> bool:
    """OSV's rule: sorted by version, the last event at or below `version` decides."""
    try:
        asked = Version(version)
        points = sorted(
            (Version("0" if text == "0" else text), kind)
            for event in events
            for kind, text in event.items()
        )
    except InvalidVersion:
        return False
    hit = False
    for point, kind in points:
        if kind == "introduced" and asked >= point:
            hit = True
        elif (kind == "fixed" and asked >= point) or (kind == "last_affected" and asked > point):
            hit = False
    return hit


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--advisories", type=Path, help="OSV records, one a line; none: all clean")
    with serving(parser.parse_args().advisories) as url:
        print(url, flush=True)
        threading.Event().wait()
