"""When are two failures the same failure? Pure."""

from __future__ import annotations

import hashlib
import re

from pytest_gates.model.case import Attempt

_MOST_CHARACTERS = 2000
_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "UUID"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "ADDRESS"),
    (re.compile(r"(?:/[\w.+-]+)*/pytest-of-[\w.+-]+/pytest-\d+(?:/popen-gw\d+)?"), "TMP"),
    (re.compile(r"/tmp/[\w.+-]+"), "TMP"),  # noqa: S108  # nosec B108 - read, not used
    (re.compile(r"\bgw\d+\b"), "WORKER"),
    # Also inside words and after a sign: `id-12`, `-3.5e+10`.
    (re.compile(r"[-+]?\d+(?:[.,:_]\d+)*(?:e[-+]?\d+)?", re.IGNORECASE), "N"),
)


def signature_of(kind: str, message: str, frame: str) -> str:
    """Sixteen hex digits, equal for failures of one cause.

    `kind` is the type of the exception, `frame` the last place in the project's own code, as
    `<path>:<function>` without a line: lines move. Of the message, what differs from run to run
    (numbers, addresses, temporary folders) does not count, nor what stands beyond 2,000 characters.
    """
    essence = "\0".join(("v1", kind, normalised(message), frame))
    return hashlib.sha256(essence.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def normalised(message: str) -> str:
    """The message with a word in place of whatever differs from run to run."""
    text = message[:_MOST_CHARACTERS]
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return " ".join(text.split())


def alike(one: Attempt, other: Attempt) -> bool:
    """Whether both failed, in the same phase and with the same type of exception.

    Less than an equal signature: an assertion on data that differs from run to run fails alike. A
    fixture that cannot be set up in another process says nothing about a test that asserts.
    """
    if not (one.bad and other.bad) or one.outcome != other.outcome:
        return False
    if one.failure is None or other.failure is None:
        return one.failure is other.failure
    return (one.failure.kind, one.failure.phase) == (other.failure.kind, other.failure.phase)
