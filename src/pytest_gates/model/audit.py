"""What our process around pip-audit is told, and what it tells, as JSON. Pure."""

from __future__ import annotations

import msgspec

from pytest_gates.model.package import Package


class AuditOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to audit: the distributions on `paths`, and what `files` list.

    `options` are words of pip-audit's command line. `canaries` are "name==version" of packages that
    any source must know to be vulnerable: some of them are asked for as well.
    """

    paths: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    canaries: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One package: `pin` is what the source is asked, empty where `why_not` says why it is not asked."""

    package: Package
    pin: str = ""
    why_not: str = ""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One call of pip-audit, which takes each package once.

    `exit_code` is None where it broke off with an exception: `failure` tells which.
    """

    asked: tuple[str, ...]
    exit_code: int | None
    stdout: str
    failure: str = ""


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the order.

    `refused` is why and a remedy where the packages could not even be listed. `left_out` are lines of
    files that ask for nothing here. `canaries` are those that were asked for. `said` is what pip-audit
    wrote to stderr.
    """

    refused: tuple[str, str] | None = None
    questions: tuple[Question, ...] = ()
    left_out: tuple[str, ...] = ()
    canaries: tuple[str, ...] = ()
    rounds: tuple[Round, ...] = ()
    said: str = ""
