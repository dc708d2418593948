"""What happens before any other plugin or conftest is imported: coverage starts. Effects: hooks, tracing."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gates.adapters.files import find_policy_file
from pytest_gates.adapters.fresh import VARIABLE
from pytest_gates.catalog import COVERAGE_FILE, DEFAULT_POLICY, GATES
from pytest_gates.config.policy import Overrides, chosen_report_dir, settings_of
from pytest_gates.errors import ConfigError
from pytest_gates.model.covering_settings import CoveringSettings
from pytest_gates.model.policy import DEFAULT_REPORT_DIR
from pytest_gates.model.settings import GateSettings
from pytest_gates.plugin import argument_sources, dest_of
from pytest_gates.plugin.copies import start_here
from pytest_gates.reporters import json

if TYPE_CHECKING:
    from pytest_gates.adapters.measure import Measurement

_EARLY_PLUGIN = "gates-early"


class Early:
    """The part of a run that cannot wait for `pytest_configure`.

    Problems of the policy are left for later: then all of them are told at once.
    """

    def __init__(self, config: Any, parser: pytest.Parser, how: str) -> None:
        self.how = how
        self.root: Path = config.rootpath
        self.measurement: Measurement | None = None
        self.start = start_here(config.invocation_params.dir)
        known = config.known_args_namespace
        if only_asks(known) or VARIABLE in os.environ:  # a trial of one test is judged by nobody
            return
        options = _options(config, parser)
        self._remove_old_report(options)
        settings = self._coverage_settings(options)
        if settings:
            named = (getattr(one, "source", ()) for one in settings)
            self.measure(
                branches=any(one.needs_branches for one in settings),
                source=next((one for one in named if one), ()),
                contexts=any(
                    isinstance(one, CoveringSettings) and one.covering_tests == "contexts"
                    for one in settings
                ),
            )
            config.pluginmanager.register(self, _EARLY_PLUGIN)

    def measure(self, *, branches: bool, source: tuple[str, ...], contexts: bool = False) -> None:
        """Start measuring, unless that has happened."""
        if self.measurement is None:
            # Imported here: a run without a coverage gate does not pay for importing coverage.
            from pytest_gates.adapters.measure import Measurement

            self.measurement = Measurement(
                self.root, branches=branches, source=source, contexts=contexts
            )

    @pytest.hookimpl(wrapper=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> Any:
        """Around pytest-cov, which starts in this hook when `--cov` is given."""
        options = early_config.known_args_namespace
        measures = getattr(options, "cov_source", None) and not getattr(options, "no_cov", False)
        if measures and self.measurement is not None:
            self.measurement.hand_over()
        return (yield)

    def close(self) -> None:
        """End the measurement if nobody did, and forget its data."""
        if self.measurement is not None:
            self.measurement.stop()
            self.measurement.close()
            self.measurement = None

    def _remove_old_report(self, options: Any) -> None:
        """A run that dies in a conftest must not leave yesterday's green report standing."""
        if "PYTEST_XDIST_WORKER" in os.environ:  # one of many: the controller has done so
            return
        try:
            source = find_policy_file(self.root, getattr(options, "gates_config", None))
            chosen = overrides(options).report_dir or chosen_report_dir(
                source, profile_name(options)
            )
        except ConfigError:
            chosen = DEFAULT_REPORT_DIR
        with contextlib.suppress(
            OSError
        ):  # what cannot be removed cannot be written: told at the start
            for name in (json.REPORTER.file_name, COVERAGE_FILE):
                (self.root / chosen / name).unlink(missing_ok=True)

    def _coverage_settings(self, options: Any) -> tuple[GateSettings, ...]:
        """Of our own gates that use coverage and are on; those of others are not known yet."""
        try:
            source = find_policy_file(self.root, getattr(options, "gates_config", None))
            found = [
                settings_of(
                    gate,
                    source,
                    default=DEFAULT_POLICY,
                    profile=profile_name(options),
                    overrides=overrides(options),
                )
                for gate in GATES
                if gate.uses_coverage
            ]
        except ConfigError:
            return ()
        return tuple(one for one in found if one is not None)


def only_asks(options: Any) -> bool:
    """Whether pytest was asked about itself, and will run no test."""
    questions = (
        "help",
        "version",
        "showfixtures",
        "show_fixtures_per_test",
        "cacheshow",
        "markers",
    )
    return any(getattr(options, name, None) for name in questions)


def overrides(options: Any) -> Overrides:
    """What the command line changes of the policy."""
    return Overrides(
        report_dir=getattr(options, dest_of("--gates-report-dir"), None),
        base=getattr(options, dest_of("--gates-base"), None),
        fail_fast=bool(getattr(options, dest_of("--gates-fail-fast"), False)),
        gates_on=tuple(getattr(options, dest_of("--gate"), ())),
        gates_off=tuple(getattr(options, dest_of("--no-gate"), ())),
    )


def profile_name(options: Any) -> str:
    """The one asked for; else `ci` where the environment says CI, else `local`."""
    named = getattr(options, dest_of("--gates-profile"), None)
    if named:
        return str(named)
    return "local" if os.environ.get("CI", "").lower() in {"", "0", "false"} else "ci"


def _options(config: Any, parser: pytest.Parser) -> Any:
    """Our options, read before pytest reads them: it parses again only when all plugins are loaded."""
    words = [word for _, words in reversed(argument_sources(config)) for word in words]
    try:
        return parser.parse_known_args(words)
    except pytest.UsageError:
        # pytest itself will say what is wrong with the command line.
        return config.known_args_namespace
