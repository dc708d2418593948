"""Report to JSON and back: the source of truth of a run. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from pytest_gates.errors import GatesError
from pytest_gates.model.contracts import Reporter
from pytest_gates.model.report import SCHEMA_VERSION, Report
from pytest_gates.model.text import well_formed


class _Head(msgspec.Struct, frozen=True):
    schema: int
    generator: str = "unknown"


def render(report: Report) -> bytes:
    """UTF-8, one line. Lone surrogates, which JSON cannot hold, are spelled out."""
    try:
        return msgspec.json.encode(report)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(report)
        return msgspec.json.encode(_well_formed(plain))


def parse(text: bytes) -> Report:
    """Raises GatesError when the text is not a whole report of this schema version."""
    try:
        head = msgspec.json.decode(text, type=_Head)
        if head.schema != SCHEMA_VERSION:
            raise GatesError(
                f"schema version {head.schema} (written by {head.generator}), expected {SCHEMA_VERSION}: "
                "use the same pytest-gates for the run and for this command"
            )
        report = msgspec.json.decode(text, type=Report)
        # A key that is gone would silently become its default, which is the harmless value.
        whole = msgspec.json.decode(text) == msgspec.json.decode(render(report))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as why:
        raise GatesError(f"not a whole report: {why}") from why
    if not whole:
        raise GatesError("not a whole report: parts of it are missing, or were added")
    return report


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the report."""
    document = msgspec.json.schema(Report)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"pytest-gates report, schema version {SCHEMA_VERSION}",
        **document,
    }


def _well_formed(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, dict):
        return {well_formed(str(key)): _well_formed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_well_formed(one) for one in value]
    return value


REPORTER = Reporter(name="json", file_name="report.json", render=render)
