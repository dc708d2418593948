"""One thing that somebody should look at, and how much it weighs. Pure."""

from __future__ import annotations

import enum
import hashlib

import msgspec


class Severity(enum.StrEnum):
    """How bad a finding is; declared from the least to the worst."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Place in the order, 0 for the least."""
        return tuple(Severity).index(self)

    def at_least(self, floor: Severity) -> bool:
        return self.rank >= floor.rank


class Effect(enum.StrEnum):
    """What a finding does to the verdict of its gate."""

    FAIL = "fail"
    UNKNOWN = "inconclusive"
    NOTE = "note"


class Location(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in the judged tree. `path` is POSIX and relative to the root; lines start at 1."""

    path: str
    line: int | None = None
    end_line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        if self.line is None:
            return self.path
        if self.end_line is None or self.end_line == self.line:
            return f"{self.path}:{self.line}"
        return f"{self.path}:{self.line}-{self.end_line}"


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found, where, and what to do about it.

    `subject` is what the finding is about when that is not a place: a node id, a package.
    `severity` is None where the tool does not say; that counts as failing, not as harmless.
    `fingerprint` survives the movement of lines. `remedy` is the next step, `excuse` the other one: how
    to live with it for a time. `setting` is the `Measure.setting` whose threshold it broke.
    `is_new` is None where nobody compared with the base. `fixed_in` are versions of a package without it,
    lowest first; `required_by` leads from what was asked for to what asks for the package. `suppressed` is
    the reason that a comment in the source gives for hiding it: it stays in the report, and does not fail.
    """

    rule: str
    message: str
    effect: Effect = Effect.NOTE
    severity: Severity | None = None
    confidence: Severity | None = None
    subject: str | None = None
    location: Location | None = None
    aliases: tuple[str, ...] = ()
    url: str | None = None
    remedy: str | None = None
    excuse: str | None = None
    setting: str | None = None
    fingerprint: str | None = None
    detail: str | None = None
    is_new: bool | None = None
    fixed_in: tuple[str, ...] = ()
    required_by: tuple[str, ...] = ()
    suppressed: str | None = None

    @property
    def where(self) -> str:
        """The place or, where there is none, the subject; empty when there is neither."""
        if self.location is not None:
            return str(self.location)
        return self.subject or ""


def fingerprint_of(rule: str, where: str, text: str) -> str:
    """Sixteen hex digits for (rule, path or subject, text without white space)."""
    essence = "\0".join(("v1", rule, where, "".join(text.split())))
    return hashlib.sha256(essence.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def unknown_finding(
    rule: str, message: str, remedy: str, *, subject: str, detail: str | None = None
) -> Finding:
    """Something about `subject` that could not be established: its gate is inconclusive."""
    return Finding(
        rule=rule,
        message=message,
        effect=Effect.UNKNOWN,
        subject=subject,
        remedy=remedy,
        detail=detail,
        fingerprint=fingerprint_of(rule, subject, ""),
    )
