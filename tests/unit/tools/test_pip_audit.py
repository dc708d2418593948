"""Shows what pip-audit is asked and that its answer counts only when it is whole."""

from __future__ import annotations

import json

import pytest

from pytest_gates.errors import ToolError
from pytest_gates.model.contracts import Completed
from pytest_gates.model.evidence import Scan
from pytest_gates.model.marks import INVENTORY_MARK
from pytest_gates.tools.pip_audit import ENVIRONMENT, TOOL, PipAuditSettings, command, read
from support.fake_tools import a_context, completed
from support.recorded import recorded

CLEAN = "pip-audit-2.10.1-clean.json"
FINDINGS = "pip-audit-2.10.1-findings.json"
NO_DEPENDENCIES = "pip-audit-2.10.1-no-dependencies.json"
SKIPS = "pip-audit-2.10.1-skips.json"
REQUIREMENTS = PipAuditSettings(requirements=("requirements.txt",))
CONTEXT = a_context(sys_path=("/venv/lib", "/more"), version="2.10.1")


def argv(settings: PipAuditSettings) -> tuple[str, ...]:
    return command(settings, CONTEXT).argv


def of_files(name: str, exit_code: int = 0) -> Scan:
    return of_text(recorded(name), exit_code)


def of_text(stdout: bytes, exit_code: int = 0) -> Scan:
    done = completed(
        stdout, exit_code=exit_code, stderr=mark(None), expected=REQUIREMENTS.requirements
    )
    return read(done, REQUIREMENTS)


def of_environment(
    stdout: bytes, stderr: str, exit_code: int = 0, settings: PipAuditSettings | None = None
) -> Scan:
    done: Completed = completed(
        stdout, exit_code=exit_code, stderr=stderr, expected=(ENVIRONMENT,), context=CONTEXT
    )
    return read(done, settings or PipAuditSettings())


def mark(audited: int | None, *local: str) -> str:
    return INVENTORY_MARK + json.dumps({"audited": audited, "local": local})


def test_the_environment_is_listed_by_our_own_process_from_the_running_path() -> None:
    words = argv(PipAuditSettings())

    split = words.index("--")
    assert words[:split] == (
        "python",
        "-I",
        "-m",
        "pytest_gates.adapters.audit_environment",
        "--path",
        "/venv/lib",
        "--path",
        "/more",
    )
    assert command(PipAuditSettings(), CONTEXT).expected == (ENVIRONMENT,)


def test_named_files_are_audited_instead_of_the_environment() -> None:
    settings = PipAuditSettings(requirements=("a.txt", "uv.lock"))
    words = argv(settings)

    split = words.index("--")
    assert words[3:split] == (
        "pytest_gates.adapters.audit_environment",
        "--requirement",
        "a.txt",
        "--requirement",
        "uv.lock",
    )
    assert "--path" not in words
    assert command(settings, CONTEXT).expected == ("a.txt", "uv.lock")


@pytest.mark.parametrize("settings", [PipAuditSettings(), REQUIREMENTS])
def test_the_answer_is_asked_for_in_json_with_descriptions_and_aliases(
    settings: PipAuditSettings,
) -> None:
    words = argv(settings)

    for option, value in (("-f", "json"), ("--desc", "on"), ("--aliases", "on")):
        assert words[words.index(option) + 1] == value


@pytest.mark.parametrize(
    "source, expected",
    [
        ("pypi", ("-s", "pypi")),
        ("osv", ("-s", "osv")),
        (
            "https://osv.example/v1/query",
            ("-s", "osv", "--osv-url", "https://osv.example/v1/query"),
        ),
    ],
)
@pytest.mark.parametrize("requirements", [(), ("requirements.txt",)])
def test_the_source_is_a_service_or_the_url_of_an_osv_server(
    source: str, expected: tuple[str, ...], requirements: tuple[str, ...]
) -> None:
    words = argv(PipAuditSettings(source=source, requirements=requirements))

    start = words.index("-s")
    assert words[start : start + len(expected)] == expected
    assert ("--osv-url" in words) is ("--osv-url" in expected)


def test_variables_that_would_redirect_the_audit_do_not_reach_it() -> None:
    assert set(TOOL.scrub) >= {"PIP_AUDIT_", "PIPAPI_", "VIRTUAL_ENV"}


def test_each_vulnerability_is_a_finding_with_aliases_and_a_remedy() -> None:
    scan = of_files(FINDINGS, 1)

    assert [(one.rule, one.subject, one.aliases) for one in scan.findings] == [
        ("PYSEC-2021-108", "urllib3 1.26.4", ("CVE-2021-33503",)),
        ("PYSEC-2020-96", "pyyaml 5.3", ("GHSA-6757-jp84-gxfx", "CVE-2020-1747")),
        ("GHSA-0000-1111-2222", "pyyaml 5.3", ()),
    ]
    assert [one.remedy for one in scan.findings] == [
        "upgrade urllib3 to 1.26.5",
        "upgrade pyyaml to 5.3.1",
        "no fixed version yet: replace or waive it",
    ]
    assert scan.findings[0].message.startswith("urllib3 1.26.4: Catastrophic backtracking")
    assert (scan.inputs, scan.unread) == (3, ())
    assert (scan.tool, scan.seconds) == ("pip-audit", 1.235)


def test_a_finding_has_no_severity_since_pip_audit_never_says_one() -> None:
    assert {one.severity for one in of_files(FINDINGS, 1).findings} == {None}


def test_a_fingerprint_names_advisory_and_package_but_not_the_version() -> None:
    text = recorded(FINDINGS).replace(b'"5.3"', b'"5.2"').replace(b"pyyaml", b"PyYAML")
    again = of_text(text, 1)

    before = [one.fingerprint for one in of_files(FINDINGS, 1).findings]
    assert [one.fingerprint for one in again.findings] == before
    assert len(set(before)) == 3


def test_a_skipped_package_is_unread_although_the_exit_status_is_0() -> None:
    scan = of_files(SKIPS)

    assert [one.subject for one in scan.unread] == ["my-internal-lib", "idna"]
    assert "not found on PyPI" in scan.unread[0].why
    assert scan.inputs == 0


def test_a_package_without_any_result_is_unread() -> None:
    text = b'{"dependencies": [{"name": "idna", "version": "3.10"}]}'
    scan = of_text(text)

    assert [one.subject for one in scan.unread] == ["idna 3.10"]


def test_a_clean_environment_has_no_findings_and_names_its_source() -> None:
    scan = of_environment(recorded(CLEAN), mark(2), settings=PipAuditSettings(source="osv"))

    assert (scan.findings, scan.unread, scan.inputs) == ((), (), 2)
    assert scan.notes == ("advisories from osv",)
    assert scan.version == "2.10.1"


def test_packages_from_local_folders_are_named_as_not_audited() -> None:
    scan = of_environment(recorded(CLEAN), f"WARNING: x\n{mark(2, 'shop', 'till')}\nFound 0\n")

    assert any("shop, till" in note for note in scan.notes)


@pytest.mark.parametrize("expected", [(ENVIRONMENT,), ("requirements.txt",)])
@pytest.mark.parametrize("stderr", ["", "No known vulnerabilities found\n", f" {INVENTORY_MARK}"])
def test_an_answer_without_the_inventory_is_an_error(
    stderr: str, expected: tuple[str, ...]
) -> None:
    with pytest.raises(ToolError, match="not told what to audit"):
        read(completed(recorded(CLEAN), stderr=stderr, expected=expected), PipAuditSettings())


def test_only_the_first_inventory_counts_since_it_is_ours() -> None:
    with pytest.raises(ToolError, match="handed 3 packages and answered for 2"):
        of_environment(recorded(CLEAN), f"{mark(3)}\n{mark(2)}\n")


@pytest.mark.parametrize("audited", [0, 1, 3])
def test_an_answer_for_fewer_or_more_packages_than_were_handed_over_is_an_error(
    audited: int,
) -> None:
    with pytest.raises(ToolError, match=f"handed {audited} packages and answered for 2"):
        of_environment(recorded(CLEAN), mark(audited))


@pytest.mark.parametrize(
    "inventory", ["", "{", "null", "[]", "{}", '{"audited": "2", "local": []}', '{"audited": 2}']
)
def test_an_inventory_that_cannot_be_read_is_an_error_of_the_tool(inventory: str) -> None:
    with pytest.raises(ToolError):
        of_environment(recorded(CLEAN), INVENTORY_MARK + inventory)


@pytest.mark.parametrize("expected", [(ENVIRONMENT,), ("requirements.txt",)])
def test_no_package_at_all_is_an_error(expected: tuple[str, ...]) -> None:
    done = completed(recorded(NO_DEPENDENCIES), stderr=mark(0), expected=expected)

    with pytest.raises(ToolError, match="no package"):
        read(done, PipAuditSettings())


@pytest.mark.parametrize(
    "glob, subject, accepted",
    [
        ("my-internal-*", "my-internal-lib", True),
        ("my-internal-*", "My_Internal.Lib 1.0", True),
        ("My.Internal_*", "my-internal-lib 2.0", True),
        ("my-internal-*", "my-internals", False),
        ("my-internal-lib", "my-internal-lib", True),
        ("my-internal-lib", "my-internal-library", False),
        ("internal", "my-internal", False),
        ("*", "anything", True),
        ("lib?", "lib2 1.0", True),
    ],
)
def test_allow_unaudited_compares_canonical_names(glob: str, subject: str, accepted: bool) -> None:
    settings = PipAuditSettings(allow_unaudited=(glob,))

    assert settings.accepts_unread(subject) is accepted


def test_nothing_may_be_unaudited_unless_the_policy_says_so() -> None:
    assert not PipAuditSettings().accepts_unread("my-internal-lib")


HALF = recorded(FINDINGS)[: len(recorded(FINDINGS)) // 2]


@pytest.mark.parametrize(
    "stdout, exit_code",
    [
        pytest.param(b"", 0, id="nothing at all, exit 0"),
        pytest.param(b"", 1, id="a failure, exit 1"),
        pytest.param(HALF, 1, id="half a report"),
        pytest.param(recorded(FINDINGS), 2, id="a whole report, exit 2"),
        pytest.param(recorded(CLEAN), -9, id="killed"),
        pytest.param(b"[]", 0, id="a list"),
        pytest.param(b"{}", 0, id="an empty object"),
        pytest.param(b'{"dependencies": {}}', 0, id="dependencies no list"),
        pytest.param(b'{"dependencies": [{"version": "1"}]}', 0, id="a package without a name"),
        pytest.param(b'{"dependencies": [{"name": "a", "vulns": 0}]}', 0, id="vulns a number"),
        pytest.param(b'{"dependencies": [{"name": "\xff"}]}', 0, id="no utf-8"),
    ],
)
def test_what_is_not_a_whole_report_is_an_error(stdout: bytes, exit_code: int) -> None:
    done = completed(
        stdout,
        exit_code=exit_code,
        expected=("requirements.txt",),
        stderr="Traceback (most recent call last):\n  ...\nConnectionError: no route\n\n",
    )

    with pytest.raises(ToolError) as caught:
        read(done, REQUIREMENTS)

    assert f"exit {exit_code}" in caught.value.why
    assert "ConnectionError: no route" in caught.value.why
    assert "`pypi`" in caught.value.remedy
