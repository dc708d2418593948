"""Shows what an offline audit is told, that only a whole answer counts, and when a database is too old."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from pytest_gates.advisories.flaws import Flaw
from pytest_gates.advisories.report import Affliction, Audit, Order, Refusal
from pytest_gates.errors import ToolError
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Effect, Severity, fingerprint_of
from pytest_gates.model.package import AdvisoryDatabase, Package
from pytest_gates.tools.advisories import doubts_of_database, offline_command, offline_read
from support.fake_tools import a_context, completed

NEWEST = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
DATABASE = AdvisoryDatabase(place="db.gz", newest=NEWEST, digest="sha256:00", records=2)
FLAW = Flaw(
    rule="PYSEC-2026-1",
    aliases=("CVE-2026-1",),
    severity=Severity.HIGH,
    fixed_in=("1.1", "2.0"),
    summary="A flaw\nin two lines\n \nand more",
    details="All about it\nand more",
)
SHOP = Package(name="Shop", version="1.0", required_by=("mall", "street"))
OWN = Package(name="mine", version="0", local=True)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    source: str = "offline:db.gz"
    requirements: tuple[str, ...] = ()


def an_audit(**said: Any) -> Audit:
    whole = Audit(
        packages=(OWN, SHOP),
        audited=1,
        afflictions=(Affliction(package=1, flaw=FLAW),),
        unread=(("odd 1", "odd"),),
        database=DATABASE,
        notes=("a note",),
    )
    return msgspec.structs.replace(whole, **said)


def a_scan(answer: Audit | Refusal, exit_code: int = 0) -> Scan:
    done = completed(msgspec.json.encode(answer), exit_code=exit_code, stderr="Boom\n\n")
    return offline_read(done, Settings())


def test_the_order_goes_to_an_isolated_process_of_ours() -> None:
    context = msgspec.structs.replace(a_context(sys_path=("/site",)), cache_folder="/cache")
    asked = offline_command(Settings(), context)

    assert asked.argv == ("python", "-I", "-m", "pytest_gates.adapters.advisory_audit")
    assert asked.expected == ("environment",)
    order = msgspec.json.decode(asked.told, type=Order)
    assert order == Order(entries=("/site",), requirements=(), database="db.gz", cache="/cache")
    assert offline_command(Settings(requirements=("r.txt",)), context).expected == ("r.txt",)


def test_a_source_without_a_path_is_refused() -> None:
    with pytest.raises(ToolError, match="names no database"):
        offline_command(Settings(source="offline: "), a_context())


def test_a_finding_names_all_that_is_needed_to_repair_it() -> None:
    scan = a_scan(an_audit())
    (found,) = scan.findings

    assert (found.rule, found.severity, found.aliases) == (
        "PYSEC-2026-1",
        Severity.HIGH,
        ("CVE-2026-1",),
    )
    assert found.subject == "Shop 1.0"
    assert (
        found.message
        == "Shop 1.0: A flaw in two lines; fixed in 1.1, 2.0; required by mall > street"
    )
    assert found.url == "https://osv.dev/vulnerability/PYSEC-2026-1"
    assert found.remedy == "upgrade Shop to 1.1 or 2.0"
    assert (found.fixed_in, found.required_by) == (("1.1", "2.0"), ("mall", "street"))
    assert found.detail == "All about it"
    # The same as when a server is asked: a waiver holds for both.
    assert found.fingerprint == fingerprint_of("PYSEC-2026-1", "shop", "")


def test_the_scan_says_what_was_asked_and_what_was_not() -> None:
    scan = a_scan(an_audit())

    assert (scan.tool, scan.inputs, scan.database) == ("pip-audit", 1, DATABASE)
    assert scan.packages == (OWN, SHOP)
    assert scan.unread == (Unread(subject="odd 1", why="odd"),)
    assert scan.notes == (
        "advisories from offline:db.gz, matched by pytest-gates itself",
        "not audited, installed from a local folder: mine",
        "a note",
    )
    assert len(a_scan(an_audit(packages=(SHOP, SHOP))).notes) == 2


@pytest.mark.parametrize(
    "flaw,message,remedy",
    [
        (
            Flaw(rule="CVE-1"),
            "Shop 1.0: known vulnerability",
            "replace it, or waive it until there is a fix",
        ),
        (Flaw(rule="MAL-1"), "Shop 1.0: malicious package", "remove Shop, and treat every machine"),
        (Flaw(rule="CVE-1", details="Only details"), "Shop 1.0: Only details", "replace it"),
        (Flaw(rule="CVE-\x1b[1m"), "Shop 1.0: known vulnerability", "replace it"),
    ],
)
def test_a_finding_is_told_also_where_little_is_known(
    flaw: Flaw, message: str, remedy: str
) -> None:
    packages = (msgspec.structs.replace(SHOP, required_by=()),)
    scan = a_scan(an_audit(packages=packages, afflictions=(Affliction(package=0, flaw=flaw),)))
    (found,) = scan.findings
    assert found.message == f"{message}; no fixed version yet"
    assert found.remedy is not None
    assert found.remedy.startswith(remedy)
    assert "\x1b" not in found.rule + str(found.url)


@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_refusal_is_told_with_its_remedy(exit_code: int) -> None:
    with pytest.raises(ToolError, match="too old") as caught:
        a_scan(Refusal(why="too old", remedy="renew"), exit_code)
    assert caught.value.remedy == "renew"


@pytest.mark.parametrize(
    "stdout,exit_code",
    [
        (b"", 0),
        (b"{}", 0),
        (b'{"kind": "audit"}', 0),
        (b"\xff", 1),
        (msgspec.json.encode(an_audit()), -9),
        (msgspec.json.encode(an_audit())[:-9], 0),
        (msgspec.json.encode(an_audit(packages=())), 0),
    ],
)
def test_an_answer_that_is_not_whole_is_none(stdout: bytes, exit_code: int) -> None:
    with pytest.raises(ToolError, match=r"no whole report .exit -?[0-9]; Boom"):
        offline_read(completed(stdout, exit_code=exit_code, stderr="\nBoom\n"), Settings())
    with pytest.raises(ToolError, match="nothing on stderr"):
        offline_read(completed(stdout, exit_code=exit_code), Settings())


DAY = 86_400


@pytest.mark.parametrize(
    "started,expected",
    [
        (NEWEST, None),
        (NEWEST + dt.timedelta(days=30), None),
        (NEWEST + dt.timedelta(days=30, hours=5), "is of 2026-05-01, 30d 5h old; max-age is 30d"),
        (NEWEST - dt.timedelta(days=1), None),
        (NEWEST - dt.timedelta(days=2), "is of 2026-05-01, later than this run"),
    ],
)
def test_a_database_is_doubted_when_it_is_too_old_or_of_the_future(
    started: dt.datetime, expected: str | None
) -> None:
    doubts = doubts_of_database(DATABASE, started, 30 * DAY)
    if expected is None:
        assert doubts == ()
        return
    (doubt,) = doubts
    assert (doubt.rule, doubt.effect, doubt.subject) == ("stale-database", Effect.UNKNOWN, "db.gz")
    assert expected in doubt.message
    assert "gates advisories update" in (doubt.remedy or "")


@pytest.mark.parametrize(
    "place,remedy",
    [
        ("below/all.jsonl.gz", "write a new one: gates advisories update --to below/all.jsonl.gz"),
        ("advisory-database", "fetch it anew, or write a new one with `gates advisories update`"),
    ],
)
def test_how_to_renew_a_database_depends_on_what_it_is(place: str, remedy: str) -> None:
    database = msgspec.structs.replace(DATABASE, place=place)
    (doubt,) = doubts_of_database(database, NEWEST + dt.timedelta(days=99), DAY)
    assert (doubt.remedy or "").startswith(remedy)


def test_ages_below_a_day_are_told_in_hours_and_no_database_has_none() -> None:
    (doubt,) = doubts_of_database(DATABASE, NEWEST + dt.timedelta(hours=3), 3600)
    assert "3h old; max-age is 1h" in doubt.message
    assert doubts_of_database(None, NEWEST, 1) == ()
