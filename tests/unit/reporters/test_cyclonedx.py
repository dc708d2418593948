"""Shows what a bill of materials holds, and what it says where nobody knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from pytest_gates.model.evidence import Scan, Unavailable, Unread
from pytest_gates.model.finding import Finding, Severity
from pytest_gates.model.package import Package
from pytest_gates.model.report import Report
from pytest_gates.model.verdict import GateResult, Mode, Verdict, Waived
from pytest_gates.reporters.cyclonedx import render
from support.evidence import NOT_MEASURED, a_report, a_run, a_waiver, an_evidence

IDNA = Package(
    name="idna", version="3.1", licence="BSD-3-Clause", licence_from="License-Expression"
)
JINJA = Package(
    name="Jinja2", version="3", licence="BSD", licence_from="License", required_by=("shop", "Flask")
)
FLASK = Package(name="Flask", version="2", required_by=("shop",))
SHOP = Package(name="shop", version="1.0", local=True)
FLAW = Finding(
    rule="PYSEC-2021-1",
    message="idna 3.1: slow",
    subject="idna 3.1",
    severity=Severity.HIGH,
    aliases=("CVE-2021-1", "GHSA-x"),
    url="https://osv.dev/vulnerability/PYSEC-2021-1",
    remedy="upgrade idna to 3.7",
    detail="very slow",
)


def a_list(*packages: Package, tool: str = "licences", **changes: Any) -> Scan:
    values = {"version": "1", "inputs": len(packages), "packages": packages}
    return Scan(tool=tool, **{**values, **changes})


def report_of(scans: Mapping[str, Scan | Unavailable], **run: Any) -> Report:
    return a_report(
        evidence=an_evidence(scans=scans, run=a_run(**{"root": "/project/Shop/", **run}))
    )


def bill(
    *packages: Package, report: Report | None = None, audit: Scan | None = None
) -> dict[str, Any]:
    known = {"licences": a_list(*packages)} if packages else {}
    audited = {"pip-audit": audit} if audit else {}
    found: dict[str, Any] = json.loads(render(report or report_of({**known, **audited})))
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    return found


def facts(document: dict[str, Any]) -> dict[str, str]:
    told = document["metadata"]["properties"]
    return {one["name"].removeprefix("pytest-gates:"): one["value"] for one in told}


def licences(*packages: Package) -> list[Any]:
    return [one.get("licenses") for one in bill(*packages)["components"]]


def test_a_package_has_name_version_address_and_licence() -> None:
    (found,) = bill(IDNA)["components"]
    assert (found["name"], found["version"], found["type"]) == ("idna", "3.1", "library")
    assert found["purl"] == "pkg:pypi/idna@3.1"
    assert found["licenses"] == [{"license": {"id": "BSD-3-Clause", "acknowledgement": "declared"}}]
    (no_version,) = bill(Package(name="a.b_c"))["components"]
    assert no_version["purl"] == "pkg:pypi/a-b-c"
    assert "version" not in no_version


def test_a_licence_is_an_identifier_an_expression_or_what_was_written() -> None:
    said = {"acknowledgement": "declared"}
    packages = [
        Package(name=name, licence=text, licence_from=field)
        for name, text, field in (
            ("a", "MIT OR ISC", "License-Expression"),
            ("b", "GPL-2.0 WITH Classpath-exception-2.0", "License-Expression"),
            ("c", "LicenseRef-Ours", "License-Expression"),
            ("d", "BSD", "License"),
            ("e", "License :: OSI Approved :: MIT License", "Classifier"),
        )
    ]
    assert licences(*packages, Package(name="f")) == [
        [{"expression": "MIT OR ISC", **said}],
        [{"expression": "GPL-2.0-only WITH Classpath-exception-2.0", **said}],
        [{"expression": "LicenseRef-Ours", **said}],
        [{"license": {"name": "BSD", **said}}],
        [{"license": {"id": "MIT", **said}}],
        None,
    ]


def test_the_project_is_what_its_folder_is_called_and_never_an_address_of_the_index() -> None:
    found = bill(SHOP, IDNA, Package(name="tool", version="1", local=True))
    assert found["metadata"]["component"]["name"] == "shop"
    assert found["metadata"]["component"]["version"] == "1.0"
    assert "purl" not in found["metadata"]["component"]
    assert [(one["name"], "purl" in one) for one in found["components"]] == [
        ("idna", True), ("tool", False)
    ]  # fmt: skip
    folder = bill(IDNA)["metadata"]["component"]
    assert (folder["name"], len(folder["version"])) == ("Shop", 40)
    nowhere = bill(report=report_of({"licences": a_list(IDNA)}, root="/", checkout=NOT_MEASURED))
    assert nowhere["metadata"]["component"]["name"] == "project"


def test_the_known_ways_are_edges_and_are_called_incomplete() -> None:
    found = bill(SHOP, IDNA, JINJA, FLASK, Package(name="x", required_by=("gone",)))
    edges = {one["ref"]: one.get("dependsOn") for one in found["dependencies"]}
    assert edges["shop==1.0"] == ["Flask==2"]
    assert edges["Flask==2"] == ["Jinja2==3"]
    assert edges["idna==3.1"] is None
    assert [one["aggregate"] for one in found["compositions"]] == ["unknown", "incomplete"]
    assert set(found["compositions"][1]["dependencies"]) == set(edges)


def test_what_was_audited_is_joined_with_what_is_known_of_licences() -> None:
    bare = msgspec.structs.replace(IDNA, licence=None, licence_from="")
    audit = a_list(
        bare, JINJA, tool="pip-audit", unread=(Unread(subject="x", why="y"),), notes=("n",)
    )
    found = bill(IDNA, FLASK, audit=audit)
    names = [(one["name"], "licenses" in one) for one in found["components"]]
    assert names == [("Flask", False), ("Jinja2", True), ("idna", True)]
    assert facts(found) == {
        "inventory": "3 package(s) of the environment of the tests",
        "licences": "from the metadata of the packages",
        "vulnerabilities": "2 package(s) looked at, 1 could not be looked at (n)",
    }
    assert [one["name"] for one in found["metadata"]["tools"]["components"]] == [
        "pip-audit",
        "pytest-gates",
    ]


def test_an_audited_file_is_the_bill_and_not_the_environment() -> None:
    locked = Package(name="idna", version="2", source="uv.lock")
    found = bill(IDNA, audit=a_list(locked, tool="pip-audit"))
    (one,) = found["components"]
    assert one["bom-ref"] == "idna==2 in uv.lock"
    assert facts(found)["inventory"] == "1 package(s) of uv.lock"
    assert facts(found)["licences"] == "unknown"


def flawed(
    finding: Finding = FLAW, *, waived: bool = False, packages: Any = (IDNA,)
) -> dict[str, Any]:
    report = report_of({"pip-audit": a_list(*packages, tool="pip-audit", findings=(finding,))})
    waiver = a_waiver(gate="pip-audit", reason="not reachable")
    result = GateResult(
        gate="pip-audit",
        mode=Mode.BLOCK,
        verdict=Verdict.PASS,
        summary="",
        waived=(Waived(finding=finding, waiver=waiver),),
    )
    results = (*report.results, result) if waived else report.results
    (found,) = bill(report=msgspec.structs.replace(report, results=results))["vulnerabilities"]
    return dict(found)


def test_a_vulnerability_names_its_sources_what_it_affects_and_the_way_out() -> None:
    found = flawed()
    assert (found["id"], found["source"]["name"]) == ("PYSEC-2021-1", "PyPA")
    assert found["affects"] == [{"ref": "idna==3.1"}]
    assert found["ratings"][0]["severity"] == "high"
    assert [(one["id"], one["source"]["name"]) for one in found["references"]] == [
        ("CVE-2021-1", "NVD"), ("GHSA-x", "GitHub Advisories")
    ]  # fmt: skip
    assert (found["recommendation"], found["detail"]) == ("upgrade idna to 3.7", "very slow")
    assert "analysis" not in found


def test_a_waiver_does_not_say_that_nothing_is_affected() -> None:
    analysis = flawed(waived=True)["analysis"]
    assert analysis["state"] == "in_triage"
    assert "waived by @ana until 2026-11-30: not reachable" in analysis["detail"]


def test_a_vulnerability_of_an_unlisted_package_is_not_lost() -> None:
    bare = Finding(rule="X-1", message="bad", subject="gone 1", url="no address\x7f at all")
    for packages in ((IDNA,), ()):
        found = flawed(bare, packages=packages)
        assert (found["source"]["name"], found["ratings"][0]["severity"]) == ("OSV", "unknown")
        assert "affects" not in found
        assert found["properties"] == [{"name": "pytest-gates:subject", "value": "gone 1"}]
    assert "properties" not in flawed(Finding(rule="X-1", message="bad"))


@pytest.mark.parametrize(
    "scans, why",
    [
        ({}, "unknown: neither pip-audit nor licences was asked in this run"),
        (
            {"pip-audit": Unavailable(why="it hung", remedy="x"), "licences": a_list()},
            "unknown: pip-audit: unknown: it hung; licences: 0 package(s) looked at",
        ),
    ],
)
def test_an_inventory_that_nobody_made_does_not_look_like_an_empty_one(
    scans: Any, why: str
) -> None:
    found = bill(report=report_of(scans))
    assert "components" not in found
    assert facts(found)["inventory"] == why
    assert facts(found)["vulnerabilities"].startswith("unknown: ")
    assert [one["aggregate"] for one in found["compositions"]] == ["unknown"]


def test_a_run_that_did_not_end_says_so() -> None:
    found = bill(report=report_of({}, finished=None))
    assert facts(found)["run"] == "did not finish"
    assert bill(report=report_of({"licences": a_list(IDNA)}, finished=None))["components"]


def test_the_same_report_is_the_same_bill_and_another_run_another_one() -> None:
    report = report_of({"licences": a_list(IDNA, JINJA)})
    assert render(report) == render(report)
    other = report_of({"licences": a_list(IDNA, JINJA)}, id="run-2")
    assert bill(report=report)["serialNumber"] != bill(report=other)["serialNumber"]


def test_hostile_names_stay_text() -> None:
    evil = Package(name='e\udc80\x1b"</', version="1\n2", licence="x\0", licence_from="License")
    (found,) = bill(evil)["components"]
    assert "purl" not in found
    assert (found["name"], found["version"]) == ('e\\udc80\\x1b"</', r"1\n2")
    assert found["licenses"][0]["license"]["name"] == r"x\x00"
