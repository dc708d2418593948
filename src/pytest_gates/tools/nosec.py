"""Which findings of bandit a `# nosec` may hide, and what becomes of the comments that hide none. Pure.

Every comment is told: by the reason on the finding that it hides, or by a finding of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from pytest_gates.model.bandit import Catalogue, Facts, Issue
from pytest_gates.model.finding import Finding, Location, Severity, fingerprint_of
from pytest_gates.model.nosec import Nosec, nosecs
from pytest_gates.model.text import printable

Law = Literal["reason", "id", "any"]
WITHOUT_REASON = "nosec-without-reason"
HIDES_NOTHING = "nosec-hides-nothing"
UNKNOWN_TEST = "nosec-unknown-test"
_NO_REASON = "no reason is given"
_SHOWN = 80


class Silenced(msgspec.Struct, frozen=True, kw_only=True):
    """Reasons by the number of the issue, and a finding for each comment that is to be looked at."""

    reasons: Mapping[int, str]
    findings: tuple[Finding, ...]


def silenced(path: str, facts: Facts, catalogue: Catalogue, law: Law) -> Silenced:
    """What the comments of one file do under `law`."""
    reasons: dict[int, str] = {}
    findings: list[Finding] = []
    for line, text in facts.comments:
        near = [number for number, one in enumerate(facts.issues) if _stands_at(one, line)]
        for nosec in nosecs(text):
            comment = _Comment(path=path, line=line, text=text, nosec=nosec, catalogue=catalogue)
            if not comment.counts(law):
                findings.append(comment.without_reason([facts.issues[one].test for one in near]))
                continue
            hidden = [one for one in near if comment.names(facts.issues[one].test)]
            for one in hidden:
                reasons.setdefault(one, printable(nosec.reason) or _NO_REASON)
            findings += comment.remarks(hides=bool(hidden))
    return Silenced(reasons=reasons, findings=tuple(findings))


def _stands_at(issue: Issue, line: int) -> bool:
    """On any line of the call, import or function that was found."""
    return issue.first <= line <= issue.last or line == issue.line


class _Comment(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    line: int
    text: str
    nosec: Nosec
    catalogue: Catalogue

    @property
    def known(self) -> tuple[str, ...]:
        ids = (self.catalogue.id_of(one) for one in self.nosec.tests)
        return tuple(one for one in ids if one is not None)

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(one for one in self.nosec.tests if self.catalogue.id_of(one) is None)

    def counts(self, law: Law) -> bool:
        if law == "any":
            return True
        return bool(self.known) and (law == "id" or bool(self.nosec.reason))

    def names(self, test: str) -> bool:
        """One that counts and names no test of bandit's is meant for all."""
        return test in self.known or not self.known

    def without_reason(self, near: list[str]) -> Finding:
        wanted = ", ".join(dict.fromkeys(self.known or near)) or "B602"
        return self._finding(
            WITHOUT_REASON,
            f"`{self._shown}` hides nothing: {self._lacks()}",
            f"fix what it is to hide, or write `# nosec {wanted} - why that is safe here`",
            Severity.MEDIUM,
        )

    def remarks(self, *, hides: bool) -> list[Finding]:
        found: list[Finding] = []
        if not hides:
            message = (
                f"`{self._shown}` hides nothing: bandit finds nothing of the kind on its lines"
            )
            found.append(
                self._finding(HIDES_NOTHING, message, "take the comment out", Severity.INFO)
            )
        if self.unknown:
            message = f"`{self._shown}` names what is no test of bandit: {self._names_unknown}"
            remedy = "name a test by its id, such as B602, or its name"
            found.append(self._finding(UNKNOWN_TEST, message, remedy, Severity.INFO))
        return found

    def _lacks(self) -> str:
        lacks = [] if self.known else ["it names no test"]
        if self.unknown:
            lacks.append(f"bandit has no test {self._names_unknown}")
        if not self.nosec.reason:
            lacks.append("it gives no reason")
        return " and ".join(lacks)

    @property
    def _shown(self) -> str:
        return printable(self.text, _SHOWN)

    @property
    def _names_unknown(self) -> str:
        return printable(", ".join(self.unknown), _SHOWN)

    def _finding(self, rule: str, message: str, remedy: str, severity: Severity) -> Finding:
        return Finding(
            rule=rule,
            message=message,
            severity=severity,
            confidence=Severity.HIGH,
            location=Location(path=self.path, line=self.line),
            remedy=remedy,
            fingerprint=fingerprint_of(rule, self.path, self.text),
        )
