"""Report to a bill of materials: what was installed when the tests ran, as CycloneDX 1.6 JSON. Pure.

An inventory that nobody made must not look like one that found nothing: such a bill says why it is empty.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pytest_gates.model.contracts import Reporter
from pytest_gates.model.report import Report
from pytest_gates.model.text import printable
from pytest_gates.reporters.cyclonedx_bill import LONGEST, PREFIX, Bill, bill_of, ref

_FIRST = ("$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata")
# Of the ways that lead to a package the shortest is known, and no other one.
_INCOMPLETE, _UNKNOWN = "incomplete", "unknown"


def render(report: Report) -> bytes:
    """UTF-8. The same report always leads to the same bytes."""
    bill = bill_of(report)
    if not (bill.packages or bill.findings):
        document = _empty(report, bill)
    else:
        # Imported here: the library costs every start 0.2 s, and the bill is written once, at the end.
        from pytest_gates.reporters.cyclonedx_document import document_of  # noqa: PLC0415

        document = document_of(report, bill)
    compositions: list[dict[str, Any]] = [
        {"aggregate": _UNKNOWN, "assemblies": [ref(bill.project)]}
    ]
    if bill.packages:
        refs = sorted({ref(bill.project), *map(ref, bill.packages)})
        compositions.append({"aggregate": _INCOMPLETE, "dependencies": refs})
    head = {key: document[key] for key in _FIRST}
    whole = {**head, **document, "compositions": compositions}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def _empty(report: Report, bill: Bill) -> dict[str, Any]:
    """The document without a component, as the library would write it."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": bill.serial.urn,
        "version": 1,
        "metadata": {
            "timestamp": (report.evidence.run.finished or report.evidence.run.started).isoformat(),
            "component": {
                "type": "application",
                "name": printable(bill.project.name, LONGEST),
                "bom-ref": ref(bill.project),
            },
            "properties": [{"name": f"{PREFIX}{name}", "value": text} for name, text in bill.facts],
        },
    }


REPORTER = Reporter(name="cyclonedx", file_name="bom.cdx.json", render=render)
