"""Versions of Python packages, and points that advisories name, in one order. Pure."""

from __future__ import annotations

import functools

import msgspec
from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

_KEPT = 65536
_LONGEST = 200


class Asked(msgspec.Struct, frozen=True):
    """An installed version, in the two ways in which it is compared.

    `1.0+cu118` is a build of `1.0`: a point that does not tell builds apart is compared with that.
    """

    text: str
    whole: Version
    public: Version

    def beside(self, point: Version) -> Version:
        """What to compare with `point`."""
        return self.whole if point.local else self.public


def asked(text: str) -> Asked | None:
    """None where nobody can say which version that is."""
    whole = version_of(text)
    if whole is None:
        return None
    return Asked(text, whole, Version(whole.public) if whole.local else whole)


@functools.lru_cache(maxsize=_KEPT)
def version_of(text: str) -> Version | None:
    """None for what PEP 440 does not know. Nobody writes a version of 200 characters by accident."""
    if len(text) > _LONGEST:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None


@functools.lru_cache(maxsize=_KEPT)
def spelling(text: str) -> str:
    """The same for `1.0` and `1.0.0`; what is no version stands for itself alone."""
    version = version_of(text)
    return text if version is None else canonicalize_version(version)
