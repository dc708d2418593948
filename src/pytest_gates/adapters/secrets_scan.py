"""Look for secrets whose issuers gave them a form of their own. Effects: reads files, writes to stdout.

Started as `python -I -m pytest_gates.adapters.secrets_scan LIMIT` in the root, with the files on standard
input, separated by NUL. A value is never printed: only its place and the head of its SHA-256.

Each rule has literals that its secrets always hold. They are looked for first, since most files hold none.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_gates.model.text import well_formed

_DIGEST_LENGTH = 12
_HEAD = 8192
_FEWEST_CHARACTERS = 6
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_WORD = rb"(?<![A-Za-z0-9_])"
_END = rb"(?![A-Za-z0-9_])"
_KEY_HEADER = rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
# A header alone is a constant of a parser; a key has a body, also inside a string literal.
_KEY_BODY = rb"(?:\s|\\[nr]|[\"'+,])*(?:[A-Za-z0-9-]+: [^\n]*\n\s*)*[A-Za-z0-9+/]{32,}"
_KEY_END = b"-----END"
_LONGEST_KEY = 20_000
RULES: tuple[tuple[str, tuple[bytes, ...], re.Pattern[bytes]], ...] = tuple(
    (rule, literals, re.compile(pattern))
    for rule, literals, pattern in (
        (
            "aws-access-key",
            (b"AKIA", b"ASIA", b"ABIA", b"ACCA"),
            _WORD + rb"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}" + _END,
        ),
        (
            "github-token",
            (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"),
            _WORD + rb"gh[pousr]_[A-Za-z0-9]{36,251}" + _END,
        ),
        (
            "github-fine-grained-token",
            (b"github_pat_",),
            rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}" + _END,
        ),
        (
            "gitlab-token",
            (b"glpat-", b"gldt-", b"glrt-", b"glptt-", b"glcbt-", b"glsoat-"),
            _WORD + rb"gl(?:pat|dt|rt|ptt|cbt|soat)-[A-Za-z0-9_-]{20,}",
        ),
        (
            "slack-token",
            (b"xoxb-", b"xoxp-", b"xoxa-", b"xoxr-", b"xoxs-", b"xoxe-", b"xapp-"),
            _WORD + rb"(?:xox[abeprs]|xapp)-[0-9]{1,13}-[0-9A-Za-z-]{16,}",
        ),
        (
            "slack-webhook",
            (b"hooks.slack.com/",),
            rb"hooks\.slack\.com/(?:services|workflows)/T[A-Z0-9]{7,}/[AB][A-Z0-9]{7,}/[A-Za-z0-9]{18,}",
        ),
        (
            "stripe-key",
            (b"sk_live_", b"rk_live_"),
            _WORD + rb"[sr]k_live_[0-9A-Za-z]{20,}",
        ),
        ("google-api-key", (b"AIza",), _WORD + rb"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
        ("google-oauth-secret", (b"GOCSPX-",), rb"GOCSPX-[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])"),
        (
            "openai-key",
            (b"T3BlbkFJ",),
            _WORD + rb"sk-[A-Za-z0-9_-]{16,}T3BlbkFJ[A-Za-z0-9_-]{16,}",
        ),
        ("anthropic-key", (b"sk-ant-",), rb"sk-ant-[a-z]+[0-9]{2}-[A-Za-z0-9_-]{80,}"),
        ("pypi-token", (b"pypi-AgE",), rb"pypi-AgE[A-Za-z0-9_-]{60,}"),
        ("npm-token", (b"npm_",), _WORD + rb"npm_[A-Za-z0-9]{36}" + _END),
        ("sendgrid-key", (b"SG.",), _WORD + rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
        ("telegram-token", (b":AA",), _WORD + rb"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
        ("digitalocean-token", (b"dop_v1_", b"doo_v1_"), rb"do[op]_v1_[a-f0-9]{64}" + _END),
        ("hugging-face-token", (b"hf_",), _WORD + rb"hf_[A-Za-z]{34}" + _END),
        ("docker-token", (b"dckr_pat_",), rb"dckr_pat_[A-Za-z0-9_-]{27}"),
        (
            "shopify-token",
            (b"shpat_", b"shpca_", b"shppa_", b"shpss_"),
            _WORD + rb"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}" + _END,
        ),
        ("vault-token", (b"hvs.",), _WORD + rb"hvs\.[A-Za-z0-9_-]{90,}"),
        ("azure-storage-key", (b"AccountKey=",), rb"AccountKey=[A-Za-z0-9+/]{86}=="),
        (
            "private-key",
            (b"PRIVATE KEY",),
            _KEY_HEADER + _KEY_BODY,
        ),
    )
)


def secrets_in(content: bytes) -> Iterator[tuple[str, int, int, str]]:
    """Rule, line, column and digest of each secret, in the order of the rules."""
    for rule, literals, pattern in RULES:
        if not any(one in content for one in literals):
            continue
        for found in pattern.finditer(content):
            value = found.group()
            if _is_placeholder(value):
                continue
            start = found.start()
            line = content.count(b"\n", 0, start) + 1
            column = start - content.rfind(b"\n", 0, start)
            if value.startswith(b"-----BEGIN"):
                # Keys of one kind begin alike: the digest must be of all that makes this one.
                end = content.find(_KEY_END, found.end(), start + _LONGEST_KEY)
                value = content[start : max(end, found.end())]
            yield rule, line, column, hashlib.sha256(value).hexdigest()[:_DIGEST_LENGTH]


def scan(names: list[str], limit: int) -> dict[str, Any]:
    """What became of each file; a text file of more than `limit` bytes is unread."""
    findings: list[dict[str, Any]] = []
    unread: list[tuple[str, str]] = []
    binary: list[str] = []
    elsewhere: list[str] = []
    scanned = 0
    for path in map(Path, names):
        name = well_formed(path.as_posix())
        try:
            state = path.lstat()
            if not stat.S_ISREG(state.st_mode):
                elsewhere.append(name)
                continue
            content = _text(path, limit)
        except (OSError, UnicodeError) as why:
            unread.append((name, f"it cannot be read: {why}"))
            continue
        if content is None:
            binary.append(name)
        elif len(content) > limit:
            unread.append((name, f"it has {state.st_size} bytes, more than {limit}"))
        else:
            scanned += 1
            findings += [
                {"rule": rule, "path": name, "line": line, "column": column, "digest": digest}
                for rule, line, column, digest in secrets_in(content)
            ]
    return {
        "scanned": scanned,
        "findings": sorted(findings, key=lambda one: (one["path"], one["line"], one["column"])),
        "unread": unread,
        "binary": binary,
        "elsewhere": elsewhere,
    }


def _text(path: Path, limit: int) -> bytes | None:
    """At most one byte more than `limit`; None for what git, too, would call binary."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        encoding = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
        if encoding is None and b"\0" in head:
            return None
        content = head + stream.read(max(0, limit + 1 - len(head)))
    return content if encoding is None else content.decode(encoding).encode("utf-8")


def _is_placeholder(value: bytes) -> bool:
    """`AKIA…EXAMPLE` of the manuals, and `ghp_xxxxxxxx`: no issuer hands out such a value."""
    body = value[-16:]
    return b"EXAMPLE" in value.upper() or len(set(body)) < _FEWEST_CHARACTERS


def main(argv: list[str]) -> None:
    names = [os.fsdecode(one) for one in sys.stdin.buffer.read().split(b"\0") if one]
    sys.stdout.write(json.dumps(scan(names, int(argv[0]))))


if __name__ == "__main__":
    main(sys.argv[1:])
