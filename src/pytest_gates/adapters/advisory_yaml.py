"""An advisory in YAML as JSON: each scalar as it is written, no aliases, no tags. Pure but for the library.

Version `1.10` is no number, and a moment no object: nothing is guessed from how a scalar looks, but that
an empty one is nothing. Apart from the work of `advisories update` this is the only user of PyYAML here.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml  # type: ignore[import-untyped]

from pytest_gates.advisories.record import Unreadable

_BASE: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NULL = "tag:yaml.org,2002:null"
# An alias needs an anchor. Few texts hold both marks, and only those are looked at event by event.
_MAY_ANCHOR, _MAY_ALIAS = re.compile(rb"&[^\s]"), re.compile(rb"\*[^\s]")


class _Loader(_BASE):  # type: ignore[misc]
    """Strings, lists and tables, and nothing else that a document might ask for."""


_Loader.add_implicit_resolver(_NULL, re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_constructor(_NULL, lambda loader, node: None)  # noqa: ARG005


def json_of(content: bytes) -> bytes:
    """The same document in JSON. Raises Unreadable for what is no YAML, and for YAML that repeats itself."""
    try:
        if _MAY_ANCHOR.search(content) and _MAY_ALIAS.search(content) and _has_alias(content):
            raise Unreadable("it holds YAML aliases, which may repeat a text without end")
        # The loader builds strings, lists and tables only: see above.
        document = yaml.load(content, Loader=_Loader)  # noqa: S506  # nosec B506 - see above
        return msgspec.json.encode(document)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as why:
        raise Unreadable(str(why)) from why


def _has_alias(content: bytes) -> bool:
    return any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, Loader=_Loader))
