"""The shortest command line that shows a failure. Pure."""

from __future__ import annotations

import shlex

from pytest_gates.model.case import Diagnosis, FlakeClass, Role
from pytest_gates.model.text import printable

_MOST_NAMED = 20


def command_for(diagnosis: Diagnosis, nodeid: str) -> str | None:
    """For a POSIX shell; None where nobody knows one (a set that was not found, or is too long)."""
    if any(printable(one, len(one)) != one for one in (nodeid, *diagnosis.because)):
        return None  # control characters do not survive being copied from a screen
    own = shlex.quote(nodeid)
    before = " ".join(shlex.quote(one) for one in diagnosis.because)
    kind = diagnosis.kind
    if kind is FlakeClass.REGRESSION or diagnosis.role is Role.BRITTLE:
        return f"pytest {own}"
    if kind is FlakeClass.FLAKY:
        return f"until ! pytest {own}; do :; done"
    if not before or len(diagnosis.because) > _MOST_NAMED:
        return None
    if kind is FlakeClass.IMPORT_POLLUTED:
        left_out = " ".join(f"--deselect {shlex.quote(one)}" for one in diagnosis.because)
        return f"pytest {before} {own} {left_out}"
    return f"pytest {before} {own}"
