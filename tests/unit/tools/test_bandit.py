"""Shows what bandit is asked and that its answer counts only when it is whole."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.bandit import (
    Answer,
    Catalogue,
    Facts,
    FileAsked,
    FileFound,
    Issue,
    Question,
)
from pytest_gates.model.contracts import ToolContext
from pytest_gates.model.evidence import Scan
from pytest_gates.model.finding import Severity, fingerprint_of
from pytest_gates.tools.bandit import TOOL, BanditSettings, command, read
from pytest_gates.tools.nosec import Law
from support.fake_tools import a_context, completed
from support.recorded import recorded

FILES = (
    ".github/release.py",
    "conftest.py",
    "src/shop/pay.py",
    "src/shop/pay_test.py",
    "tests/test_pay.py",
)
CLEAN = "bandit-1.9.4-clean.json"
FINDINGS = "bandit-1.9.4-findings.json"
SYNTAX_ERROR = "bandit-1.9.4-syntax-error.json"
SCANNED = (".github/release.py", "src/shop/pay.py", "tests/test_pay.py")


def asked(settings: BanditSettings, context: ToolContext | None = None) -> Question:
    told = command(settings, context or a_context(python_files=FILES)).told
    return msgspec.json.decode(told, type=Question)


def files(question: Question) -> dict[str, tuple[str, ...]]:
    return {one.path.decode(): one.ignored for one in question.files}


def a_scan(
    name: str = FINDINGS,
    expected: tuple[str, ...] = SCANNED,
    settings: BanditSettings | None = None,
) -> Scan:
    return read(completed(recorded(name), expected=expected), settings or BanditSettings())


def altered(name: str, **changes: Any) -> bytes:
    return json.dumps({**json.loads(recorded(name)), **changes}).encode()


def test_our_program_runs_isolated_from_the_judged_project() -> None:
    argv = command(BanditSettings(), a_context(python_files=FILES)).argv
    assert argv == ("python", "-I", "-m", "pytest_gates.adapters.bandit_scan")


def test_all_files_are_scanned_and_an_assert_is_only_counted_in_tests() -> None:
    b101 = ("B101",)
    assert files(asked(BanditSettings())) == {
        ".github/release.py": (),
        "conftest.py": b101,
        "src/shop/pay.py": (),
        "src/shop/pay_test.py": b101,
        "tests/test_pay.py": b101,
    }
    assert set(files(asked(BanditSettings(test_files=()))).values()) == {()}


def test_more_is_ignored_in_the_files_that_the_policy_names() -> None:
    ignores = {"src/**": ("B602", "B101"), "**/pay.py": ("B404",), "tests/*": ("B105", "B602")}
    found = files(asked(BanditSettings(per_file_ignores=ignores)))
    assert found["src/shop/pay.py"] == ("B602", "B101", "B404")
    assert found["src/shop/pay_test.py"] == ("B101", "B602")
    assert found["tests/test_pay.py"] == ("B101", "B105", "B602")
    assert found[".github/release.py"] == ()


def test_the_settings_reach_the_scan() -> None:
    plain = asked(BanditSettings())
    assert (plain.skips, plain.config, plain.processes, plain.cache) == ((), None, 0, "")
    settings = BanditSettings(
        skips=("B101",), config="pyproject.toml", processes=3, max_kilobytes=7
    )
    other = asked(settings)
    assert (other.skips, other.config, other.processes) == (("B101",), "pyproject.toml", 3)
    assert (other.most_bytes, other.version) == (7000, "1.0")


def test_the_work_tree_and_its_base_share_one_cache() -> None:
    here = msgspec.structs.replace(a_context(), cache_folder="/cache/bandit")
    there = msgspec.structs.replace(here, cache_folder="/cache/bandit-base", at_base=True)
    assert asked(BanditSettings(), here).cache == "/cache/bandit"
    assert asked(BanditSettings(), there).cache == "/cache/bandit"


@pytest.mark.parametrize(
    "settings, expected",
    [
        (BanditSettings(), FILES),
        (BanditSettings(exclude=("tests/**", "*.py")), (*FILES[:1], *FILES[2:4])),
        (BanditSettings(paths=("src/**",)), FILES[2:4]),
        (BanditSettings(paths=("src/**", "conftest.py"), exclude=("**/*_test.py",)), FILES[1:3]),
        (BanditSettings(paths=("nothing/**",)), ()),
    ],
)
def test_paths_and_exclude_choose_the_expected_files(
    settings: BanditSettings, expected: tuple[str, ...]
) -> None:
    assert command(settings, a_context(python_files=FILES)).expected == expected
    assert tuple(files(asked(settings))) == expected


def test_names_reach_the_scan_as_the_system_has_them() -> None:
    odd = ("-r", "--exit-zero.py", "odd\udcff.py", "a\nb.py")
    question = asked(BanditSettings(), a_context(python_files=odd))
    assert question.files[2:] == (FileAsked(b"odd\xff.py"), FileAsked(b"a\nb.py"))
    assert [one.path for one in question.files[:2]] == [b"-r", b"--exit-zero.py"]


def test_what_the_policy_leaves_out_is_counted_in_a_note() -> None:
    left_out = command(BanditSettings(exclude=("src/**",)), a_context(python_files=FILES))
    assert left_out.notes == ("2 of 5 Python files left out by paths and exclude",)
    assert command(BanditSettings(), a_context(python_files=FILES)).notes == ()
    done = completed(recorded(CLEAN), expected=("src/shop/good.py",), notes=left_out.notes)
    assert read(done, BanditSettings()).notes == left_out.notes


def test_each_result_is_a_finding_with_place_severity_and_confidence() -> None:
    scan = a_scan()

    assert [
        (one.rule, one.where, one.severity, one.confidence, one.suppressed) for one in scan.findings
    ] == [
        ("B307", ".github/release.py:1", Severity.MEDIUM, Severity.HIGH, None),
        ("B404", "src/shop/pay.py:1", Severity.LOW, Severity.HIGH, None),
        ("B602", "src/shop/pay.py:8-9", Severity.HIGH, Severity.HIGH, "a name of ours"),
        ("B506", "src/shop/pay.py:13", Severity.MEDIUM, Severity.HIGH, None),
        ("B101", "src/shop/pay.py:17", Severity.LOW, Severity.HIGH, "checked above"),
        ("nosec-without-reason", "src/shop/pay.py:1", Severity.MEDIUM, Severity.HIGH, None),
        ("nosec-unknown-test", "src/shop/pay.py:17", Severity.INFO, Severity.HIGH, None),
        ("nosec-hides-nothing", "src/shop/pay.py:18", Severity.INFO, Severity.HIGH, None),
    ]
    assert scan.unread == ()
    assert (scan.tool, scan.version, scan.inputs, scan.seconds) == ("bandit", "1.0", 3, 1.235)


def test_columns_start_at_one_and_the_page_of_the_rule_is_kept() -> None:
    yaml = a_scan().findings[3]

    assert yaml.location is not None
    assert yaml.location.column == 12
    assert yaml.url is not None
    assert yaml.url.endswith("b506_yaml_load.html")
    assert yaml.remedy is not None
    assert 'subject = "src/shop/pay.py:B506"' in yaml.remedy


def test_fingerprints_are_what_they_were_when_bandits_own_program_was_asked() -> None:
    eval_, _, shell, *_ = a_scan().findings
    assert eval_.fingerprint == fingerprint_of("B307", ".github/release.py", 'eval("1")')
    line = "shell=True, # nosec B602 - a name of ours"
    assert shell.fingerprint == fingerprint_of("B602", "src/shop/pay.py", line)


def test_what_is_ignored_is_counted_by_test() -> None:
    assert a_scan().notes == ("1 finding(s) left out by test-files and per-file-ignores: B101 1",)


def test_a_file_that_bandit_could_not_parse_is_unread() -> None:
    scan = a_scan(SYNTAX_ERROR, ("src/shop/broken.py", "src/shop/good.py"))

    assert [(one.subject, one.why) for one in scan.unread] == [
        (
            "src/shop/broken.py",
            "syntax error while parsing AST from file: line 1: invalid syntax",
        )
    ]
    assert scan.inputs == 1


def test_a_clean_project_has_no_findings() -> None:
    scan = a_scan(CLEAN, ("src/shop/good.py",))
    assert (scan.findings, scan.unread, scan.inputs, scan.notes) == ((), (), 1, ())


def test_a_severity_that_bandit_does_not_know_is_none_and_not_mild() -> None:
    text = recorded(FINDINGS).replace(b'"LOW"', b'"UNDEFINED"')
    scan = read(completed(text, expected=SCANNED), BanditSettings())

    assert [one.severity for one in scan.findings if one.rule == "B101"] == [None]


def test_nothing_to_scan_is_an_error_that_names_the_settings() -> None:
    with pytest.raises(NothingToScan) as caught:
        a_scan(CLEAN, ())

    assert "no file" in caught.value.why
    assert "[tool.pytest-gates.bandit]" in caught.value.remedy


def test_tests_that_bandit_does_not_have_are_told() -> None:
    settings = BanditSettings(
        skips=("B999", "B602", "yaml_load"), per_file_ignores={"**": ("B101", "shel\x1b")}
    )
    *_, note = a_scan(settings=settings).notes[:1]
    assert note == r"the policy names what is no test of this bandit: B999, shel\x1b"


def test_what_the_scan_says_of_itself_is_noted() -> None:
    catalogue = {"tests": {"B1": "one"}, "notes": ["mind\nthis"]}
    cut: list[Any] = [[None, [[], [], False], {}]]
    text = altered(CLEAN, catalogue=catalogue, from_cache=1, files=cut)
    assert read(completed(text, expected=("a.py",)), BanditSettings()).notes == (
        r"mind\nthis",
        "comments of 1 file(s) could not be read to the end, so a `# nosec` there may hide nothing: a.py",
        "1 of 1 files known from an earlier scan",
    )


HALF = recorded(FINDINGS)[: len(recorded(FINDINGS)) // 2]


@pytest.mark.parametrize(
    "stdout, exit_code",
    [
        pytest.param(b"", 0, id="nothing at all, exit 0"),
        pytest.param(b"", 1, id="nothing at all, exit 1"),
        pytest.param(HALF, 0, id="half a report"),
        pytest.param(recorded(CLEAN), 1, id="a whole report, exit 1"),
        pytest.param(recorded(CLEAN), -9, id="a whole report, killed"),
        pytest.param(recorded(CLEAN) + b"{", 0, id="more than a report"),
        pytest.param(b"[]", 0, id="a list"),
        pytest.param(b"{}", 0, id="an empty object"),
        pytest.param(altered(CLEAN, files={}), 0, id="files no list"),
        pytest.param(altered(CLEAN, files=[1]), 0, id="files of numbers"),
        pytest.param(altered(CLEAN, refused=5), 0, id="refused a number"),
        pytest.param(recorded(CLEAN).decode().encode("utf-16"), 0, id="utf-16"),
        pytest.param(b'{"refused": "\xff"}', 0, id="no utf-8"),
    ],
)
def test_what_is_not_a_whole_report_is_an_error(stdout: bytes, exit_code: int) -> None:
    done = completed(
        stdout, exit_code=exit_code, expected=("src/shop/good.py",), stderr="\n  no memory\n"
    )

    with pytest.raises(ToolError) as caught:
        read(done, BanditSettings())

    assert f"exit {exit_code}" in caught.value.why
    assert "no memory" in caught.value.why
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text, why",
    [
        (altered(CLEAN, files=[]), "bandit told of 0 files and was given 1"),
        (recorded(SYNTAX_ERROR), "bandit told of 2 files and was given 1"),
        (altered(CLEAN, refused="no plugin"), "bandit scanned nothing: no plugin"),
    ],
)
def test_an_answer_that_is_not_about_each_file_is_an_error(text: bytes, why: str) -> None:
    with pytest.raises(ToolError) as caught:
        read(completed(text, expected=("src/shop/good.py",)), BanditSettings())
    assert caught.value.why == why


def test_a_file_name_that_is_no_utf_8_can_be_written_into_a_report() -> None:
    text = altered(CLEAN, files=[["gone", [], {}]])
    scan = read(completed(text, expected=("src/odd\udcff.py",)), BanditSettings())

    assert len(scan.unread) == 1
    assert msgspec.json.encode(scan)


NUMBERS = st.integers(min_value=-1, max_value=2**31)
ISSUES = st.builds(
    Issue, *[st.text()] * 5, *[NUMBERS] * 6, *[st.text(alphabet="aB1\x1b\u202e", max_size=9)] * 2
)
COMMENTS = st.tuples(NUMBERS, st.text(alphabet="# nosecB12,-", max_size=30).map("# nosec ".__add__))
FOUND = st.builds(
    FileFound,
    st.none() | st.text(),
    st.builds(Facts, st.tuples(ISSUES), st.tuples(COMMENTS, COMMENTS), st.booleans()),
    st.dictionaries(st.text(), st.integers(min_value=-(2**40), max_value=2**40), max_size=2),
)


@settings(max_examples=50)
@given(found=FOUND, law=st.sampled_from(["reason", "id", "any"]), tests=st.sets(st.text()))
def test_whatever_a_scan_says_every_issue_and_comment_is_told(
    found: FileFound, law: Law, tests: set[str]
) -> None:
    catalogue = Catalogue(tests=dict.fromkeys(tests, "name"), notes=tuple(tests))
    answer = msgspec.json.encode(Answer(refused=None, files=(found,), catalogue=catalogue))
    scan = read(completed(answer, expected=("a.py",)), BanditSettings(nosec=law))
    assert msgspec.json.decode(msgspec.json.encode(scan), type=Scan) == scan
    issue, *comments = scan.findings
    assert issue.rule == found.facts.issues[0].test
    assert comments or issue.suppressed is not None


def test_the_tool_asks_for_the_files_and_can_be_installed() -> None:
    assert TOOL.needs_files
    assert (TOOL.name, TOOL.distribution, TOOL.program) == ("bandit", "bandit", None)


def test_only_the_configuration_that_the_policy_names_is_one() -> None:
    assert BanditSettings().config_files == ()
    assert BanditSettings(config="ci/bandit.yaml").config_files == ("ci/bandit.yaml",)
