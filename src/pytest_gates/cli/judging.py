"""Read the law and the reports of a project without running any of it. Effects: reads files."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pluggy

from pytest_gates import __version__, hookspecs
from pytest_gates.adapters.files import find_policy_file, text_below, today_utc
from pytest_gates.adapters.law_at import policy_file_at, text_at
from pytest_gates.catalog import DEFAULT_POLICY, Catalog, catalog
from pytest_gates.config.exceptions import with_text
from pytest_gates.config.lenient import unknown_tables
from pytest_gates.config.policy import Overrides, chosen_report_dir, parse_policy, policy_table
from pytest_gates.errors import GatesError
from pytest_gates.model.contracts import Gate
from pytest_gates.model.evidence import Evidence
from pytest_gates.model.policy import DEFAULT_REPORT_DIR, Policy, PolicySource
from pytest_gates.model.report import Report
from pytest_gates.model.settings import ForeignSettings
from pytest_gates.model.verdict import Judgement
from pytest_gates.reporters import json

MOST_BYTES = 1 << 30


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """The policy of a project, and the gates that are installed beside this command.

    `table` is the policy as it stands in its file, empty where there is none.
    """

    policy: Policy
    known: Catalog
    table: Mapping[str, Any] = {}


def read_law(root: Path, named: str | None, profile: str, foreign: frozenset[str]) -> Law:
    """The law of the checked-out project. Raises ConfigError for a wrong policy.

    `foreign` are gates that the reports speak of. Those that are not installed here may have a table in
    the policy all the same: nobody here can judge by it, so they will be inconclusive.
    """
    source = find_policy_file(root, named)
    known = installed_catalog()
    return _law(source, lambda name: text_below(root, name), profile, foreign, known)


def law_at(
    root: Path, commit: str, named: str | None, profile: str, foreign: frozenset[str]
) -> Law:
    """The law as it stands in a commit. Raises ConfigError, and GatesError where git cannot say.

    A table of a gate that nobody here knows is no mistake there: this change may have dropped the gate.
    """
    source = policy_file_at(root, commit, named)
    known = installed_catalog()
    foreign |= unknown_tables(source, known.gates)
    return _law(source, lambda name: text_at(root, commit, name), profile, foreign, known)


def _law(
    source: PolicySource | None,
    text_of: Callable[[str], str | None],
    profile: str,
    foreign: frozenset[str],
    known: Catalog,
) -> Law:
    gates = {
        **known.gates,
        **{name: _foreign(name) for name in sorted(foreign - known.gates.keys())},
    }
    policy = parse_policy(
        source,
        gates=gates,
        default=DEFAULT_POLICY,
        profile=profile,
        overrides=Overrides(),
        version=__version__,
        reporters=None,
    )
    table = (policy_table(source) if source is not None else None) or {}
    text = text_of(policy.exceptions_file)
    return Law(policy=with_text(policy, text, gates, today_utc()), known=known, table=table)


def report_folder(root: Path, named: str | None, profile: str) -> str:
    """Folder of the reports as far as it can be read; a wrong policy is told later, whole."""
    try:
        return chosen_report_dir(find_policy_file(root, named), profile)
    except GatesError:
        return DEFAULT_REPORT_DIR


def _foreign(name: str) -> Gate:
    return Gate(
        name=name,
        doc="not installed here",
        settings=ForeignSettings,
        evaluate=_nobody_can_judge,
        tells_fixes=True,  # it may; where it is installed, its own word counts
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
