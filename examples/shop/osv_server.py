"""A loopback OSV server that answers from advisories.json. Effects: listens on 127.0.0.1.

`python osv_server.py [PORT]`; demo.py starts one of its own. Compares plain release numbers only.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import zip_longest
from pathlib import Path
from typing import Any

PORT = 8018
RECORDS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("advisories.json").read_text(encoding="utf-8")
)


class Handler(BaseHTTPRequestHandler):
    """Knows one question: `POST /v1/query` with a package and its version."""

    def do_POST(self) -> None:
        try:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = query["package"]["name"], query["version"]
            found = [one for one in RECORDS if _affects(one, name, version)]
        except (KeyError, TypeError, ValueError):
            # Not "no advisory": whoever asks must not take a question we cannot read for a pass.
            self.send_error(400)
            return
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the screen is pytest's."""


def listen(port: int = 0) -> ThreadingHTTPServer:
    """A server that is bound but does not answer yet; port 0 takes a free one."""
    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _affects(record: dict[str, Any], name: str, version: str) -> bool:
    return any(
        affected["package"]["name"] == name and _in_range(version, span["events"])
        for affected in record["affected"]
        for span in affected["ranges"]
    )


def _in_range(version: str, events: list[dict[str, str]]) -> bool:
    """The last event at or below the version decides; events are in the order of versions."""
    inside = False
    for event in events:
        ((kind, at),) = event.items()
        if not _is_less(version, at):
            inside = kind == "introduced"
    return inside


def _is_less(one: str, other: str) -> bool:
    """Raises ValueError for anything but numbers and dots."""
    pairs = zip_longest(map(int, one.split(".")), map(int, other.split(".")), fillvalue=0)
    return next((a < b for a, b in pairs if a != b), False)


if __name__ == "__main__":
    server = listen(int(sys.argv[1]) if len(sys.argv) > 1 else PORT)
    print(f"OSV answers from advisories.json at http://127.0.0.1:{server.server_port}/v1/query")
    server.serve_forever()
