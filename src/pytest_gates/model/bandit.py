"""What our scan by bandit is asked, and what it answers; also what it remembers of a file. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

Number = Annotated[int, msgspec.Meta(ge=-1, le=2**31)]


class FileAsked(msgspec.Struct, frozen=True, array_like=True):
    """A name as the system has it, and the tests whose findings are only counted in this file."""

    path: bytes
    ignored: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Tests are named by id or name. `cache` is a folder, empty for none; `processes` 0: as many as fit."""

    files: tuple[FileAsked, ...]
    version: str
    skips: tuple[str, ...]
    config: str | None
    cache: str
    processes: int
    most_bytes: int


class Issue(msgspec.Struct, frozen=True, array_like=True):
    """One result of bandit, as it told it; `first` and `last` are the ends of its range of lines."""

    test: str
    name: str
    severity: str
    confidence: str
    text: str
    line: Number
    first: Number
    last: Number
    column: Number
    end_column: Number
    cwe: Number
    url: str
    fingerprint: str


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """A file of which bandit saw everything. `comments` are those with `# nosec`: line and text.

    Where they are not `complete`, the rest of the file could not be split into tokens.
    """

    issues: tuple[Issue, ...] = ()
    comments: tuple[tuple[Number, str], ...] = ()
    complete: bool = True


class FileFound(msgspec.Struct, frozen=True, array_like=True):
    """`unread` says why a file was not scanned, or not wholly; `ignored` counts by id what was."""

    unread: str | None = None
    facts: Facts = Facts()
    ignored: dict[str, int] = {}


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The tests that this bandit has, id to name, and what else there is to say of it."""

    tests: dict[str, str] = {}
    notes: tuple[str, ...] = ()

    def id_of(self, test: str) -> str | None:
        """Of an id or a name; None where bandit has no such test."""
        if test in self.tests:
            return test
        return next((one for one, name in self.tests.items() if name == test), None)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`files` in the order of the question; `refused` says why nothing was scanned at all."""

    refused: str | None
    files: tuple[FileFound, ...] = ()
    catalogue: Catalogue = Catalogue()
    from_cache: int = 0
