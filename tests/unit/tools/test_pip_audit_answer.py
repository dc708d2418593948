"""Shows that an answer of pip-audit counts only when it is whole, and of a source that knows something."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from pytest_gates.errors import ToolError
from pytest_gates.model.audit import Audited, Question, Round
from pytest_gates.model.evidence import Scan
from pytest_gates.model.package import Package
from pytest_gates.tools.pip_audit_answer import line_of, scan_of
from support.fake_tools import a_context, completed
from support.recorded import recorded

FINDINGS = recorded("pip-audit-2.10.1-findings.json").decode()
SKIPS = recorded("pip-audit-2.10.1-skips.json").decode()
CLEAN = recorded("pip-audit-2.10.1-clean.json").decode()
ASKED_OF = {
    FINDINGS: ("urllib3==1.26.4", "pyyaml==5.3", "idna==3.10"),
    SKIPS: ("my-internal-lib==1.0", "idna==3.10"),
    CLEAN: ("my-internal-lib==1.0", "idna==3.10"),
}
CANARY = "tea==1.0"
KNOWN = Round(
    asked=(CANARY,),
    exit_code=1,
    stdout='{"dependencies": [{"name": "tea", "version": "1.0", "vulns": '
    '[{"id": "CVE-0", "fix_versions": []}]}]}',
)
SOURCE = "https://me:secret@osv.example/v1/query"


def questions(*pins: str, **package: Any) -> tuple[Question, ...]:
    return tuple(
        Question(package=Package(name=name, version=version, **package), pin=f"{name}=={version}")
        for name, _, version in (pin.partition("==") for pin in pins)
    )


def a_round(stdout: str, *asked: str, exit_code: int | None = 0, failure: str = "") -> Round:
    pins = asked or ASKED_OF.get(stdout, ())
    return Round(asked=pins, exit_code=exit_code, stdout=stdout, failure=failure)


def answer(*vulns: dict[str, Any], name: str = "tea", version: str = "1.5") -> Round:
    body = {"dependencies": [{"name": name, "version": version, "vulns": list(vulns)}]}
    return a_round(json.dumps(body), f"{name}=={version}")


def audited(*rounds: Round, **given: Any) -> Audited:
    """Every pin is of a package of its own, unless told otherwise."""
    given.setdefault("questions", questions(*(pin for one in rounds for pin in one.asked)))
    given.setdefault("canaries", (CANARY,))
    return Audited(rounds=(*rounds, KNOWN), **given)


def scan(whole: Audited) -> Scan:
    context = a_context(version="2.10.1")
    return scan_of(completed(msgspec.json.encode(whole), context=context), SOURCE)


def refused(whole: Audited) -> ToolError:
    with pytest.raises(ToolError) as caught:
        scan(whole)
    assert "secret" not in f"{caught.value.why} {caught.value.remedy}"
    return caught.value


def test_each_vulnerability_is_a_finding_with_all_that_is_to_know() -> None:
    found = scan(audited(a_round(FINDINGS, exit_code=1)))

    assert [(one.rule, one.subject, one.aliases, one.fixed_in) for one in found.findings] == [
        ("PYSEC-2021-108", "urllib3 1.26.4", ("CVE-2021-33503",), ("1.26.5",)),
        ("GHSA-0000-1111-2222", "pyyaml 5.3", (), ()),
        ("PYSEC-2020-96", "pyyaml 5.3", ("CVE-2020-1747", "GHSA-6757-jp84-gxfx"), ("5.3.1",)),
    ]
    assert [one.remedy for one in found.findings] == [
        "upgrade urllib3 to 1.26.5",
        "replace it, or waive it until there is a fix",
        "upgrade pyyaml to 5.3.1",
    ]
    assert found.findings[0].message == (
        "urllib3 1.26.4: Catastrophic backtracking in the URL authority parser; fixed in 1.26.5"
    )
    assert found.findings[1].message == "pyyaml 5.3: A flaw for tests; no fixed version yet"
    assert {one.severity for one in found.findings} == {None}, "pip-audit never says one"
    assert (found.inputs, found.unread, found.version) == (3, (), "2.10.1")
    assert [one.name for one in found.packages] == ["urllib3", "pyyaml", "idna"]


def test_a_finding_says_by_whom_the_package_is_required() -> None:
    whole = audited(
        answer({"id": "CVE-1", "fix_versions": ["2.0"]}),
        questions=questions("tea==1.5", required_by=("shop", "kettle")),
    )

    (found,) = scan(whole).findings

    assert found.message == (
        "tea 1.5: known vulnerability; fixed in 2.0; required by shop > kettle"
    )
    assert found.required_by == ("shop", "kettle")


def test_a_long_description_is_cut_at_its_end() -> None:
    line = line_of("tea 1", "word " * 100, (), ())

    assert line.startswith("tea 1: word word")
    assert line.endswith("word…; no fixed version yet")
    assert len(line) < 170


def test_a_fingerprint_names_advisory_and_package_but_not_the_version() -> None:
    flaw = {"id": "CVE-1", "fix_versions": []}
    (first,) = scan(audited(answer(flaw))).findings
    (later,) = scan(audited(answer(flaw, version="1.6"))).findings
    (other,) = scan(audited(answer(flaw, name="coffee"))).findings

    assert first.fingerprint == later.fingerprint
    assert first.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    "names, rules",
    [
        ([("PYSEC-1", ["CVE-1"]), ("GHSA-1", ["CVE-1"])], ["PYSEC-1"]),
        ([("GHSA-1", ["CVE-1"]), ("PYSEC-1", ["CVE-2"]), ("X-1", ["CVE-1", "CVE-2"])], ["PYSEC-1"]),
        ([("CVE-1", ["GHSA-1"])], ["GHSA-1"]),
        ([("PYSEC-2", []), ("PYSEC-1", [])], ["PYSEC-1", "PYSEC-2"]),
        ([("OTHER-1", []), ("OTHER-1", [])], ["OTHER-1"]),
    ],
)
def test_one_flaw_under_several_names_is_one_finding(
    names: list[tuple[str, list[str]]], rules: list[str]
) -> None:
    flaws = [{"id": one, "fix_versions": [], "aliases": also} for one, also in names]
    found = scan(audited(answer(*flaws))).findings

    assert [one.rule for one in found] == rules
    told = {name for one in found for name in (one.rule, *one.aliases)}
    assert told == {name for one, also in names for name in (one, *also)}


def test_only_later_versions_are_a_fix_in_their_order() -> None:
    flaw = {"id": "CVE-1", "fix_versions": ["0.9", "10.0", "2.0", "no version", "1.5"]}
    (found,) = scan(audited(answer(flaw))).findings

    assert found.fixed_in == ("2.0", "10.0")


def test_two_versions_of_one_package_are_both_audited_and_one_of_two_files_only_once() -> None:
    flaw = {"id": "CVE-1", "fix_versions": []}
    old, new = answer(flaw), answer(flaw, version="2.0")
    twice = (*questions("tea==1.5"), *questions("tea==1.5", required_by=("shop",)))
    whole = audited(old, new, questions=(*twice, *questions("tea==2.0")))

    found = scan(whole)

    assert [one.subject for one in found.findings] == ["tea 1.5", "tea 2.0"]
    assert found.findings[0].required_by == ("shop",)
    assert found.inputs == 2
    assert len(found.packages) == 3


def test_a_skipped_package_is_unread_although_the_exit_status_is_0() -> None:
    found = scan(audited(a_round(SKIPS)))

    assert [one.subject for one in found.unread] == ["my-internal-lib 1.0", "idna 3.10"]
    assert "not found on PyPI" in found.unread[0].why
    assert found.inputs == 0


def test_a_package_without_any_result_is_unread() -> None:
    found = scan(audited(a_round('{"dependencies": [{"name": "a", "version": "1"}]}', "a==1")))

    assert [one.subject for one in found.unread] == ["a 1"]


def test_a_package_that_could_not_be_asked_for_is_unread_and_a_local_one_a_note() -> None:
    local = Question(package=Package(name="shop", local=True), why_not="folder")
    nameless = Question(package=Package(name="tea"), why_not="no version")
    found = scan(audited(a_round(CLEAN), questions=(*questions(*ASKED_OF[CLEAN]), local, nameless)))

    assert [(one.subject, one.why) for one in found.unread] == [("tea", "no version")]
    assert "not audited, from a local folder: shop" in found.notes


def test_where_nothing_could_be_asked_for_all_of_it_is_unread() -> None:
    nameless = Question(package=Package(name="tea"), why_not="no version")
    found = scan(Audited(questions=(nameless,)))

    assert ([one.subject for one in found.unread], found.inputs) == (["tea"], 0)
    assert found.notes == ("advisories from https://…@osv.example/v1/query",)


def test_a_clean_audit_says_what_it_rests_on() -> None:
    pins = ("torch==2.0+cpu", "idna==3.10")
    asked = [
        msgspec.structs.replace(one, pin=one.pin.partition("+")[0]) for one in questions(*pins)
    ]
    rows: list[dict[str, object]] = [
        {"name": "torch", "version": "2.0", "vulns": []},
        {"name": "idna", "version": "3.10", "vulns": []},
    ]
    answers = a_round(json.dumps({"dependencies": rows}), "torch==2.0", "idna==3.10")
    lines = tuple(f"line {number}" for number in range(6))
    found = scan(audited(answers, questions=tuple(asked), left_out=lines))

    assert (found.findings, found.unread, found.inputs) == ((), (), 2)
    assert found.notes == (
        "advisories from https://…@osv.example/v1/query",
        "the source knows what it must know: tea==1.0",
        "asked for without the part after the +: torch 2.0+cpu",
        "6 left out of the files: line 0; line 1; line 2; line 3; line 4, …",
    )


@pytest.mark.parametrize("canaries", [("milk==1.0",), ("milk==1.0", "cup==1.0"), ()])
def test_a_source_that_does_not_know_its_canary_knows_nothing(canaries: tuple[str, ...]) -> None:
    rows: list[dict[str, object]] = [
        {"name": name, "version": "1.0", "vulns": []} for name in ("milk", "cup", "shop")
    ]
    rounds = a_round(json.dumps({"dependencies": rows}), "milk==1.0", "cup==1.0", "shop==1.0")
    why = refused(audited(rounds, questions=questions("shop==1.0"), canaries=canaries))

    assert f"does not know of any flaw in {' or '.join(canaries)}" in why.why
    assert "canary" in why.remedy


def test_one_of_two_canaries_is_enough_and_neither_is_told_as_ours() -> None:
    found = scan(
        audited(
            a_round(CLEAN),
            canaries=("idna==3.10", CANARY),
            questions=questions("my-internal-lib==1.0"),
        )
    )

    assert (found.findings, found.inputs) == ((), 1)
    assert [one.name for one in found.packages] == ["my-internal-lib"]


@pytest.mark.parametrize(
    "line",
    [
        "WARNING:pip_audit._service.osv:Unsupported OSV schema version: 2.0.0",
        "WARNING:pip_audit._service.osv:OSV vuln entry 'X' is missing 'affected' list",
    ],
)
def test_an_advisory_that_pip_audit_leaves_out_is_not_passed_over(line: str) -> None:
    assert line in refused(audited(a_round(CLEAN), said=f"WARNING: other\n{line}\n")).why


@pytest.mark.parametrize(
    "stdout, asked",
    [
        (CLEAN, ("my-internal-lib==1.0",)),
        (CLEAN, ("my-internal-lib==1.0", "idna==3.10", "tea==2.0")),
        (CLEAN, ("my-internal-lib==1.0", "idna==3.11")),
        (CLEAN, ("my-internal-lib==1.0", "idna==no version")),
        (
            '{"dependencies": [{"name": "a", "skip_reason": "x"}, {"name": "a", "skip_reason": "y"}]}',
            ("a==1",),
        ),
        ('{"dependencies": [{"name": "a", "version": "odd", "vulns": []}]}', ("a==1",)),
        ('{"dependencies": []}', ("a==1",)),
    ],
)
def test_another_answer_than_to_what_was_asked_is_an_error(
    stdout: str, asked: tuple[str, ...]
) -> None:
    assert "did not answer what it was asked" in refused(audited(a_round(stdout, *asked))).why


def test_a_package_that_nobody_asked_about_is_an_error() -> None:
    assert (
        "not asked about every package"
        in refused(audited(a_round(CLEAN), questions=questions("milk==1.0"))).why
    )


HALF = FINDINGS[: len(FINDINGS) // 2]


@pytest.mark.parametrize(
    "stdout, exit_code",
    [
        pytest.param("", 0, id="nothing at all, exit 0"),
        pytest.param("", 1, id="a failure, exit 1"),
        pytest.param(HALF, 1, id="half a report"),
        pytest.param(FINDINGS, 2, id="a whole report, exit 2"),
        pytest.param(CLEAN, None, id="broken off"),
        pytest.param("[]", 0, id="a list"),
        pytest.param("{}", 0, id="an empty object"),
        pytest.param('{"dependencies": {}}', 0, id="dependencies no list"),
        pytest.param('{"dependencies": [{"version": "1"}]}', 0, id="a package without a name"),
        pytest.param('{"dependencies": [{"name": "a", "vulns": 0}]}', 0, id="vulns a number"),
    ],
)
def test_what_is_not_a_whole_report_is_an_error(stdout: str, exit_code: int | None) -> None:
    said = "WARNING: this\n  ...\nERROR: no route to https://me:secret@osv.example\n\n"
    why = refused(audited(a_round(stdout, "a==1", exit_code=exit_code), said=said))

    assert "broke off" in why.why if exit_code is None else f"exit {exit_code}" in why.why
    assert "no route to https://…@osv.example" in why.why
    assert "`https://…@osv.example/v1/query`" in why.remedy


def test_an_exception_is_told_rather_than_what_was_said_before_it() -> None:
    why = refused(audited(a_round("", "a==1", exit_code=None, failure="ReadTimeout: slow")))

    assert "broke off; ReadTimeout: slow" in why.why
    assert "it said nothing" in refused(audited(a_round("", "a==1"))).why


@pytest.mark.parametrize(
    "whole, remedy",
    [
        (Audited(), "check `requirements`"),
        (Audited(left_out=("milk: the marker is false",)), "milk: the marker is false"),
        (
            Audited(questions=(Question(package=Package(name="shop", local=True)),)),
            "from local folders",
        ),
    ],
)
def test_no_package_at_all_is_an_error(whole: Audited, remedy: str) -> None:
    why = refused(whole)

    assert why.why == "pip-audit found no package to audit"
    assert remedy in why.remedy


def test_what_could_not_be_listed_is_told_as_it_was_said() -> None:
    why = refused(Audited(refused=("tea>=1 is not pinned", "pin it")))

    assert (why.why, why.remedy) == ("tea>=1 is not pinned", "pin it")


@pytest.mark.parametrize(
    "stdout, exit_code, stderr, said",
    [
        (b"", -9, "", "exit -9; nothing on stderr"),
        (b"{", 0, "Traceback\n  x\nMemoryError\n\n", "exit 0; MemoryError"),
        (b'{"said": "\xff"}', 0, "", "exit 0"),
        (b"{}", 1, "", "exit 1"),
    ],
)
def test_a_process_of_ours_that_died_is_no_answer(
    stdout: bytes, exit_code: int, stderr: str, said: str
) -> None:
    done = completed(stdout, exit_code=exit_code, stderr=stderr)

    with pytest.raises(ToolError, match="left no whole answer") as caught:
        scan_of(done, "pypi")
    assert said in caught.value.why
