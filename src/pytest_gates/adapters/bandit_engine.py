"""Ask the installed bandit about one file after the other. Effects: imports bandit, reads files.

bandit's classes are used as its command line uses them (the same from 1.6 to 1.9.4). No `.bandit` is looked
for, and `# nosec` is not for bandit to read.
"""

from __future__ import annotations

import ast
import hashlib
import linecache
import logging
import re
import warnings
from collections import Counter

import msgspec
from bandit.core import config as bandit_config  # type: ignore[import-untyped]
from bandit.core import docs_utils, extension_loader, manager, metrics

from pytest_gates.model.bandit import Catalogue, Facts, Issue
from pytest_gates.model.finding import fingerprint_of
from pytest_gates.model.nosec import nosec_comments
from pytest_gates.model.text import first_line, printable, well_formed

_TESTER, _MANAGER = "bandit.core.tester", "bandit.core.manager"
_CRASH = re.compile(r"Bandit internal error running: (\S+) on file")
_LONGEST_TEXT = 2000


class Refused(Exception):
    """bandit cannot be used at all, for the reason that it holds."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A file to scan, and the digest of the content that is meant."""

    path: str
    size: int
    sha256: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`unread` says why nothing is known; `crashed` are tests that bandit could not bring to an end."""

    facts: Facts = Facts()
    unread: str | None = None
    crashed: tuple[tuple[str, str], ...] = ()


class _Listener(logging.Handler):
    """bandit only logs that one of its tests crashed, and goes on as if it had found nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.crashed: Counter[str] = Counter()
        self.failure = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == _TESTER and record.levelno >= logging.ERROR:
            found = _CRASH.match(record.getMessage())
            self.crashed[found.group(1) if found else "a test"] += 1
        elif record.name == _MANAGER and str(record.msg).startswith("  Exception string"):
            why = record.args[0] if isinstance(record.args, tuple) and record.args else ""
            self.failure = f"{type(why).__name__}: {first_line(str(why), 200)}"


class Engine:
    """One bandit with its settings. Raises Refused."""

    def __init__(self, skips: tuple[str, ...], config: str | None) -> None:
        self._listener = _Listener()
        logger = logging.getLogger("bandit")
        logger.handlers, logger.propagate = [self._listener], False
        logger.setLevel(logging.ERROR)
        # The only level at which it says why it could not scan a file; it says little else there.
        logging.getLogger(_MANAGER).setLevel(logging.DEBUG)
        missing = _not_loaded()
        if missing:
            raise Refused(f"plugin(s) of bandit could not be loaded: {', '.join(missing)}")
        self.catalogue = _catalogue()
        try:
            self._manager = self._made(skips, config)
        except Refused:
            raise
        except Exception as why:  # whatever stands in a configuration, bandit takes it as it comes
            raise Refused(
                f"bandit does not start: {type(why).__name__}: {first_line(str(why))}"
            ) from why

    def _made(self, skips: tuple[str, ...], config: str | None) -> manager.BanditManager:
        settings = bandit_config.BanditConfig(config_file=config)
        known = self.catalogue
        profile = {
            "include": set(settings.get_option("tests") or ()),
            "exclude": {
                *(settings.get_option("skips") or ()),
                *(known.id_of(one) or one for one in skips),
            },
        }
        extension_loader.MANAGER.validate_profile(profile)
        made = manager.BanditManager(
            settings, "file", quiet=True, profile=profile, ignore_nosec=True
        )
        if not made.b_ts.tests:
            raise Refused("`skips` and the configuration leave bandit no test to run")
        if config and settings.get_option("exclude_dirs"):
            note = (
                f"`exclude_dirs` of {config} leaves nothing out here: `exclude` of the policy does"
            )
            self.catalogue = msgspec.structs.replace(known, notes=(printable(note),))
        return made

    def scan(self, job: Job) -> Outcome:
        """Everything bandit says of the file, or why it says nothing."""
        name = f"./{job.path}"
        made = self._manager
        made.files_list, made.results, made.skipped, made.scores = [name], [], [], []
        made.metrics = metrics.Metrics()  # else it adds up all files again after each
        self._listener.crashed.clear()
        self._listener.failure = ""
        linecache.clearcache()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # wrong escapes in judged code are not ours to tell
            made.run_tests()
            return self._outcome(job)

    def _outcome(self, job: Job) -> Outcome:
        made, name = self._manager, f"./{job.path}"
        content = _content(job.path)
        if content is None or hashlib.sha256(content).hexdigest() != job.sha256:
            return Outcome(unread="it changed or vanished while it was scanned; run again")
        if made.skipped or made.files_list != [name]:
            reason = (
                made.skipped[0][1] if made.skipped else "bandit does not say that it scanned it"
            )
            return Outcome(unread=_why(str(reason), content, self._listener.failure))
        comments, complete = nosec_comments(content)
        return Outcome(
            facts=Facts(
                issues=tuple(_issue(one, well_formed(job.path)) for one in made.results),
                comments=tuple((line, well_formed(text)) for line, text in comments),
                complete=complete,
            ),
            crashed=tuple(
                (_id_of(function), f"{function}, {count} time(s)")
                for function, count in sorted(self._listener.crashed.items())
            ),
        )


def _issue(result: object, path: str) -> Issue:
    """By its attributes: as_dict() cannot tell of a text that is no Unicode. (bandit 1.9.4)"""
    one: _Result = result  # type: ignore[assignment]
    lines = one.linerange or [one.lineno]
    text = well_formed(one.text)
    return Issue(
        test=one.test_id,
        name=one.test,
        severity=one.severity,
        confidence=one.confidence,
        text=text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…",
        line=one.lineno,
        first=min(lines),
        last=max(lines),
        column=max(-1, one.col_offset),
        end_column=max(-1, one.end_col_offset or 0),
        cwe=int(one.cwe.id),
        url=docs_utils.get_url(one.test_id),
        fingerprint=fingerprint_of(one.test_id, path, _flagged_line(one)),
    )


class _Cwe:
    id: int


class _Result:
    """What is used of bandit.core.issue.Issue."""

    test_id: str
    test: str
    severity: str
    confidence: str
    text: str
    lineno: int
    linerange: list[int]
    col_offset: int
    end_col_offset: int | None
    cwe: _Cwe
    fname: str


def _flagged_line(result: _Result) -> str:
    """The text of the flagged line, as bandit's snippets show it: up to what Python calls its end."""
    lines = linecache.getline(result.fname, result.lineno).splitlines()
    return lines[0] if lines else ""


def _why(reason: str, content: bytes, failure: str) -> str:
    try:
        ast.parse(content)
    except SyntaxError as why:
        return printable(f"{reason}: line {why.lineno}: {why.msg}")
    except (ValueError, RecursionError, MemoryError) as why:
        return printable(f"{reason}: {type(why).__name__}: {why}")
    return printable(f"{reason}: {failure}" if failure else reason)


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - a name may be no Unicode
            return stream.read()
    except OSError:
        return None


def _id_of(function: str) -> str:
    """bandit names the function of a test that crashed; an id is what a policy names."""
    for plugin in extension_loader.MANAGER.plugins:
        if plugin.plugin.__name__ == function:
            return str(plugin.plugin._test_id)  # noqa: SLF001 - where bandit itself looks
    return "B001" if function == "blacklist" else function


def _catalogue() -> Catalogue:
    known = extension_loader.MANAGER
    tests = {one.plugin._test_id: one.name for one in known.plugins}  # noqa: SLF001
    tests |= {id_: str(one["name"]) for id_, one in known.blacklist_by_id.items()}
    return Catalogue(tests={**tests, "B001": "blacklist"})


def _not_loaded() -> tuple[str, ...]:
    """stevedore logs that a plugin cannot be imported, and goes on without it. (5.5)"""
    known = extension_loader.MANAGER
    missing: set[str] = set()
    for loaded in (known.plugins_mgr, known.blacklists_mgr):
        missing |= {one.name for one in loaded.list_entry_points()} - set(loaded.names())
    return tuple(sorted(missing))
