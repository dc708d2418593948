"""Read the law and the reports of a project without running any of it. Effects: reads files."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pluggy

from pytest_gates import __version__, hookspecs
from pytest_gates.adapters.files import find_policy_file, read_text
from pytest_gates.catalog import DEFAULT_POLICY, Catalog, catalog
from pytest_gates.config.exceptions import parse_exceptions
from pytest_gates.config.policy import Overrides, PolicySource, parse_policy, with_waivers
from pytest_gates.errors import GatesError
from pytest_gates.model.policy import Policy
from pytest_gates.model.report import Report
from pytest_gates.reporters import json

MOST_BYTES = 1 << 30


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """The policy of the checked-out project, and the gates that are installed beside this command."""

    policy: Policy
    known: Catalog


def read_law(root: Path, named: str | None, profile: str) -> Law:
    """Raises ConfigError for a wrong policy."""
    known = installed_catalog()
    file = find_policy_file(root, named)
    source = None
    if file is not None:
        source = PolicySource(file_name=file.name, text=file.text, table=file.table)
    policy = parse_policy(
        source,
        gates=known.gates,
        default=DEFAULT_POLICY,
        profile=profile,
        overrides=Overrides(),
        version=__version__,
        reporters=tuple(known.reporters),
    )
    path = root / policy.exceptions_file
    if path.exists():
        waivers = parse_exceptions(read_text(path), policy.exceptions_file)
        policy = with_waivers(policy, waivers, known.gates)
    return Law(policy=policy, known=known)


def installed_catalog() -> Catalog:
    """Built-ins and what installed packages declare; conftests and local plugins are not asked."""
    manager = pluggy.PluginManager("pytest")
    manager.add_hookspecs(hookspecs)
    manager.load_setuptools_entrypoints(hookspecs.ENTRY_POINT_GROUP)
    hook: Any = manager.hook
    return catalog(
        gates=chain.from_iterable(hook.pytest_gates_gates()),
        tools=chain.from_iterable(hook.pytest_gates_tools()),
        reporters=chain.from_iterable(hook.pytest_gates_reporters()),
    )


def read_report(path: Path) -> Report:
    """Raises GatesError when there is no whole report of this schema version."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise GatesError("is larger than a report can be (1 GiB)")
        text = path.read_bytes()
    except OSError as why:
        raise GatesError(f"no report can be read there: {why.strerror}") from why
    return json.parse(text)
