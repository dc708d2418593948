"""The document of a bill of materials, by the library of CycloneDX. Pure.

It knows no compositions (11.12); those are added to what it has written.
"""

from __future__ import annotations

import json
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from cyclonedx.model import Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.impact_analysis import ImpactAnalysisState
from cyclonedx.model.license import (
    DisjunctiveLicense,
    License,
    LicenseAcknowledgement,
    LicenseExpression,
)
from cyclonedx.model.tool import ToolRepository
from cyclonedx.model.vulnerability import (
    BomTarget,
    Vulnerability,
    VulnerabilityAnalysis,
    VulnerabilityRating,
    VulnerabilityReference,
    VulnerabilitySeverity,
    VulnerabilitySource,
)
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.spdx import is_supported_id
from packageurl import PackageURL

from pytest_gates.model.evidence import Scan
from pytest_gates.model.exceptions import Waiver
from pytest_gates.model.finding import Finding
from pytest_gates.model.licence_words import readings
from pytest_gates.model.package import Package
from pytest_gates.model.report import Report
from pytest_gates.model.spdx import Joined
from pytest_gates.model.text import printable
from pytest_gates.reporters.cyclonedx_bill import AUDIT, LONGEST, PREFIX, Bill, canonical, ref, refs

_LONG = 2_000
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?=&+-]+")
_SOURCES = {"CVE": "NVD", "GHSA": "GitHub Advisories", "PYSEC": "PyPA"}


def document_of(report: Report, bill: Bill) -> dict[str, Any]:
    """The bill as plain JSON, without compositions."""
    project = _component(bill.project, ComponentType.APPLICATION)
    components = [_component(one, ComponentType.LIBRARY) for one in bill.packages]
    run = report.evidence.run
    bom = Bom(
        serial_number=bill.serial,
        metadata=BomMetaData(
            timestamp=run.finished or run.started,
            component=project,
            tools=ToolRepository(components=_tools(report)),
            properties=_properties(bill.facts),
        ),
        components=components,
        vulnerabilities=_vulnerabilities(report, bill),
    )
    asked: dict[int, list[Component]] = defaultdict(list)
    everything = [project, *components]
    for who, whom in bill.needs:
        asked[who].append(everything[whom])
    for who, wanted in asked.items():
        bom.register_dependency(everything[who], wanted)
    with warnings.catch_warnings():
        # It warns of a project that asks for nothing; warnings may be errors where the tests run.
        warnings.simplefilter("ignore")
        written = JsonV1Dot6(bom).output_as_string()
    found: dict[str, Any] = json.loads(written)
    return found


def _component(package: Package, kind: ComponentType) -> Component:
    version = printable(package.version, LONGEST) if package.version else None
    facts = [("licence-from", package.licence_from)] if package.licence_from else []
    facts += [("local", "true")] if package.local else []
    facts += [("source", package.source)] if package.source else []
    return Component(
        type=kind,
        bom_ref=ref(package),
        name=printable(package.name, LONGEST),
        version=version,
        purl=_purl(package),
        licenses=_licences(package),
        properties=_properties(facts),
    )


def _purl(package: Package) -> PackageURL | None:
    """None for what lies in a folder here, which is not what an index holds under its name."""
    if package.local or not _NAME.fullmatch(package.name):
        return None
    version = printable(package.version, LONGEST) if package.version else None
    return PackageURL("pypi", None, canonical(package.name), version)


def _licences(package: Package) -> Iterator[License]:
    """By an identifier, an expression or, where it is not clear which licence is meant, the words."""
    if package.licence is None:
        return
    said = LicenseAcknowledgement.DECLARED
    options = readings(package.licence, package.licence_from)
    if len(options) != 1:
        yield DisjunctiveLicense(name=printable(package.licence, LONGEST), acknowledgement=said)
    elif isinstance(options[0], Joined) or not is_supported_id(str(options[0])):
        yield LicenseExpression(str(options[0]), acknowledgement=said)
    else:
        yield DisjunctiveLicense(id=str(options[0]), acknowledgement=said)


def _tools(report: Report) -> Iterator[Component]:
    name, _, version = report.generator.partition(" ")
    yield Component(type=ComponentType.APPLICATION, name=name, version=version or None)
    scan = report.evidence.scans.get(AUDIT)
    if isinstance(scan, Scan):
        version = printable(scan.version, LONGEST)
        yield Component(type=ComponentType.APPLICATION, name=scan.tool, version=version)


def _properties(facts: Iterable[tuple[str, str]]) -> list[Property]:
    return [Property(name=f"{PREFIX}{name}", value=printable(text, _LONG)) for name, text in facts]


def _vulnerabilities(report: Report, bill: Bill) -> Iterator[Vulnerability]:
    waivers = {
        (one.finding.rule, one.finding.subject): one.waiver
        for result in report.results
        if result.gate == AUDIT
        for one in result.waived
    }
    known = refs((bill.project, *bill.packages))
    for number, finding in enumerate(bill.findings):
        waiver = waivers.get((finding.rule, finding.subject))
        yield _vulnerability(finding, number, waiver, known)


def _vulnerability(
    finding: Finding, number: int, waiver: Waiver | None, known: dict[tuple[str, str], str]
) -> Vulnerability:
    name, _, version = (finding.subject or "").partition(" ")
    affected = known.get((canonical(name), version))
    severity = finding.severity.value if finding.severity is not None else "unknown"
    source = _source(finding.rule, finding.url)
    aliases = sorted({printable(one, LONGEST) for one in finding.aliases})
    return Vulnerability(
        bom_ref=f"vulnerability-{number + 1}",
        id=printable(finding.rule, LONGEST),
        source=source,
        references=[VulnerabilityReference(id=one, source=_source(one)) for one in aliases],
        ratings=[VulnerabilityRating(source=source, severity=VulnerabilitySeverity(severity))],
        description=printable(finding.message, _LONG),
        detail=printable(finding.detail, _LONG) if finding.detail else None,
        recommendation=printable(finding.remedy, _LONG) if finding.remedy else None,
        analysis=_analysis(waiver),
        affects=[BomTarget(ref=affected)] if affected is not None else (),
        properties=_properties(
            [] if affected or not name else [("subject", finding.subject or "")]
        ),
    )


def _analysis(waiver: Waiver | None) -> VulnerabilityAnalysis | None:
    """A waiver buys time: it never says that the package is not affected."""
    if waiver is None:
        return None
    told = f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
    return VulnerabilityAnalysis(state=ImpactAnalysisState.IN_TRIAGE, detail=printable(told, _LONG))


def _source(name: str, url: str | None = None) -> VulnerabilitySource:
    # The library refuses some addresses, and writes others that its own schema refuses. (11.12)
    address = XsUri(url) if url is not None and _ADDRESS.fullmatch(url) else None
    return VulnerabilitySource(name=_SOURCES.get(name.partition("-")[0], "OSV"), url=address)
