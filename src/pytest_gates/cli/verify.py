"""`gates verify`: the one required check, outside the process that was judged. Effects: prints, exits."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from pytest_gates.adapters.change import find_change
from pytest_gates.adapters.files import judge_inside, today_utc
from pytest_gates.adapters.git import checkout
from pytest_gates.cli.base_law import Answer, Question, base_law
from pytest_gates.cli.bench import Bench
from pytest_gates.cli.claim import Claim, Weight
from pytest_gates.cli.judging import Law, read_law, read_report, report_folder
from pytest_gates.cli.rescan import rescan as scanned_again
from pytest_gates.cli.verification import Expected, inspect
from pytest_gates.errors import ConfigError, GatesError
from pytest_gates.model.change import Change
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable
from pytest_gates.reporters import json

_DAY_SECONDS = 24 * 3600
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": _DAY_SECONDS}


class _Age(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        text = str(value)
        number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "s")
        if not number.isdecimal() or int(number) == 0:
            self.fail(f"{text!r} is no time such as 90, 30m, 24h or 7d", param, ctx)
        return int(number) * _UNITS[unit]


@click.command()
@click.argument("reports", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the judged project.  [default: this one]",
)
@click.option(
    "--commit", metavar="SHA", help="Commit the report must be of.  [default: the checked-out one]"
)
@click.option(
    "--any-commit", is_flag=True, help="Do not ask which commit was tested (no git here)."
)
@click.option(
    "--profile", metavar="NAME", default="ci", show_default=True, help="Profile to judge by."
)
@click.option(
    "--config", "config", metavar="FILE", help="File of the policy, relative to the root."
)
@click.option(
    "--max-age", type=_Age(), default="24h", show_default=True, help="Oldest report to accept."
)
@click.option(
    "--expect",
    multiple=True,
    metavar="SHARD",
    help="Name of a shard that must be there; repeatable.",
)
@click.option(
    "--accept-recorded",
    multiple=True,
    metavar="GATE",
    help="Accept the recorded result of a gate that is not installed here; repeatable.",
)
@click.option(
    "--policy-from",
    metavar="REF",
    help="Judge by the policy of this revision; `base`: of the branch that CI merges into.",
)
@click.option(
    "--approved-by",
    multiple=True,
    metavar="OWNER",
    help="Owner who has approved this change of the policy, as CI knows it; repeatable.",
)
@click.option(
    "--rescan", is_flag=True, help="Scan the checked-out tree again, running none of its code."
)
def verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    reports: tuple[Path, ...],
    root: Path,
    commit: str | None,
    any_commit: bool,  # noqa: FBT001
    profile: str,
    config: str | None,
    max_age: int,
    expect: tuple[str, ...],
    accept_recorded: tuple[str, ...],
    policy_from: str | None,
    approved_by: tuple[str, ...],
    rescan: bool,  # noqa: FBT001
) -> None:
    """Judge the evidence of REPORTS again and exit 0 only when it clears the change.

    Exits 10 when the change is blocked, 11 when that could not be established, 2 for wrong usage.
    Nothing of the judged project is imported.

    \b
    Examples:
      gates verify
      gates verify --commit "$GITHUB_SHA" artifacts/*/report.json
      gates verify --policy-from base --rescan artifacts/*/report.json
    """
    root = root.resolve()
    inside = judge_inside(root)
    if inside is not None:
        raise click.UsageError(
            f"this pytest-gates lies inside the project it is to judge ({inside}): install it elsewhere"
        )
    if commit and any_commit:
        raise click.UsageError("--commit and --any-commit exclude each other")
    read = {path: _read(path) for path in (reports or (_default_report(root, config, profile),))}
    foreign = _foreign_gates(read) | frozenset(accept_recorded)
    question = Question(
        root=root,
        config=config,
        profile=profile,
        asked=policy_from,
        approved_by=approved_by,
        commit=commit,
        environment=os.environ,
        today=today_utc(),
    )
    try:
        law = read_law(root, config, profile, foreign)
        base = base_law(question, law, foreign)
    except ConfigError as wrong:
        raise click.UsageError(f"the policy is wrong:\n{wrong}") from wrong
    except GatesError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    expect = tuple(dict.fromkeys((*(base.law.expect if base.law else ()), *expect)))
    bench, left = _bench(root, law, base, rescan=rescan)
    claims = (
        *base.claims,
        *left,
        *_claims(
            read,
            law,
            _expected(law, root, commit, any_commit, max_age, expect, accept_recorded),
            bench,
        ),
    )
    _print(claims)
    raise SystemExit(max(claim.weight for claim in claims).exit_status)


def _bench(root: Path, law: Law, base: Answer, *, rescan: bool) -> tuple[Bench, tuple[Claim, ...]]:
    """Who judges and with which scans; what could not be scanned again."""
    bench = Bench(law=base.law, reference=base.reference, parted=base.parted)
    if not rescan:
        return bench, ()
    policies = (law.policy, *((base.law,) if base.law is not None else ()))
    again = scanned_again(root, policies, law.known, lambda: _change(root, law, base))
    said = tuple(
        Claim(
            Weight.SAID, f"{name} depends on more than the files of the tree: taken from the report"
        )
        for name in again.left
    )
    scans = again.found[-1] if base.law is not None else {}
    return msgspec.structs.replace(bench, own_scans=again.found[0], scans=scans), said


def _change(root: Path, law: Law, base: Answer) -> Change | Unavailable:
    """What is new here; by the base that was found, where there is one, never by one of the change."""
    named = base.target or law.policy.base
    return find_change(root, named=named, environment=os.environ, ignored=(law.policy.report_dir,))


def _expected(
    law: Law,
    root: Path,
    commit: str | None,
    any_commit: bool,  # noqa: FBT001
    max_age: int,
    shards: tuple[str, ...],
    accept_recorded: tuple[str, ...],
) -> Expected:
    found = commit
    if commit is None and not any_commit:
        here = checkout(root, ignored=(law.policy.report_dir,))
        found = "" if isinstance(here, Unavailable) else here.commit
    return Expected(
        commit=found,
        max_age=dt.timedelta(seconds=max_age),
        shards=(*law.policy.expect, *shards),
        accept_recorded=frozenset(accept_recorded),
        now=dt.datetime.now(dt.UTC),
    )


def _default_report(root: Path, config: str | None, profile: str) -> Path:
    """Where the policy has reports written; gates it cannot know yet do not matter for that."""
    return root / report_folder(root, config, profile) / json.REPORTER.file_name


def _read(path: Path) -> Report | GatesError:
    try:
        return read_report(path)
    except GatesError as why:
        return why


def _foreign_gates(read: Mapping[Path, Report | GatesError]) -> frozenset[str]:
    reports = [one for one in read.values() if isinstance(one, Report)]
    return frozenset(name for report in reports for name in report.policy.gates)


def _claims(
    read: Mapping[Path, Report | GatesError], law: Law, expected: Expected, bench: Bench
) -> tuple[Claim, ...]:
    found: list[Claim] = []
    shards: list[str | None] = []
    for path, report in read.items():
        if isinstance(report, GatesError):
            remedy = "run `pytest -p gates` and hand over its report"
            found.append(Claim(Weight.UNKNOWN, f"{_shown(path)}: {report}", remedy))
            continue
        shards.append(report.evidence.run.shard)
        found += inspect(report, _shown(path), law.policy, law.known.gates, expected, bench)
    missing = [name for name in dict.fromkeys(expected.shards) if name not in shards]
    if missing:
        found.append(
            Claim(
                Weight.UNKNOWN,
                f"no report of shard {', '.join(missing)}",
                "hand over the reports of all shards",
            )
        )
    twice = sorted({str(name) for name in shards if shards.count(name) > 1})
    if twice:
        found.append(
            Claim(
                Weight.UNKNOWN,
                f"several reports of shard {', '.join(twice)}",
                "name each shard with --gates-shard",
            )
        )
    return tuple(found)


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _print(claims: tuple[Claim, ...]) -> None:
    # A variable of CI systems and terminals that want no colour; click drops it where nobody looks.
    plain = "NO_COLOR" in os.environ
    for claim in sorted(claims, key=lambda one: one.weight, reverse=True):
        colour = None if plain else claim.weight.colour
        click.secho(f"gates verify: {claim.weight.word}: {printable(claim.text, 600)}", fg=colour)
        if claim.remedy:
            click.echo(f"  next: {printable(claim.remedy, 400)}")
