"""How bad a flaw is, by all that its advisories say of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pytest_gates.advisories.record import Advisory
from pytest_gates.model.finding import Severity

Rate = Callable[[str, str], Severity | None]
"""(type, vector) -> severity, None where that is no vector that anybody knows."""

# Words of database_specific.severity, as GitHub writes them. NONE and the like are no such words.
_WORDS = {
    "LOW": Severity.LOW,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "HIGH": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
}
_MALICIOUS = "MAL-"


def is_malicious(ids: Iterable[str]) -> bool:
    """Whether the package itself is the attack: OSV's list of malicious packages names it."""
    return any(one.startswith(_MALICIOUS) for one in ids)


def severity_of(group: Iterable[Advisory], name: str, rate: Rate) -> Severity | None:
    """The highest that the advisories of one flaw say of the package `name`, None where nobody knows.

    A vector that cannot be read may mean anything: beside a low or medium one the answer is not known.
    """
    said: list[Severity | None] = []
    for advisory in group:
        if is_malicious(advisory.ids):
            return Severity.CRITICAL
        said += _said(advisory, name, rate)
    known = [one for one in said if one is not None]
    highest = max(known, key=lambda one: one.rank, default=None)
    if len(known) < len(said) and highest is not None and not highest.at_least(Severity.HIGH):
        return None
    return highest


def _said(advisory: Advisory, name: str, rate: Rate) -> Iterator[Severity | None]:
    for score in advisory.severity or ():
        yield rate(score.type, score.score)
    for part in advisory.parts(name):
        for score in part.severity or ():
            yield rate(score.type, score.score)
    word = advisory.database_specific.severity if advisory.database_specific else None
    if isinstance(word, str) and word.upper() in _WORDS:
        yield _WORDS[word.upper()]
