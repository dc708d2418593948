"""What goes into a bill of materials: the packages of a run, who asks for whom, what is not known. Pure."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterable

import msgspec

from pytest_gates.model.evidence import Checkout, Evidence, Scan
from pytest_gates.model.finding import Finding
from pytest_gates.model.package import Package
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable

AUDIT, LICENCES = "pip-audit", "licences"
PREFIX = "pytest-gates:"
LONGEST = 300
"""Characters of a name."""
_NAMESPACE = uuid.UUID("5d1a5a0c-5a0f-5b0e-9d0c-6f0a6e2b7c11")


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into the document. `project` is the package or folder that was tested.

    `needs` are pairs of places, who asks for whom: 0 is the project, 1 the first of `packages`; there may be
    more of them. `findings` are what is known against the packages.
    """

    serial: uuid.UUID
    project: Package
    packages: tuple[Package, ...]
    needs: tuple[tuple[int, int], ...]
    findings: tuple[Finding, ...]
    facts: tuple[tuple[str, str], ...]


def bill_of(report: Report) -> Bill:
    """What the scans of this report tell of packages."""
    evidence = report.evidence
    packages = _packages(evidence)
    audit = evidence.scans.get(AUDIT)
    folder = _folder(evidence)
    own = [one for one in packages if one.local and canonical(one.name) == canonical(folder.name)]
    project = own[0] if len(own) == 1 else folder
    others = tuple(one for one in packages if one is not project)
    return Bill(
        serial=uuid.uuid5(_NAMESPACE, f"{evidence.run.id} {evidence.run.started.isoformat()}"),
        project=project,
        packages=others,
        needs=_needs((project, *others)),
        findings=audit.findings if isinstance(audit, Scan) else (),
        facts=_facts(evidence, packages),
    )


def ref(package: Package) -> str:
    """How the document calls it; two packages of one name differ in their version or in their list."""
    version = f"=={package.version}" if package.version else ""
    source = f" in {package.source}" if package.source else ""
    return printable(f"{package.name}{version}{source}", LONGEST)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _packages(evidence: Evidence) -> tuple[Package, ...]:
    """Those that were audited, with what the other scan knows of their licences; by name."""
    audited, listed = (
        scan.packages if isinstance(scan, Scan) else ()
        for scan in (evidence.scans.get(AUDIT), evidence.scans.get(LICENCES))
    )
    found = {_key(one): one for one in audited}
    whole = all(not one.source for one in audited)
    for one in listed:
        known = found.get(_key(one))
        if known is None and whole:
            found[_key(one)] = one
        elif known is not None and known.licence is None:
            told = {"licence": one.licence, "licence_from": one.licence_from}
            found[_key(one)] = msgspec.structs.replace(known, **told)
    by_ref = {ref(one): one for one in found.values()}
    return tuple(by_ref[name] for name in sorted(by_ref))


def _key(package: Package) -> tuple[str, str, str]:
    return canonical(package.name), package.version or "", package.source


def _folder(evidence: Evidence) -> Package:
    """The project by its folder: nobody else says which of the packages it is, or that it is one."""
    run = evidence.run
    commit = run.checkout.commit if isinstance(run.checkout, Checkout) else None
    name = re.split(r"[\\/]", run.root.rstrip("\\/"))[-1]
    return Package(name=name or "project", version=commit, local=True)


def _needs(packages: tuple[Package, ...]) -> tuple[tuple[int, int], ...]:
    """Each step of each chain that leads to a package; 0 is the project."""
    places = {(canonical(one.name), one.source): at for at, one in enumerate(packages)}
    found: set[tuple[int, int]] = set()
    for one in packages:
        chain = [places.get((canonical(name), one.source)) for name in (*one.required_by, one.name)]
        found |= {
            (who, whom)
            for who, whom in itertools.pairwise(chain)
            if who is not None and whom is not None and who != whom
        }
    return tuple(sorted(found))


def _facts(evidence: Evidence, packages: tuple[Package, ...]) -> tuple[tuple[str, str], ...]:
    """What a reader must know of this bill, by name."""
    sources = ", ".join(sorted({one.source for one in packages} - {""}))
    return (
        ("inventory", f"{len(packages)} package(s) of {sources or 'the environment of the tests'}")
        if packages
        else ("inventory", f"unknown: {_why_no_list(evidence)}"),
        ("vulnerabilities", _state(evidence, AUDIT)),
        (
            "licences",
            "from the metadata of the packages"
            if any(one.licence for one in packages)
            else "unknown",
        ),
        *((("run", "did not finish"),) if evidence.run.finished is None else ()),
    )


def _why_no_list(evidence: Evidence) -> str:
    asked = [name for name in (AUDIT, LICENCES) if name in evidence.scans]
    if not asked:
        return f"neither {AUDIT} nor {LICENCES} was asked in this run"
    return "; ".join(f"{name}: {_state(evidence, name)}" for name in asked)


def _state(evidence: Evidence, name: str) -> str:
    scan = evidence.scans.get(name)
    if scan is None:
        return f"unknown: {name} was not asked in this run"
    if not isinstance(scan, Scan):
        return f"unknown: {printable(scan.why, LONGEST)}"
    unread = f", {len(scan.unread)} could not be looked at" if scan.unread else ""
    notes = f" ({'; '.join(scan.notes)})" if scan.notes else ""
    return printable(f"{scan.inputs} package(s) looked at{unread}{notes}", 2 * LONGEST)


def refs(packages: Iterable[Package]) -> dict[tuple[str, str], str]:
    """By canonical name and version."""
    return {(canonical(one.name), one.version or ""): ref(one) for one in packages}
