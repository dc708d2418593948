"""Who executes what a change wrote."""

from __future__ import annotations

import pytest

from pytest_gates.changes.covering import (
    Cover,
    by_line,
    covered_only_by,
    covers,
    merged,
    no_contact,
    related,
    watched_paths,
)
from pytest_gates.model.change import Change, FileChange, Hunk
from pytest_gates.model.evidence import NO_CHANGE, NO_PATCH, Unavailable
from pytest_gates.model.patch import CoveredLines, CoveringFacts, CoveringRecord
from support.changes import a_change, a_patch, a_record, covering, group, stated

PATH = "src/a.py"
DIED = Unavailable(why="worker gw1 died", remedy="see the crashed test")


def test_only_python_is_watched() -> None:
    change = a_change(
        FileChange(path="docs/a.md"), FileChange(path="src/a.py"), FileChange(path="src/b.pyw")
    )
    assert watched_paths(change) == ("src/a.py", "src/b.pyw")


def test_records_of_two_processes_become_one_by_the_names_of_tests() -> None:
    first = a_record("t1", "t2", files={PATH: (group((1, 2), tests=(0, 1)),)})
    second = a_record(
        "t2", "t3", files={PATH: (group((2, 3), tests=(0, 1)),), "src/b.py": (group((1, 1)),)}
    )
    both = merged((first, second))
    assert both == a_record(
        "t1",
        "t2",
        "t3",
        files={
            PATH: (group((1, 2), tests=(0, 1)), group((2, 3), tests=(1, 2))),
            "src/b.py": (group((1, 1)),),
        },
    )


@pytest.mark.parametrize(
    "records", [(), (DIED,), (a_record("t1"), DIED)], ids=["none", "lost", "one of two lost"]
)
def test_what_one_process_could_not_see_nobody_knows(
    records: tuple[CoveringRecord | Unavailable, ...],
) -> None:
    assert isinstance(merged(records), Unavailable)


def test_groups_that_share_a_line_are_united() -> None:
    lines = by_line((group((1, 2), tests=(0,)), group((2, 2), tests=(3,)), group((2, 3))))
    assert {line: (set(who.tests), who.outside) for line, who in lines.items()} == {
        1: ({0}, False),
        2: ({0, 3}, True),
        3: (set(), True),
    }


def facts_of(
    *hunks: Hunk,
    groups: tuple[CoveredLines, ...],
    patch: object = NO_PATCH,
    path: str = PATH,
) -> CoveringFacts:
    change = a_change(FileChange(path=path, base_path=path, hunks=hunks))
    record = a_record("t0", "t1", "t2", files={path: groups})
    return related(record, change, patch)  # type: ignore[arg-type]


EACH = (group((10, 10), tests=(0,)), group((12, 12), tests=(1,)), group((20, 20), tests=(2,)))
"""Three tests, each of which runs one line."""


@pytest.mark.parametrize(
    "hunk, tests",
    [
        (Hunk(12, 1, 12, 1), ("t1",)),
        (Hunk(10, 3, 10, 3), ("t0", "t1")),
        (Hunk(13, 1, 13, 1), ("t1", "t2")),
        (Hunk(13, 2, 12, 0), ("t1", "t2")),
        (Hunk(11, 1, 11, 0), ("t0", "t1")),
        (Hunk(1, 3, 0, 0), ("t0",)),
        (Hunk(30, 3, 29, 0), ("t2",)),
    ],
    ids=[
        "the line itself",
        "two lines",
        "a line that tells nothing",
        "lines are gone",
        "lines between are gone",
        "gone at the top",
        "gone at the end",
    ],
)
def test_a_test_is_in_contact_by_a_changed_line_or_beside_one_that_tells_nothing(
    hunk: Hunk, tests: tuple[str, ...]
) -> None:
    assert facts_of(hunk, groups=EACH).tests == tests


def test_only_changed_lines_are_kept_and_of_the_patch_whole_statements() -> None:
    groups = (group((9, 14), tests=(2, 1)), group((13, 13), tests=(0,)), group((9, 9)))
    bare = facts_of(Hunk(11, 1, 11, 1), groups=groups)
    assert bare.files == {PATH: (group((11, 11), tests=(0, 1)),)}
    patch = a_patch(**{PATH: (stated(11, 13),)})
    told = facts_of(Hunk(11, 1, 11, 1), groups=groups, patch=patch)
    assert told.tests == ("t0", "t1", "t2")
    assert told.files == {PATH: (group((11, 12), tests=(1, 2)), group((13, 13), tests=(0, 1, 2)))}


def test_files_of_which_nothing_ran_are_named() -> None:
    change = a_change(FileChange(path="src/a.py"), FileChange(path="src/b.py"))
    told = related(a_record("t0", files={"src/b.py": ()}), change, NO_PATCH)
    assert (told.unseen, told.files) == (("src/a.py",), {"src/b.py": ()})


def test_each_changed_function_with_its_tests() -> None:
    patch = a_patch(
        **{
            PATH: (
                stated(3),
                stated(11, 12, scope="pay"),
                stated(14, scope="pay"),
                stated(15, scope="pay", executed=False),
                stated(16, scope="pay", excluded=True),
                stated(17, scope="pay", newness="reformatted"),
                stated(21, scope="refund"),
            )
        }
    )
    facts = covering(
        "t0", "t1", groups=(group((3, 3)), group((12, 12), tests=(1,)), group((14, 17), tests=(0,)))
    )
    assert covers(patch, facts) == (
        Cover(path=PATH, scope="", lines=((3, 3),), tests=(), outside=True),
        Cover(
            path=PATH, scope="pay", lines=((11, 12), (14, 14)), tests=("t0", "t1"), outside=False
        ),
        Cover(path=PATH, scope="refund", lines=((21, 21),), tests=(), outside=False),
    )


def test_the_header_of_a_new_function_is_the_functions_own() -> None:
    """Else each new function would be told twice, once as code that no test runs."""
    patch = a_patch(
        **{
            PATH: (
                stated(1),
                stated(5),
                stated(6, scope="Shop", follows=True),
                stated(7, scope="Shop.pay", follows=True),
                stated(8, scope="Shop.pay", follows=True),
                stated(20, scope="Shop.pay.inner"),
                stated(30, follows=True),
            )
        }
    )
    found = covers(patch, covering("t0", groups=(group((1, 6)), group((7, 8), tests=(0,)))))
    assert [(one.scope, one.lines) for one in found] == [
        ("", ((1, 1), (30, 30))),
        ("Shop", ((5, 5),)),
        ("Shop.pay", ((6, 8),)),
        ("Shop.pay.inner", ((20, 20),)),
    ]


def test_lines_that_only_doubtful_tests_execute() -> None:
    patch = a_patch(
        **{
            PATH: (
                stated(3),
                stated(11, scope="pay"),
                stated(12, scope="pay"),
                stated(13, scope="pay"),
                stated(14, scope="pay"),
                stated(15, scope="pay"),
                stated(16, scope="refund"),
            )
        }
    )
    facts = covering(
        "bad",
        "worse",
        "good",
        groups=(
            group((3, 3), tests=(0,), outside=True),
            group((11, 11), tests=(0,)),
            group((12, 12), tests=(0, 1)),
            group((13, 13), tests=(0, 1, 2)),
            group((15, 16), tests=(1,)),
        ),
    )
    assert [
        (one.scope, one.lines, one.tests)
        for one in covered_only_by(patch, facts, frozenset({"bad", "worse", "absent"}))
    ] == [
        ("pay", ((11, 12),), ("bad", "worse")),
        ("pay", ((15, 15),), ("worse",)),
        ("refund", ((16, 16),), ("worse",)),
    ]


CLEAN = a_change(FileChange(path=PATH, base_path=PATH, hunks=(Hunk(11, 1, 11, 2),)))


def test_a_test_without_contact_is_told_so() -> None:
    facts = covering("t0", groups=(group((11, 11), tests=(0,)),))
    assert no_contact("t0", CLEAN, NO_PATCH, facts) is None
    said = "runs no line of this change: no likely cause of it"
    assert no_contact("t1", CLEAN, NO_PATCH, facts) == said
    seen = a_patch(**{PATH: (stated(11),)})
    assert no_contact("t1", CLEAN, seen, facts) == said


@pytest.mark.parametrize("facts", [None, DIED], ids=["not asked", "unknown"])
def test_without_a_record_nothing_is_told(facts: Unavailable | None) -> None:
    assert no_contact("t1", CLEAN, NO_PATCH, facts) is None
    assert no_contact("t1", NO_CHANGE, NO_PATCH, covering("t0", groups=())) is None


def test_nothing_is_told_when_the_tests_ran_another_copy_of_a_changed_file() -> None:
    facts = CoveringFacts(how="here", tests=(), files={}, unseen=(PATH,))
    assert no_contact("t1", CLEAN, a_patch(**{PATH: (stated(11),)}), facts) is None
    never_ran = a_patch(**{PATH: (stated(11, executed=False),)})
    assert no_contact("t1", CLEAN, never_ran, facts) is not None


@pytest.mark.parametrize(
    "change, groups, doubt",
    [
        (CLEAN, (group((11, 11)),), "code of it ran outside of tests (src/a.py:11)"),
        (CLEAN, (), "code of it ran outside of tests (src/a.py:11)"),
        (
            a_change(FileChange(path="data.json"), FileChange(path="docs/a.md")),
            None,
            "data.json changed, too",
        ),
        (
            Change(base="b", reference="r", how="h", deleted=("x.md", "y.py"), unread=(("z", ""),)),
            None,
            "y.py and 1 more changed, too",
        ),
        (
            a_change(FileChange(path=PATH, hunks=(Hunk(3, 1, 3, 1), Hunk(9, 2, 8, 0)))),
            None,
            "it takes lines away (src/a.py:8)",
        ),
    ],
    ids=["imported", "not watched", "no Python", "deleted", "gone"],
)
def test_what_leaves_a_doubt_is_named(
    change: Change, groups: tuple[CoveredLines, ...] | None, doubt: str
) -> None:
    facts = covering("t0", groups=groups or ())
    patch = NO_PATCH if groups is None else a_patch(**{PATH: (stated(11),)})
    assert no_contact("t1", change, patch, facts) == f"runs no line of this change, but {doubt}"
