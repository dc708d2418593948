"""Did this change bring or touch a test? Compares the test's own source with that of the base. Pure."""

from __future__ import annotations

import ast

from pytest_gates.model.case import Novelty


def novelty_of(nodeid: str, base: str | None, now: str) -> Novelty | None:
    """`base` and `now` are the text of the test's file there and here; no file there is None.

    A test that is found under its name in both, with the same statements (comments and layout do not
    count), is unchanged. None when either text is no Python, or the test is not written out in it.
    """
    if base is None:
        return Novelty.NEW
    # Parameters may hold anything, colons too.
    inner = nodeid.partition("::")[2].partition("[")[0]
    path = inner.split("::") if inner else []
    try:
        here, there = _function(now, path), _function(base, path)
    except (SyntaxError, ValueError, RecursionError):
        return None
    if here is None:
        return None
    if there is None:
        return Novelty.NEW
    return Novelty.UNCHANGED if here == there else Novelty.CHANGED


def _function(text: str, path: list[str]) -> str | None:
    """The function as a dump of its syntax tree, decorators included; None when there is none."""
    if not path:
        return None
    *classes, function = path
    body = ast.parse(text).body
    for name in classes:
        nested = [node for node in body if isinstance(node, ast.ClassDef) and node.name == name]
        if not nested:
            return None
        body = nested[-1].body
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in body if isinstance(node, kinds) and node.name == function]
    return ast.dump(found[-1]) if found else None
