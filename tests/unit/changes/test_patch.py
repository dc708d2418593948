"""Which statements a change wrote, which it only laid out otherwise, and which it brought along."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.changes.patch import GoneText, Patch, lines_at_base, patch_of
from pytest_gates.model.change import FileChange, Hunk
from pytest_gates.model.measured import MeasuredLines
from pytest_gates.model.patch import ChangedStatement, Newness, PatchFile
from support.patching import a_changed_file, change_of, text

NEW, REFORMATTED, MOVED = Newness.NEW, Newness.REFORMATTED, Newness.MOVED
PRAGMA = r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(cover|COVER)"


def only(patch: Patch) -> PatchFile:
    (found,) = patch.files
    return found


def changed(base: bytes | None, now: bytes) -> tuple[ChangedStatement, ...]:
    return only(patch_of([a_changed_file(base, now)])).statements


def told(base: str | None, now: str) -> list[tuple[int, int, Newness]]:
    before = None if base is None else text(base)
    return [(one.first, one.last, one.newness) for one in changed(before, text(now))]


@pytest.mark.parametrize(
    "base, now, expected",
    [
        ("x = 1\n", "x = 2\n", [(1, 1, NEW)]),
        ("x = 1\n", "x = 1\ny = 2\n", [(2, 2, NEW)]),
        ("x = 1\ny = 2\n", "y = 2\n", []),
        (None, "x = 1\ndef f():\n  pass\n", [(1, 1, NEW), (2, 2, NEW), (3, 3, NEW)]),
        # An argument in the third line of a call, and one that is gone.
        ("f(\n  a,\n  b,\n)\n", "f(\n  a,\n  c,\n)\n", [(1, 4, NEW)]),
        ("f(\n  a,\n  b,\n)\n", "f(\n  a,\n)\n", [(1, 3, NEW)]),
        ("f(\n  a,\n  b)\n", "f(\n  a)\n", [(1, 2, NEW)]),
        # A signature, a decorator, one that is gone, a header of which the body stays.
        ("def f(\n  a,\n):\n  x\n", "def f(\n  a, b,\n):\n  x\n", [(1, 3, NEW)]),
        ("def f():\n  x\n", "@d\ndef f():\n  x\n", [(1, 2, NEW)]),
        ("@c\n@d\ndef f():\n  x\n", "@d\ndef f():\n  x\n", [(1, 2, NEW)]),
        ("@c\n@d\ndef f():\n  x\n", "# c\n@d\ndef f():\n  x\n", [(2, 3, NEW)]),
        ("def f():\n  x\n", "def g():\n  x\n", [(1, 1, NEW)]),
        ("if a:\n  x\nif b:\n  y\n", "if a:\n  x\nelif b:\n  y\n", [(3, 3, NEW)]),
        # Comments, blank lines, docstrings, `else:` are nothing that could be executed.
        ("x = 1\n", "# why\n\nx = 1\n", []),
        ('def f():\n  """A."""\n  x\n', 'def f():\n  """B."""\n  x\n', []),
        ("if a:\n  x\n", "if a:\n  x\nelse:\n  y\n", [(4, 4, NEW)]),
        # What was text is code now, though not a letter of it changed.
        ('"""\nx = 1\n"""\ny = 2\n', "x = 1\ny = 2\n", [(1, 1, NEW)]),
        # Semicolons: the line is one.
        ("x = 1; y = 2\n", "x = 1; y = 3\n", [(1, 1, NEW)]),
    ],
)
def test_a_changed_line_marks_its_statement(
    base: str | None, now: str, expected: list[tuple[int, int, Newness]]
) -> None:
    assert told(base, now) == expected


@pytest.mark.parametrize(
    "base, now",
    [
        ("f(a, b)\n", "f(\n    a,\n    b,\n)\n"),
        ("x = 'a'\n", 'x = "a"\n'),
        ("x = 1\n", "x = 1  # one\n"),
        ("f(\n  a,\n)\n", "f(\n  # the first\n  a,\n)\n"),
        ("def f(a):\n  x\n", "def f(\n  a\n):\n  x\n"),
        ("def f(a): x\n", "def f(a):\n  x\n"),
        ("x = 1; y = 2\n", "x = 1\ny = 2\n"),
    ],
)
def test_layout_is_no_news(base: str, now: str) -> None:
    assert {newness for _, _, newness in told(base, now)} == {REFORMATTED}


def test_another_indentation_is_no_news_inside_its_function() -> None:
    base = "def f():\n  x(1)\n  y(2)\n"
    now = "def f():\n  with z:\n    x(1)\n    y(2)\n"
    assert told(base, now) == [(2, 2, NEW), (3, 3, REFORMATTED), (4, 4, REFORMATTED)]


def test_code_of_a_module_that_becomes_a_function_is_news() -> None:
    """It was executed by an import, and is not any more."""
    assert told("x(1)\ny(2)\n", "def f():\n  x(1)\n  y(2)\n") == [
        (1, 1, NEW),
        (2, 2, NEW),
        (3, 3, NEW),
    ]


def test_each_removed_statement_explains_one_and_no_more() -> None:
    base = "a = 1\nx  =  1\nb = 2\n"
    now = "a = 3\nx = 1\nb = 4\nx = 1\n"
    assert [newness for _, _, newness in told(base, now)] == [NEW, REFORMATTED, NEW, NEW]


@pytest.mark.parametrize(
    "base, now",
    [
        (b"x = 1\r\ny = 2\r\n", b"x = 1\ny = 2\n"),
        (b"x = 1\ny = 2", b"x = 1\ny = 2\n"),
        (b"x = 1\ny = 2\n", b"\xef\xbb\xbfx = 1\ny = 2\n"),
        (b"x = '\xc3\xa9'\ny = 2\n", b"# coding: latin-1\nx = '\xe9'\ny = 2\n"),
    ],
)
def test_line_ends_and_encodings_are_no_news(base: bytes, now: bytes) -> None:
    assert all(one.newness is REFORMATTED for one in changed(base, now))


def test_a_form_feed_ends_no_line() -> None:
    found = changed(b"a = 1\n\x0c\nx = 1\ny = 2\n", b"a = 1\n\x0c\nx = 1\ny = 3\n")
    assert [(one.first, one.last) for one in found] == [(4, 4)]


def test_a_lone_carriage_return_ends_a_line_of_python_but_not_of_git() -> None:
    base, now = b"a = 1\rb = 2\nc = 3\rd = 4\r", b"a = 1\rb = 2\nc = 3\rd = 5\r"
    found = [(one.first, one.newness) for one in changed(base, now)]
    assert found == [(3, REFORMATTED), (4, NEW)]  # one line of git, of which the half is new


def test_lines_beyond_the_text_are_not_followed() -> None:
    change = FileChange(path="a.py", base_path="a.py", hunks=(Hunk(9, 2, 9, 2),))
    assert lines_at_base(change, b"x\ny\n", b"x\n") == [0, 1, 2, 0]


def test_without_the_base_every_line_is_new() -> None:
    assert lines_at_base(change_of(None, b"x\n"), b"x\n", None) == [0, 0, 0]


BLOCK = "def f():\n  a(1)\n  b(2)\n  return 3\n"


def test_a_block_from_another_file_is_moved() -> None:
    now = text("x = 1\n" + BLOCK)
    patch = patch_of(
        [
            a_changed_file(text(BLOCK), b"y = 2\n", path="old.py"),
            a_changed_file(b"x = 1\n", now, path="new.py", missing=(3, 4, 5)),
        ]
    )
    old, new = patch.files
    assert [one.newness for one in old.statements] == [NEW]
    assert [(one.newness, one.executed) for one in new.statements] == [
        (MOVED, True),
        (MOVED, False),
        (MOVED, False),
        (MOVED, False),
    ]


def test_a_block_of_a_deleted_file_is_moved_once() -> None:
    gone = GoneText(change=None, now=b"", base=text(BLOCK))
    first, second = patch_of(
        [a_changed_file(None, text(BLOCK), path=one) for one in ("a.py", "b.py")], [gone]
    ).files
    assert {one.newness for one in first.statements} == {MOVED}
    assert {one.newness for one in second.statements} == {NEW}


def test_the_longest_block_explains_first() -> None:
    short = GoneText(change=None, now=b"", base=b"a(1)\nb(2)\nc(3)\n")
    long = GoneText(change=None, now=b"", base=b"a(1)\nb(2)\nc(3)\nd(4)\n")
    found = patch_of([a_changed_file(None, long.base)], [short, long]).files[0]
    assert {one.newness for one in found.statements} == {MOVED}


def test_two_statements_in_a_row_are_a_coincidence() -> None:
    gone = GoneText(change=None, now=b"", base=b"a(1)\nb(2)\nz(9)\n")
    (found,) = patch_of([a_changed_file(None, b"a(1)\nb(2)\nc(3)\n")], [gone]).files
    assert {one.newness for one in found.statements} == {NEW}


def test_what_is_still_there_was_not_moved() -> None:
    base = text(BLOCK)
    now = base + b"y = 1\n"
    kept = GoneText(change=change_of(base, now), now=now, base=base)
    (found,) = patch_of([a_changed_file(None, base)], [kept]).files
    assert {one.newness for one in found.statements} == {NEW}


def test_nothing_comes_from_a_text_that_is_no_python() -> None:
    gone = GoneText(change=None, now=b"", base=b"print 'a'\n" + text(BLOCK))
    (found,) = patch_of([a_changed_file(None, text(BLOCK))], [gone]).files
    assert {one.newness for one in found.statements} == {NEW}


def test_a_base_that_is_no_python_leaves_the_lines_and_a_note() -> None:
    patch = patch_of([a_changed_file(b"print 'a'\nx = 1\n", b"print('a')\nx = 1\n")])
    assert [one.first for one in only(patch).statements] == [1]
    assert "shop.py could not be parsed at the base" in patch.notes[0]


def test_a_file_that_is_no_python_is_unread() -> None:
    file = a_changed_file(None, b"x = 1\n")
    broken = type(file)(change=file.change, now=b"x = (\n", base=None, measured=MeasuredLines())
    patch = patch_of([broken, file])
    assert [one.path for one in patch.files] == ["shop.py"]
    ((path, why),) = patch.unread
    assert path == "shop.py"
    assert why.startswith("it is no Python: line 1")


def test_what_was_measured_is_told_of_each_statement() -> None:
    now = text("""
        @d
        def f(
            a,
        ):
            if a:
                x
            y
    """)
    file = a_changed_file(
        None,
        now,
        executable=(1, 2, 5, 6),
        missing=(2, 6),
        excluded=(7,),
        branches=((5, 6), (5, 7)),
        missing_branches=((5, 6),),
    )
    head, test, body, left_out = only(patch_of([file])).statements
    assert (head.executed, head.scope) == (False, "")  # a part of it did not run
    assert (test.executed, test.branches, test.missing_branches) == (True, 2, (6,))
    assert (body.executed, body.excluded, body.scope) == (False, False, "f")
    assert (left_out.executed, left_out.excluded) == (False, True)


def test_what_coverage_does_not_count_is_no_statement() -> None:
    file = a_changed_file(None, b"def f():\n  global x\n  x = 1\n", executable=(1, 3))
    assert [one.first for one in only(patch_of([file])).statements] == [1, 3]


def test_a_file_of_which_no_line_ran_is_said_to_be_unmeasured() -> None:
    assert not only(patch_of([a_changed_file(None, b"x = 1\n", executed=False)])).measured


@pytest.mark.parametrize(
    "base, now, lines",
    [
        ("x = 1\n", "x = 1  # pragma: no cover\n", (1,)),
        ("x = 1  # pragma: no cover\n", "y = 2\nx = 1  # pragma: no cover\n", ()),
        ("x = 1  # pragma: no cover\n", "if y:\n  x = 1  # pragma: no cover\n", ()),
        ("a  # pragma: no cover\n", "if y:\n  a  # pragma: no cover\na  # pragma: no cover\n", (2,)),
        ("x = 1\n", "x = '# pragma: no cover'\n", (1,)),  # coverage does not tell text from comment
        ("x = 1\n", "def f(): ...\n", ()),
    ],
)  # fmt: skip
def test_new_pragmas_are_listed(base: str, now: str, lines: tuple[int, ...]) -> None:
    file = a_changed_file(text(base), text(now))
    patch = patch_of([file], exclusions=[PRAGMA, r"\.\.\.\s*(#|$)", "("])
    assert only(patch).new_pragmas == lines


def test_a_pragma_may_come_along_from_another_file() -> None:
    before = a_changed_file(b"x = 1  # pragma: no cover\n", b"", path="old.py")
    after = a_changed_file(None, b"x = 1  # pragma: no cover\n", path="new.py")
    patch = patch_of([before, after], exclusions=[PRAGMA])
    assert [one.new_pragmas for one in patch.files] == [(), ()]


def test_a_pragma_in_an_unreadable_base_does_not_excuse() -> None:
    file = a_changed_file(b"x = '\xff'  # pragma: no cover\n", b"y = 1  # pragma: no cover\n")
    assert only(patch_of([file], exclusions=[PRAGMA])).new_pragmas == (1,)


STATEMENTS = st.lists(
    st.builds(
        lambda name, number, form: form.format(name=name, number=number),
        st.sampled_from("abc"),
        st.integers(1, 4),
        st.sampled_from(["{name}({number})", "{name}(\n{number},\n)", "{name} = {number}"]),
    ),
    max_size=8,
)
PROGRAMS = st.lists(STATEMENTS, min_size=1, max_size=4)


def program(parts: list[list[str]]) -> tuple[bytes, Counter[str]]:
    """Functions f0, f1 …, and how often each statement is there; its text names its function."""
    lines: list[str] = []
    found: Counter[str] = Counter()
    for number, part in enumerate(parts):
        lines.append(f"def f{number}():")
        found[f"def f{number}"] += 1
        for one in part:
            body = f"f{number}." + one
            lines += [f"    {line}" for line in body.split("\n")]
            found["".join(body.replace(",\n)", ")").split())] += 1
        lines.append("    # the end")
        lines.append("    ''")
    return ("\n".join(lines) + "\n").encode(), found


@given(PROGRAMS, PROGRAMS)
def test_the_new_statements_are_those_whose_text_is_new(
    base: list[list[str]], now: list[list[str]]
) -> None:
    (before, had), (after, has) = program(base), program(now)
    lines = after.decode().split("\n")
    found: Counter[str] = Counter()
    for one in changed(before, after):
        if one.newness is not REFORMATTED:
            shown = "".join("".join(lines[one.first - 1 : one.last]).split())
            found[shown.replace(",)", ")").replace("deff", "def f").removesuffix("():")] += 1
    assert found == has - had
