"""What the gate `licences` is told. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

from pytest_gates.model.settings import ScanSettings

_Licence = Annotated[str, msgspec.Meta(extra={"quantity": "licence"})]
_Expression = Annotated[str, msgspec.Meta(extra={"quantity": "licence-expression"})]


class LicencesSettings(ScanSettings, frozen=True, kw_only=True, rename="kebab"):
    """`[tool.pytest-gates.licences]`: the packages of the environment that the tests run in."""

    allow: Annotated[
        tuple[_Licence, ...],
        msgspec.Meta(
            description="Licences that a package may have, by their SPDX identifiers. Empty: every one that "
            "`deny` does not name.",
            extra={"looser": "more", "unset": "other", "judged_later": True},
        ),
    ] = ()
    deny: Annotated[
        tuple[_Licence, ...],
        msgspec.Meta(
            description="Licences that no package may have, even if `allow` names them.",
            extra={"looser": "fewer", "judged_later": True},
        ),
    ] = ()
    assume: Annotated[
        dict[str, _Expression],
        msgspec.Meta(
            description="What somebody has found out about packages whose metadata do not say it clearly: "
            "glob of names to an SPDX expression. Clear metadata count all the same.",
            extra={"looser": "more", "judged_later": True},
        ),
    ] = {}  # noqa: RUF012 - msgspec copies it
    exclude: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Globs of names of packages that are not judged, such as tools of developers.",
            extra={"looser": "more", "judged_later": True},
        ),
    ] = ()

    @property
    def complaint(self) -> str | None:
        if self.allow or self.deny:
            return None
        return (
            "neither `allow` nor `deny` is set, so that nothing could fail; "
            'write for example allow = ["MIT", "BSD-3-Clause", "Apache-2.0"]'
        )
