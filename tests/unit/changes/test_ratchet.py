"""Lines that were executed at the base are followed to where they are now; new and gone ones are not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.changes.ratchet import lines_now, nearest, ratcheted, unstable_lines
from pytest_gates.model.change import Change, FileChange, Hunk
from pytest_gates.model.coverage import FileCoverage, LineRange
from pytest_gates.model.ratchet import (
    Baseline,
    BaselineFile,
    Lowered,
    Origin,
    RatchetFacts,
    RatchetFile,
)
from support.evidence import COMMIT, NOW, TODAY, files

BASE = "b" * 40
BLOB = "1" * 40
HERE = Origin(commit=COMMIT, coverage_version="7.17.3", variant="python 3.11, linux")
THEN = Origin(commit=BASE, coverage_version="7.17.3", variant="python 3.11, linux")
PAY = "src/pay.py"


def a_change(*changed: FileChange, **more: Any) -> Change:
    return Change(base=BASE, reference="main", how="merge-base", files=changed, **more)


def a_baseline(
    *executed: LineRange,
    path: str = PAY,
    blob: str | None = BLOB,
    origin: Origin = THEN,
    lowered: tuple[Lowered, ...] = (),
) -> Baseline:
    known = {path: BaselineFile(blob, executed)}
    return Baseline(origin=origin, source="a report", files=known, lowered=lowered)


def now(
    *missing: LineRange, path: str = PAY, executable: tuple[LineRange, ...] = ((1, 20),)
) -> FileCoverage:
    return FileCoverage(path=path, executable=executable, missing=missing)


def found(
    baseline: Baseline, *measured: FileCoverage, change: Change | None = None, **more: Any
) -> RatchetFacts:
    return ratcheted(
        baseline,
        change or a_change(),
        files(*measured),
        **{"here": HERE, "blobs": None, **more},
    )


def test_what_is_still_executed_is_nobodys_loss() -> None:
    facts = found(a_baseline((1, 6)), now((7, 20)))
    assert (facts.compared, facts.files, facts.doubt, facts.notes) == (6, (), None, ())
    assert (facts.commit, facts.source) == (BASE, "a report")


def test_a_test_deleted_with_untouched_source_loses_its_lines() -> None:
    facts = found(a_baseline((1, 6)), now((3, 6)))
    assert facts.compared == 6
    assert facts.files == (RatchetFile(path=PAY, base_path=PAY, lost=((3, 6),)),)


def test_a_covered_function_deleted_with_its_test_loses_nothing() -> None:
    change = a_change(FileChange(path=PAY, base_path=PAY, hunks=(Hunk(3, 4, 2, 0),)))
    facts = found(a_baseline((1, 6), (10, 10)), now(executable=((1, 2), (6, 6))), change=change)
    assert (facts.compared, facts.files) == (3, ())


def test_a_renamed_file_with_inserted_lines_is_followed() -> None:
    moved = FileChange(path="src/till.py", base_path=PAY, hunks=(Hunk(2, 0, 3, 2),))
    facts = found(a_baseline((1, 6)), now((5, 8), path="src/till.py"), change=a_change(moved))
    assert facts.files == (RatchetFile(path="src/till.py", base_path=PAY, lost=((5, 8),)),)


def test_new_code_that_nobody_executes_is_the_patch_gates_business() -> None:
    grown = FileChange(path=PAY, base_path=PAY, hunks=(Hunk(6, 0, 7, 5),))
    fresh = FileChange(path="src/new.py", hunks=(Hunk(0, 0, 1, 9),))
    facts = found(
        a_baseline((1, 6)),
        now((7, 11)),
        now((1, 9), path="src/new.py"),
        change=a_change(fresh, grown),
    )
    assert (facts.compared, facts.files) == (6, ())


def test_a_file_that_nobody_measures_any_more_lost_all() -> None:
    facts = found(a_baseline((1, 6)), now(path="src/other.py"))
    assert facts.files == (RatchetFile(path=PAY, base_path=PAY, lost=((1, 6),), measured=False),)


def test_a_deleted_file_lost_nothing() -> None:
    facts = found(a_baseline((1, 6)), change=a_change(deleted=(PAY,)))
    assert (facts.compared, facts.files, facts.not_comparable) == (0, (), ())


def test_a_line_that_coverage_was_told_not_to_count_is_named_and_not_compared() -> None:
    facts = found(a_baseline((1, 6)), now(executable=((1, 3), (6, 6))))
    assert facts.compared == 4
    assert facts.files == (RatchetFile(path=PAY, base_path=PAY, uncounted=((4, 5),)),)


def test_an_unstable_line_cannot_be_lost() -> None:
    moved = FileChange(path=PAY, base_path=PAY, hunks=(Hunk(1, 0, 2, 1), Hunk(6, 1, 6, 0)))
    facts = found(
        a_baseline((1, 6)), now((4, 6)), change=a_change(moved), unstable={PAY: ((3, 3), (6, 6))}
    )
    assert facts.files == (
        RatchetFile(path=PAY, base_path=PAY, lost=((5, 6),), unstable=((4, 4),)),
    )


@pytest.mark.parametrize(
    "blob, blobs, why",
    [
        (BLOB, {PAY: BLOB}, None),
        (
            BLOB,
            {PAY: "2" * 40},
            "changed between the baseline 0123456789ab and the base bbbbbbbbbbbb",
        ),
        (
            BLOB,
            {},
            "renamed or removed between the baseline 0123456789ab and the base bbbbbbbbbbbb",
        ),
        (None, {}, "git does not track it, so nobody knows its content at the baseline"),
        (None, None, "git does not track it, so nobody knows its content at the baseline"),
    ],
)
def test_only_the_same_content_is_compared(
    blob: str | None, blobs: dict[str, str] | None, why: str | None
) -> None:
    facts = found(a_baseline((1, 6), blob=blob, origin=HERE), now((3, 6)), blobs=blobs)
    assert facts.not_comparable == (((PAY, why),) if why else ())
    assert facts.compared == (0 if why else 6)
    assert bool(facts.files) is (why is None)


def test_what_git_could_not_read_of_the_change_is_not_compared() -> None:
    change = a_change(unread=((PAY, "a merge of it is not finished"),))
    facts = found(a_baseline((1, 6)), now((3, 6)), change=change)
    assert facts.not_comparable == ((PAY, "a merge of it is not finished"),)


def test_a_file_without_executed_lines_has_nothing_to_lose() -> None:
    assert found(a_baseline(blob=None), now()).not_comparable == ()


def of(**changes: Any) -> Origin:
    return Origin(
        **{"commit": BASE, "coverage_version": "7.17.3", "variant": HERE.variant, **changes}
    )


@pytest.mark.parametrize(
    "then, doubt",
    [
        (of(variant="python 3.13, linux"), "the baseline is of python 3.13, linux, and this"),
        (of(shard="e2e"), "the baseline is of shard e2e, and this run of the whole suite"),
        (of(upper_bound="1 test(s) failed at first"), "the baseline's own run: 1 test(s) failed"),
    ],
)  # fmt: skip
def test_a_baseline_of_another_kind_of_run_leaves_a_doubt(then: Origin, doubt: str) -> None:
    assert doubt in (found(a_baseline((1, 6), origin=then), now()).doubt or "")


def test_another_coverage_is_said_and_lowered_entries_are_passed_on() -> None:
    entry = Lowered(date=TODAY, path=PAY, count=2, reason="dead code")
    then = of(coverage_version="6.5")
    facts = found(a_baseline((1, 6), origin=then, lowered=(entry,)), now())
    assert "coverage 6.5 there and 7.17.3 here" in facts.notes[0]
    assert facts.lowered == (entry,)


A, B = "a" * 40, "c" * 40
LATER = NOW + dt.timedelta(hours=1)


@pytest.mark.parametrize(
    "known, expected",
    [
        ([], None),
        ([of(commit="f" * 40)], None),
        ([of(commit=A), of(commit=BASE), of(commit=B)], 1),
        ([of(commit=B), of(commit=A)], 1),
        ([of(started=NOW), of(started=LATER), of()], 1),
        ([of(variant="python 3.13, linux"), of(commit=B)], 1),
        ([of(shard="e2e"), of(commit=B)], 1),
        ([of(variant="python 3.13, linux"), of(shard="e2e", commit=B)], 1),
    ],
)
def test_the_nearest_run_of_the_same_kind_is_compared_with(
    known: list[Origin], expected: int | None
) -> None:
    assert nearest(known, {BASE: 0, A: 1, B: 2}, HERE) == expected


def a_run(*executed: int, of: int = 4, blob: str = BLOB) -> BaselineFile:
    lines = set(range(1, of + 1))
    return BaselineFile(
        blob,
        tuple((one, one) for one in executed),
        tuple((one, one) for one in sorted(lines - set(executed))),
    )


@pytest.mark.parametrize(
    "runs, expected",
    [
        ([[a_run(1, 2), a_run(1)]], ((2, 2),)),  # one commit, two answers
        ([[a_run(1)], [a_run(1, 2)]], ()),  # a test was added
        ([[a_run(1, 2)], [a_run(1)]], ()),  # given up; not covered at the base any more
        ([[a_run(1, 2)], [a_run(1)], [a_run(1, 2)]], ((2, 2),)),
        ([[a_run(1, 2)], [], [None], [a_run(1)], [a_run(1, 2)]], ((2, 2),)),
        ([[a_run(1, 2)], [a_run(1, blob="2")], [a_run(1, 2)]], ()),  # other code
        ([], ()),
    ],
)
def test_a_line_is_unstable_if_runs_of_the_same_code_disagree(
    runs: list[list[BaselineFile | None]], expected: tuple[LineRange, ...]
) -> None:
    assert unstable_lines(runs, BLOB) == expected


@st.composite
def edits(draw: st.DrawFn) -> tuple[int, FileChange]:
    """A file of some lines, and hunks that a diff of it may hold."""
    old, new = 0, 0
    hunks: list[Hunk] = []
    for kept, gone, added in draw(
        st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 3)), max_size=5)
    ):
        between = kept + (1 if hunks else 0)  # two hunks that touch would be one
        old, new = old + between, new + between
        if gone or added:
            hunks.append(Hunk(old + 1 if gone else old, gone, new + 1 if added else new, added))
        old, new = old + gone, new + added
    size = old + draw(st.integers(0, 3))
    return size, FileChange(path="a.py", base_path="a.py", hunks=tuple(hunks))


@given(edits())
def test_lines_keep_their_order_and_find_their_way_back(drawn: tuple[int, FileChange]) -> None:
    size, file = drawn
    lines = range(1, size + 1)
    places = lines_now(lines, file)
    assert places == {line: at for line in lines if (at := file.line_now(line)) is not None}
    assert list(places.values()) == sorted(set(places.values()))
    assert all(file.line_at_base(at) == line for line, at in places.items())
