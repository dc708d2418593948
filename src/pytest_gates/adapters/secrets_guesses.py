"""What detect-secrets takes for a secret in a file. Effects: imports detect-secrets, where it is installed.

Its own way to files is not used: it skips, without a word, what it cannot open or decode. It is handed the
text instead, and what it leaves out by its name is told. Nothing is verified, so nothing is sent anywhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import io
import logging
import re
from collections import defaultdict
from typing import Any

import msgspec

from pytest_gates.adapters.secrets_rules import Secret
from pytest_gates.model.text import well_formed

# A password of a word can be guessed from a digest, and then be proven by it: told is only as much as keeps
# two of them in one file apart.
_DIGEST_LENGTH = 4
_FILTERS = "detect_secrets.filters"
_ALLOWLIST = f"{_FILTERS}.allowlist.is_line_allowlisted"
_REASON = re.compile(r"pragma: ?(?:allow|white)list(?:[ -]nextline)?[ -]secret(?P<reason>.*)$")
_NEXT_LINE = re.compile(r"pragma: ?(?:allow|white)list[ -]nextline[ -]secret")
_ENDS_OF_COMMENTS = ("*/", "-->")


class Guess(msgspec.Struct, frozen=True):
    """`also` are further rules that name the same value. `comment` is the reason that an allowlist comment
    gives, empty where it gives none, and None where there is no such comment.
    """

    secret: Secret
    also: tuple[str, ...] = ()
    comment: str | None = None


class Guesses:
    """One search, file by file."""

    def __init__(self) -> None:
        self._scanned = 0
        self._no_text = 0
        self._left_out: list[str] = []
        self._unread: list[tuple[str, str]] = []
        self._opened: set[str] = set()
        self._content = ""
        self._version = ""
        self._trouble = "it is not installed: pip install 'pytest-gates[detect-secrets]'"
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            self._version = importlib.metadata.version("detect-secrets")
            self._trouble = self._prepared()

    def _prepared(self) -> str:
        """Why it cannot be used, empty where it can."""
        try:
            # Not always installed, and slow to import: only where somebody asks for it.
            from detect_secrets import settings  # noqa: PLC0415
            from detect_secrets.core import scan  # noqa: PLC0415
            from detect_secrets.core.plugins.util import (  # noqa: PLC0415
                get_mapping_from_secret_type_to_class,
            )
            from detect_secrets.filters import allowlist, heuristic  # noqa: PLC0415
            from detect_secrets.util.code_snippet import get_code_snippet  # noqa: PLC0415
        except ImportError as why:
            return f"version {self._version} cannot be used: {why}"
        # It writes values into its log.
        logging.disable(logging.CRITICAL)
        self._scan: Any = scan
        vars(scan)["open"] = self._open
        self._names: Any = heuristic
        self._allowlist: Any = allowlist
        self._snippet: Any = get_code_snippet
        chosen = settings.get_settings()
        plugins: dict[str, type] = get_mapping_from_secret_type_to_class()
        chosen.configure_plugins([{"name": one.__name__} for one in plugins.values()])
        # Its comments excuse only with a reason, and stay in the report: that is for us to see to.
        chosen.disable_filters(_ALLOWLIST)
        return ""

    def look_at(
        self, name: str, content: bytes | None, known: tuple[Secret, ...]
    ) -> tuple[Guess, ...]:
        """What it finds in this file beside `known`; `content` is None where it is no text."""
        if content is None:
            self._no_text += 1
        if content is None or self._trouble:
            return ()
        try:
            return self._look_at(name, content.decode("utf-8", "replace"), known)
        except Exception as crash:  # its text may hold what was found
            self._unread.append(
                (well_formed(name), f"detect-secrets stumbled: {type(crash).__name__}")
            )
            return ()

    def report(self) -> dict[str, Any]:
        """What became of the files; where there is trouble, nobody looked at them."""
        return {
            "version": self._version,
            "trouble": self._trouble,
            "scanned": self._scanned,
            "left_out": self._left_out,
            "unread": self._unread,
            "no_text": self._no_text,
        }

    def _open(self, name: str, *_: object, **__: object) -> io.StringIO:
        """In place of `open` in detect-secrets."""
        self._opened.add(name)
        return _Text(self._content, name)

    def _look_at(self, name: str, text: str, known: tuple[Secret, ...]) -> tuple[Guess, ...]:
        names = self._names
        if names.is_non_text_file(name) or names.is_lock_file(name) or names.is_swagger_file(name):
            self._left_out.append(well_formed(name))
            return ()
        self._content = text
        rules: dict[tuple[int, str], list[str]] = defaultdict(list)
        for one in self._scan.scan_file(name):
            rules[one.line_number, one.secret_value or ""].append(_rule(one.type))
        if name not in self._opened:
            self._unread.append((well_formed(name), "detect-secrets did not read it"))
            return ()
        self._scanned += 1
        lines = text.splitlines()
        found: list[Guess] = []
        for (line, value), named in rules.items():
            if any(_is_the_same(one, line, value.encode("utf-8", "replace")) for one in known):
                continue
            first, *also = sorted(dict.fromkeys(named), key=lambda one: ("entropy" in one, one))
            values = [other for at, other in rules if at == line]
            found.append(
                Guess(
                    secret=_secret(first, line, value, _line(lines, line)),
                    also=tuple(also),
                    comment=self._comment(name, lines, line, values),
                )
            )
        return tuple(found)

    def _comment(self, name: str, lines: list[str], number: int, values: list[str]) -> str | None:
        line = _line(lines, number)
        context = self._snippet(lines=lines, line_number=number)
        if not self._allowlist.is_line_allowlisted(name, line, context):
            return None
        above = _line(lines, number - 1)
        found = _REASON.search(above if _NEXT_LINE.search(above) else line)
        reason = found["reason"] if found is not None else ""
        for end in _ENDS_OF_COMMENTS:
            reason = reason.strip().removesuffix(end)
        for value in values:
            reason = reason.replace(value, "…")
        return reason.strip(" \t:-.,#;")


class _Text(io.StringIO):
    def __init__(self, text: str, name: str) -> None:
        super().__init__(text, newline=None)
        self.name = name


def _rule(kind: str) -> str:
    return f"detect-secrets/{re.sub(r'[^a-z0-9]+', '-', kind.lower()).strip('-')}"


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _secret(rule: str, line: int, value: str, text: str) -> Secret:
    raw = value.encode("utf-8", "replace")
    digest = hashlib.sha256(raw).hexdigest()[:_DIGEST_LENGTH]
    return Secret(rule, line, max(0, text.find(value)) + 1, digest, raw)


def _is_the_same(known: Secret, line: int, value: bytes) -> bool:
    """What has a form of its own is found as that, and need not be guessed."""
    return known.line == line and (value in known.value or known.value in value)
