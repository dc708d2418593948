"""Look for secrets in files, without ever telling one. Effects: reads files, writes to stdout.

Started as `python -I -m pytest_gates.adapters.secrets_scan LIMIT` in the root, with the files on standard
input, separated by NUL. Behind two NUL stand those that detect-secrets is to look at too. A value is never
printed: only its place and the head of a digest; so what went wrong is told without the words of the error.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from pytest_gates.adapters.secrets_guesses import Guess, Guesses
from pytest_gates.adapters.secrets_rules import Secret, secrets_in
from pytest_gates.model.text import well_formed

_HEAD = 8192
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def scan(names: list[str], limit: int, changed: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What became of each file; a text file of more than `limit` bytes is unread.

    `changed` are those at which detect-secrets looks too; without any it is not asked.
    """
    findings: list[dict[str, Any]] = []
    unread: list[tuple[str, str]] = []
    binary: list[str] = []
    elsewhere: list[str] = []
    scanned = 0
    guesses = Guesses() if changed else None
    for raw in names:
        path = Path(raw)
        name = well_formed(path.as_posix())
        content: bytes | None = None
        try:
            state = path.lstat()
            if not stat.S_ISREG(state.st_mode):
                elsewhere.append(name)
            else:
                content = _text(path, limit)
                if content is None:
                    binary.append(name)
                elif len(content) > limit:
                    unread.append((name, f"it has {state.st_size} bytes, more than {limit}"))
                    content = None
        except (OSError, UnicodeError) as why:
            unread.append((name, f"it cannot be read: {why}"))
        known = tuple(secrets_in(content)) if content is not None else ()
        scanned += content is not None
        findings += [_told(name, one) for one in known]
        if guesses is not None and raw in changed:
            guessed = guesses.look_at(raw, content, known)
            findings += [_told(name, one.secret, one) for one in guessed]
    return {
        "scanned": scanned,
        "findings": sorted(findings, key=lambda one: (one["path"], one["line"], one["column"])),
        "unread": unread,
        "binary": binary,
        "elsewhere": elsewhere,
        "guesses": guesses.report() if guesses is not None else None,
    }


def _told(name: str, secret: Secret, guess: Guess | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rule": secret.rule,
        "path": name,
        "line": secret.line,
        "column": secret.column,
        "digest": secret.digest,
    }
    return told if guess is None else {**told, "also": guess.also, "comment": guess.comment}


def _text(path: Path, limit: int) -> bytes | None:
    """At most one byte more than `limit`; None for what git, too, would call binary."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        encoding = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
        if encoding is None and b"\0" in head:
            return None
        content = head + stream.read(max(0, limit + 1 - len(head)))
    return content if encoding is None else content.decode(encoding).encode("utf-8")


def main(argv: list[str]) -> int:
    files, _, changed = sys.stdin.buffer.read().partition(b"\0\0")
    names, told = (
        [os.fsdecode(one) for one in part.split(b"\0") if one] for part in (files, changed)
    )
    try:
        answer = scan(names, int(argv[0]), frozenset(told))
    except Exception as crash:  # its text, or that of a traceback, may hold what was found
        sys.stderr.write(f"the search stumbled: {type(crash).__name__}\n")
        return 3
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
