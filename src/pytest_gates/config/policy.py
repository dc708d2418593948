"""From the policy's table to a `Policy`, every problem reported at once. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from pytest_gates.config.keys import PolicyTable
from pytest_gates.config.values import check_table, expanded, nearest, parse_table, shown
from pytest_gates.errors import ConfigError
from pytest_gates.model.contracts import Gate
from pytest_gates.model.policy import DEFAULT_REPORT_DIR, GatePolicy, Policy, PolicySource
from pytest_gates.model.settings import GateSettings

BUILT_IN_PROFILES = ("ci", "local")
ALWAYS_ON = "tests"
"""A policy that does not name this gate has it all the same: a gate run without it would call a
change mergeable whose tests fail."""


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line changes. None and empty mean: as the policy says."""

    report_dir: str | None = None
    base: str | None = None
    fail_fast: bool = False
    gates_on: tuple[str, ...] = ()
    gates_off: tuple[str, ...] = ()


def parse_document(text: str, file_name: str) -> dict[str, Any]:
    """TOML with exact numbers. Raises ConfigError with the place of a syntax error."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as why:
        raise ConfigError((f"{file_name}: not valid TOML: {why}",)) from why


def policy_table(source: PolicySource) -> dict[str, Any] | None:
    """The policy's own table, None when the file has none. Raises ConfigError."""
    found: Any = parse_document(source.text, source.file_name)
    for key in source.table.split(".") if source.table else ():
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    if not isinstance(found, Mapping):
        raise ConfigError((f"{source.file_name} [{source.table}]: expected a table",))
    return dict(found)


def parse_policy(
    source: PolicySource | None,
    *,
    gates: Mapping[str, Gate],
    default: Mapping[str, Mapping[str, Any]],
    profile: str,
    overrides: Overrides,
    version: str,
    reporters: tuple[str, ...] | None,
) -> Policy:
    """The effective policy, without the exceptions file.

    `gates` are all known gates by name, `default` the gates and settings in force when there is no
    table at all; `reporters` the known formats, None where nobody will write any. Raises
    ConfigError with all problems.
    """
    table = policy_table(source) if source is not None else None
    reader = _Reader(source, table, gates, default, profile)
    return reader.policy(overrides, version, reporters)


def chosen_report_dir(source: PolicySource | None, profile: str) -> str:
    """Folder of the reports, read leniently: before, or without, the whole policy being right.

    Raises ConfigError when the file is not TOML.
    """
    top = (policy_table(source) if source is not None else None) or {}
    profiles = top.get("profiles")
    overlay = profiles.get(profile) if isinstance(profiles, Mapping) else None
    chosen = {**top, **(overlay if isinstance(overlay, Mapping) else {})}.get("report-dir")
    return chosen if isinstance(chosen, str) else DEFAULT_REPORT_DIR


def settings_of(
    gate: Gate,
    source: PolicySource | None,
    *,
    default: Mapping[str, Mapping[str, Any]],
    profile: str,
    overrides: Overrides,
) -> GateSettings | None:
    """The settings of one gate alone, None when it is off; its problems and all others are passed over.

    For what must be known before third parties can be asked for their gates. Raises ConfigError
    when the file is not TOML.
    """
    table = policy_table(source) if source is not None else None
    return _Reader(source, table, {gate.name: gate}, default, profile).settings(gate, overrides)


class _Reader:
    """One reading of one table; collects problems until the end."""

    def __init__(
        self,
        source: PolicySource | None,
        table: dict[str, Any] | None,
        gates: Mapping[str, Gate],
        default: Mapping[str, Mapping[str, Any]],
        profile: str,
    ) -> None:
        self.gates = gates
        self.profile = profile
        self.problems: list[str] = []
        self.is_default = table is None
        self.file = source.file_name if source is not None and table is not None else ""
        self.prefix = source.table if source is not None else ""
        self.table: dict[str, Any] = dict(default) if table is None else table
        self.name = (
            "the default policy" if self.is_default else f"{self.file} {self._bracket()}".strip()
        )
        self.own_keys = {field.encode_name for field in msgspec.structs.fields(PolicyTable)}

    def policy(
        self, overrides: Overrides, version: str, reporters: tuple[str, ...] | None
    ) -> Policy:
        overlay = self._profile_overlay()
        top = self._top(overlay)
        gates = self._gates(overlay, overrides)
        self._check_version(top.required_version, version)
        if reporters is not None:
            self._check_reports(top.reports, reporters)
        if self.problems:
            raise ConfigError(tuple(self.problems))
        on_inconclusive = top.on_inconclusive or ("warn" if self.profile == "local" else "block")
        return Policy(
            source=self.name,
            is_default=self.is_default,
            profile=self.profile,
            gates=gates,
            block_on_inconclusive=on_inconclusive == "block",
            report_dir=overrides.report_dir or top.report_dir,
            reports=("json", *(one for one in top.reports if one != "json")),
            expect=top.expect,
            base=overrides.base or top.base,
            exceptions_file=top.exceptions,
            history=top.history,
            fail_fast=overrides.fail_fast or top.fail_fast,
            required_version=top.required_version,
            policy_from=top.policy_from,
            policy_changes=top.policy_changes,
            new_suppressions=top.new_suppressions,
            owners=top.owners,
            signed_approvals=top.signed_approvals,
            max_waiver=top.max_waiver,
        )

    def settings(self, gate: Gate, overrides: Overrides) -> GateSettings | None:
        found = self._gate(gate, self._profile_overlay(), overrides)
        return found.settings if found is not None else None

    def _bracket(self, *parts: str) -> str:
        name = ".".join((self.prefix, *parts) if self.prefix else parts)
        return f"[{name}]" if name else ""

    def _place(self, *parts: str) -> str:
        return " ".join(one for one in (self.file, self._bracket(*parts)) if one)

    def _profile_overlay(self) -> Mapping[str, Any]:
        profiles = self.table.get("profiles", {})
        if not isinstance(profiles, Mapping):
            self.problems.append(f"{self._place('profiles')}: expected a table of tables")
            return {}
        for name, one in profiles.items():
            if not isinstance(one, Mapping):
                self.problems.append(f"{self._place('profiles', name)}: expected a table")
        known = {*profiles, *BUILT_IN_PROFILES}
        if self.profile not in known:
            self.problems.append(
                f"--gates-profile {self.profile}: no such profile{nearest(self.profile, known)}"
            )
        overlay = profiles.get(self.profile, {})
        return overlay if isinstance(overlay, Mapping) else {}

    def _top(self, overlay: Mapping[str, Any]) -> PolicyTable:
        tables = ((self.table, ()), (overlay, ("profiles", self.profile)))
        merged = {
            key: value
            for table, path in tables
            for key, value in table.items()
            # Each by itself: one wrong key must not hide what another one asks for.
            if self._is_own(key, value, path) and self._fits(key, value, path)
        }
        return parse_table(PolicyTable, merged, self.name, []) or PolicyTable()

    def _fits(self, key: str, value: Any, path: tuple[str, ...]) -> bool:
        return parse_table(PolicyTable, {key: value}, self._place(*path), self.problems) is not None

    def _is_own(self, key: str, value: Any, path: tuple[str, ...]) -> bool:
        if key in self.own_keys:
            return True
        if key in self.gates or (key == "profiles" and not path):
            return False
        kind = "" if not isinstance(value, Mapping) else "[…] "
        known = {*self.own_keys, *self.gates, *(() if path else ("profiles",))}
        self.problems.append(
            f"{self._place(*path)} {kind}{key}: unknown {'gate' if kind else 'key'}{nearest(key, known)}"
        )
        return False

    def _gates(self, overlay: Mapping[str, Any], overrides: Overrides) -> tuple[GatePolicy, ...]:
        for flag, names in (("--gate", overrides.gates_on), ("--no-gate", overrides.gates_off)):
            self.problems += [
                f"{flag} {name}: no such gate{nearest(name, self.gates)}"
                for name in names
                if name not in self.gates
            ]
        self._check_overlays()
        found = (self._gate(gate, overlay, overrides) for gate in self.gates.values())
        return tuple(one for one in found if one is not None)

    def _check_overlays(self) -> None:
        """A profile that is not chosen today must not be wrong tomorrow."""
        profiles = self.table.get("profiles", {})
        for name, one in profiles.items() if isinstance(profiles, Mapping) else ():
            if name == self.profile or not isinstance(one, Mapping):
                continue
            own = {
                key: value
                for key, value in one.items()
                if self._is_own(key, value, ("profiles", name))
            }
            parse_table(PolicyTable, own, self._place("profiles", name), self.problems)
            for gate in self.gates.values():
                self._table_of(gate, one.get(gate.name), ("profiles", name))

    def _gate(
        self, gate: Gate, overlay: Mapping[str, Any], overrides: Overrides
    ) -> GatePolicy | None:
        merged: dict[str, Any] = {}
        origins: dict[str, str] = {}
        before = len(self.problems)
        on = gate.name == ALWAYS_ON
        for path, raw in (
            ((), self.table.get(gate.name)),
            (("profiles", self.profile), overlay.get(gate.name)),
        ):
            if raw is None:
                continue
            on = raw is not False
            table = self._table_of(gate, raw, path)
            for key, value in expanded(gate.settings, table).items():
                merged[key] = _merged(merged.get(key), value)
                place = self.name if self.is_default else self._place(*path, gate.name)
                origins[key] = place
                for inner in value if isinstance(value, Mapping) else ():
                    origins[f'{key}."{inner}"'] = place
        on = (on or gate.name in overrides.gates_on) and gate.name not in overrides.gates_off
        if not on or len(self.problems) > before:
            return None
        table_name = "default policy" if self.is_default else self._place(gate.name)
        settings = parse_table(gate.settings, merged, table_name, self.problems)
        if settings is None:  # a required key is missing: that is never the same as "off"
            return None
        if settings.complaint is not None:
            self.problems.append(f"{table_name}: {settings.complaint}")
            return None
        return GatePolicy(name=gate.name, settings=settings, table=table_name, origins=origins)

    def _table_of(self, gate: Gate, raw: Any, path: tuple[str, ...]) -> Mapping[str, Any]:
        """The gate's valid table at this place; problems are noted, `true` is an empty table.

        A required key may stand in another of the gate's tables, so it is not asked for here.
        """
        if raw is None or isinstance(raw, bool):
            return {}
        where = self._place(*path, gate.name)
        if not isinstance(raw, Mapping):
            self.problems.append(f"{where}: expected a table, or false to turn the gate off")
            return {}
        before = len(self.problems)
        check_table(gate.settings, raw, where, self.problems)
        return raw if len(self.problems) == before else {}

    def _check_version(self, required: str | None, version: str) -> None:
        if required is None:
            return
        # Imported here: it costs every start 10 ms, and its loggers 12 calls a test, for a rare key.
        from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

        try:
            fits = SpecifierSet(required).contains(version, prereleases=True)
        except InvalidSpecifier:
            self.problems.append(
                f"{self._place()} required-version = {shown(required)}: "
                'expected a version range such as ">=0.1,<2"'
            )
            return
        if not fits:
            self.problems.append(
                f"{self._place()} required-version = {shown(required)}: this is pytest-gates {version}; "
                f'install a version that fits, for example `pip install "pytest-gates{required}"`'
            )

    def _check_reports(self, wanted: tuple[str, ...], known: tuple[str, ...]) -> None:
        for name in wanted:
            if name not in known:
                self.problems.append(
                    f"{self._place()} reports: no such format {shown(name)}{nearest(name, known)}"
                )


def _merged(old: Any, new: Any) -> Any:
    """A profile adds to a table, however deep; anything else it replaces."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
    return new
