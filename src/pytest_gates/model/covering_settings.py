"""What the gate `patch-coverage` is told about the tests that cover a change. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from pytest_gates.model.settings import GateSettings


class CoveringSettings(GateSettings, frozen=True, kw_only=True, rename="kebab"):
    """Part of `[tool.pytest-gates.patch-coverage]`."""

    covering_tests: Annotated[
        Literal["auto", "contexts", "off"],
        msgspec.Meta(
            description="How to record which tests execute the change: `auto` by `sys.monitoring` "
            "(Python 3.12 and later), `contexts` by coverage's contexts (any Python, about twice as "
            "slow), `off` not at all.",
            extra={"looser": "other"},
        ),
    ] = "auto"
    flaky_cover: Annotated[
        Literal["note", "fail"],
        msgspec.Meta(
            description="What a changed line does that only flaky or quarantined tests execute.",
            extra={"looser": ("fail", "note"), "judged_later": True},
        ),
    ] = "note"
