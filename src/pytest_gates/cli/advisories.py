"""`gates advisories`: a database for audits without network. Effects: network, files, prints."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import click

from pytest_gates.adapters.advisory_database import Loaded, loaded
from pytest_gates.adapters.advisory_download import fetched
from pytest_gates.adapters.advisory_pack import refuse_a_step_back, write_packed
from pytest_gates.cli.advisory_lines import (
    lines_of_advisory,
    lines_of_database,
    lines_of_package,
)
from pytest_gates.cli.excuses import refused, say
from pytest_gates.errors import GatesError, ToolError
from pytest_gates.model.package import AdvisoryDatabase

DEFAULT_FILE = "advisories.jsonl.gz"
OSV = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"


@click.group()
def advisories() -> None:
    """Keep a database of known vulnerabilities for audits without network.

    The policy names it: source = "offline:advisories.jsonl.gz" in [tool.pytest-gates.pip-audit].
    """


@advisories.command()
@click.option(
    "--from",
    "origin",
    metavar="URL_OR_PATH",
    default=OSV,
    show_default=True,
    help="Where to take it from: a URL, or a zip, folder or packed file on this machine.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    default=Path(DEFAULT_FILE),
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    default=600.0,
    show_default=True,
    help="The whole download takes no longer.",
)
@click.option("--allow-http", is_flag=True, help="Also fetch from a URL without encryption.")
@click.option("--force", is_flag=True, help="Replace a database that knows more.")
def update(origin: str, target: Path, timeout: float, allow_http: bool, force: bool) -> None:  # noqa: FBT001
    """Take a database, check it, and write it as one file for `offline:`.

    This is the only command that uses the network. The same database gives the same bytes.
    """
    scheme = origin.partition("://")[0] if "://" in origin else ""
    if scheme not in {"", "https", *(("http",) if allow_http else ())}:
        hint = "; add --allow-http if you trust the way to it" if scheme == "http" else ""
        raise click.UsageError(f"--from {origin}: expected a path or an https:// address{hint}")
    now = dt.datetime.now(dt.UTC)
    try:
        with tempfile.TemporaryDirectory(prefix="pytest-gates-") as folder:
            path = Path(origin)
            if scheme:
                path = Path(folder) / "download"
                fetched(origin, path, timeout)
            new = loaded(path, origin, None, now, keep_lines=True)
        if not force:
            _refuse_a_step_back(target, new.facts, now)
        size = write_packed(new, target)
        written = loaded(target, str(target), frozenset(), now)
    except ToolError as why:
        raise refused(why.why, why.remedy) from why
    except GatesError as why:
        raise refused(str(why)) from why
    for line in (*lines_of_database(written, now), *new.notes):
        say(line)
    say(f"written: {target} ({size} bytes)")


def _refuse_a_step_back(target: Path, new: AdvisoryDatabase, now: dt.datetime) -> None:
    if not target.exists():
        return
    try:
        old = loaded(target, str(target), frozenset(), now)
    except ToolError as why:
        say(f"replacing a file which cannot be used ({why.why})")
        return
    refuse_a_step_back(old.facts, new)


@advisories.command()
@click.argument("what", required=False)
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help=f"Database to look into.  [default: {DEFAULT_FILE}]",
)
def show(what: str | None, database: Path | None) -> None:
    """Say what a database holds, or what it knows of one advisory or package.

    WHAT is the PATH of a database, the ID or an alias of an advisory, PACKAGE or PACKAGE==VERSION.

    \b
    Examples:
      gates advisories show
      gates advisories show CVE-2024-3651
      gates advisories show idna==3.6 --database advisories.jsonl.gz
    """
    path = database or Path(DEFAULT_FILE)
    if what is not None and database is None and Path(what).exists():
        path = Path(what)
        what = None
    now = dt.datetime.now(dt.UTC)
    try:
        # An advisory is looked for in all of them, by any of its names.
        known = loaded(path, str(path), None, now, keep_lines=True)
        lines = _lines(known, what, now)
    except ToolError as why:
        raise refused(why.why, why.remedy) from why
    for line in lines:
        say(line)


def _lines(known: Loaded, what: str | None, now: dt.datetime) -> tuple[str, ...]:
    if what is None:
        return (*lines_of_database(known, now), *known.notes)
    if "==" in what:
        name, _, version = what.partition("==")
        return lines_of_package(known, name.strip(), version.strip())
    return lines_of_advisory(known, what, now) or lines_of_package(known, what, None)
