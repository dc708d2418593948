"""From runs that are known to the one that this run is compared with. Effects: starts git, loads runs."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import msgspec

from pytest_gates.adapters.baselines import Known, Shelf, ancestors, blobs_at, is_shallow
from pytest_gates.adapters.change import find_change
from pytest_gates.changes.ratchet import Unstable, nearest, ratcheted, unstable_lines
from pytest_gates.model.baseline import origin_of
from pytest_gates.model.change import Change
from pytest_gates.model.coverage import CoverageFacts
from pytest_gates.model.evidence import Checkout, RunInfo, Unavailable
from pytest_gates.model.ratchet import Baseline, BaselineFile, RatchetFacts

_SHOWN = 3


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """One run and its change. `ignored` are folders whose files are nobody's change."""

    root: Path
    change: Change
    run: RunInfo
    coverage: CoverageFacts
    ignored: tuple[str, ...]

    @property
    def is_base(self) -> bool:
        """Whether this very run is of the base: then it is compared with what was before."""
        tested = self.run.checkout
        return (
            isinstance(tested, Checkout) and not tested.dirty and tested.commit == self.change.base
        )

    def in_shelf(self, shelf: Shelf, remedy: str) -> RatchetFacts | Unavailable:
        """Compared with the best of these runs. Raises GatesError."""
        base = self.change.base
        known = [one for one in shelf.known if not (self.is_base and one.origin.commit == base)]
        here = origin_of(self.run, self.coverage)
        at = nearest([one.origin for one in known], ancestors(self.root, base), here)
        if at is not None:
            return self._with_run(known[at], shelf)
        if self.is_base:
            return RatchetFacts(commit=base, source="the base itself", compared=0, is_first=True)
        return self._nothing(shelf, remedy)

    def in_file(self, baseline: Baseline, *, is_of_base: bool) -> RatchetFacts | Unavailable:
        """Compared with a baseline file. One that the base does not hold must be of an earlier commit."""
        commit = baseline.origin.commit
        if not is_of_base and commit not in ancestors(self.root, "HEAD"):
            return Unavailable(
                why=f"{baseline.source} is of the commit {commit[:12]}, from which this one does not descend",
                remedy="write it anew on this branch: gates ratchet --write",
            )
        return self._compared(baseline, self.change, blobs_at(self.root, self.change.base))

    def _with_run(self, chosen: Known, shelf: Shelf) -> RatchetFacts | Unavailable:
        baseline = chosen.load()
        commit, change = baseline.origin.commit, self.change
        if self.is_base:
            since = find_change(self.root, named=commit, environment={}, ignored=self.ignored)
            if isinstance(since, Unavailable):
                return since
            change = since
        blobs = None if commit == change.base else blobs_at(self.root, change.base)
        facts = self._compared(baseline, change, blobs)
        if not any(one.lost for one in facts.files):
            return facts
        # Only now: the runs of the past are many, and nearly always nobody needs them.
        unstable = self._unstable(baseline, facts, shelf)
        return self._compared(baseline, change, blobs, unstable)

    def _compared(
        self,
        baseline: Baseline,
        change: Change,
        blobs: dict[str, str] | None,
        unstable: Unstable | None = None,
    ) -> RatchetFacts:
        here = origin_of(self.run, self.coverage)
        return ratcheted(baseline, change, self.coverage, here=here, blobs=blobs, unstable=unstable)

    def _unstable(self, baseline: Baseline, facts: RatchetFacts, shelf: Shelf) -> Unstable:
        """By runs of the same kind on the way to the baseline; those of side branches ran other tests."""
        origin = baseline.origin
        way = ancestors(self.root, origin.commit, mainline=True)
        groups: defaultdict[int, list[Baseline]] = defaultdict(list)
        for one in shelf.known:
            same = (one.origin.variant, one.origin.shard) == (origin.variant, origin.shard)
            if same and one.origin.commit in way:
                groups[way[one.origin.commit]].append(one.load())
        ordered = [groups[at] for at in sorted(groups, reverse=True)]
        found: dict[str, tuple[tuple[int, int], ...]] = {}
        for file in facts.files:
            path = file.base_path
            runs: list[list[BaselineFile | None]] = [
                [one.files.get(path) for one in group] for group in ordered
            ]
            found[path] = unstable_lines(runs, baseline.files[path].blob or "")
        return found

    def _nothing(self, shelf: Shelf, remedy: str) -> Unavailable:
        said = [
            f"no green run of the base {self.change.base[:12]}, or of a commit before it, is known"
        ]
        if shelf.known:
            said.append(f"{len(shelf.known)} known run(s) are of other commits")
        said += [f"{name}: {why}" for name, why in shelf.refused[:_SHOWN]]
        if len(shelf.refused) > _SHOWN:
            said.append(f"{len(shelf.refused) - _SHOWN} more cannot be used")
        if is_shallow(self.root):
            remedy = f"fetch the history (git fetch --no-tags --unshallow origin); or {remedy}"
        return Unavailable(why="; ".join(said), remedy=remedy)
