"""From the addresses of a SARIF file to paths below the root. Pure."""

from __future__ import annotations

import re
import urllib.parse

from pytest_gates.model.text import printable
from pytest_gates.tools.sarif_log import Artifact, Run

_DRIVE = re.compile(r"/?[A-Za-z]:[/\\]")
_MOST_STEPS = 8


def path_of(artifact: Artifact, run: Run, roots: tuple[str, ...]) -> tuple[str | None, str | None]:
    """Relative to the root, POSIX; or None and the address, where that does not lead below the root."""
    listed = run.artifacts or []
    index = artifact.index
    if artifact.uri is None and index is not None and 0 <= index < len(listed):
        artifact = listed[index].location or artifact
    if artifact.uri is None:
        return None, None
    said = printable(artifact.uri)
    path = _decoded(artifact.uri)
    if path is None:
        return None, said
    if not _is_absolute(path):
        base = _base(artifact.uri_base_id, run)
        # A base that lies elsewhere is the root of another machine's copy.
        below = _below(f"{base}/{path}", roots) if base is not None else None
        path = below if below is not None else path
    else:
        below = _below(path, roots)
        if below is None:
            return None, said
        path = below
    plain = _plain(path)
    return (plain, None) if plain else (None, said)


def _base(name: str | None, run: Run) -> str | None:
    """The folder that a base stands for, absolute; None where the file leaves that open."""
    bases = run.original_uri_base_ids or {}
    found = ""
    for _ in range(_MOST_STEPS):
        base = bases.get(name or "")
        path = _decoded(base.uri) if base is not None and base.uri is not None else None
        if base is None or path is None:
            return None
        found = f"{path.rstrip('/')}/{found}"
        if _is_absolute(path):
            return found
        name = base.uri_base_id
    return None


def _decoded(uri: str) -> str | None:
    """The path of a relative address or of a file, None for other addresses."""
    if _DRIVE.match(uri):  # a path of Windows where an address was asked for
        return uri.replace("\\", "/")
    try:
        parts = urllib.parse.urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
        return None
    path = urllib.parse.unquote(parts.path, errors="replace")
    if "/" not in path:
        path = path.replace("\\", "/")
    return path.removeprefix("/") if _DRIVE.match(path) else path


def _is_absolute(path: str) -> bool:
    return path.startswith("/") or _DRIVE.match(path) is not None


def _below(path: str, roots: tuple[str, ...]) -> str | None:
    plain = _plain(path)
    for root in roots:
        start = _plain(root)
        if plain is not None and start is not None and plain.startswith(f"{start}/"):
            return plain.removeprefix(f"{start}/")
    return None


def _plain(path: str) -> str | None:
    """Without `.` and `..`, without a slash at the ends; None where it leads out of where it begins."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)
