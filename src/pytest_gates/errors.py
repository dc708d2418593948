"""The errors of pytest-gates; the state of the judged project is never one of them. Pure."""

from __future__ import annotations


class GatesError(Exception):
    """Something that stops pytest-gates itself, with a text a user can act on."""


class ConfigError(GatesError):
    """The policy or the exceptions file is wrong.

    `problems` is never empty; each one says what, where, what was expected and what to do.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ToolError(GatesError):
    """A tool left no whole report, so nothing can be concluded from it."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


class NothingToScan(ToolError):
    """There is nothing in this tree that the tool was asked to look at."""


class HistoryError(GatesError):
    """The history could not be opened, read or written."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


class EvidenceMissing(GatesError):
    """A number was asked of evidence that cannot give it (0 of 0, for example)."""
