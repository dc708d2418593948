"""The forms that issuers gave their secrets, and where one stands in a file. Pure.

Each rule has literals that its secrets always hold. They are looked for first, since most files hold none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import msgspec

_DIGEST_LENGTH = 12
_FEWEST_CHARACTERS = 6
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


class Secret(msgspec.Struct, frozen=True):
    """One secret: lines and columns count from 1. `value` never leaves the process that found it."""

    rule: str
    line: int
    column: int
    digest: str
    value: bytes

    def __repr__(self) -> str:
        """Without the value: a traceback may end anywhere."""
        return f"Secret({self.rule}, line {self.line})"


def secrets_in(content: bytes) -> Iterator[Secret]:
    """Each secret of a known form, in the order of the rules."""
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
            digest = hashlib.sha256(value).hexdigest()[:_DIGEST_LENGTH]
            yield Secret(rule, line, column, digest, value)


def _is_placeholder(value: bytes) -> bool:
    """`AKIA…EXAMPLE` of the manuals, and `ghp_xxxxxxxx`: no issuer hands out such a value."""
    body = value[-16:]
    return b"EXAMPLE" in value.upper() or len(set(body)) < _FEWEST_CHARACTERS
