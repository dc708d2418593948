"""What is installed or locked, and what is known of flaws in it. Pure."""

from __future__ import annotations

import msgspec

from pytest_gates.model.moment import Moment


class Package(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One distribution. `version` is None where nobody knows it; `name` as it is written there.

    `required_by` is the shortest chain that leads to it, from what was asked for to what asks for it,
    without the package itself; empty where nothing asks for it. `local`: it comes from a folder on this
    machine, as the project itself does. `licence` is an SPDX expression or, where that is not given, what
    the metadata say instead; `licence_from` names their field. `source` is the file that lists it, empty
    for the environment.
    """

    name: str
    version: str | None = None
    required_by: tuple[str, ...] = ()
    local: bool = False
    licence: str | None = None
    licence_from: str = ""
    source: str = ""


class AdvisoryDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """Where the advisories of a scan came from, when that is a file or folder on this machine.

    `newest` is the latest moment at which any of its records was modified; `digest` is "sha256:" and hex
    digits over its content; `records` counts advisories that can speak of Python packages, `withdrawn` those
    of them that were taken back.
    """

    place: str
    newest: Moment
    digest: str
    records: int
    withdrawn: int = 0
