"""How bad a vector of CVSS is, by the library `cvss`, which is loaded when it is needed. Pure."""

from __future__ import annotations

import functools
from typing import Any

from pytest_gates.model.finding import Severity

_LONGEST = 1000
_WORDS = {
    "none": Severity.INFO,
    "low": Severity.LOW,
    "medium": Severity.MEDIUM,
    "high": Severity.HIGH,
    "critical": Severity.CRITICAL,
}


@functools.cache
def rate(kind: str, vector: str) -> Severity | None:
    """The severity of the base metrics (CVSS 4: of all that the vector says). None where nobody can tell."""
    if len(vector) > _LONGEST or not vector.isascii():
        return None
    # Imported here: most audits find nothing, and a child that finds nothing needs no arithmetic.
    import cvss  # type: ignore[import-untyped]  # noqa: PLC0415

    kinds: dict[str, Any] = {"CVSS_V2": cvss.CVSS2, "CVSS_V3": cvss.CVSS3, "CVSS_V4": cvss.CVSS4}
    calculator = kinds.get(kind)
    if calculator is None:
        return None
    try:
        word = calculator(vector).severities()[0]
    except Exception:  # whatever a library makes of a hostile text, it is no severity
        return None
    return _WORDS.get(str(word).lower())
