"""Shows which reports of other scanners are trusted: whole ones, of this job, of a scanner that was well."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.gates.scan import judge
from pytest_gates.model.evidence import Scan
from pytest_gates.model.finding import Finding, Severity
from pytest_gates.model.sarif_files import Change, Found, Place
from pytest_gates.tools.sarif import SarifFile, SarifSettings, command, read
from support.evidence import NOW, rules
from support.fake_tools import a_context, completed
from support.recorded import recorded

CLOCK = NOW.timestamp()
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SETTINGS = SarifSettings(files={"it": SarifFile(path="it.sarif")})


def a_run(**changes: Any) -> dict[str, Any]:
    return {"tool": {"driver": {"name": "Scanner"}}, "results": [], **changes}


def a_log(*runs: dict[str, Any], version: str = "2.1.0") -> str:
    return json.dumps({"version": version, "runs": list(runs)})


def ended(at: str, **changes: Any) -> dict[str, Any]:
    return a_run(invocations=[{"executionSuccessful": True, "endTimeUtc": at, **changes}])


def a_scan(
    text: str = "",
    settings: SarifSettings = SETTINGS,
    age: float = 60,
    newest: float | None = None,
    **files: Place,
) -> Scan:
    places = files or {"it": Place(moment=CLOCK - age, text=text)}
    change = Change(path="src/a.py", moment=CLOCK - newest) if newest is not None else None
    found = Found(now=CLOCK, roots=("/project",), commit=COMMIT, newest=change, files=places)
    return read(completed(msgspec.json.encode(found), expected=tuple(places)), settings)


def told_why(scan: Scan) -> str:
    assert scan.inputs == 0
    assert not scan.findings
    (one,) = scan.unread
    assert one.subject == "it (it.sarif)"
    return one.why


def test_the_files_are_asked_for_by_name() -> None:
    asked = command(SETTINGS, a_context())
    assert asked.argv == ("python", "-I", "-m", "pytest_gates.adapters.sarif_files")
    assert json.loads(asked.told) == {"files": {"it": "it.sarif"}, "most": 20_000_000}
    assert asked.expected == ("it",)


def test_a_whole_report_without_a_result_is_a_clean_one() -> None:
    scan = a_scan(a_log(a_run(tool={"driver": {"name": "Scanner", "version": "2"}})))
    assert (scan.inputs, scan.findings, scan.unread) == (1, (), ())
    assert scan.notes == ("it: Scanner 2, 0 result(s)",)


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "it is empty"),
        ("{", "it is no whole SARIF file"),
        (a_log(a_run())[:-3], "it is no whole SARIF file"),
        ("[" * 100_000, "it is no whole SARIF file"),
        ("{}", "it is no whole SARIF file"),
        (a_log(a_run(), version="2.0.0"), "it is of version 2.0.0, expected SARIF 2.1.0"),
        (a_log(), "it holds no run of a scanner"),
        (a_log({"tool": {"driver": {"name": "Scanner"}}}), "Scanner did not scan"),
        (a_log(a_run(results=None)), "Scanner did not scan"),
        (a_log(a_run(), a_run(results=None)), "Scanner did not scan"),
        (a_log(a_run(results=[{"message": {"text": "x"}, "level": "fatal"}])), "no whole SARIF file"),
        (a_log(a_run(results=[{"message": "x"}])), "no whole SARIF file"),
        (
            a_log(a_run(externalPropertyFileReferences={"results": [{"location": {}}]})),
            "Scanner has written its results into other files",
        ),
        (a_log(a_run(invocations=[{"executionSuccessful": False}])), "Scanner says that it failed"),
        (a_log(a_run(invocations=[{}])), "no whole SARIF file"),
        (
            a_log(ended("2026-11-20T11:59:00Z", toolExecutionNotifications=[
                {"message": {"text": "out of\x1b memory"}, "level": "error"}])),
            r"Scanner tells of 1 error(s) of its own: out of\x1b memory",
        ),
        (
            a_log(ended("2026-11-20T11:59:00Z", toolConfigurationNotifications=[
                {"message": {}, "level": "error"}])),
            "Scanner tells of 1 error(s) of its own: without a word",
        ),
        (a_log(ended("2026-11-20T10:00:00Z")), "its scanner ended 2 h before the run, and max-age is 60 min"),
        (a_log(ended("2026-11-17T12:00:00")), "its scanner ended 3 d before the run"),
        (a_log(ended("2026-11-20T12:06:00Z")), "its scanner ended 6 min in the future"),
        (a_log(ended("yesterday")), "which is no time"),
        (
            a_log(a_run(versionControlProvenance=[{"revisionId": "f" * 40}, {}])),
            f"it is of commit {'f' * 40}, and {COMMIT} is checked out",
        ),
        (a_log(a_run(versionControlProvenance=[{"revisionId": COMMIT[:4]}])), "it is of commit 0123,"),
    ],
)  # fmt: skip
def test_a_report_that_proves_nothing_is_unread(text: str, why: str) -> None:
    assert why in told_why(a_scan(text))


@pytest.mark.parametrize(
    "run",
    [
        ended("2026-11-20T11:30:00.1234567Z"),
        ended("2026-11-20T12:04:00Z"),  # clocks differ
        ended("2026-11-20T11:30:00Z", toolExecutionNotifications=[{"message": {"text": "slow"}}]),
        a_run(versionControlProvenance=[{"revisionId": COMMIT.upper()}]),
        a_run(versionControlProvenance=[{"revisionId": COMMIT[:10]}]),
        a_run(externalPropertyFileReferences={}),
        a_run(invocations=None),
    ],
)
def test_a_report_of_this_job_is_read(run: dict[str, Any]) -> None:
    assert a_scan(a_log(run)).inputs == 1


def test_a_report_is_as_old_as_its_file_where_it_does_not_say() -> None:
    assert "ended 61 min before the run" in told_why(a_scan(a_log(a_run()), age=3661))
    shorter = msgspec.structs.replace(SETTINGS, max_age=60)
    assert "ended 100 s before the run" in told_why(a_scan(a_log(a_run()), shorter, age=100))
    longer = msgspec.structs.replace(SETTINGS, max_age=7200)
    assert a_scan(a_log(a_run()), longer, age=3661).inputs == 1


def test_a_report_is_older_than_what_changed_since() -> None:
    assert "it is older than src/a.py" in told_why(a_scan(a_log(a_run()), age=60, newest=59))
    assert a_scan(a_log(a_run()), age=60, newest=60).inputs == 1


def test_what_the_disk_says_is_told() -> None:
    assert told_why(a_scan(it=Place(why="there is no such file"))) == "there is no such file"


def test_of_several_files_each_is_judged() -> None:
    flaw = a_log(a_run(results=[{"message": {"text": "bad"}, "ruleId": "R1"}]))
    files = {"it": SarifFile(path="it.sarif"), "gone": SarifFile(path="gone.sarif")}
    scan = a_scan(
        settings=SarifSettings(files=files),
        it=Place(moment=CLOCK, text=flaw),
        gone=Place(why="there is no such file"),
    )
    assert (scan.inputs, rules(scan.findings)) == (1, ["it/R1"])
    found = judge(scan, SarifSettings(files=files), "sarif", NOW)
    assert rules(found.findings) == ["it/R1", "unread"]
    assert "let it end without errors" in (found.findings[1].remedy or "")


@pytest.mark.parametrize(
    "stdout, exit_code", [(b"", 0), (b"{}", 0), (b"{}", 1), (b"\xff", 0), (None, 0)]
)
def test_half_an_answer_is_none(stdout: bytes | None, exit_code: int) -> None:
    other = Found(now=CLOCK, roots=(), commit=None, newest=None, files={})
    said = msgspec.json.encode(other) if stdout is None else stdout
    with pytest.raises(ToolError, match="could not be read"):
        read(completed(said, exit_code=exit_code, stderr="x\nwhy\n", expected=("it",)), SETTINGS)


def test_a_gate_without_a_file_is_a_wrong_policy() -> None:
    assert "no file is named" in (SarifSettings().complaint or "")
    assert SETTINGS.complaint is None
    empty = Found(now=CLOCK, roots=(), commit=None, newest=None, files={})
    with pytest.raises(NothingToScan):
        read(completed(msgspec.json.encode(empty)), SarifSettings())


@pytest.mark.parametrize(
    "rule, severity, fails",
    [
        ("it/x", Severity.MEDIUM, True),
        ("it/x", Severity.LOW, False),
        ("it/x", None, True),
        ("it/deep/x", Severity.MEDIUM, False),
        ("it/deep/x", Severity.HIGH, True),
    ],
)
def test_each_scanner_may_have_a_floor_of_its_own(
    rule: str, severity: Severity | None, fails: bool
) -> None:
    files = {"it": SarifFile(path="a"), "it/deep": SarifFile(path="b", fail_on=Severity.HIGH)}
    settings = SarifSettings(files=files, fail_on=Severity.MEDIUM)
    assert settings.floor is Severity.MEDIUM
    assert settings.fails(Finding(rule=rule, message="", severity=severity)) is fails


@pytest.mark.parametrize(
    "name, found",
    [
        ("zizmor-1.32.0", ["it/zizmor/artipacked medium .github/workflows/ci.yml:6-7",
                           "it/zizmor/excessive-permissions medium .github/workflows/ci.yml:3-9"]),
        ("ruff-0.17.6", ["it/F401 high app.py:1", "it/S602 high app.py:3", "it/S307 high app.py:4"]),
        ("semgrep-1.185.0", ["it/call medium app.py:3", "it/no-eval high app.py:4"]),
        ("bandit-1.9.4", ["it/B404 low app.py:1", "it/B602 high app.py:3", "it/B307 medium app.py:4"]),
    ],
)  # fmt: skip
def test_what_real_scanners_wrote_is_read(name: str, found: list[str]) -> None:
    # bandit tells when it ended, which lies behind the clock of this test.
    text = recorded(f"{name}.sarif").decode().replace("2026-11-25T", "2026-11-20T")
    text = text.replace("T04:", "T11:")
    scan = a_scan(text)
    assert scan.unread == ()
    assert [f"{one.rule} {one.severity} {one.location}" for one in scan.findings] == found
    assert len({one.fingerprint for one in scan.findings}) == len(found)


def test_a_file_that_bandit_could_not_parse_is_not_clean() -> None:
    text = recorded("bandit-1.9.4-syntax-error.sarif").decode()
    assert "Bandit tells of 1 error(s) of its own: syntax error" in told_why(a_scan(text))


NAMES = """version runs tool driver name results message text ruleId level kind locations properties
physicalLocation artifactLocation uri uriBaseId index region startLine suppressions"""
KEYS = st.sampled_from(NAMES.split())
WORDS = st.sampled_from(
    ["2.1.0", "error", "../../x", "file:///project/a", "%zz", "http://[", "\0", ""]
)
LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | WORDS | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)
RESULT = st.fixed_dictionaries(
    {"message": st.fixed_dictionaries({"text": WORDS})},
    optional={
        "ruleId": WORDS,
        "ruleIndex": st.integers(-3, 3),
        "level": st.sampled_from(["none", "note", "warning", "error"]),
        "locations": st.lists(
            st.fixed_dictionaries({"physicalLocation": st.fixed_dictionaries({
                "artifactLocation": st.fixed_dictionaries({"uri": WORDS | st.text(max_size=9)}),
                "region": st.fixed_dictionaries({"startLine": st.integers(-2, 5)}),
            })}), max_size=2),
        "properties": st.dictionaries(st.just("security-severity"), LEAVES),
    },
)  # fmt: skip


@given(
    VALUES
    | st.lists(RESULT, max_size=3).map(lambda results: json.loads(a_log(a_run(results=results))))
)
def test_whatever_a_report_holds_it_is_read_or_unread(document: Any) -> None:
    scan = a_scan(json.dumps(document))
    assert scan.inputs + len(scan.unread) == 1
    msgspec.json.encode(scan)
    for finding in scan.findings:
        assert finding.location is None or not finding.location.path.startswith(("/", ".."))
