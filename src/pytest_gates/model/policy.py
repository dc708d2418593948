"""The law a run is judged by. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from pytest_gates.model.exceptions import Quarantine, Waiver
from pytest_gates.model.report import PolicyRecord
from pytest_gates.model.settings import GateSettings

DEFAULT_REPORT_DIR = "gates-report"
"""Not hidden: artifact uploaders skip hidden folders."""


class GatePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One gate that is on. `origins` says for each key where it was written; others are defaults."""

    name: str
    settings: GateSettings
    table: str
    origins: Mapping[str, str]

    def origin_of(self, key: str) -> str:
        """Place of the threshold `key` (kebab-case, dotted for sub-tables) for people."""
        outer = key.partition(".")[0]
        where = self.origins.get(key) or self.origins.get(outer)
        return f"{where} {key}" if where else f"{self.table} {key} (default)"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A whole policy. `source` names the file and table, or says that it is the default one."""

    source: str
    is_default: bool
    profile: str
    gates: tuple[GatePolicy, ...]
    block_on_inconclusive: bool
    report_dir: str = DEFAULT_REPORT_DIR
    reports: tuple[str, ...] = ("json",)
    expect: tuple[str, ...] = ()
    base: str | None = None
    exceptions_file: str = "gates-exceptions.toml"
    fail_fast: bool = False
    waivers: tuple[Waiver, ...] = ()
    quarantine: tuple[Quarantine, ...] = ()
    history: str = "sqlite"

    def gate(self, name: str) -> GatePolicy | None:
        """The gate of that name, None when it is off."""
        return next((one for one in self.gates if one.name == name), None)

    def record(self) -> PolicyRecord:
        gates: dict[str, dict[str, Any]] = {
            gate.name: msgspec.to_builtins(gate.settings, str_keys=True) for gate in self.gates
        }
        return PolicyRecord(
            digest=digest_of(gates, self.expect),
            source=self.source,
            profile=self.profile,
            on_inconclusive="block" if self.block_on_inconclusive else "warn",
            gates=gates,
            expect=self.expect,
        )


def digest_of(gates: Mapping[str, Any], expect: tuple[str, ...]) -> str:
    """`sha256:<hex>` over the settings of all gates, independent of their order in the file."""
    canonical = msgspec.json.encode({"gates": gates, "expect": expect}, order="deterministic")
    return "sha256:" + hashlib.sha256(canonical).hexdigest()
