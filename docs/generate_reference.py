"""Write the reference of gates and policy from the code itself. Effects: files.

`python docs/generate_reference.py` writes; with `--check` it only compares, and exits 1 when a page is old.
"""  # noqa: INP001 - a script beside the pages it writes

from __future__ import annotations

import enum
import json
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from pytest_gates.catalog import DEFAULT_POLICY, GATES, REPORTERS
from pytest_gates.config.keys import PolicyTable
from pytest_gates.config.policy import BUILT_IN_PROFILES
from pytest_gates.gates.coverage import Floors
from pytest_gates.model.contracts import Gate  # noqa: TC001 - read at run time like the others
from pytest_gates.model.exceptions import Quarantine, Waiver
from pytest_gates.model.flaky_settings import TestReruns
from pytest_gates.reporters.json import schema
from pytest_gates.tools.sarif import SarifFile

REFERENCE = Path(__file__).parent / "reference"
_WORDS = {str: "string", bool: "true or false", int: "whole number"}
_QUANTITIES = {
    "advisories": '`"pypi"`, `"osv"`, a URL or `"offline:<path>"`',
    "pin": "`name==version`",
    "percent": "percentage",
    "duration": "time",
    "count": "whole number",
    "licence": "SPDX identifier",
    "licence-expression": "SPDX expression",
    "history": "string",
    "regex": "regular expression",
}
_SUB_TABLES: Mapping[str, tuple[str, type[msgspec.Struct]]] = {
    "coverage": ("One entry of `paths`", Floors),
    "flaky": ("One entry of `tests`", TestReruns),
    "sarif": ("One entry of `files`", SarifFile),
}
_TABLES_OF: Mapping[type, str] = {
    Floors: "table: glob to floors, or to a percentage of lines",
    SarifFile: "table: name to settings, or to a path",
    TestReruns: "table: glob over node ids to settings, or to a number of reruns",
}


_NOTICE = "<!-- Written by docs/generate_reference.py. Do not edit. -->\n\n"

_GATES_INTRODUCTION = (
    _NOTICE
    + """\
# Gates

The built-in gates. A gate's table turns it on; `NAME = false` turns it off. `tests` is on unless
it is turned off. Keys that are left out have their defaults.

A percentage is a number without quotes. A time is a number of seconds, or text: `"90s"`,
`"10m"`, `"2h"`, `"30d"`."""
)

_POLICY = (
    _NOTICE
    + """\
# Policy

The policy stands in `[tool.pytest-gates]` of `pyproject.toml`, or in `gates.toml` with the same keys
without that prefix. One of them, not both: two policies are an error. Both files are looked for in
pytest's root folder. `--gates-config FILE` names another file.

A wrong policy is a usage error. All problems of the file are told together, before a test runs.

## Keys

{keys}

Formats that `reports` knows in this version: {reporters}.

Besides these keys there is one table for each [gate](gates.md), and `profiles`.
How `base` is found where it is not written: [Compare with a base](../how-to/compare-with-a-base.md).

## Profiles

The profiles {profiles} always exist. `[tool.pytest-gates.profiles.NAME]` holds keys and gates that
are laid over the policy when that profile is chosen:

- by `--gates-profile NAME`;
- else `ci`, when the variable `CI` is set to anything but an empty text, `0` or `false`;
- else `local`.

Where you write no `on-inconclusive`, it is `warn` in the profile `local` and `block` in every other.
`gates verify` judges by the profile `ci`, unless `--profile` names another.

```toml
[tool.pytest-gates.coverage]
lines = 90

[tool.pytest-gates.bandit]

[tool.pytest-gates.profiles.local]
bandit = false          # off here, on everywhere else

[tool.pytest-gates.profiles.nightly.coverage]
lines = 95
```

A key of a profile replaces the same key of the policy. A table such as `paths` is merged, entry by entry.

## Without a policy

When neither file holds a policy, this one is in force. The summary says so.
`gates init` writes it to `gates.toml`.

```toml
{default_policy}
```

## Exceptions file

`gates-exceptions.toml` holds waivers, entries `[[waiver]]`, and the quarantine, entries `[[quarantine]]`.

### Waivers

{waiver}

`expires` is the last day on which the waiver counts, in UTC. What `subject` may be is told in
[Waive a finding](../how-to/waive-a-finding.md).

```toml
[[waiver]]
gate = "pip-audit"
subject = "CVE-2026-0001"
reason = "not reachable: we never parse untrusted YAML"
owner = "@ana"
expires = 2027-01-31
```

### Quarantine

{quarantine}

`expires` is the last day of the entry, in UTC, at most 90 days ahead. `test` is a node id, or a glob over
node ids in which only `*` and `?` are special. What an entry excuses, and what not, is told in
[Quarantine a test](../how-to/quarantine-a-test.md).

```toml
[[quarantine]]
test = "tests/test_pay.py::test_refund"
reason = "races with the ledger clock, SHOP-812"
owner = "@payments"
expires = 2026-12-20
```
"""
)


def gates_page() -> str:
    """reference/gates.md: one section a gate, in the order of the catalog."""
    parts = [_GATES_INTRODUCTION]
    for gate in GATES:
        parts += [f"## {gate.name}", gate.doc, *_facts(gate), _key_table(gate.settings)]
        if gate.name in _SUB_TABLES:
            title, kind = _SUB_TABLES[gate.name]
            parts += [f"{title}:", _key_table(kind)]
    return "\n\n".join(parts) + "\n"


def policy_page() -> str:
    """reference/policy.md: where the policy stands, its keys, profiles, the default, exceptions."""
    return _POLICY.format(
        keys=_key_table(PolicyTable),
        reporters=", ".join(f"`{one.name}`" for one in REPORTERS),
        profiles=" and ".join(f"`{one}`" for one in BUILT_IN_PROFILES),
        default_policy=_default_policy(),
        waiver=_key_table(Waiver),
        quarantine=_key_table(Quarantine),
    )


def schema_text() -> str:
    """reference/report.schema.json, as `gates schema` prints it."""
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"


PAGES = {
    "gates.md": gates_page,
    "policy.md": policy_page,
    "report.schema.json": schema_text,
}


def main(arguments: list[str]) -> int:
    old = [
        name
        for name, page in PAGES.items()
        if not (REFERENCE / name).is_file()
        or (REFERENCE / name).read_text(encoding="utf-8") != page()
    ]
    if "--check" not in arguments:
        for name in old:
            (REFERENCE / name).write_text(PAGES[name](), encoding="utf-8")
        return 0
    for name in old:
        sys.stderr.write(f"docs/reference/{name} is old: run python docs/generate_reference.py\n")
    return 1 if old else 0


def _facts(gate: Gate) -> Iterable[str]:
    tool = gate.tool
    if tool is None:
        return
    quick = " It is quick: with `fail-fast` it runs before the first test." if tool.quick else ""
    yield (
        f"Runs `{tool.distribution}` beside the tests; it must be installed in their environment.{quick}"
    )


def _key_table(kind: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(kind, include_extras=True)
    rows = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        default = "required" if field.required else f"`{_shown(_default(field))}`"
        if not field.required and _default(field) is None:
            default = "none"
        rows.append(
            f"| `{field.encode_name}` | {_type_words(hint)} | {default} | {_description(hint)} |"
        )
    return "\n".join(rows)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _shown(value: Any) -> str:
    """As it would stand in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(str(value))
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_shown(one) for one in value) + "]"
    if isinstance(value, Mapping):
        return (
            "{}"
            if not value
            else "{ " + ", ".join(f"{k} = {_shown(v)}" for k, v in value.items()) + " }"
        )
    return str(value)


def _type_words(hint: Any) -> str:
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin is Annotated:
        extra = {key: value for mark in arguments[1:] for key, value in (mark.extra or {}).items()}
        if "choices" in extra:
            return _one_of(extra["choices"])
        return _QUANTITIES[extra["quantity"]] if "quantity" in extra else _type_words(arguments[0])
    if origin in {typing.Union, types.UnionType}:
        return _type_words(next(one for one in arguments if one is not types.NoneType))
    if origin is tuple:
        return f"list of {_type_words(arguments[0])}s"
    if origin is dict:
        known = _TABLES_OF.get(arguments[1])
        return known if known is not None else f"table: name to {_type_words(arguments[1])}"
    if origin is typing.Literal:
        return _one_of(arguments)
    if isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        return _one_of(tuple(hint))
    return _WORDS.get(hint, "day, without quotes")


def _one_of(values: Iterable[object]) -> str:
    return " or ".join(f"`{json.dumps(str(one))}`" for one in values)


def _description(hint: Any) -> str:
    if typing.get_origin(hint) is Annotated:
        texts = [mark.description for mark in typing.get_args(hint)[1:] if mark.description]
        if texts:
            return str(texts[0])
        return _description(typing.get_args(hint)[0])
    return ""


def _default_policy() -> str:
    lines: list[str] = []
    for name, table in DEFAULT_POLICY.items():
        lines.append(f"[tool.pytest-gates.{name}]")
        lines += [f"{key} = {_shown(value)}" for key, value in table.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
