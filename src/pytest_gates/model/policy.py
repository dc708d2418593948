"""The law a run is judged by. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from pytest_gates.model.exceptions import Quarantine, Waiver
from pytest_gates.model.report import PolicyRecord
from pytest_gates.model.settings import GateSettings

DEFAULT_REPORT_DIR = "gates-report"
"""Not hidden: artifact uploaders skip hidden folders."""


class PolicySource(msgspec.Struct, frozen=True, kw_only=True):
    """The text of the file that holds the policy, and the table in it (empty: the whole file)."""

    file_name: str
    text: str
    table: str


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


Weighing = Literal["allow", "warn", "block"]
"""What is done about something that loosens the law, in the order from the loosest."""

_NEVER = msgspec.Meta(extra={"looser": "never"})
_OTHER = msgspec.Meta(extra={"looser": "other"})
_WEIGHING = msgspec.Meta(extra={"looser": ("block", "warn", "allow")})


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A whole policy. `source` names the file and table, or says that it is the default one.

    The marks are those of `model/direction.py`. `policy_changes` and `new_suppressions` are None where the
    policy leaves it to the way it was chosen.
    """

    source: Annotated[str, _NEVER]
    is_default: Annotated[bool, _NEVER]
    profile: Annotated[str, _NEVER]
    gates: Annotated[tuple[GatePolicy, ...], _NEVER]  # compared one by one
    block_on_inconclusive: Annotated[bool, msgspec.Meta(extra={"looser": "lower"})]
    report_dir: Annotated[str, _NEVER] = DEFAULT_REPORT_DIR
    reports: Annotated[tuple[str, ...], _NEVER] = ("json",)
    expect: Annotated[tuple[str, ...], msgspec.Meta(extra={"looser": "fewer"})] = ()
    base: Annotated[str | None, _OTHER] = None
    exceptions_file: Annotated[str, _NEVER] = "gates-exceptions.toml"  # what is in it is compared
    fail_fast: Annotated[bool, _NEVER] = False
    waivers: Annotated[tuple[Waiver, ...], _NEVER] = ()
    quarantine: Annotated[tuple[Quarantine, ...], _NEVER] = ()
    history: Annotated[str, _OTHER] = "sqlite"
    required_version: Annotated[str | None, _OTHER] = None
    policy_from: Annotated[
        Literal["change", "base"], msgspec.Meta(extra={"looser": ("base", "change")})
    ] = "change"
    policy_changes: Annotated[Weighing | None, _WEIGHING] = None
    new_suppressions: Annotated[Weighing | None, _WEIGHING] = None
    owners: Annotated[tuple[str, ...], msgspec.Meta(extra={"looser": "more"})] = ()
    signed_approvals: Annotated[bool, msgspec.Meta(extra={"looser": "lower"})] = True
    max_waiver: Annotated[int | None, msgspec.Meta(extra={"looser": "higher"})] = None  # seconds

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
