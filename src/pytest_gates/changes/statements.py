"""Where the statements of a Python file stand, as coverage counts them: by logical line. Pure.

A simple statement reaches to its last line, a compound one to the colon of its header; decorators belong
to what they decorate. `else:` and `finally:` are no statements, nor is a string that stands alone.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from typing import Any

import msgspec

from pytest_gates.errors import EvidenceMissing

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_COMPOUND = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.ExceptHandler,
    ast.Match,
    ast.match_case,
)
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CASE = re.compile(r"\s*case\b")
_LINE_END = re.compile(r"\r\n|\r|\n")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One node of the tree, without the blocks below it: those are statements themselves.

    `scope` is the qualified name of the function or class around it, empty at module level.
    `otherwise`: it is an `elif`, or an `if` alone behind an `else`, which is the same.
    """

    node: Any
    scope: str
    otherwise: bool = False

    @property
    def essence(self) -> str:
        """Equal for what means the same and differs in layout and comments alone."""
        return ("elif " if self.otherwise else "") + _essence(self.node)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What begins on one logical line: `first` to `last` line inclusive, from 1.

    More than one part where semicolons, or a body behind the colon, share the line.
    """

    first: int
    last: int
    parts: tuple[Part, ...]

    @property
    def scope(self) -> str:
        return self.parts[0].scope

    @property
    def essence(self) -> str:
        return "\n".join(one.essence for one in self.parts)


def statements_of(source: bytes) -> tuple[Statement, ...]:
    """In order of line, never overlapping. Raises EvidenceMissing when this is no Python."""
    try:
        with warnings.catch_warnings():
            # "invalid escape sequence" is for whoever runs the code, and may be an error here.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        lines = text_lines(source)
    except SyntaxError as why:
        where = f"line {why.lineno}: " if why.lineno else ""
        raise EvidenceMissing(f"{where}{why.msg}") from why
    except (ValueError, RecursionError, MemoryError) as why:
        raise EvidenceMissing(str(why) or type(why).__name__) from why
    return tuple(_joined(sorted(_found(tree, lines), key=lambda one: one.first)))


def text_lines(source: bytes) -> list[str]:
    """The lines as Python numbers them: form feeds and their like end none.

    Raises SyntaxError for an unknown encoding, ValueError where the bytes do not fit it.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return _LINE_END.split(source.decode(encoding))


def _found(tree: ast.Module, lines: list[str]) -> Iterator[Statement]:
    """Each statement by itself, outer ones first. No recursion: `elif` may nest a thousand deep."""
    waiting: list[tuple[Any, str, bool]] = [(node, "", False) for node in reversed(tree.body)]
    while waiting:
        node, scope, otherwise = waiting.pop()
        if _is_text(node):
            continue
        first, last = _span(node, lines)
        part = Part(node=node, scope=scope, otherwise=otherwise)
        yield Statement(first=first, last=last, parts=(part,))
        if isinstance(node, _COMPOUND):
            inner = ".".join(one for one in (scope, _name(node)) if one)
            blocks = [child for name in _BLOCKS for child in getattr(node, name, ())]
            alone = node.orelse if isinstance(node, ast.If) and len(node.orelse) == 1 else []
            waiting += [
                (child, inner, isinstance(child, ast.If) and child in alone)
                for child in reversed(blocks)
            ]


def _joined(statements: list[Statement]) -> Iterator[Statement]:
    """Statements that share a line are one: coverage cannot tell them apart."""
    held: Statement | None = None
    for one in statements:
        if held is not None and one.first <= held.last:
            held = Statement(
                first=held.first,
                last=max(held.last, one.last),
                parts=(*held.parts, *one.parts),
            )
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held


def _is_text(node: Any) -> bool:
    """A docstring, or any string that stands alone: nothing of it is ever executed."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _name(node: Any) -> str:
    return str(node.name) if isinstance(node, _NAMED) else ""


def _span(node: Any, lines: list[str]) -> tuple[int, int]:
    if not isinstance(node, _COMPOUND):
        return node.lineno, node.end_lineno
    if isinstance(node, ast.match_case):
        first = _case_line(node.pattern.lineno, lines)
        return first, _colon_line(node, (first, 0), lines)
    decorators = getattr(node, "decorator_list", ())
    first = min([node.lineno, *(one.lineno for one in decorators)])
    return first, _colon_line(node, (node.lineno, node.col_offset), lines)


def _case_line(line: int, lines: list[str]) -> int:
    """A pattern in parentheses may begin below its keyword."""
    while line > 1 and not _CASE.match(lines[line - 1]):
        line -= 1
    return line


def _colon_line(node: Any, start: tuple[int, int], lines: list[str]) -> int:
    """The line of the colon that ends a header. Behind its last expression no text can hold another."""
    places = [start, *((one.end_lineno, one.end_col_offset) for one in _header_parts(node))]
    line: int
    line, column = max(places)
    rest = lines[line - 1].encode()[column:].decode()
    while ":" not in rest.partition("#")[0] and line < len(lines):
        line += 1
        rest = lines[line - 1]
    return line


def _header_parts(node: Any) -> Iterator[Any]:
    """Nodes with a place that belong to the header; `arguments` and `withitem` have none themselves."""
    waiting = [value for name, value in ast.iter_fields(node) if name not in _BLOCKS]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, ast.AST):
            if hasattr(value, "end_lineno"):
                yield value
            else:
                waiting += [inner for _, inner in ast.iter_fields(value)]


def _essence(node: Any) -> str:
    """The node without its blocks, in the order of its fields; lists tell their length.

    No recursion, and so not `ast.dump`: a sum of a thousand terms is a thousand deep.
    """
    found: list[str] = []
    waiting: list[Any] = [node]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            found.append(f"[{len(value)}]")
            waiting += reversed(value)
        elif isinstance(value, ast.Constant):  # its `kind` alone tells u"text" from "text"
            found.append(_constant(value.value))
        elif isinstance(value, ast.AST):
            found.append(type(value).__name__)
            # Only the first can be compound: what lies below it, outside its blocks, are expressions.
            hidden = _BLOCKS if isinstance(value, _COMPOUND) else ()
            names = [name for name in value._fields if name not in hidden]
            waiting += [getattr(value, name, None) for name in reversed(names)]
        else:
            found.append(repr(value))
    return " ".join(found)


def _constant(value: Any) -> str:
    # Python refuses to write a number of many thousand digits in decimals.
    return f"{type(value).__name__} {value:#x}" if isinstance(value, int) else repr(value)
