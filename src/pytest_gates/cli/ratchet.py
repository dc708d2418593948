"""`gates ratchet`: tighten the committed baseline by the last run. Effects: git, writes the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from pytest_gates.adapters import baseline_file
from pytest_gates.adapters.baseline_change import change_since
from pytest_gates.adapters.baselines import blobs_at
from pytest_gates.adapters.exceptions_file import write_exceptions
from pytest_gates.adapters.files import today_utc
from pytest_gates.adapters.git import checkout
from pytest_gates.changes.ratchet import lines_now, ratcheted
from pytest_gates.cli.excuses import Project, filled, of_project, read_project, refused, say
from pytest_gates.errors import GatesError
from pytest_gates.gates.coverage_ratchet import GATE, HISTORY, RatchetSettings
from pytest_gates.model.baseline import baseline_of, lines_in, refusal_of
from pytest_gates.model.change import Change
from pytest_gates.model.coverage import CoverageFacts, LineRange, line_count
from pytest_gates.model.evidence import Checkout
from pytest_gates.model.ratchet import Baseline, Lowered, RatchetFacts
from pytest_gates.model.report import Decision, Report
from pytest_gates.pipeline import decide

_LOOSER = Decision.BLOCKED.exit_status


class _Loosening(msgspec.Struct, frozen=True, kw_only=True):
    """A file of which the new baseline would say less; `names` are its path now and before."""

    names: tuple[str, ...]
    count: int
    why: str


class _Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The baseline as it is, what the last run would make of it, and what happened in between."""

    old: Baseline
    new: Baseline
    change: Change
    facts: RatchetFacts

    @property
    def loosenings(self) -> tuple[_Loosening, ...]:
        lost = [
            _Loosening(
                names=tuple(dict.fromkeys((one.path, one.base_path))),
                count=line_count(one.lost),
                why=f"lines {_shown(one.lost)} are there and were not executed"
                if one.measured
                else "no line of it is measured any more",
            )
            for one in self.facts.files
            if one.lost
        ]
        lost += [
            _Loosening(names=(path,), count=line_count(self.old.files[path].executed), why=why)
            for path, why in self.facts.not_comparable
        ]
        return tuple(lost)


@click.command()
@click.argument("file", required=False)
@click.option("--write", is_flag=True, help="Write the baseline, if nothing of it gets looser.")
@click.option(
    "--allow-lower",
    "allowed",
    multiple=True,
    metavar="PATH",
    help="Let this file lose cover, for the --reason, which stays in the baseline.",
)
@click.option("--reason", metavar="TEXT", help="Why it may lose cover.")
@of_project
@click.pass_context
def ratchet(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: click.Context,
    file: str | None,
    write: bool,  # noqa: FBT001
    allowed: tuple[str, ...],
    reason: str | None,
    root: Path,
    named_report: Path | None,
    profile: str,
    config: str | None,
) -> None:
    """Compare the last run with the baseline in FILE, and write it with --write.

    FILE is the `baseline` of the policy unless you name another. The last run must be green, whole and of
    the commit that is checked out. A line that the baseline has and this run did not execute is refused.

    \b
    Example:
      gates ratchet --write
      gates ratchet --write --allow-lower src/old.py --reason "dead since 3.0, SHOP-12"
    """
    filled(reason=reason)
    if bool(allowed) != (reason is not None):
        raise click.UsageError("--allow-lower PATH and --reason TEXT go together")
    project = read_project(root, named_report, profile, config)
    name = file or _named_by_policy(project)
    path = project.root / name
    report, tested = _usable(project, name)
    try:
        new = baseline_of(report, blobs_at(project.root, tested.commit), name)
        old = baseline_file.parsed(baseline_file.read_bytes(path), name) if path.exists() else None
        known = None if old is None else _compared(project, report, old, new)
    except GatesError as why:
        raise refused(str(why)) from why
    loosenings = () if known is None else known.loosenings
    for line in _told(known, new):
        say(line)
    refusals = [one for one in loosenings if not set(one.names) & set(allowed)]
    _refuse_idle(allowed, loosenings)
    if refusals and write:
        raise refused(
            f"{name} stays as it is: {len(refusals)} file(s) would lose cover",
            "bring the tests back, or give a reason: --allow-lower PATH --reason TEXT",
        )
    if not write:
        say(f"{name} stays as it is; --write writes it")
        ctx.exit(_LOOSER if refusals else 0)
    _write(project, path, _with_entries(old, new, loosenings, reason))


def _named_by_policy(project: Project) -> str:
    gate = project.law.policy.gate(GATE.name)
    settings = gate.settings if gate is not None else None
    named = settings.baseline if isinstance(settings, RatchetSettings) else HISTORY
    if named == HISTORY:
        return baseline_file.DEFAULT_NAME
    if (project.root / named).is_dir():
        raise click.UsageError(f"the policy names the folder {named}: name the FILE to write")
    return named


def _usable(project: Project, name: str) -> tuple[Report, Checkout]:
    """The last report, if a baseline can be made of it. Raises click.ClickException."""
    report = project.report
    if isinstance(report, GatesError):
        raise refused(f"there is no report to look into: {report}; run `pytest -p gates` first")
    # What this very gate says is the question here, and not an objection.
    decision = decide(
        tuple(one for one in report.results if one.gate != GATE.name),
        block_on_inconclusive=report.policy.on_inconclusive == "block",
        finished=report.finished,
    )
    objection = refusal_of(msgspec.structs.replace(report, decision=decision))
    if objection is not None:
        raise refused(
            f"the last run cannot be a baseline: {objection}",
            "commit, run the whole suite with `pytest -p gates` and this gate, and try again",
        )
    coverage = report.evidence.coverage
    if isinstance(coverage, CoverageFacts) and coverage.upper_bound:
        raise refused(
            f"the last run cannot be a baseline: {coverage.upper_bound}", "repair the flaky test"
        )
    here = checkout(project.root, ignored=(project.law.policy.report_dir, name))
    tested = report.evidence.run.checkout
    if not isinstance(here, Checkout) or not isinstance(tested, Checkout):
        raise refused("git does not say which commit is checked out here")
    if here.dirty or here.commit != tested.commit:
        what = "changes are not committed" if here.dirty else f"{here.commit[:12]} is checked out"
        raise refused(
            f"the last run was of {tested.commit[:12]}, and here {what}",
            "run `pytest -p gates` at the commit that the baseline shall be of",
        )
    return report, tested


def _compared(project: Project, report: Report, old: Baseline, new: Baseline) -> _Comparison:
    """Raises GatesError, click.ClickException."""
    coverage = report.evidence.coverage
    if not isinstance(coverage, CoverageFacts):  # pragma: no cover - such a report is refused
        raise refused("the last run was not measured")
    for what in ("variant", "shard"):
        before, now = getattr(old.origin, what), getattr(new.origin, what)
        if before != now:
            raise refused(
                f"the baseline is of {what} {before or 'none'}, and the last run of {now or 'none'}",
                "use a run of the same kind, or remove the file to begin anew",
            )
    change = change_since(project.root, old, ignored=(project.law.policy.report_dir,))
    facts = ratcheted(old, change, coverage, here=new.origin, blobs=None)
    return _Comparison(old=old, new=new, change=change, facts=facts)


def _told(known: _Comparison | None, new: Baseline) -> Iterator[str]:
    """One line a file that differs, and the sum."""
    total = sum(line_count(one.executed) for one in new.files.values() if one.blob is not None)
    for path, one in sorted(new.files.items()):
        if one.blob is None:
            yield f"? {path}: git does not track it, so it is left out"
    if known is None:
        yield f"new baseline: {total} executed lines of {len(new.files)} file(s)"
        return
    yield from _gained(known)
    for loosening in known.loosenings:
        yield f"- {loosening.names[0]}: {loosening.why}"
    for file in known.facts.files:
        if file.uncounted:
            yield f"~ {file.path}: lines {_shown(file.uncounted)} are not counted any more"
    for path in known.change.deleted:
        if path in known.old.files:
            yield f"~ {path}: is gone"
    then = sum(line_count(one.executed) for one in known.old.files.values())
    yield f"{total} executed lines, {then} in the baseline of {known.old.origin.commit[:12]}"


def _gained(known: _Comparison) -> Iterator[str]:
    before = {one.path: one.base_path for one in known.change.files}
    for path, one in sorted(known.new.files.items()):
        old = known.old.files.get(before.get(path, path) or "")
        there = lines_in(old.executed) if old is not None else set()
        kept = set(lines_now(there, known.change.file(path)).values())
        gained = len(lines_in(one.executed) - kept)
        if gained and one.blob is not None:
            yield f"+ {path}: {gained} more executed line(s)"


def _refuse_idle(allowed: tuple[str, ...], loosenings: tuple[_Loosening, ...]) -> None:
    idle = [one for one in allowed if not any(one in other.names for other in loosenings)]
    if idle:
        raise refused(f"nothing would be lowered in {', '.join(idle)}: leave --allow-lower out")


def _with_entries(
    old: Baseline | None, new: Baseline, loosenings: tuple[_Loosening, ...], reason: str | None
) -> Baseline:
    """All that was ever given up stays in the file."""
    before = () if old is None else old.lowered
    added = tuple(
        Lowered(date=today_utc(), path=one.names[0], count=one.count, reason=reason or "")
        for one in loosenings
    )
    return msgspec.structs.replace(new, lowered=(*before, *added))


def _write(project: Project, path: Path, baseline: Baseline) -> None:
    text = baseline_file.rendered(baseline)
    try:
        write_exceptions(path, text.decode("ascii"))
    except GatesError as why:
        raise refused(str(why)) from why
    name = path.relative_to(project.root) if path.is_relative_to(project.root) else path
    say(f"written to {name}; have it reviewed and commit it")
    gate = project.law.policy.gate(GATE.name)
    settings = gate.settings if gate is not None else None
    if not isinstance(settings, RatchetSettings) or settings.baseline != str(name):
        say(f'the policy does not read it yet: [tool.pytest-gates.{GATE.name}] baseline = "{name}"')


def _shown(ranges: tuple[LineRange, ...]) -> str:
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
