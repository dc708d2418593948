"""Whether the report of another scanner can be trusted, and what it says. Pure.

`found.now` is when our run looked: what a scanner has ended long before, or what was changed after it, is
not what is tested here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from pytest_gates.model.sarif_files import Found
from pytest_gates.tools.sarif_log import Log, Run, Untrusted, log_of, trusted
from pytest_gates.tools.sarif_results import Reading, Suppressions, reading_of

_SKEW_SECONDS = 300.0
_SHORTEST_COMMIT = 7


def reading(name: str, found: Found, most_seconds: int, suppressions: str) -> Reading:
    """What the file of this scanner says. Raises ToolError where nothing can be concluded from it."""
    place = found.files[name]
    if place.why is not None:
        raise Untrusted(place.why)
    if found.newest is not None and place.moment < found.newest.moment:
        raise Untrusted(f"it is older than {found.newest.path}, which has changed since")
    log = log_of(place.text)
    for run in log.runs:
        trusted(run)
        _of_this_commit(run, found.commit)
    for moment in (place.moment, *_ends(log)):
        _of_now(moment, found.now, most_seconds)
    return reading_of(name, log, found.roots, Suppressions(suppressions))


def _of_this_commit(run: Run, commit: str | None) -> None:
    told = [one.revision_id for one in run.version_control_provenance or () if one.revision_id]
    if not told or commit is None:
        return
    if not any(len(one) >= _SHORTEST_COMMIT and commit.startswith(one.lower()) for one in told):
        raise Untrusted(f"it is of commit {told[0]}, and {commit} is checked out")


def _ends(log: Log) -> Iterator[float]:
    """When the scanners had ended, those that say it; a run may have been made in several goes."""
    for run in log.runs:
        told = [_moment(one.end_time_utc) for one in run.invocations or () if one.end_time_utc]
        if told:
            yield max(told)


def _moment(text: str) -> float:
    try:
        moment = dt.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError) as why:
        raise Untrusted(f"it says that the scanner ended at {text}, which is no time") from why


def _of_now(ended: float, now: float, most_seconds: int) -> None:
    age = now - ended
    if age > most_seconds:
        raise Untrusted(
            f"its scanner ended {_told(age)} before the run, and max-age is {_told(most_seconds)}"
        )
    if age < -_SKEW_SECONDS:
        raise Untrusted(f"its scanner ended {_told(-age)} in the future")


def _told(seconds: float) -> str:
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {word}"
    return f"{int(seconds)} s"
