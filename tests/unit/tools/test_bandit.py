"""Shows what bandit is asked and that its answer counts only when it is whole."""

from __future__ import annotations

import json

import msgspec
import pytest

from pytest_gates.errors import ToolError
from pytest_gates.model.evidence import Scan
from pytest_gates.model.finding import Severity
from pytest_gates.tools.bandit import TOOL, BanditSettings, command, read
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
SCANNED = (".github/release.py", "src/shop/pay.py")


def argv(settings: BanditSettings, files: tuple[str, ...] = FILES) -> tuple[str, ...]:
    return command(settings, a_context(python_files=files)).argv


def options_and_files(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    split = words.index("--")
    return words[:split], words[split + 1 :]


def a_scan(name: str, exit_code: int, expected: tuple[str, ...]) -> Scan:
    return read(completed(recorded(name), exit_code=exit_code, expected=expected), BanditSettings())


def test_bandit_gets_a_list_of_files_and_never_a_folder_to_walk() -> None:
    options, files = options_and_files(argv(BanditSettings()))

    assert files == ("./.github/release.py", "./src/shop/pay.py")
    assert "-r" not in options
    assert "--recursive" not in options


def test_bandit_runs_isolated_from_the_judged_project() -> None:
    assert argv(BanditSettings())[:4] == ("python", "-I", "-m", "bandit")


def test_the_exclude_list_of_bandit_is_replaced_by_one_that_matches_no_path() -> None:
    words = argv(BanditSettings())

    value = words[words.index("-x") + 1]
    assert value
    assert not value.isprintable()


def test_no_configuration_is_read_unless_the_policy_names_one() -> None:
    assert "-c" not in argv(BanditSettings())
    named = argv(BanditSettings(config="pyproject.toml"))
    assert named[named.index("-c") + 1] == "pyproject.toml"


def test_skipped_tests_of_bandit_are_named_in_one_option() -> None:
    assert "-s" not in argv(BanditSettings())
    words = argv(BanditSettings(skips=("B101", "B404")))
    assert words[words.index("-s") + 1] == "B101,B404"


@pytest.mark.parametrize(
    "settings, files",
    [
        (BanditSettings(exclude=()), FILES),
        (BanditSettings(paths=("src/**",)), ("src/shop/pay.py",)),
        (BanditSettings(paths=("src/**",), exclude=()), FILES[2:4]),
        (BanditSettings(paths=("src/**", "conftest.py"), exclude=("**/*_test.py",)), FILES[1:3]),
        (BanditSettings(paths=("nothing/**",)), ()),
    ],
)
def test_paths_and_exclude_choose_the_expected_files(
    settings: BanditSettings, files: tuple[str, ...]
) -> None:
    asked = command(settings, a_context(python_files=FILES))

    assert asked.expected == files
    assert options_and_files(asked.argv)[1] == tuple(f"./{one}" for one in files)


def test_a_file_name_that_looks_like_an_option_stays_a_file() -> None:
    _, files = options_and_files(argv(BanditSettings(), ("-r", "--exit-zero.py")))

    assert files == ("./-r", "./--exit-zero.py")


def test_what_the_policy_leaves_out_is_counted_in_a_note() -> None:
    left_out = command(BanditSettings(), a_context(python_files=FILES))
    all_of_them = command(BanditSettings(exclude=()), a_context(python_files=FILES))

    assert "3 of 5" in left_out.notes[0]
    assert all_of_them.notes == ()


def test_the_notes_of_the_question_stand_in_the_scan() -> None:
    done = completed(recorded(CLEAN), expected=("src/shop/good.py",), notes=("3 of 5 left out",))

    assert read(done, BanditSettings()).notes == ("3 of 5 left out",)


def test_each_result_is_a_finding_with_place_severity_and_confidence() -> None:
    scan = a_scan(FINDINGS, 1, SCANNED)

    assert [(one.rule, one.where, one.severity, one.confidence) for one in scan.findings] == [
        ("B307", ".github/release.py:1", Severity.MEDIUM, Severity.HIGH),
        ("B404", "src/shop/pay.py:1", Severity.LOW, Severity.HIGH),
        ("B602", "src/shop/pay.py:8-9", Severity.HIGH, Severity.HIGH),
        ("B506", "src/shop/pay.py:13", Severity.MEDIUM, Severity.HIGH),
        ("B101", "src/shop/pay.py:17", Severity.LOW, Severity.HIGH),
    ]
    assert scan.unread == ()
    assert scan.inputs == 2
    assert (scan.tool, scan.version, scan.seconds) == ("bandit", "1.0", 1.235)


def test_columns_start_at_one_and_the_page_of_the_rule_is_kept() -> None:
    yaml = a_scan(FINDINGS, 1, SCANNED).findings[3]

    assert yaml.location is not None
    assert yaml.location.column == 12
    assert yaml.url is not None
    assert yaml.url.endswith("b506_yaml_load.html")


def test_a_fingerprint_survives_the_movement_of_lines_and_tells_rules_apart() -> None:
    output = json.loads(recorded(FINDINGS))
    before = a_scan(FINDINGS, 1, SCANNED).findings
    for issue in output["results"]:
        issue["code"] = "".join(
            f"{int(line.split(' ')[0]) + 40} {line.partition(' ')[2]}\n"
            for line in issue["code"].splitlines()
        )
        issue["line_number"] += 40
        issue["line_range"] = [line + 40 for line in issue["line_range"]]
    done = completed(json.dumps(output), exit_code=1, expected=SCANNED)
    after = read(done, BanditSettings()).findings

    assert [one.fingerprint for one in after] == [one.fingerprint for one in before]
    assert len({one.fingerprint for one in before}) == len(before)


def test_a_file_that_bandit_could_not_parse_is_unread_although_it_exits_with_0() -> None:
    scan = a_scan(SYNTAX_ERROR, 0, ("src/shop/broken.py", "src/shop/good.py"))

    assert [(one.subject, one.why) for one in scan.unread] == [
        ("src/shop/broken.py", "syntax error while parsing AST from file")
    ]
    assert scan.inputs == 1


def test_a_file_of_which_bandit_says_nothing_is_unread() -> None:
    scan = a_scan(CLEAN, 0, ("lib/.github/x.py", "src/shop/good.py"))

    assert [one.subject for one in scan.unread] == ["lib/.github/x.py"]
    assert scan.inputs == 1


def test_a_path_with_git_in_its_name_is_known_to_have_been_scanned() -> None:
    assert a_scan(FINDINGS, 1, (".github/release.py",)).unread == ()


def test_a_clean_project_has_no_findings() -> None:
    scan = a_scan(CLEAN, 0, ("src/shop/good.py",))

    assert (scan.findings, scan.unread, scan.inputs) == ((), (), 1)


def test_a_severity_that_bandit_does_not_know_is_none_and_not_mild() -> None:
    text = recorded(FINDINGS).replace(b'"issue_severity": "LOW"', b'"issue_severity": "UNDEFINED"')
    scan = read(completed(text, exit_code=1, expected=SCANNED), BanditSettings())

    assert [one.severity for one in scan.findings if one.rule == "B101"] == [None]


def test_nothing_to_scan_is_an_error_that_names_the_settings() -> None:
    with pytest.raises(ToolError) as caught:
        a_scan(CLEAN, 0, ())

    assert "no file" in caught.value.why
    assert "[tool.pytest-gates.bandit]" in caught.value.remedy


HALF = recorded(FINDINGS)[: len(recorded(FINDINGS)) // 2]


@pytest.mark.parametrize(
    "stdout, exit_code",
    [
        pytest.param(b"", 0, id="nothing at all, exit 0"),
        pytest.param(b"", 1, id="nothing at all, exit 1"),
        pytest.param(HALF, 1, id="half a report"),
        pytest.param(recorded(FINDINGS), 2, id="a whole report, exit 2"),
        pytest.param(recorded(CLEAN), -9, id="a whole report, killed"),
        pytest.param(recorded(CLEAN) + b"{", 0, id="more than a report"),
        pytest.param(b"[]", 0, id="a list"),
        pytest.param(b"null", 0, id="null"),
        pytest.param(b"{}", 0, id="an empty object"),
        pytest.param(b'{"errors": [], "metrics": {}, "results": {}}', 0, id="results no list"),
        pytest.param(b'{"errors": [], "metrics": {}, "results": [1]}', 0, id="results of numbers"),
        pytest.param(b'{"errors": [], "metrics": [], "results": []}', 0, id="metrics no object"),
        pytest.param(b'{"metrics": {}, "results": []}', 0, id="no errors key"),
        pytest.param(b'{"errors": null, "metrics": {}, "results": []}', 0, id="errors null"),
        pytest.param(recorded(CLEAN).decode().encode("utf-16"), 0, id="utf-16"),
        pytest.param(b'{"errors": [], "metrics": {"\xff": {}}, "results": []}', 0, id="no utf-8"),
    ],
)
def test_what_is_not_a_whole_report_is_an_error(stdout: bytes, exit_code: int) -> None:
    done = completed(
        stdout, exit_code=exit_code, expected=("src/shop/good.py",), stderr="\n  usage: bandit\n"
    )

    with pytest.raises(ToolError) as caught:
        read(done, BanditSettings())

    assert f"exit {exit_code}" in caught.value.why
    assert "usage: bandit" in caught.value.why
    assert caught.value.remedy


def test_a_file_name_that_is_no_utf_8_can_be_written_into_a_report() -> None:
    name = "src/odd\udcff.py"
    scan = read(completed(recorded(CLEAN), expected=(name,)), BanditSettings())

    assert len(scan.unread) == 1
    assert msgspec.json.encode(scan)


def test_the_tool_asks_for_the_files_and_can_be_installed() -> None:
    assert TOOL.needs_files
    assert (TOOL.name, TOOL.distribution, TOOL.program) == ("bandit", "bandit", None)


def test_only_the_configuration_that_the_policy_names_is_one() -> None:
    assert BanditSettings().config_files == ()
    assert BanditSettings(config="ci/bandit.yaml").config_files == ("ci/bandit.yaml",)
