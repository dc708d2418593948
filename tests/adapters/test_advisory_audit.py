"""Shows what an offline audit of an environment, or of lists, finds and leaves unread."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pytest_gates.adapters.advisory_audit import audited, main
from pytest_gates.adapters.advisory_scores import rate
from pytest_gates.advisories.report import Audit, Order, Refusal
from pytest_gates.errors import ToolError
from pytest_gates.model.finding import Severity
from support.advisories import RECORDED, a_record, between, line_of
from support.installed import FOLDER, install

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def an_order(entry: Path, *requirements: Path, database: Path = RECORDED, cache: str = "") -> Order:
    return Order(
        entries=(str(entry),),
        requirements=tuple(str(one) for one in requirements),
        database=str(database),
        cache=cache,
    )


def found(audit: Audit) -> list[tuple[str, str]]:
    return [(audit.packages[one.package].name, one.flaw.rule) for one in audit.afflictions]


def why_unread(audit: Audit) -> dict[str, str]:
    return dict(audit.unread)


def test_an_environment_is_audited_by_name_and_version(tmp_path: Path) -> None:
    install(tmp_path, "IDNA", "3.6")
    install(tmp_path, "jinja2", "3.1.6")
    install(tmp_path, "unheard.of", "1.0")
    install(tmp_path, "starlette", "0.1", origin=FOLDER)
    audit = audited(an_order(tmp_path), NOW)

    assert found(audit) == [("IDNA", "PYSEC-2024-60")]
    assert audit.afflictions[0].flaw.severity is Severity.HIGH
    assert audit.afflictions[0].flaw.fixed_in == ("3.7",)
    assert (len(audit.packages), audit.audited, audit.unread) == (4, 3, ())
    assert audit.database.records == 45
    assert audit.database.place == str(RECORDED)


def test_what_has_no_version_that_can_be_compared_is_unread(tmp_path: Path) -> None:
    install(tmp_path, "idna", "3.6")
    install(tmp_path, "certifi", "2020-final-x")
    install(tmp_path, "requests", None)
    audit = audited(an_order(tmp_path), NOW)

    assert found(audit) == [("idna", "PYSEC-2024-60")]
    unread = why_unread(audit)
    assert sorted(one.split(" ")[0] for one in unread) == ["certifi", "requests"]
    assert audit.audited == 1


def test_an_advisory_that_does_not_tell_leaves_its_package_unread(tmp_path: Path) -> None:
    records = (
        a_record("A-1", "shop", ranges=[between("0", fixed="soon")]),
        a_record("A-2", "mall", ranges=7),
        a_record("A-3", "both", ranges=[between("0", fixed="soon")]),
        a_record("A-4", "both", versions=["1.0"]),
    )
    (tmp_path / "db").write_bytes(b"\n".join(line_of(one) for one in records))
    for name in ("shop", "mall", "both"):
        install(tmp_path / "site", name, "1.0")
    audit = audited(an_order(tmp_path / "site", database=tmp_path / "db"), NOW)

    assert found(audit) == [("both", "A-4")]
    unread = why_unread(audit)
    assert "advisory A-1 does not tell: it has a range with 'soon'" in unread["shop 1.0"]
    assert "advisory A-2 cannot be read: " in unread["mall 1.0"]
    assert "advisory A-3 does not tell" in unread["both 1.0"]
    assert audit.audited == 1


def test_lists_are_audited_instead_each_version_of_them(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("idna==3.6\n")
    lock = (
        'version = 1\n[[package]]\nname = "idna"\nversion = "3.7"\n'
        'source = { registry = "https://example.org" }\n'
        '[[package]]\nname = "idna"\nversion = "3.5"\nsource = { registry = "https://example.org" }\n'
    )
    (tmp_path / "uv.lock").write_text(lock)
    (tmp_path / "more.txt").write_text("IDNA==3.6\n")
    names = ("requirements.txt", "more.txt", "uv.lock")
    order = an_order(tmp_path, *(tmp_path / name for name in names))
    audit = audited(order, NOW)
    versions = [audit.packages[one.package].version for one in audit.afflictions]
    assert versions == ["3.6", "3.5"]  # the first is listed twice, and one finding
    assert audit.audited == 4


@pytest.mark.parametrize("installed", [(), (("mine", "1.0", FOLDER),)])
def test_nothing_to_look_up_is_no_clean_audit(installed: tuple[Any, ...], tmp_path: Path) -> None:
    for name, version, origin in installed:
        install(tmp_path, name, version, origin=origin)
    with pytest.raises(ToolError, match="found no package to look up"):
        audited(an_order(tmp_path), NOW)


def test_a_refusal_is_an_answer(tmp_path: Path) -> None:
    install(tmp_path, "idna", "3.6")
    said, status = main(msgspec.json.encode(an_order(tmp_path, database=tmp_path / "gone")))
    assert status == 1
    assert "No such file" in msgspec.json.decode(said, type=Refusal).why


def test_nothing_of_the_folder_it_runs_in_takes_the_place_of_our_code(tmp_path: Path) -> None:
    """In the root of a repository that brings a `pytest_gates`, `yaml`, `cvss` and `json` of its own."""
    for name in ("pytest_gates", "yaml", "cvss", "msgspec", "json"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('shadowed')")
    install(tmp_path / "site", "idna", "3.6")
    told = msgspec.json.encode(an_order(tmp_path / "site", cache=str(tmp_path / "cache")))
    argv = [sys.executable, "-I", "-m", "pytest_gates.adapters.advisory_audit"]
    done = subprocess.run(argv, input=told, cwd=tmp_path, capture_output=True, check=True)
    audit = msgspec.json.decode(done.stdout, type=Audit)
    assert found(audit) == [("idna", "PYSEC-2024-60")]
    assert json.loads(done.stdout)["kind"] == "audit"


@pytest.mark.parametrize(
    "kind,vector,expected",
    [
        ("CVSS_V2", "AV:N/AC:L/Au:N/C:P/I:P/A:P", Severity.HIGH),
        ("CVSS_V3", "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", Severity.MEDIUM),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Severity.CRITICAL),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Severity.INFO),
        (
            "CVSS_V4",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            Severity.CRITICAL,
        ),
        ("CVSS_V4", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None),
        ("CVSS_V3", "CVSS:3.1/AV:N", None),
        ("CVSS_V3", "9.8", None),
        ("CVSS_V3", "", None),
        ("CVSS_V3", "\u0130" * 9, None),
        ("CVSS_V3", "CVSS:3.1/" * 1000, None),
        ("Ubuntu", "high", None),
    ],
)
def test_vectors_are_rated_by_the_library_and_others_are_unknown(
    kind: str, vector: str, expected: Severity | None
) -> None:
    assert rate(kind, vector) is expected
