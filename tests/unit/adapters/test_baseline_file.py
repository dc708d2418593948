"""A baseline file says the same after a round trip, in lines for people; what is nearly right is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.adapters.baseline_file import is_baseline, parsed, rendered
from pytest_gates.errors import GatesError
from pytest_gates.model.coverage import ranges_of
from pytest_gates.model.ratchet import Baseline, BaselineFile, Lowered, Origin
from support.evidence import COMMIT, TODAY

ORIGIN = Origin(commit=COMMIT, coverage_version="7.17.3", variant="python 3.11, linux", shard="e2e")
ENTRY = Lowered(date=TODAY, path="src/pay.py", count=3, reason='said "no"\nneed')


def a_baseline(*lowered: Lowered, **files: BaselineFile) -> Baseline:
    return Baseline(origin=ORIGIN, source="here", files=files, lowered=lowered)


def test_each_file_is_a_line_in_order() -> None:
    text = rendered(
        a_baseline(
            ENTRY,
            b=BaselineFile("2" * 40, ((1, 4), (7, 7)), ((5, 6),)),
            a=BaselineFile("1" * 40, ((2, 2),)),
        )
    )
    assert text.decode().splitlines()[-5:] == [
        '  "files": {',
        f'    "a": ["{"1" * 40}", "2"],',
        f'    "b": ["{"2" * 40}", "1-4,7"]',
        "  }",
        "}",
    ]
    assert is_baseline(text)


def test_what_git_does_not_know_or_nobody_executed_has_no_place_in_it() -> None:
    text = rendered(a_baseline(a=BaselineFile(None, ((1, 1),)), b=BaselineFile("1", ())))
    assert parsed(text, "here").files == {}


TEXT = st.text(max_size=9)
RANGES = st.sets(st.integers(1, 60), min_size=1).map(lambda found: ranges_of(tuple(found)))


@given(
    st.dictionaries(st.text(max_size=9), st.builds(BaselineFile, st.just("1" * 40), RANGES)),
    st.lists(st.builds(Lowered, date=st.dates(), path=TEXT, count=st.integers(1, 9), reason=TEXT)),
)
def test_what_is_written_is_read(files: dict[str, BaselineFile], lowered: list[Lowered]) -> None:
    written = Baseline(origin=ORIGIN, source="here", files=files, lowered=tuple(lowered))
    text = rendered(written)
    assert parsed(text, "here") == written
    assert rendered(parsed(text, "here")) == text


def document(**changes: Any) -> bytes:
    plain = json.loads(rendered(a_baseline(ENTRY, a=BaselineFile("1" * 40, ((2, 2),)))))
    return json.dumps({**plain, **changes}).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        document()[:-9],
        document(version=2),
        document(commit="abc"),
        document(kind="other"),
        document(more=1),
        document(lowered=[{"path": "a"}]),
        document(files={"a": ["1", ""]}),
        document(files={"a": ["1", "4-2"]}),
        document(files={"a": ["1", "2-4,4"]}),
        document(files={"a": ["1", "2,3"]}),
        document(files={"a": ["1", "0"]}),
        document(files={"a": ["1", "1-99999999"]}),
        document(files={"a": ["1"]}),
        document().replace(b'{"a":', b'{"a": ["1", "1"], "a":'),
        b"[" * 100_000,
    ],
)
def test_what_is_nearly_a_baseline_is_refused(text: bytes) -> None:
    with pytest.raises(GatesError, match="here is no baseline"):
        parsed(text, "here")


@pytest.mark.parametrize("text", [b"", b"{}", b"[" * 100_000, b'{"kind": 1}', b'{"kind": "x"}'])
def test_what_does_not_call_itself_one_is_none(text: bytes) -> None:
    assert not is_baseline(text)
