"""A SARIF file as its standard describes it, as far as we go by it, and whether its scanner was well. Pure.

SARIF 2.1.0, OASIS Standard with errata 01. Fields that we do not go by are passed over; a field that has
another type than the standard gives it makes the whole file one that nobody understands.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pytest_gates.errors import ToolError

VERSION = "2.1.0"
Level = Literal["none", "note", "warning", "error"]


class Untrusted(ToolError):
    """Why nothing can be concluded from a file."""

    def __init__(self, why: str) -> None:
        super().__init__(why, "run the scanner again, in this job")


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of the document; scanners write null for what they leave out."""


class Text(_Part, frozen=True, kw_only=True, rename="camel"):
    text: str | None = None
    markdown: str | None = None
    id: str | None = None
    arguments: list[str] | None = None


class Artifact(_Part, frozen=True, kw_only=True, rename="camel"):
    uri: str | None = None
    uri_base_id: str | None = None
    index: int | None = None


class Region(_Part, frozen=True, kw_only=True, rename="camel"):
    start_line: int | None = None
    end_line: int | None = None
    start_column: int | None = None
    snippet: Text | None = None


class Physical(_Part, frozen=True, kw_only=True, rename="camel"):
    artifact_location: Artifact | None = None
    region: Region | None = None


class Place(_Part, frozen=True, kw_only=True, rename="camel"):
    physical_location: Physical | None = None


class Configuration(_Part, frozen=True, kw_only=True, rename="camel"):
    level: Level | None = None


class Rule(_Part, frozen=True, kw_only=True, rename="camel"):
    id: str
    short_description: Text | None = None
    message_strings: dict[str, Text] | None = None
    help_uri: str | None = None
    default_configuration: Configuration | None = None
    properties: dict[str, Any] | None = None


class Component(_Part, frozen=True, kw_only=True, rename="camel"):
    name: str
    version: str | None = None
    semantic_version: str | None = None
    rules: list[Rule] | None = None


class ToolUsed(_Part, frozen=True, kw_only=True, rename="camel"):
    driver: Component
    extensions: list[Component] | None = None


class Reference(_Part, frozen=True, kw_only=True, rename="camel"):
    """Of a rule, or of the component that brings it."""

    id: str | None = None
    index: int | None = None
    tool_component: Reference | None = None


class Suppression(_Part, frozen=True, kw_only=True, rename="camel"):
    kind: str = "unknown"
    status: Literal["accepted", "underReview", "rejected"] | None = None
    justification: str | None = None


class Result(_Part, frozen=True, kw_only=True, rename="camel"):
    message: Text
    rule_id: str | None = None
    rule_index: int | None = None
    rule: Reference | None = None
    level: Level | None = None
    kind: Literal["notApplicable", "pass", "fail", "review", "open", "informational"] | None = None
    locations: list[Place] | None = None
    fingerprints: dict[str, str] | None = None
    partial_fingerprints: dict[str, str] | None = None
    suppressions: list[Suppression] | None = None
    baseline_state: Literal["new", "unchanged", "updated", "absent"] | None = None
    properties: dict[str, Any] | None = None


class Notification(_Part, frozen=True, kw_only=True, rename="camel"):
    message: Text
    level: Level | None = None


class Override(_Part, frozen=True, kw_only=True, rename="camel"):
    descriptor: Reference
    configuration: Configuration


class Invocation(_Part, frozen=True, kw_only=True, rename="camel"):
    execution_successful: bool
    end_time_utc: str | None = None
    tool_execution_notifications: list[Notification] | None = None
    tool_configuration_notifications: list[Notification] | None = None
    rule_configuration_overrides: list[Override] | None = None


class Provenance(_Part, frozen=True, kw_only=True, rename="camel"):
    revision_id: str | None = None


class Listed(_Part, frozen=True, kw_only=True, rename="camel"):
    location: Artifact | None = None


class Elsewhere(_Part, frozen=True, kw_only=True, rename="camel"):
    results: list[Any] | None = None
    invocations: Any = None


class Run(_Part, frozen=True, kw_only=True, rename="camel"):
    tool: ToolUsed
    results: list[Result] | None = None
    invocations: list[Invocation] | None = None
    artifacts: list[Listed] | None = None
    original_uri_base_ids: dict[str, Artifact] | None = None
    version_control_provenance: list[Provenance] | None = None
    external_property_file_references: Elsewhere | None = None


class Log(_Part, frozen=True, kw_only=True, rename="camel"):
    version: str
    runs: list[Run]


class _Head(msgspec.Struct, frozen=True):
    version: str


def log_of(text: str) -> Log:
    """Raises Untrusted unless it is a whole file of that version with at least one run."""
    if not text.strip():
        raise Untrusted("it is empty")
    try:
        version = msgspec.json.decode(text, type=_Head).version
        if version != VERSION:
            raise Untrusted(f"it is of version {version[:20]}, expected SARIF {VERSION}")
        log = msgspec.json.decode(text, type=Log)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as why:
        raise Untrusted(f"it is no whole SARIF file: {why}") from why
    if not log.runs:
        raise Untrusted("it holds no run of a scanner")
    return log


def trusted(run: Run) -> None:
    """Raises Untrusted where the scanner did not look, or says itself that it stumbled."""
    name = run.tool.driver.name
    if run.results is None:
        raise Untrusted(f"{name} did not scan: its run holds no results, not even an empty list")
    elsewhere = run.external_property_file_references
    if elsewhere is not None and (elsewhere.results or elsewhere.invocations):
        raise Untrusted(f"{name} has written its results into other files, which are not read")
    for one in run.invocations or ():
        errors = [
            told
            for told in (
                *(one.tool_execution_notifications or ()),
                *(one.tool_configuration_notifications or ()),
            )
            if told.level == "error"
        ]
        if errors:
            said = errors[0].message.text or errors[0].message.markdown or "without a word"
            raise Untrusted(f"{name} tells of {len(errors)} error(s) of its own: {said}")
        if not one.execution_successful:
            raise Untrusted(f"{name} says that it failed")
