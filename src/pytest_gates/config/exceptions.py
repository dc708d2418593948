"""From the exceptions file to waivers: each with an owner, a reason and an end. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pytest_gates.config.policy import parse_document
from pytest_gates.config.values import nearest, parse_table
from pytest_gates.errors import ConfigError
from pytest_gates.model.exceptions import Waiver


def parse_exceptions(text: str, file_name: str) -> tuple[Waiver, ...]:
    """All waivers in the order of the file. Raises ConfigError with all problems."""
    document = parse_document(text, file_name)
    problems: list[str] = []
    for key in document:
        if key == "quarantine":
            problems.append(
                f"{file_name} [[quarantine]]: this version cannot quarantine tests; "
                'remove the entries, or waive a failing test with [[waiver]] gate = "tests"'
            )
        elif key != "waiver":
            problems.append(f"{file_name} {key}: unknown key{nearest(key, ['waiver'])}")
    entries = document.get("waiver", [])
    if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
        problems.append(f"{file_name} waiver: expected entries that begin with [[waiver]]")
        entries = []
    found = [
        _waiver(entry, f"{file_name} [[waiver]] number {number}", problems)
        for number, entry in enumerate(entries, start=1)
    ]
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(one for one in found if one is not None)


def _waiver(entry: Mapping[str, Any], where: str, problems: list[str]) -> Waiver | None:
    expires = entry.get("expires")
    # tomllib reads `2027-01-31T00:00:00` as a datetime, which is a date to Python as well.
    if isinstance(expires, dt.datetime):
        problems.append(f"{where} expires: expected a day such as 2027-01-31, without a time")
        entry = {**entry, "expires": expires.date()}
    waiver = parse_table(Waiver, entry, where, problems)
    if waiver is None:
        return None
    problems.extend(
        f"{where} {key}: is empty; every excuse needs one"
        for key in ("gate", "subject", "reason", "owner")
        if not getattr(waiver, key).strip()
    )
    return waiver
