"""An OSV server on the loopback interface, in a thread: it answers what a test told it to know."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from pytest_gates.tools.pip_audit import CANARIES

Advisory = dict[str, Any]
Package = tuple[NormalizedName, str]
"""Canonical name and version."""

_PATH = "/v1/query"
_CANARIES = frozenset(
    (canonicalize_name(name), version)
    for name, _, version in (one.partition("==") for one in CANARIES)
)


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_args: object) -> None:
        """Quiet, too, when whoever asked has hung up meanwhile."""


class OsvServer:
    """`with OsvServer(...) as server:` serves `POST /v1/query` at `server.url`.

    `known` maps (name, version) to the advisories of exactly that version. `records` are OSV
    records that are matched by their own `versions` and `ECOSYSTEM` ranges. What is in neither is
    answered with `{}`, as the real service does for what it has never heard of.
    `asked` holds the packages that were asked for, in order, without canaries: those it knows, as any
    real source does, unless `canaries` is false.
    """

    def __init__(
        self,
        known: Mapping[tuple[str, str], Iterable[Advisory]] | None = None,
        *,
        records: Iterable[Advisory] = (),
        status: int = 200,
        canaries: bool = True,
    ) -> None:
        self.asked: list[Package] = []
        self._canaries = _CANARIES if canaries else frozenset()
        self.status = status
        self._known: dict[Package, list[Advisory]] = {
            (canonicalize_name(name), version): list(advisories)
            for (name, version), advisories in (known or {}).items()
        }
        self._records = list(records)
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @classmethod
    def from_json_lines(cls, path: Path) -> Self:
        """One OSV record a line, as in the exports of the advisory databases."""
        lines = path.read_text(encoding="utf-8").splitlines()
        return cls(records=[json.loads(line) for line in lines if line.strip()])

    @property
    def url(self) -> str:
        """What `--osv-url` wants."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{_PATH}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, question: Advisory) -> Advisory:
        """The body of the answer to one query."""
        package: Package = (canonicalize_name(question["package"]["name"]), question["version"])
        if package in self._canaries:
            return {"vulns": [advisory("PYSEC-2018-0", package[0])]}
        self.asked.append(package)
        found = [*self._known.get(package, ())]
        found += [record for record in self._records if _affects(record, *package)]
        return {"vulns": found} if found else {}

    def body(self, question: Advisory) -> bytes:
        """The same as it is sent: for servers in tests that talk nonsense."""
        return json.dumps(self.answer(question)).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = outer.status if self.path == _PATH else 404
                body = outer.body(question) if status == 200 else b"{}"
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                """Quiet: a test's output is its own."""

        return Handler


def advisory(
    rule: str,
    package: str,
    *,
    fixed: str | None = None,
    introduced: str = "0",
    versions: Iterable[str] = (),
    aliases: Iterable[str] = (),
    summary: str = "A flaw for tests.",
) -> Advisory:
    """A whole OSV record about one package of PyPI."""
    events = [{"introduced": introduced}, *([{"fixed": fixed}] if fixed else [])]
    return {
        "schema_version": "1.6.0",
        "id": rule,
        "aliases": list(aliases),
        "summary": summary,
        "modified": "2026-01-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "affected": [
            {
                "package": {"name": canonicalize_name(package), "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": events}],
                "versions": list(versions),
            }
        ],
    }


def _affects(record: Advisory, name: str, version: str) -> bool:
    return any(
        canonicalize_name(affected["package"]["name"]) == name
        and affected["package"]["ecosystem"] == "PyPI"
        and (version in affected.get("versions", ()) or _in_a_range(affected, version))
        for affected in record.get("affected", ())
    )


def _in_a_range(affected: Advisory, text: str) -> bool:
    try:
        version = Version(text)
    except InvalidVersion:
        return False
    inside = False
    for one in affected.get("ranges", ()):
        if one["type"] != "ECOSYSTEM":
            continue
        for event in one["events"]:
            if "introduced" in event and version >= Version(event["introduced"]):
                inside = True
            if "fixed" in event and version >= Version(event["fixed"]):
                inside = False
        if inside:
            return True
    return inside
