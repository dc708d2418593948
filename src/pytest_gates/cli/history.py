"""`gates history`: look into what is remembered, and import more. Effects: files, a history, prints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from pytest_gates.adapters.history import CACHE_FOLDER, open_history
from pytest_gates.adapters.history_import import Origin, import_runs
from pytest_gates.adapters.junit_archive import read_archives
from pytest_gates.adapters.junit_document import NodeIds
from pytest_gates.adapters.run_key import repository_of, variant_here
from pytest_gates.cli.history_lines import (
    lines_of_import,
    lines_of_test,
    lines_of_top,
    lines_of_trend,
)
from pytest_gates.cli.judging import read_law
from pytest_gates.cli.suspect import nearest_tests
from pytest_gates.errors import ConfigError, GatesError, HistoryError
from pytest_gates.model.flaky_settings import FlakySettings
from pytest_gates.model.history import BranchKind, HistoryScope, HistoryStore
from pytest_gates.model.policy import Policy
from pytest_gates.model.text import printable

_PROFILE = "ci"
_MOST_NAMES = 10

Command = TypeVar("Command", bound=Callable[..., Any])


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which history, and whose runs in it."""

    where: str
    root: Path
    repository: str
    variant: str | None
    policy: Policy | None

    @contextmanager
    def opened(self, *, make: bool) -> Iterator[HistoryStore]:
        """Raises click.ClickException for whatever the history cannot do."""
        try:
            store = open_history(self.where, self.root / CACHE_FOLDER, root=self.root, make=make)
            try:
                yield store
            finally:
                store.close()
        except HistoryError as why:
            raise _refused(f"{why.why}; {why.remedy}") from why

    def scopes(self, store: HistoryStore) -> tuple[HistoryScope, ...]:
        """All variants of the repository, or the one that was named; never empty."""
        everything = store.scopes()
        ours = [one for one in everything if one.repository == self.repository]
        found = tuple(one for one in ours if self.variant in {None, one.variant})
        if found:
            return found
        if ours:
            known = ", ".join(one.variant for one in ours)
            raise _refused(f"no run of {self.variant} is remembered; there are: {known}")
        others = sorted({one.repository for one in everything})[:_MOST_NAMES]
        hint = f"; name one with --repository: {', '.join(others)}" if others else ""
        raise _refused(f"no run of {self.repository} is remembered in {store.source}{hint}")


def of_history(command: Command) -> Command:
    """The options that say which history, and whose runs."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--history",
        "where",
        metavar="WHERE",
        help="sqlite, sqlite:FILE, postgresql://… or env:NAME.  [default: as the policy says]",
    ),
    click.option(
        "--root",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=Path(),
        help="Folder of the project.  [default: this one]",
    ),
    click.option(
        "--repository", metavar="NAME", help="Whose runs.  [default: the repository in the root]"
    ),
)
_variant_option = click.option(
    "--variant", metavar="NAME", help="Such as cpython-3.11-linux.  [default: all]"
)


@click.group()
def history() -> None:
    """Look into the runs that are remembered, and import earlier ones."""


@history.command()
@click.argument("test")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Runs.")
@_variant_option
@of_history
def show(
    test: str,
    limit: int,
    variant: str | None,
    where: str | None,
    root: Path,
    repository: str | None,
) -> None:
    """Show how often TEST fails and what happened to it in its last runs.

    TEST is a node id, or a part of one that no other test has.
    """
    place = _place(where, root, repository, variant)
    with place.opened(make=False) as store:
        scopes = place.scopes(store)
        nodeid = _chosen(test, store, scopes)
        for scope in scopes:
            names = (scope.repository, scope.variant)
            found = store.facts(*names, None, (nodeid,)).tests
            if nodeid in found:
                _say(f"{nodeid}, {scope.variant}")
                _say_all(lines_of_test(found[nodeid], store.sightings(*names, nodeid, limit)))


@history.command()
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Tests.")
@_variant_option
@of_history
def top(
    limit: int, variant: str | None, where: str | None, root: Path, repository: str | None
) -> None:
    """List the tests that made the most runs on the base unsteady, the last weeks first.

    A run is unsteady by a test that both failed and passed in it, or that failed after it had passed in
    the run before.
    """
    place = _place(where, root, repository, variant)
    with place.opened(make=False) as store:
        for scope in place.scopes(store):
            names = (scope.repository, scope.variant)
            _say(f"{scope.repository}, {scope.variant}")
            base_runs = store.facts(*names, None, ()).base_runs
            _say_all(lines_of_top(store.top(*names, limit), base_runs))


@history.command()
@click.option("--runs", type=click.IntRange(min=1), default=30, show_default=True, help="How many.")
@_variant_option
@of_history
def trend(
    runs: int, variant: str | None, where: str | None, root: Path, repository: str | None
) -> None:
    """List the last runs, oldest first."""
    place = _place(where, root, repository, variant)
    with place.opened(make=False) as store:
        for scope in place.scopes(store):
            _say(f"{scope.repository}, {scope.variant}")
            _say_all(lines_of_trend(store.trend(scope.repository, scope.variant, runs)))


@history.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--branch", metavar="NAME", help="Branch that the runs were made on.")
@click.option(
    "--kind",
    type=click.Choice([one.value for one in BranchKind]),
    default=BranchKind.BASE.value,
    show_default=True,
    help="Whether changes are compared with that branch.",
)
@click.option(
    "--variant", metavar="NAME", help="Python and platform of the runs.  [default: those of here]"
)
@of_history
def import_(
    paths: tuple[Path, ...],
    branch: str | None,
    kind: str,
    variant: str | None,
    where: str | None,
    root: Path,
    repository: str | None,
) -> None:
    """Import JUnit XML from PATHS: files, folders, and zip or tar archives of them.

    Each document is one run. Importing one twice changes nothing. Exits 1 when a named path could not be
    read at all, or nothing was found in it.

    \b
    Examples:
      gates history import junit.xml
      gates history import --branch main --variant cpython-3.12-linux artifacts/
    """
    place = _place(where, root, repository, variant)
    origin = Origin(
        repository=place.repository,
        variant=place.variant or variant_here(),
        branch=branch,
        branch_kind=BranchKind(kind),
    )
    nodeids = NodeIds(lambda path: _is_file_below(place.root, path))
    with place.opened(make=True) as store:
        told = import_runs(
            store,
            read_archives(paths, nodeids),
            origin,
            mass_failure=_mass_failure(place.policy),
            now=dt.datetime.now(dt.UTC),
        )
    _say_all(lines_of_import(told))
    if not told.written + told.known + told.too_old:
        raise _refused("no run was found there")


def _place(where: str | None, root: Path, repository: str | None, variant: str | None) -> Place:
    """Raises click.UsageError when the policy would have to say where, and is wrong."""
    root = root.resolve()
    policy: Policy | None = None
    try:
        policy = read_law(root, None, _PROFILE, frozenset()).policy
    except ConfigError as wrong:
        if where is None:
            problems = "\n".join(printable(one, 1000) for one in wrong.problems)
            raise click.UsageError(
                f"the policy is wrong, so name the history with --history:\n{problems}"
            ) from wrong
    except GatesError as wrong:
        if where is None:
            raise click.UsageError(printable(str(wrong), 1000)) from wrong
    return Place(
        where=where if where is not None else policy.history if policy else "sqlite",
        root=root,
        repository=repository if repository is not None else repository_of(root),
        variant=variant,
        policy=policy,
    )


def _mass_failure(policy: Policy | None) -> float:
    gate = policy.gate("flaky") if policy is not None else None
    settings = gate.settings if gate is not None else None
    chosen = settings if isinstance(settings, FlakySettings) else FlakySettings()
    return float(chosen.mass_failure)


def _chosen(test: str, store: HistoryStore, scopes: tuple[HistoryScope, ...]) -> str:
    """The test of that node id, else the only one whose node id holds that text."""
    names = [(one.repository, one.variant) for one in scopes]
    if any(store.facts(*name, None, (test,)).tests for name in names):
        return test
    known = sorted({nodeid for name in names for nodeid in store.nodeids(*name)})
    fitting = [nodeid for nodeid in known if test in nodeid]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        shown = fitting[:_MOST_NAMES]
        more = [f"and {len(fitting) - len(shown)} more"] if len(fitting) > len(shown) else []
        raise _refused(f"{len(fitting)} tests fit {test}; name one of them:", *shown, *more)
    near = nearest_tests(test, known)
    hint = f"; nearest: {', '.join(near)}" if near else ""
    raise _refused(f"no test that is remembered fits {test}{hint}")


def _is_file_below(root: Path, path: str) -> bool:
    try:
        return (root / path).is_file()
    except (OSError, ValueError):  # names that no file can have
        return False


def _refused(*lines: str) -> click.ClickException:
    return click.ClickException("\n".join(printable(one, 1000) for one in lines))


def _say(line: str) -> None:
    click.echo(printable(line, 1000))


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        _say(line)
