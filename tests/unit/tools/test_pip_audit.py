"""Shows what pip-audit is asked, and by which policy what it says is judged."""

from __future__ import annotations

import datetime as dt
import json

import msgspec
import pytest

from pytest_gates.errors import ToolError
from pytest_gates.model.audit import Audited, AuditOrder, Question, Round
from pytest_gates.model.finding import Finding, Severity
from pytest_gates.model.package import AdvisoryDatabase, Package
from pytest_gates.tools.pip_audit import (
    CANARIES,
    ENVIRONMENT,
    TOOL,
    PipAuditSettings,
    command,
    read,
)
from support.fake_tools import a_context, completed

CONTEXT = a_context(sys_path=("/venv/lib", "/more"), version="2.10.1")
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def order(settings: PipAuditSettings) -> AuditOrder:
    return msgspec.json.decode(command(settings, CONTEXT).told, type=AuditOrder)


def test_the_environment_is_listed_by_our_own_process_from_the_running_path() -> None:
    asked = command(PipAuditSettings(), CONTEXT)

    assert asked.argv == ("python", "-I", "-m", "pytest_gates.adapters.audit_environment")
    assert asked.expected == (ENVIRONMENT,)
    assert order(PipAuditSettings()).paths == ("/venv/lib", "/more")
    assert order(PipAuditSettings()).files == ()


def test_named_files_are_audited_instead_of_the_environment() -> None:
    settings = PipAuditSettings(requirements=("a.txt", "uv.lock"))

    assert (order(settings).paths, order(settings).files) == ((), ("a.txt", "uv.lock"))
    assert command(settings, CONTEXT).expected == ("a.txt", "uv.lock")


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
def test_the_answer_is_asked_for_in_json_of_the_source(
    source: str, expected: tuple[str, ...]
) -> None:
    words = order(PipAuditSettings(source=source)).options

    assert words[-len(expected) :] == expected
    for option, value in (("-f", "json"), ("--desc", "on"), ("--aliases", "on")):
        assert words[words.index(option) + 1] == value
    assert not {"--dry-run", "--strict", "--output", "--ignore-vuln"} & set(words)


def test_a_password_in_the_address_is_not_shown_to_everybody_on_the_machine() -> None:
    asked = command(PipAuditSettings(source="https://me:secret@osv.example/"), CONTEXT)

    assert not any("secret" in word for word in asked.argv)


def test_only_a_source_on_this_machine_is_asked_without_the_proxy() -> None:
    here = command(PipAuditSettings(source="http://127.0.0.1:8000/"), CONTEXT)

    assert here.env == {"NO_PROXY": "*", "no_proxy": "*"}
    assert command(PipAuditSettings(source="osv"), CONTEXT).env == {}


def test_the_policy_may_name_a_canary_and_never_none() -> None:
    assert order(PipAuditSettings()).canaries == CANARIES
    assert order(PipAuditSettings(canary="My_Lib==1.0")).canaries == ("my-lib==1.0",)


def test_variables_that_would_redirect_the_audit_do_not_reach_it() -> None:
    assert set(TOOL.scrub) >= {"PIP_", "PIPAPI_", "VIRTUAL_ENV"}


def test_a_database_on_this_machine_is_asked_by_another_process() -> None:
    settings = PipAuditSettings(source="offline:advisories.jsonl.gz")

    assert "pytest_gates.adapters.advisory_audit" in command(settings, CONTEXT).argv
    with pytest.raises(ToolError):
        read(completed(b""), settings)


UNRATED = Finding(rule="CVE-1", message="x")
MILD = msgspec.structs.replace(UNRATED, severity=Severity.LOW)
BAD = msgspec.structs.replace(UNRATED, severity=Severity.HIGH)


@pytest.mark.parametrize(
    "settings, failing",
    [
        (PipAuditSettings(), {"unrated", "mild", "bad"}),
        (PipAuditSettings(fail_on=Severity.MEDIUM), {"unrated", "bad"}),
        (PipAuditSettings(fail_on=Severity.CRITICAL), {"unrated"}),
        (PipAuditSettings(unknown_severity="passes"), {"mild", "bad"}),
    ],
)
def test_what_nobody_has_rated_fails_unless_the_policy_says_otherwise(
    settings: PipAuditSettings, failing: set[str]
) -> None:
    kinds = {"unrated": UNRATED, "mild": MILD, "bad": BAD}

    assert {name for name, one in kinds.items() if settings.fails(one)} == failing


def test_a_floor_is_shown_only_where_the_source_tells_severities() -> None:
    assert PipAuditSettings().floor is None
    assert PipAuditSettings(source="offline:x").floor is Severity.LOW


def database(age: dt.timedelta) -> AdvisoryDatabase:
    return AdvisoryDatabase(place="db", newest=NOW - age, digest="sha256:0", records=1)


@pytest.mark.parametrize(
    "settings, known, rules",
    [
        (PipAuditSettings(), None, []),
        (PipAuditSettings(unknown_severity="passes"), None, ["no-severities"]),
        (PipAuditSettings(unknown_severity="passes"), database(DAY), []),
        (PipAuditSettings(), database(30 * DAY), []),
        (PipAuditSettings(), database(31 * DAY), ["stale-database"]),
        (PipAuditSettings(max_age=86400), database(2 * DAY), ["stale-database"]),
    ],
)
def test_an_answer_that_could_not_have_failed_or_is_old_is_in_doubt(
    settings: PipAuditSettings, known: AdvisoryDatabase | None, rules: list[str]
) -> None:
    assert [one.rule for one in settings.doubts(known, NOW)] == rules


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
    assert "allow-unaudited" in settings.unread_remedy


def test_nothing_may_be_unaudited_unless_the_policy_says_so() -> None:
    assert not PipAuditSettings().accepts_unread("my-internal-lib")


def test_a_glob_that_excuses_nothing_is_told() -> None:
    answer = {
        "dependencies": [
            {"name": "acme-till", "skip_reason": "not there"},
            {"name": "x", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": []}]},
        ]
    }
    done = completed(
        msgspec.json.encode(
            Audited(
                questions=(
                    Question(package=Package(name="acme-till", version="1"), pin="acme-till==1"),
                ),
                canaries=("x==1",),
                rounds=(
                    Round(asked=("acme-till==1", "x==1"), exit_code=1, stdout=json.dumps(answer)),
                ),
            )
        )
    )

    used = read(done, PipAuditSettings(allow_unaudited=("acme-*",)))
    unused = read(done, PipAuditSettings(allow_unaudited=("acme-*", "Old_*")))

    assert not any("allow-unaudited" in note for note in used.notes)
    assert unused.notes[-1] == "allow-unaudited names nothing that was left unaudited: Old_*"
