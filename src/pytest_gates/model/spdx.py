"""Licences as SPDX writes them: what an expression says, and which licences speak of each other. Pure.

By SPDX 3.0, annex "SPDX license expressions". The syntax is read by `license-expression`. Of its index only
the identifiers of SPDX are taken: it also knows nicknames, and gives `LicenseRef-Apache`, which is
whatever its author wants, the meaning of Apache-2.0. (30.4.4)
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

LONGEST = 1_000
"""Characters of an expression; whole texts of licences stand in some metadata."""

OWN_TERMS = ("LicenseRef-", "DocumentRef-")
"""A licence that has no identifier begins so; what it says only its author knows."""

# Deprecated identifiers that stand for two things; the index calls most of them exceptions. (30.4.4)
_REPLACED = {
    "GPL-2.0-with-GCC-exception": ("GPL-2.0-only", "GCC-exception-2.0"),
    "GPL-2.0-with-autoconf-exception": ("GPL-2.0-only", "Autoconf-exception-2.0"),
    "GPL-2.0-with-bison-exception": ("GPL-2.0-only", "Bison-exception-2.2"),
    "GPL-2.0-with-classpath-exception": ("GPL-2.0-only", "Classpath-exception-2.0"),
    "GPL-2.0-with-font-exception": ("GPL-2.0-only", "Font-exception-2.0"),
    "GPL-3.0-with-GCC-exception": ("GPL-3.0-only", "GCC-exception-3.1"),
    "GPL-3.0-with-autoconf-exception": ("GPL-3.0-only", "Autoconf-exception-3.0"),
    "eCos-2.0": ("GPL-2.0-or-later", "eCos-exception-2.0"),
    "wxWindows": ("LGPL-2.0-or-later", "WxWindows-exception-3.1"),
}
_SHORT_NAMES = ("BSD-2", "GPL")
_VERSIONED = re.compile(
    r"(?P<name>.+?)-(?P<version>\d+(?:\.\d+)*)(?P<variant>(?:-no)?-invariants)?"
    r"(?P<reach>-only|-or-later|\+)?"
)


class NotSpdx(ValueError):
    """What is wrong with the text; `word` is the identifier that nobody knows, empty where it is no word."""

    def __init__(self, why: str, word: str = "") -> None:
        super().__init__(why)
        self.word = word


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """One licence by its identifier, with the exception that is added to it."""

    id: str
    exception: str | None = None

    def __str__(self) -> str:
        return self.id if self.exception is None else f"{self.id} WITH {self.exception}"

    @property
    def has_own_terms(self) -> bool:
        """Whether its identifier says nothing of its terms."""
        return self.id.startswith(OWN_TERMS)

    def offers(self, other: Licence) -> bool:
        """Whether who gets something under this licence may take it under `other`.

        The same licence, or a later version where this one says "or later"; an exception only adds rights,
        so that nobody has to make use of it.
        """
        if other.exception not in {None, self.exception}:
            return False
        mine, theirs = _version_of(self.id), _version_of(other.id)
        if self.id == other.id or mine is None or theirs is None:
            return self.id == other.id
        return mine.later and mine.family == theirs.family and theirs.number >= mine.number

    def speaks_of(self, other: Licence) -> bool:
        """Whether a ban of this licence bans `other`: also its "or later", and each version if it says so."""
        if self.exception not in {None, other.exception}:
            return False
        mine, theirs = _version_of(self.id), _version_of(other.id)
        if self.id == other.id or mine is None or theirs is None:
            return self.id == other.id
        if mine.family != theirs.family:
            return False
        if mine.later:
            return theirs.number >= mine.number
        return theirs.later and theirs.number == mine.number


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """Several expressions: all of them hold, or whoever gets the package chooses one."""

    all: bool
    parts: tuple[Licence | Joined, ...]

    def __str__(self) -> str:
        word = " AND " if self.all else " OR "
        return word.join(f"({one})" if isinstance(one, Joined) else str(one) for one in self.parts)


Expression = Licence | Joined


class _Version(msgspec.Struct, frozen=True):
    family: tuple[str, str]
    number: tuple[int, ...]
    later: bool


def _version_of(name: str) -> _Version | None:
    found = _VERSIONED.fullmatch(name)
    if found is None:
        return None
    number = tuple(int(part) for part in found["version"].split("."))
    while number[-1:] == (0,):
        number = number[:-1]
    return _Version(
        family=(found["name"], found["variant"] or ""),
        number=number,
        later=found["reach"] in {"-or-later", "+"},
    )


def parsed(text: str) -> Expression:
    """What an SPDX expression says, deprecated identifiers replaced. Raises NotSpdx."""
    if not text.strip() or len(text) > LONGEST or not text.isascii():
        raise NotSpdx("it is no SPDX expression")
    library = _library()
    try:
        read = library.parse(text)
    except Exception as why:  # its errors have no common class but this one, and text is hostile
        raise NotSpdx("it is no SPDX expression") from why
    return _expression(read, library)


def parsed_licence(text: str) -> Licence:
    """One licence, with its exception if it has one. Raises NotSpdx, for an AND or OR too."""
    found = parsed(text)
    if isinstance(found, Joined):
        raise NotSpdx("it names several licences; write each by itself")
    return found


def known_ids() -> tuple[str, ...]:
    """Identifiers of licences, without those that are deprecated."""
    library = _library()
    return tuple(sorted({*library.licences.values()} - {*library.deprecated}))


def _expression(read: Any, library: _Library) -> Expression:
    if isinstance(read, library.all_of | library.any_of):
        parts = tuple(_expression(one, library) for one in read.args)
        return Joined(all=isinstance(read, library.all_of), parts=parts)
    if isinstance(read, library.with_exception):
        licence = _licence(read.license_symbol.key, library)
        if licence.exception is not None:
            raise NotSpdx(f"{licence} has an exception already")
        return Licence(id=licence.id, exception=_exception(read.exception_symbol.key, library))
    return _licence(read.key, library)


def _licence(word: str, library: _Library) -> Licence:
    if word.startswith(OWN_TERMS):
        return Licence(id=word)
    name = library.licences.get(word.lower())
    if name is None and word.endswith("+"):
        name = _with_later(library.licences.get(word[:-1].lower()))
    if name is None and word.lower() not in library.exceptions:
        name = _newer(word)
    if name is None:
        raise NotSpdx(f"SPDX knows no licence `{word}`", word)
    if name in _REPLACED:
        licence, exception = _REPLACED[name]
        return Licence(id=licence, exception=exception)
    return Licence(id=library.deprecated.get(name, name))


def _with_later(name: str | None) -> str | None:
    """`Apache-2.0+`; of the GNU licences only the deprecated identifiers took a plus."""
    return None if name is None or name.endswith(("-only", "-or-later")) else f"{name}+"


def _exception(word: str, library: _Library) -> str:
    name = library.exceptions.get(word.lower())
    if name is None and word.lower() not in library.licences:
        name = _newer(word)
    if name is None:
        raise NotSpdx(f"SPDX knows no exception `{word}`", word)
    return name


def _newer(word: str) -> str | None:
    """An identifier that is younger than the index, as the bill of materials knows it.

    Imported here: it costs 0.1 s, and hardly anybody uses these licences.
    """
    from cyclonedx.spdx import fixup_id  # noqa: PLC0415

    return fixup_id(word)


class _Library(msgspec.Struct, frozen=True, kw_only=True):
    """`licences` and `exceptions` lead from lower case to the identifier; `deprecated` to its replacement."""

    licences: Mapping[str, str]
    exceptions: Mapping[str, str]
    deprecated: Mapping[str, str]
    parse: Callable[[str], Any]
    with_exception: Any
    all_of: Any
    any_of: Any


@functools.cache
def _library() -> _Library:
    """Imported here: it costs 60 ms of every start, for those who judge licences."""
    import license_expression as library  # type: ignore[import-untyped]  # noqa: PLC0415

    licences = {name.lower(): name for name in _REPLACED}
    exceptions: dict[str, str] = {}
    deprecated: dict[str, str] = {}
    for entry in library.get_license_index():
        name = entry["spdx_license_key"] or ""
        if not name or name.startswith(OWN_TERMS) or name in _REPLACED:
            continue
        table = exceptions if entry["is_exception"] else licences
        table[name.lower()] = name
        for other in entry.get("other_spdx_license_keys", ()):
            # Beside identifiers of old, the index lists own terms and short names such as GPL.
            if other.startswith(OWN_TERMS) or " " in other or other in _SHORT_NAMES:
                continue
            table[other.lower()] = other
            deprecated[other] = name
    plain = library.Licensing()

    def parse(text: str) -> Any:
        return plain.parse(text, simple=True)

    return _Library(
        licences=licences,
        exceptions=exceptions,
        deprecated=deprecated,
        parse=parse,
        with_exception=library.LicenseWithExceptionSymbol,
        all_of=plain.AND,
        any_of=plain.OR,
    )
