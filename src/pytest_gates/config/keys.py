"""The keys of the policy that belong to no gate: their types, defaults and documentation. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from pytest_gates.model.policy import DEFAULT_REPORT_DIR, Weighing
from pytest_gates.model.settings import Duration


class PolicyTable(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """The keys of `[tool.pytest-gates]` that are not gates."""

    report_dir: Annotated[
        str, msgspec.Meta(description="Folder of the reports, relative to the root.")
    ] = DEFAULT_REPORT_DIR
    reports: Annotated[
        tuple[str, ...], msgspec.Meta(description="Formats to write; `json` always is.")
    ] = ("json",)
    expect: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Names of the shards that `gates verify` must be given."),
    ] = ()
    base: Annotated[
        str | None, msgspec.Meta(description="What a change is compared with, such as origin/main.")
    ] = None
    exceptions: Annotated[
        str,
        msgspec.Meta(description="File of the waivers and the quarantine, relative to the root."),
    ] = "gates-exceptions.toml"
    max_waiver: Annotated[
        Duration | None,
        msgspec.Meta(
            description='How far ahead a waiver may end, in whole days, such as "90d"; one that ends later '
            "is a usage error."
        ),
    ] = None
    history: Annotated[
        str,
        msgspec.Meta(
            extra={"quantity": "history"},
            description='Where earlier runs are remembered: "sqlite" (in pytest\'s cache folder), '
            '"sqlite:<file>", "postgresql://…" or "off"; "env:NAME": as that variable says.',
        ),
    ] = "sqlite"
    fail_fast: Annotated[
        bool, msgspec.Meta(description="Quick gates must pass before the first test runs.")
    ] = False
    on_inconclusive: Annotated[
        Literal["block", "warn"] | None,
        msgspec.Meta(
            description="What an unknown fact does; `block`, but `warn` in profile local."
        ),
    ] = None
    required_version: Annotated[
        str | None,
        msgspec.Meta(description="Versions of pytest-gates that may judge by this policy."),
    ] = None
    policy_from: Annotated[
        Literal["change", "base"],
        msgspec.Meta(
            description="Whose policy `gates verify` judges by: that of the judged tree, or that of the "
            "branch it is to be merged into. Only what the base says of this key counts."
        ),
    ] = "change"
    policy_changes: Annotated[
        Weighing | None,
        msgspec.Meta(
            description="What a change does that loosens the policy: `allow`, `warn`, or `block` until an "
            "owner approves; `block` where the base's policy judges, else `warn`."
        ),
    ] = None
    new_suppressions: Annotated[
        Weighing | None,
        msgspec.Meta(
            description="The same for new comments that hide code from a gate, such as `# nosec`; as "
            "`policy-changes`."
        ),
    ] = None
    owners: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Who may approve such a change: a name, a mail address, and the fingerprints of "
            'signing keys, as in "@ana <ana@example.org> SHA256:…".'
        ),
    ] = ()
    signed_approvals: Annotated[
        bool,
        msgspec.Meta(
            description="An approval in a commit counts only with a good signature of one of the owner's "
            "keys."
        ),
    ] = True
