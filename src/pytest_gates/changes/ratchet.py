"""Follow each line that was executed at the base to where it is now, and see whether it still is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pytest_gates.model.baseline import lines_in
from pytest_gates.model.change import Change, FileChange
from pytest_gates.model.coverage import CoverageFacts, FileCoverage, LineRange, ranges_of
from pytest_gates.model.ratchet import (
    Baseline,
    BaselineFile,
    Origin,
    RatchetFacts,
    RatchetFile,
)

Unstable = Mapping[str, tuple[LineRange, ...]]
"""Lines that differ between runs of the same code, by path and number in the baseline."""


def ratcheted(
    baseline: Baseline,
    change: Change,
    coverage: CoverageFacts,
    *,
    here: Origin,
    blobs: Mapping[str, str] | None,
    unstable: Unstable | None = None,
) -> RatchetFacts:
    """What this change lost of `baseline`. `here` is the run of `coverage`.

    `blobs` are the files of the change's base, None when the baseline is of that very commit. Where a
    file is another one there, its lines cannot be followed: the change is told from the base on.
    """
    counted, files, skipped = 0, [], []
    by_base = {one.base_path: one for one in change.files if one.base_path is not None}
    measured = {one.path: one for one in coverage.files}
    gone = frozenset(change.deleted)
    odd = dict((*change.left_out, *change.unread))
    for path, then in sorted(baseline.files.items()):
        if not then.executed or path in gone:
            continue
        file = by_base.get(path)
        now = path if file is None else file.path
        why = _not_comparable(path, then, baseline, change, blobs) or odd.get(now)
        if why is not None:
            skipped.append((path, why))
            continue
        known = lines_in((unstable or {}).get(path, ()))
        count, found = _followed(path, then, file, measured.get(now), known)
        counted += count
        if found is not None:
            files.append(found)
    return RatchetFacts(
        commit=baseline.origin.commit,
        source=baseline.source,
        compared=counted,
        files=tuple(files),
        not_comparable=tuple(skipped),
        notes=_notes(baseline.origin, here),
        doubt=_doubt(baseline.origin, here),
        lowered=baseline.lowered,
    )


def nearest(known: Sequence[Origin], distances: Mapping[str, int], here: Origin) -> int | None:
    """Place of the run to compare with, None when there is none.

    Only runs of a commit in `distances` (the base and its ancestors) may be compared with. Before all, one
    of the same Python, platform and shard; then the nearest commit; of several the latest run.
    """

    def rank(at: int) -> tuple[bool, bool, int, float, int]:
        one = known[at]
        started = 0.0 if one.started is None else -one.started.timestamp()
        other = one.variant != here.variant, one.shard != here.shard
        return *other, distances[one.commit], started, at

    fitting = [at for at, one in enumerate(known) if one.commit in distances]
    return min(fitting, key=rank, default=None)


def lines_now(lines: Iterable[int], file: FileChange | None) -> dict[int, int]:
    """Where those lines of the base are now that are still there; `file` is None when nothing changed."""
    if file is None:
        return {line: line for line in lines}
    kept = iter(_kept(file))
    first, last, now = next(kept)
    found: dict[int, int] = {}
    for line in sorted(lines):
        while last is not None and line > last:
            first, last, now = next(kept)  # the last one, which has no end, is never gone
        if line >= first:
            found[line] = line - first + now
    return found


def unstable_lines(
    runs: Sequence[Sequence[BaselineFile | None]], blob: str
) -> tuple[LineRange, ...]:
    """Lines of the content `blob` about which runs disagree for no reason that is in the code.

    `runs` are commits in their order, oldest first; of each the runs of one file, None where it was not
    measured. Two runs of one commit that disagree settle it. Between commits a line may come to be
    executed, since tests are added; it is unstable if it was executed, then not, then again.
    """
    ever: set[int] = set()
    fallen: set[int] = set()
    found: set[int] = set()
    for group in runs:
        same = [one for one in group if one is not None and one.blob == blob]
        executed = [lines_in(one.executed) for one in same]
        missing = [lines_in(one.missing) for one in same]
        ran, not_ran = set().union(*executed), set().union(*missing)
        found |= ran & not_ran
        found |= fallen & ran
        fallen |= ever & not_ran
        ever |= ran
    return ranges_of(tuple(found))


def _kept(file: FileChange) -> tuple[tuple[int, int | None, int], ...]:
    """Stretches of the base that are still there: first line, last one or None for the end, first now."""
    starts = {1}
    for hunk in file.hunks:
        start = hunk.old_start if hunk.old_count else hunk.old_start + 1
        starts |= {start, start + hunk.old_count}
    ordered = sorted(starts)
    ends = [*(one - 1 for one in ordered[1:]), None]
    return tuple(
        (start, end, now)
        for start, end in zip(ordered, ends, strict=True)
        if (now := file.line_now(start)) is not None
    )


def _not_comparable(
    path: str,
    then: BaselineFile,
    baseline: Baseline,
    change: Change,
    blobs: Mapping[str, str] | None,
) -> str | None:
    if then.blob is None:
        return "git does not track it, so nobody knows its content at the baseline"
    if blobs is None or blobs.get(path) == then.blob:
        return None
    between = f"between the baseline {baseline.origin.commit[:12]} and the base {change.base[:12]}"
    return f"{'changed' if path in blobs else 'renamed or removed'} {between}"


def _followed(
    path: str,
    then: BaselineFile,
    file: FileChange | None,
    now: FileCoverage | None,
    unstable: set[int],
) -> tuple[int, RatchetFile | None]:
    """How many lines could be compared, and what became of them where that must be told."""
    places = lines_now(lines_in(then.executed), file)
    here = set(places.values())
    doubtful = {places[line] for line in unstable if line in places}
    countable = here if now is None else lines_in(now.executable)
    missing = here if now is None else here & lines_in(now.missing)
    found = RatchetFile(
        path=path if file is None else file.path,
        base_path=path,
        lost=ranges_of(tuple(missing - doubtful)),
        unstable=ranges_of(tuple(missing & doubtful)),
        uncounted=ranges_of(tuple(here - countable)),
        measured=now is not None,
    )
    told = found.lost or found.unstable or found.uncounted
    return len(here & countable), found if told else None


def _notes(then: Origin, here: Origin) -> tuple[str, ...]:
    if then.coverage_version == here.coverage_version:
        return ()
    there, now = then.coverage_version, here.coverage_version
    return (f"measured by coverage {there} there and {now} here, which may count other lines",)


def _doubt(then: Origin, here: Origin) -> str | None:
    if then.variant != here.variant:
        return f"the baseline is of {then.variant}, and this run of {here.variant}"
    if then.shard != here.shard:
        return f"the baseline is of {_shard(then)}, and this run of {_shard(here)}"
    if then.upper_bound is not None:
        return f"of the baseline's own run: {then.upper_bound}"
    return None


def _shard(origin: Origin) -> str:
    return "the whole suite" if origin.shard is None else f"shard {origin.shard}"
