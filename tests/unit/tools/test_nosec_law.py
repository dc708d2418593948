"""Shows what a `# nosec` hides under each law, and that each is told in the report."""

from __future__ import annotations

import pytest

from pytest_gates.model.bandit import Catalogue, Facts, Issue
from pytest_gates.model.finding import Severity
from pytest_gates.tools.nosec import Law, silenced

KNOWN = Catalogue(tests={"B101": "assert_used", "B307": "eval", "B602": "subprocess_shell"})


def an_issue(test: str = "B602", line: int = 5, first: int = 4, last: int = 7) -> Issue:
    return Issue(test, "name", "HIGH", "HIGH", "text", line, first, last, 0, 0, 0, "", "print")


def law_of(
    law: Law, comment: str, *issues: Issue, line: int = 5
) -> tuple[dict[int, str], list[str]]:
    facts = Facts(issues=issues or (an_issue(),), comments=((line, comment),))
    found = silenced("a.py", facts, KNOWN, law)
    return dict(found.reasons), [one.rule.removeprefix("nosec-") for one in found.findings]


WHY = {0: "of ours"}
NONE = {0: "no reason is given"}
NOT: dict[int, str] = {}


@pytest.mark.parametrize(
    "comment, by_reason, by_id, by_any",
    [
        ("# nosec B602 - of ours", WHY, WHY, WHY),
        ("# nosec subprocess_shell, B101 - of ours", WHY, WHY, WHY),
        ("# nosec B602", NOT, NONE, NONE),
        ("# nosec", NOT, NOT, NONE),
        ("# nosec - of ours", NOT, NOT, WHY),
        ("# nosec B999 - of ours", NOT, NOT, WHY),
        ("# nosec B307 - of ours", NOT, NOT, NOT),
        ("# noseclike B602 - of ours", NOT, NOT, NOT),
    ],
)
def test_a_law_says_what_a_comment_needs_to_hide_a_finding(
    comment: str, by_reason: dict[int, str], by_id: dict[int, str], by_any: dict[int, str]
) -> None:
    hidden = [law_of(law, comment)[0] for law in ("reason", "id", "any")]
    assert hidden == [by_reason, by_id, by_any]


@pytest.mark.parametrize(
    "comment, by_reason, by_id, by_any",
    [
        ("# nosec B602 - of ours", "", "", ""),
        ("# nosec B602", "without-reason", "", ""),
        ("# nosec", "without-reason", "without-reason", ""),
        ("# nosec B307 - of ours", "hides-nothing", "hides-nothing", "hides-nothing"),
        ("# nosec B999 - of ours", "without-reason", "without-reason", "unknown-test"),
        ("# nosec B602, B999 - of ours", "unknown-test", "unknown-test", "unknown-test"),
    ],
)
def test_what_is_not_told_by_a_hidden_finding_has_one_of_its_own(
    comment: str, by_reason: str, by_id: str, by_any: str
) -> None:
    told = [" ".join(law_of(law, comment)[1]) for law in ("reason", "id", "any")]
    assert told == [by_reason, by_id, by_any]


@pytest.mark.parametrize("line, hides", [(3, False), (4, True), (5, True), (7, True), (8, False)])
def test_a_comment_on_any_line_of_the_finding_counts(line: int, *, hides: bool) -> None:
    assert bool(law_of("reason", "# nosec B602 - of ours", line=line)[0]) is hides


def test_it_counts_on_the_flagged_line_even_outside_of_the_range() -> None:
    issue = an_issue(line=9, first=1, last=2)
    assert law_of("reason", "# nosec B602 - of ours", issue, line=9)[0] == WHY


def test_one_comment_hides_each_finding_that_it_names_and_no_other() -> None:
    issues = (an_issue("B602"), an_issue("B101"), an_issue("B307"), an_issue("B602"))
    hidden, told = law_of("reason", "# nosec B602,B307 - of ours", *issues)
    assert sorted(hidden) == [0, 2, 3]
    assert told == []
    assert sorted(law_of("any", "# nosec", *issues)[0]) == [0, 1, 2, 3]


def test_the_first_of_two_reasons_is_told() -> None:
    comment = "# nosec B602 - one # nosec B602 - two"
    assert law_of("reason", comment) == ({0: "one"}, [])


def test_a_comment_that_hides_nothing_weighs_and_says_how_to_write_it() -> None:
    facts = Facts(issues=(an_issue(), an_issue("B101")), comments=((5, "# nosec B999\x1b"),))
    (found,) = silenced("a.py", facts, KNOWN, "reason").findings
    assert (found.severity, found.confidence, found.where) == (
        Severity.MEDIUM,
        Severity.HIGH,
        "a.py:5",
    )
    assert found.message == (
        r"`# nosec B999\x1b` hides nothing: it names no test and bandit has no test B999 "
        "and it gives no reason"
    )
    assert found.remedy == (
        "fix what it is to hide, or write `# nosec B602, B101 - why that is safe here`"
    )
    assert found.fingerprint


def test_where_nothing_is_found_the_remedy_shows_an_example() -> None:
    facts = Facts(comments=((1, "# nosec"),))
    (found,) = silenced("a.py", facts, KNOWN, "reason").findings
    assert "`# nosec B602 - why" in (found.remedy or "")
