"""Read the law and the reports of a project without running any of it. Effects: reads files."""

from __future__ import annotations

import inspect
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pluggy

from pytest_gates import __version__, hookspecs
from pytest_gates.adapters.files import find_policy_file, read_text, today_utc
from pytest_gates.catalog import DEFAULT_POLICY, Catalog, catalog
from pytest_gates.config.exceptions import parse_exceptions, with_exceptions
from pytest_gates.config.policy import (
    Overrides,
    PolicySource,
    chosen_report_dir,
    parse_policy,
)
from pytest_gates.errors import GatesError
from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Evidence
from pytest_gates.model.policy import DEFAULT_REPORT_DIR, Policy
from pytest_gates.model.report import Report
from pytest_gates.model.settings import ForeignSettings
from pytest_gates.model.verdict import Judgement
from pytest_gates.reporters import json

MOST_BYTES = 1 << 30


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """The policy of the checked-out project, and the gates that are installed beside this command."""

    policy: Policy
    known: Catalog


def read_law(root: Path, named: str | None, profile: str, foreign: frozenset[str]) -> Law:
    """Raises ConfigError for a wrong policy.

    `foreign` are gates that the reports speak of. Those that are not installed here may have a table in
    the policy all the same: nobody here can judge by it, so they will be inconclusive.
    """
    known = installed_catalog()
    readable = {
        **known.gates,
        **{name: _foreign(name) for name in sorted(foreign - known.gates.keys())},
    }
    policy = parse_policy(
        _source(root, named),
        gates=readable,
        default=DEFAULT_POLICY,
        profile=profile,
        overrides=Overrides(),
        version=__version__,
        reporters=None,
    )
    path = root / policy.exceptions_file
    if path.exists():
        exceptions = parse_exceptions(read_text(path), policy.exceptions_file, today_utc())
        policy = with_exceptions(policy, exceptions, readable)
    return Law(policy=policy, known=known)


def report_folder(root: Path, named: str | None, profile: str) -> str:
    """Folder of the reports as far as it can be read; a wrong policy is told later, whole."""
    try:
        return chosen_report_dir(_source(root, named), profile)
    except GatesError:
        return DEFAULT_REPORT_DIR


def _source(root: Path, named: str | None) -> PolicySource | None:
    file = find_policy_file(root, named)
    if file is None:
        return None
    return PolicySource(file_name=file.name, text=file.text, table=file.table)


def _foreign(name: str) -> Gate:
    return Gate(
        name=name, doc="not installed here", settings=ForeignSettings, evaluate=_nobody_can_judge
    )


def _nobody_can_judge(evidence: Evidence, settings: ForeignSettings) -> Judgement:
    raise NotImplementedError("a gate that is not installed is never asked")


class _Hooks(pluggy.PluginManager):
    """Takes an unmarked function by its name, as pytest's own manager does."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        marked = super().parse_hookimpl_opts(plugin, name)
        known = name.startswith("pytest_gates_") and inspect.isroutine(getattr(plugin, name, None))
        return {} if marked is None and known else marked


def installed_catalog() -> Catalog:
    """Built-ins and what installed packages declare; conftests and local plugins are not asked."""
    manager = _Hooks("pytest")
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
