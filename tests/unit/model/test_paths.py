"""Globs over paths and over node ids; no text of a user breaks them."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.model.paths import matches, matches_test

SEGMENTS = st.text("ab+", min_size=1, max_size=3)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
GLOBS = st.lists(
    st.just("**") | st.text("ab+*?", min_size=1, max_size=3).filter(lambda one: "**" not in one),
    min_size=1,
    max_size=4,
).map("/".join)


def _slowly(glob: list[str], path: list[str]) -> bool:
    """The meaning of a glob, one segment at a time: what `matches` must agree with."""
    if not glob:
        return not path
    first, *rest = glob
    if first == "**":
        if not rest:
            return bool(path)
        return _slowly(rest, path) or (bool(path) and _slowly(glob, path[1:]))
    return bool(path) and _segment_slowly(first, path[0]) and _slowly(rest, path[1:])


def _segment_slowly(glob: str, text: str) -> bool:
    if not glob:
        return not text
    if glob[0] == "*":
        return _segment_slowly(glob[1:], text) or (bool(text) and _segment_slowly(glob, text[1:]))
    return bool(text) and glob[0] in {"?", text[0]} and _segment_slowly(glob[1:], text[1:])


@given(GLOBS, PATHS)
def test_a_glob_means_what_its_segments_mean_one_by_one(glob: str, path: str) -> None:
    assert matches(glob, path) is _slowly(glob.split("/"), path.split("/"))


@pytest.mark.parametrize(
    "glob, path, fits",
    [
        ("src/*.py", "src/pay.py", True),
        ("src/*.py", "src/shop/pay.py", False),
        ("src/*.py", "lib/src/pay.py", False),
        ("src/**", "src/pay.py", True),
        ("src/**", "src/shop/deep/pay.py", True),
        ("src/**", "srcs/pay.py", False),
        ("src/**", "src", False),
        ("**", "src/shop/pay.py", True),
        ("**/pay.py", "pay.py", True),
        ("**/pay.py", "src/shop/pay.py", True),
        ("**/pay.py", "src/prepay.py", False),
        ("src/**/pay.py", "src/pay.py", True),
        ("src/**/pay.py", "src/a/b/pay.py", True),
        ("src/**/pay.py", "src/a/b/prepay.py", False),
        ("**/tests/**", "src/shop/tests/a.py", True),
        ("**/tests/**", "tests/a.py", True),
        ("**/**/a.py", "a.py", True),
        ("src/a**.py", "src/abc.py", True),
        ("src/a**.py", "src/ab/c.py", False),
        ("src/?.py", "src/a.py", True),
        ("src/?.py", "src/ab.py", False),
        ("src?a.py", "src/a.py", False),
        ("src/[ab].py", "src/b.py", True),
        ("src/[!ab].py", "src/b.py", False),
        ("src/[!ab].py", "src/c.py", True),
        ("src/[a-c].py", "src/b.py", True),
        ("src/[^a].py", "src/^.py", True),
        ("src/[^a].py", "src/b.py", False),
        ("src/[[].py", "src/[.py", True),
        ("src/[]].py", "src/].py", True),
        (r"src/[\].py", "src/\\.py", True),
        ("src/[ab.py", "src/[ab.py", True),
        ("./src/*.py", "src/pay.py", True),
        ("src/*.py", "./src/pay.py", True),
        ("src/a.py", "src/axpy", False),
        ("src/a+(b).py", "src/a+(b).py", True),
        ("src/*.py", "src/a\nb.py", True),
        ("SRC/*.py", "src/a.py", False),
    ],
)
def test_a_glob_fits_the_whole_path(glob: str, path: str, fits: bool) -> None:
    assert matches(glob, path) is fits


@pytest.mark.parametrize(
    "glob, path", [("src[!a]pay.py", "src/pay.py"), ("src[+-9]pay.py", "src/pay.py")]
)
def test_a_set_of_characters_does_not_cross_folders(glob: str, path: str) -> None:
    assert not matches(glob, path)


@pytest.mark.parametrize(
    "glob",
    [
        "tests/t.py::test_a[z-a]",
        "src/[!].py",
        "[a--b]",
        "[a&&b]",
        "t.py::test_a[x--y]",
        "[]",
        "[^]",
    ],
)
def test_no_text_in_brackets_breaks_the_matching(glob: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not matches(glob, "elsewhere")


@given(st.text("ab!^-&|~.", max_size=6), st.text("ab/-]", max_size=8))
def test_any_set_of_characters_is_a_glob(body: str, path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert matches(f"x[{body}]", path) in {True, False}


@pytest.mark.parametrize(
    "glob, nodeid, fits",
    [
        ("tests/t.py::test_a", "tests/t.py::test_a", True),
        ("tests/t.py::test_a", "tests/t.py::test_ab", False),
        ("tests/t.py::test_a", "tests/t.py::test_a[1]", False),
        ("tests/t.py::test_a*", "tests/t.py::test_a[1]", True),
        ("tests/t.py::test_a*", "tests/t.py::test_a[x/y::z\n]", True),
        ("tests/t.py::test_?", "tests/t.py::test_a", True),
        ("tests/t.py::test_?", "tests/t.py::test_ab", False),
        ("tests/t.py::TestA::*", "tests/t.py::TestA::test_b", True),
        ("tests/t.py::*", "tests/t.py::TestA::test_b", True),
        ("tests/*.py::test_a", "tests/t.py::test_a", True),
        ("tests/*.py::test_a", "tests/deep/t.py::test_a", False),
        ("tests/**/t.py::test_a", "tests/deep/er/t.py::test_a", True),
        ("tests/**::test_a", "tests/deep/t.py::test_a", True),
        ("tests/t.py::test_a.b", "tests/t.py::test_axb", False),
        ("tests/t.py::TEST_A", "tests/t.py::test_a", False),
        ("lib/t.py::test_a", "tests/t.py::test_a", False),
    ],
)
def test_a_glob_over_node_ids_fits_the_whole_id(glob: str, nodeid: str, fits: bool) -> None:
    assert matches_test(glob, nodeid) is fits


@pytest.mark.parametrize(
    "glob, nodeid, fits",
    [
        ("t.py::test_a[ab]", "t.py::test_a[ab]", True),
        ("t.py::test_a[ab]", "t.py::test_aa", False),
        ("t.py::test_?[ab]", "t.py::test_a[ab]", True),
        ("t.py::test_?[!b]", "t.py::test_aa", False),
        ("t.py::test_?[z-a]", "t.py::test_a[z-a]", True),
        ("[ab].py::test_?", "[ab].py::test_a", True),
        ("[ab].py::test_?", "a.py::test_a", False),
    ],
)
def test_brackets_of_a_node_id_are_parameters_and_no_set(
    glob: str, nodeid: str, fits: bool
) -> None:
    assert matches_test(glob, nodeid) is fits


@pytest.mark.parametrize(
    "glob, nodeid, fits",
    [
        ("tests/t.py", "tests/t.py::test_a", True),
        ("tests/*.py", "tests/t.py::TestA::test_b[x/y]", True),
        ("tests/**", "tests/deep/t.py::test_a", True),
        ("./tests/t.py", "tests/t.py::test_a", True),
        ("tests/[st].py", "tests/t.py::test_a", True),
        ("docs/*.md", "docs/index.md", True),
        ("tests", "tests/t.py::test_a", False),
        ("test_a", "tests/t.py::test_a", False),
    ],
)
def test_a_glob_without_colons_stands_for_every_test_of_its_files(
    glob: str, nodeid: str, fits: bool
) -> None:
    assert matches_test(glob, nodeid) is fits


@given(st.text())
def test_every_node_id_fits_itself(nodeid: str) -> None:
    assert matches_test(nodeid, nodeid)


INNER = st.text("ab:/[]\n", max_size=6)
INNER_GLOBS = st.text("ab:/[]*?\n", max_size=6)


@given(INNER_GLOBS, INNER)
def test_behind_the_colons_only_stars_and_question_marks_are_special(glob: str, inner: str) -> None:
    fits = matches_test(f"t.py::{glob}", f"t.py::{inner}")
    assert fits is _segment_slowly(glob, inner)


@given(st.text("ab[]!^-&|~*?/:.", max_size=10), st.text("ab[]!^-&|~/:.", max_size=10))
def test_any_text_is_a_glob_over_node_ids(glob: str, nodeid: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert matches_test(glob, nodeid) in {True, False}
