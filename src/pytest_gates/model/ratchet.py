"""Which lines lost the cover that they had at the base. Pure."""

from __future__ import annotations

import msgspec

from pytest_gates.model.coverage import LineRange


class RatchetFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file in which a line that was executed at the base, and is still there, is not executed now.

    Line numbers are those of now. `unstable` lines differ between runs of the same code: they prove nothing.
    """

    path: str
    base_path: str
    lost: tuple[LineRange, ...] = ()
    unstable: tuple[LineRange, ...] = ()


class RatchetFacts(msgspec.Struct, frozen=True, kw_only=True, tag="ratchet", tag_field="kind"):
    """The comparison with one baseline.

    `commit` is the baseline's, `source` where it was found, in words. `compared` counts the lines that
    were executed there and are still here. `not_comparable` (path, why) could not be compared.
    """

    commit: str
    source: str
    compared: int
    files: tuple[RatchetFile, ...] = ()
    not_comparable: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
