"""What an audit on this machine is told and what it answers, between its process and ours. Pure."""

from __future__ import annotations

import msgspec

from pytest_gates.advisories.flaws import Flaw
from pytest_gates.model.package import AdvisoryDatabase, Package


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to audit: the distributions on `entries` of sys.path or, where there are any, `requirements`.

    `database` is as the policy names it, relative to the root; `cache` is a folder, empty for none.
    """

    entries: tuple[str, ...]
    requirements: tuple[str, ...]
    database: str
    cache: str


class Affliction(msgspec.Struct, frozen=True, kw_only=True):
    """A flaw of one of the packages, which are told apart by their place in the list."""

    package: int
    flaw: Flaw


class Audit(msgspec.Struct, frozen=True, kw_only=True, tag="audit", tag_field="kind"):
    """The whole answer. `audited` counts the packages of which something could be said.

    `unread` are those of which nothing could, and why; a package may stand there for several reasons.
    """

    packages: tuple[Package, ...]
    audited: int
    afflictions: tuple[Affliction, ...]
    unread: tuple[tuple[str, str], ...]
    database: AdvisoryDatabase
    notes: tuple[str, ...]


class Refusal(msgspec.Struct, frozen=True, kw_only=True, tag="refusal", tag_field="kind"):
    """Why there is no answer."""

    why: str
    remedy: str
