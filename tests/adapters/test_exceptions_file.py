"""Entries come and go, and every other byte of the exceptions file stays where a person put it."""

from __future__ import annotations

import datetime as dt
import stat
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_gates.adapters.exceptions_file import (
    add_quarantine,
    add_waiver,
    read_exceptions,
    remove_quarantine,
    toml_of,
    write_exceptions,
)
from pytest_gates.config.exceptions import parse_exceptions
from pytest_gates.errors import GatesError
from pytest_gates.model.case import FlakeClass
from pytest_gates.model.exceptions import Quarantine, Waiver

FILE = "gates-exceptions.toml"
DAY = dt.date(2026, 12, 20)
TEST = "tests/test_pay.py::test_refund"
ENTRY = Quarantine(test=TEST, reason="races", owner="@payments", expires=DAY)
WAIVER = Waiver(gate="bandit", subject="B602", reason="a literal", owner="@ana", expires=DAY)
WRITTEN = f"""\
# evidence: failed 3 of 214 on the base
[[quarantine]]
test = "{TEST}"
reason = "races"
owner = "@payments"
expires = 2026-12-20
"""
BY_HAND = """\
# Exceptions of the shop.
# Ask @ana before you add one.

# --- payments ---

# about the first
[[quarantine]]
test    = 'one'   # aligned
reason  = '''
[[quarantine]]
# no comment
test = "two"
# still none'''
owner   = "@ana"
expires = 2026-12-20
# extended once

# --- carts ---

# about the waiver
[[waiver]]
gate = "bandit"
subject = "B602"
reason = "literal"
owner = "@ana"
expires = 2026-12-20

  [[ "quarantine" ]]  # indented, quoted
  test = "two"
  reason = "slow"
  owner = "@ben"
  expires = 2026-12-20
  after = [
    "a",  # first

    "b",
  ]
# about the third
[[quarantine]]
test = "three"
reason = "slow"
owner = "@ben"
expires = 2026-12-20

# the end
"""


def without(text: str, *parts: str) -> str:
    for part in parts:
        assert text.count(part) == 1
        text = text.replace(part, "")
    return text


def between(start: str, stop: str, text: str = BY_HAND) -> str:
    """From the first `start` up to `stop`."""
    inner = text[text.index(start) :]
    return inner[: inner.index(stop)]


def test_the_first_entry_is_the_whole_file() -> None:
    assert add_quarantine("", ENTRY, "evidence: failed 3 of 214 on the base") == WRITTEN
    assert remove_quarantine(WRITTEN, {TEST}) == ""


def test_an_entry_stands_below_a_blank_line_at_the_end() -> None:
    text = add_quarantine("# excuses\n", ENTRY, "evidence: failed 3 of 214 on the base")
    assert text == f"# excuses\n\n{WRITTEN}"


def test_keys_that_say_nothing_are_not_written() -> None:
    whole = msgspec.structs.replace(
        ENTRY,
        signature=("12ab",),
        category=FlakeClass.ORDER_DEPENDENT,
        after=("a::b", "c::d"),
        issue="SHOP-812",
    )
    assert "signature" not in toml_of("quarantine", ENTRY)
    assert toml_of("quarantine", whole).splitlines()[-4:] == [
        'signature = ["12ab"]',
        'category = "order-dependent"',
        'after = ["a::b", "c::d"]',
        'issue = "SHOP-812"',
    ]


def test_a_waiver_is_added_like_an_entry_of_the_quarantine() -> None:
    text = add_waiver(WRITTEN, WAIVER)
    assert text.startswith(f"{WRITTEN}\n[[waiver]]\n")
    assert parse_exceptions(text, FILE).waivers == (WAIVER,)


@pytest.mark.parametrize(
    "test, parts",
    [
        ("one", ["# about the first\n" + between("[[quarantine]]\ntest    =", "# --- carts")]),
        ("two", ["\n" + between('  [[ "quarantine"', "# about the third")]),
        ("three", [between("# about the third", "\n# the end")]),
    ],
)
def test_an_entry_goes_with_its_own_comments_and_leaves_all_others(
    test: str, parts: list[str]
) -> None:
    assert remove_quarantine(BY_HAND, {test}) == without(BY_HAND, *parts)


def test_a_comment_that_another_blank_line_parts_from_an_entry_is_not_its_own() -> None:
    left = remove_quarantine(BY_HAND, {"one", "two", "three"})
    assert [line for line in left.splitlines() if line.startswith("#")] == [
        "# Exceptions of the shop.",
        "# Ask @ana before you add one.",
        "# --- payments ---",
        "# --- carts ---",
        "# about the waiver",
        "# the end",
    ]
    assert [one.subject for one in parse_exceptions(left, FILE).waivers] == ["B602"]


def test_ends_of_lines_and_byte_order_mark_stay_as_they_are() -> None:
    text = "\ufeff" + BY_HAND.replace("\n", "\r\n")
    added = add_quarantine(text, ENTRY, "evidence")
    assert added.startswith(text)
    assert added.count("\r\n") == added.count("\n")
    assert remove_quarantine(added, {TEST}) == text


def test_a_file_without_a_last_end_of_line_gets_none() -> None:
    text = BY_HAND.rstrip("\n")
    added = add_quarantine(text, ENTRY)
    assert not added.endswith("\n")
    assert remove_quarantine(added, {TEST}) == text


@pytest.mark.parametrize(
    "text, told",
    [
        ("[[quarantine]\n", "not valid TOML"),
        ("quarantine = []\n", "not written as [[…]]"),
        ("quarantine = 5\n", "no list of entries"),
        ("quarantine = [1]\n", "no list of entries"),
        ("[waiver]\n[quarantine]\n", "no list of entries"),
    ],
)
def test_a_file_that_cannot_be_edited_is_left_to_a_person(text: str, told: str) -> None:
    with pytest.raises(GatesError, match="edit it by hand") as caught:
        add_quarantine(text, ENTRY)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        BY_HAND,
        "quarantine = [{test = 'x'}]\n",
        "[[quarantine]]\n[quarantine.inner]\ntest = 'x'\n",
        "[[quarantine]]\ntest = 'x'\n[quarantine.inner]\n",
    ],
)
def test_nothing_is_removed_that_is_not_there_or_not_an_entry(text: str) -> None:
    with pytest.raises(GatesError, match="edit it by hand"):
        remove_quarantine(text, {"x"})


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"'\\\n\r\t\x00\x7f\u202e#[]="),
    min_size=1,
    max_size=12,
)
ENTRIES = st.builds(
    Quarantine,
    test=TEXTS.map(lambda text: f"new {text}"),
    reason=TEXTS,
    owner=TEXTS,
    expires=st.dates(),
    signature=st.lists(TEXTS, max_size=2).map(tuple),
    category=st.none() | st.just(FlakeClass.FLAKY),
    after=st.lists(TEXTS, max_size=2).map(tuple),
    issue=st.none() | TEXTS,
)
TRIVIA = st.lists(
    st.sampled_from(["\n", "# a note\n", "  # [[quarantine]]\n", "   \n"]), max_size=3
)
VALUES = st.sampled_from(
    [
        '"plain"',
        "'literal'  # why",
        '"""\n[[quarantine]]\ntest = "no"\n\n# text"""',
        "'''\n# text\n'''  # after a text",
        '[\n  "a",\n\n  # inside\n  ["[[waiver]]"],\n]',
    ]
)
TABLES = st.builds(
    lambda lead, kind, first, inner, second, trail: "".join(
        [*lead, f"[[{kind}]]\n", f"test = {first}\n", *inner, f"note = {second}\n", *trail]
    ),
    TRIVIA,
    st.sampled_from(["waiver", "quarantine", " quarantine ", "'quarantine'"]),
    st.integers(0, 10**6).map(lambda number: f'"old {number}"'),
    TRIVIA,
    VALUES,
    TRIVIA,
)
FILES = st.builds(
    lambda head, tables, newline, last: (
        "".join([*head, *tables]).removesuffix(last).replace("\n", newline)
    ),
    TRIVIA,
    st.lists(TABLES, max_size=4),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n"]),
)


@given(FILES, ENTRIES, TEXTS)
def test_what_was_added_can_be_taken_back_to_the_byte(
    text: str, entry: Quarantine, comment: str
) -> None:
    added = add_quarantine(text, entry, comment)
    assert added.startswith(text)
    assert tomllib.loads(added)["quarantine"][-1]["reason"] == entry.reason
    assert remove_quarantine(added, {entry.test}) == text


@given(FILES, ENTRIES)
def test_an_entry_is_read_as_it_was_meant(text: str, entry: Quarantine) -> None:
    written = tomllib.loads(add_quarantine(text, entry))["quarantine"][-1]
    signature, after = written.pop("signature", []), written.pop("after", [])
    read = Quarantine(**written, signature=tuple(signature), after=tuple(after))
    assert read == entry


@given(ENTRIES)
def test_an_entry_is_one_line_a_key_whatever_a_test_is_called(entry: Quarantine) -> None:
    lines = toml_of("quarantine", entry, "seen\nin\x1b[2J").splitlines()
    assert len(lines) == 2 + len(tomllib.loads("\n".join(lines))["quarantine"][0])
    assert all(line.isprintable() for line in lines)


@settings(max_examples=300)
@given(FILES, st.data())
def test_only_lines_of_its_own_go_with_an_entry(text: str, data: st.DataObject) -> None:
    document = tomllib.loads(text)
    entries = document.get("quarantine", [])
    tests = [one["test"] for one in entries]
    assume(tests)
    gone = data.draw(st.sampled_from(tests))
    left = remove_quarantine(text, {gone})
    found = tomllib.loads(left)
    assert found.get("waiver", []) == document.get("waiver", [])
    assert found.get("quarantine", []) == [one for one in entries if one["test"] != gone]
    # What is left are the old lines in their order; a comment of another entry is among them.
    old = iter(text.splitlines())
    assert all(any(line == one for one in old) for line in left.splitlines())


def test_a_file_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_exceptions(tmp_path / FILE) == ""


def test_what_is_no_text_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff")
    with pytest.raises(GatesError, match=f"{FILE}: cannot be read"):
        read_exceptions(tmp_path / FILE)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_a_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"old")
    path.chmod(mode)
    write_exceptions(path, "# neu: ü\r\n")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == "# neu: ü\r\n".encode()


def test_a_new_file_can_be_read_by_others(tmp_path: Path) -> None:
    write_exceptions(tmp_path / "config" / FILE, "")
    assert stat.S_IMODE((tmp_path / "config" / FILE).stat().st_mode) == 0o644


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / FILE).write_text("old", encoding="utf-8")
    (tmp_path / FILE).symlink_to(Path("shared") / FILE)
    write_exceptions(tmp_path / FILE, "new")
    assert (tmp_path / FILE).is_symlink()
    assert (tmp_path / "shared" / FILE).read_text(encoding="utf-8") == "new"


def test_a_file_that_cannot_be_written_is_told_without_speaking_of_reports(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    (tmp_path / FILE / "inside").touch()
    with pytest.raises(GatesError) as caught:
        write_exceptions(tmp_path / FILE, "new")
    assert str(caught.value).startswith(f"{FILE} cannot be written: ")
    assert "report" not in str(caught.value)
    assert [one.name for one in tmp_path.iterdir()] == [FILE]
