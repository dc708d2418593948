"""Each kind of statement, from its first line to its last, in its scope."""

from __future__ import annotations

from textwrap import dedent

import pytest

from pytest_gates.changes.statements import statements_of
from pytest_gates.errors import EvidenceMissing


def spans(text: str | bytes) -> list[tuple[int, int, str]]:
    source = text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode()
    return [(one.first, one.last, one.scope) for one in statements_of(source)]


def essences(text: str) -> list[str]:
    return [one.essence for one in statements_of(dedent(text).lstrip("\n").encode())]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("x = 1\n\ny = (\n  2,\n)\n", [(1, 1, ""), (3, 5, "")]),
        ("f(\n  a,  # why\n  b,\n)\n", [(1, 4, "")]),
        ("x = 1; y = 2\nz = 3\n", [(1, 1, ""), (2, 2, "")]),
        ("x = 1; y = (\n 2); z = 3\n", [(1, 2, "")]),
        ("if x: y = 2\n", [(1, 1, "")]),
        ("x = [\n  a\n  for a in b\n]\n", [(1, 4, "")]),
        ("x = lambda: (\n  1)\n", [(1, 2, "")]),
        ("x = 1 + \\\n  2\n", [(1, 2, "")]),
        ('x = """\na: 1\n"""\n', [(1, 3, "")]),
        ("", []),
        ("# nothing\n", []),
    ],
)
def test_a_simple_statement_reaches_to_its_last_line(
    text: str, expected: list[tuple[int, int, str]]
) -> None:
    assert spans(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("def f(\n  a,\n  b=1,\n):\n\n  # why\n  pass\n", [(1, 4, ""), (7, 7, "f")]),
        ("def f() -> (\n  int\n): pass\n", [(1, 3, "")]),
        ("@a\n@b(\n 1)\nasync def f(): # x: y\n  pass\n", [(1, 4, ""), (5, 5, "f")]),
        ("@a\nclass A(\n  B, metaclass=M,\n  # c\n):\n  x = 1\n", [(1, 5, ""), (6, 6, "A")]),
        ("def f(a: 'x:y', é='ü:'  ): pass\n", [(1, 1, "")]),
        ("class A:\n def m(self):\n  def i():\n   x\n",
         [(1, 1, ""), (2, 2, "A"), (3, 3, "A.m"), (4, 4, "A.m.i")]),
        ("if (\n  a and\n  b\n):\n  x\nelif c:\n  y\nelse:  # no\n  z\n",
         [(1, 4, ""), (5, 5, ""), (6, 6, ""), (7, 7, ""), (9, 9, "")]),
        ("while a[1:2]:\n  x\nelse:\n  y\n", [(1, 1, ""), (2, 2, ""), (4, 4, "")]),
        ("for a, b in (\n  c\n):\n  x\n", [(1, 3, ""), (4, 4, "")]),
        ("with (\n  a as b,\n  c,\n):\n  x\n", [(1, 4, ""), (5, 5, "")]),
        ("try:\n  x\nexcept (\n  A,\n) as e:\n  y\nelse:\n  z\nfinally:\n  w\n",
         [(1, 1, ""), (2, 2, ""), (3, 5, ""), (6, 6, ""), (8, 8, ""), (10, 10, "")]),
        ("try:\n  x\nexcept* A:\n  y\n", [(1, 1, ""), (2, 2, ""), (3, 3, ""), (4, 4, "")]),
        ("async def f():\n  async with a as b:\n    x\n  async for y in z:\n    w\n",
         [(1, 1, ""), (2, 2, "f"), (3, 3, "f"), (4, 4, "f"), (5, 5, "f")]),
        ("match x:\n  case (\n    1 | 2\n  ) if (\n    y):\n    a\n  case {'b:': c}: d\n  case _:\n    e\n",
         [(1, 1, ""), (2, 5, ""), (6, 6, ""), (7, 7, ""), (8, 8, ""), (9, 9, "")]),
    ],
)  # fmt: skip
def test_a_compound_statement_reaches_to_its_colon(
    text: str, expected: list[tuple[int, int, str]]
) -> None:
    assert spans(text) == expected


def test_strings_that_stand_alone_are_no_statements() -> None:
    assert spans('"""Doc."""\ndef f():\n  """Doc."""\n  ...\n') == [(2, 2, ""), (4, 4, "f")]


@pytest.mark.parametrize(
    "source, expected",
    [
        (b"x = 1\r\ny = 2\r\n", [1, 2]),
        (b"x = 1\ry = 2\r", [1, 2]),
        (b"x = 1\n\x0cy = 2\n", [1, 2]),
        (b"x = '\x1c\xc2\x85\xe2\x80\xa8'\ny = 2", [1, 2]),
        (b"\xef\xbb\xbfx = 1\ndef f(): pass", [1, 2]),
        (b"# coding: latin-1\nx = '\xe9'\nclass A(B['\xe9']\n): pass\n", [2, 3]),
    ],
)
def test_lines_are_numbered_as_python_numbers_them(source: bytes, expected: list[int]) -> None:
    assert [first for first, _, _ in spans(source)] == expected


def test_a_thousand_branches_are_no_depth() -> None:
    text = "if x:\n  y\n" + "elif x:\n  y\n" * 600
    try:
        found = spans(text)
    except EvidenceMissing:  # the parser of this Python refuses it
        return
    assert len(found) == 1202


@pytest.mark.parametrize(
    "source, why",
    [
        (b"x = 1\ny = (\n", "line 2"),
        (b"print 'a'\n", "line 1"),
        (b"# coding: klingon\n", "klingon"),
        (b"x = '\xff'\n", "."),
        (b"x = 1\0\n", "."),
        (b"x = " + b"-" * 20000 + b"1\n", "."),
    ],
)
def test_what_is_no_python_is_missing_evidence(source: bytes, why: str) -> None:
    with pytest.raises(EvidenceMissing, match=why):
        statements_of(source)


def test_a_doubtful_escape_warns_nobody() -> None:
    assert spans("x = '\\d'\n") == [(1, 1, "")]


@pytest.mark.parametrize(
    "one, other",
    [
        ("f(a, b)\n", "f(\n    a,  # first\n    b,\n)\n"),
        ("x = u'a' 'b'\n", 'x = "ab"\n'),
        ("def f(a, b=1): pass\n", "def f(\n  a, b=1\n):\n  pass\n"),
    ],
)
def test_layout_does_not_touch_the_essence(one: str, other: str) -> None:
    assert "\n".join(essences(one)) == "\n".join(essences(other))


@pytest.mark.parametrize(
    "one, other",
    [
        ("f(a, b)\n", "f(a, c)\n"),
        ("def f(a): pass\n", "def f(a, b): pass\n"),
        ("def f(): pass\n", "async def f(): pass\n"),
        ("@a\ndef f(): pass\n", "def f(): pass\n"),
        ("with a: pass\n", "with b: pass\n"),
        ("x = 1\n", "x = True\n"),
        ("x = 0x" + "f" * 5000 + "\n", "x = 0x" + "e" * 5000 + "\n"),
        ("x = '''\n a'''\n", "x = '''\na'''\n"),
    ],
)
def test_meaning_does(one: str, other: str) -> None:
    assert essences(one)[0] != essences(other)[0]


def test_a_sum_of_many_terms_is_no_depth() -> None:
    terms = " + ".join(f"x{number}" for number in range(900))
    assert essences(f"y = {terms}\n") == essences(f"y = (\n{terms}\n)\n")


def test_a_body_does_not_belong_to_the_essence_of_its_header() -> None:
    assert essences("if a:\n  b\n  c\n")[0] == essences("if a:\n  d\nelse:\n  e\n")[0]


def test_elif_is_another_thing_than_if() -> None:
    assert essences("if a:\n  b\nelif c:\n  d\n")[2] != essences("if a:\n  b\nif c:\n  d\n")[2]
    assert (
        essences("if a:\n  b\nelif c:\n  d\n")
        == essences("if a:\n  b\nelse:\n  if c:\n    d\n")
    )  # fmt: skip
