"""Markdown: first what to do; hostile text stays text; what does not fit goes by whole sections."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pytest_gates.model.change import Change
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.exceptions import Quarantine, QuarantineState, QuarantineUse
from pytest_gates.model.finding import Location
from pytest_gates.model.report import Report
from pytest_gates.model.verdict import Measure, Mode
from pytest_gates.reporters import markdown
from pytest_gates.reporters.markdown_text import code, fenced, plain
from support.any_report import HOSTILE, reports
from support.evidence import (
    NODEID,
    TODAY,
    a_failure,
    a_finding,
    a_gate,
    a_gate_policy,
    a_policy,
    a_report,
    a_run,
    a_waiver,
    an_evidence,
    an_excuse,
    an_unknown,
)

PLACE = Location(path="src/shop.py", line=7)
OURS = {"<code>", "</code>", "<sub>", "</sub>"}
BLOCKS = re.compile(r"<!-- pytest-gates:v1 -->|<details><summary>[^\n]*</summary>|</details>")
ATTACKS = [
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/p.png)",
    "</details></code>",
    "`a` ``b``",
    "| a | b |",
    "@everyone #1 GH-1",
    "https://evil.example www.evil.example",
    "**bold** _it_ ~~no~~",
    "&lt;b&gt; &amp;",
    "\n# heading\n- list\n```",
    "$x$",
    "\\",
]
TEXTS = HOSTILE | st.sampled_from(ATTACKS)


def text_of(report: Report) -> str:
    return markdown.render(report).decode()


def strange(text: str) -> list[str]:
    """What a CommonMark reader takes for markup, and is none of ours."""
    found = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        if token.type == "html_block":
            left = BLOCKS.sub("", token.content)
            found += [left] if "<" in re.sub(r"</?(code|sub)>", "", left) else []
        for inner in token.children or ():
            if inner.type in {"link_open", "image", "s_open", "em_open", "hardbreak"}:
                found.append(inner.type)
            elif inner.type == "html_inline" and inner.content not in OURS:
                found.append(inner.content)
    return found


@settings(deadline=None, max_examples=30)
@given(reports(TEXTS))
def test_nothing_in_any_report_becomes_markup(report: Report) -> None:
    without_ours = text_of(report).replace("_Left out here", "Left out here")
    assert strange(without_ours) == []


@pytest.mark.parametrize("text", ATTACKS)
def test_prose_and_code_read_as_they_were_written(text: str) -> None:
    def shown(source: str) -> str:
        html = MarkdownIt("commonmark").enable(["table"]).render(f"| a |\n| - |\n| {source} |\n")
        cell = re.search("<td>(.*)</td>", html, re.DOTALL)
        assert cell is not None
        return re.sub("</?code>", "", cell[1])

    expected = text.replace("\n", "\\n").strip()
    for made in (plain(text), code(text)):
        seen = shown(made)
        for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
            seen = seen.replace(entity, char)
        assert seen == expected
        assert not re.search(r"@\w|(?<!&)#\w|https?:|www\.", made)


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert fenced("a\n````\nb\x1b", 100) == "`````text\na\n````\nb\\x1b\n`````"
    assert fenced("xxxx", 2) == "```text\nxx\n... cut\n```"


def test_no_code_is_no_element() -> None:
    assert not code("")


def test_the_first_thing_to_fix_stands_under_the_verdict() -> None:
    warned = a_gate(a_failure("W1", message="long line"), name="ruff")
    broken = a_gate(a_failure(location=PLACE, remedy="use a list"), name="bandit")
    policy = a_policy(a_gate_policy("ruff", mode=Mode.WARN), a_gate_policy("bandit"))
    text = text_of(a_report(warned, broken, policy=policy))
    head = text.partition("\n\n| gate")[0]
    assert head == (
        "<!-- pytest-gates:v1 -->\n\n## gates: ❌ blocked\n\n"
        "**First:** bandit <code>src/shop.py:7</code> shell=True\n\n**Next:** use a list"
    )
    assert text.index("### bandit") < text.index("### ruff")
    assert "| ruff | fail (warns) | looked | | |" in text


def test_the_name_of_a_package_is_not_said_twice() -> None:
    text = text_of(a_report(a_gate(a_failure(message="idna 3.1: slow", subject="idna 3.1"))))
    assert "**First:** bandit idna 3.1: slow" in text.replace("stub", "bandit")


def test_a_green_report_is_short_and_folds_its_gates() -> None:
    measure = Measure(name="lines", observed="91 %", required=">= 90 %", setting="lines")
    text = text_of(a_report(a_gate(measures=(measure,))))
    assert "## gates: ✅ passed\n\nAll 1 gates are in order." in text
    assert "<details><summary>1 gate(s) in order</summary>" in text
    assert "| | | lines: 91 % | &gt;= 90 % | " in text
    assert "###" not in text


def test_a_run_that_did_not_finish_says_so() -> None:
    text = text_of(a_report(evidence=an_evidence(run=a_run(finished=None))))
    assert "The run did not finish" in text


def test_many_findings_are_counted_and_details_are_folded() -> None:
    many = [a_failure(f"R{number}", detail="line 1\nline 2") for number in range(60)]
    text = text_of(a_report(a_gate(*many)))
    assert "10 more are in report.json." in text
    assert "```text\nline 1\nline 2\n```" in text


def test_flaky_and_quarantined_tests_have_a_section() -> None:
    flake = a_finding("flaky-test", subject=NODEID, message="failed 1 of 3")
    report = a_report(a_gate(flake, name="flaky"), quarantine=(an_excuse(),))
    text = text_of(report)
    assert "failed in quarantine until 2026-11-30 (&#64;ana: races" in text
    assert "failed 1 of 3" in text


def test_waivers_that_end_soon_or_do_nothing_are_named() -> None:
    policy = a_policy(
        waivers=(
            a_waiver(),
            a_waiver(subject="B999"),
            a_waiver(gate="off"),
        )
    )
    text = text_of(a_report(a_gate(a_failure()), policy=policy))
    assert "hides 1 until 2026-11-30 **ends soon**" in text
    assert "stale, remove or renew it" in text


def test_a_long_list_ends_with_a_number() -> None:
    entry = Quarantine(test="t", reason="r", owner="@a", expires=TODAY)
    use = QuarantineUse(
        entry=entry,
        state=QuarantineState.USED,
        tests=60,
        excused=tuple(f"t.py::t{number}" for number in range(60)),
    )
    assert "- and 10 more in report.json" in text_of(a_report(quarantine=(use,)))


def test_what_does_not_fit_is_left_out_by_whole_sections_and_named() -> None:
    many = [a_failure(f"R{number}", message="x" * 300) for number in range(50)]
    policy = a_policy(a_gate_policy("stub"), a_gate_policy("small"))
    report = a_report(a_gate(*many), a_gate(an_unknown(), name="small"), policy=policy)
    text = markdown.within(report, 6000, "a comment")
    assert len(text.encode()) <= 6000
    assert "### stub" not in text
    assert "### small" in text
    assert "since a comment takes no more: findings of stub." in text
    assert text.rstrip().endswith("</sub>")


def test_the_foot_says_what_was_compared_and_where_nothing_is_known() -> None:
    change = Change(base="b" * 40, reference="main", how="named")
    evidence = an_evidence(
        run=a_run(shard="unit", checkout=Unavailable(why="no git", remedy="use git"))
    )
    report = a_report(evidence=evidence)
    assert "commit no commit, shard unit" in text_of(report)
    with_change = msgspec.structs.replace(evidence, change=change)
    assert "compared with <code>bbbbbbbbbb</code>" in text_of(a_report(evidence=with_change))
