"""From pytest's reports of one run of a test to an `Attempt`. Reads pytest's objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from pytest_gates.flakes.signature import signature_of
from pytest_gates.model.case import BAD_OUTCOMES, Attempt, Failure, Outcome, Setting
from pytest_gates.model.text import first_line, well_formed

MESSAGE_LIMIT = 300
_TEXT_LIMIT = 20_000
_CAPTURED_LIMIT = 10_000
_ATTRIBUTE = "gates_failure"


def note_exception(report: Any, excinfo: pytest.ExceptionInfo[BaseException], root: Path) -> None:
    """Keep what a report does not hold: the type of the exception, and where in the project it was."""
    kind = excinfo.typename
    try:
        message = str(excinfo.value)
    except Exception:  # an exception of the project that cannot even be printed: its type must do
        message = ""
    setattr(report, _ATTRIBUTE, (kind, signature_of(kind, message, _own_frame(excinfo, root))))


def attempt_of(
    reports: Sequence[pytest.TestReport], setting: Setting, worker: str | None = None
) -> Attempt:
    """One attempt from the reports of its phases, in their order, those of subtests among them."""
    outcome: Outcome | None = None
    bad: pytest.TestReport | None = None
    for report in reports:
        if outcome in BAD_OUTCOMES:
            break
        found = outcome_of(report)
        if report.when == "call" or found in BAD_OUTCOMES or report.outcome != "passed":
            outcome = found
        if found in BAD_OUTCOMES:
            bad = report
    message, line = (None, None) if bad is None else what_failed(bad)
    return Attempt(
        outcome=outcome or Outcome.INTERRUPTED,
        seconds=sum(report.duration for report in reports if not _is_subtest(report)),
        worker=worker,
        message=message,
        line=line,
        setting=setting,
        failure=None if bad is None else _failure(bad),
    )


def outcome_of(report: pytest.TestReport) -> Outcome:
    """What one phase says in our words."""
    if report.outcome == "passed":
        return Outcome.XPASSED if hasattr(report, "wasxfail") else Outcome.PASSED
    if report.outcome == "skipped":
        return Outcome.XFAILED if hasattr(report, "wasxfail") else Outcome.SKIPPED
    # "failed", or "rerun" of a subtest that was held back, or by a plugin that tries again
    return Outcome.FAILED if report.when == "call" else Outcome.ERROR


def what_failed(report: pytest.TestReport) -> tuple[str | None, int | None]:
    """First line of the failure, and its line in the test's own file (from 1) where that is known."""
    crash = getattr(report.longrepr, "reprcrash", None)
    path, def_line, _ = report.location
    line = None if def_line is None else def_line + 1
    if crash is None:
        return first_line(last_words(report.longreprtext), MESSAGE_LIMIT) or None, line
    if str(crash.path).replace("\\", "/").endswith(path.replace("\\", "/")):
        line = crash.lineno
    return _telling_line(crash.message), line


def last_words(text: str) -> str:
    """The lines pytest marks with `E`, where there are any: they say what is wrong."""
    marked = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    return "\n".join(marked) or text


def what_was_raised(attempt: Attempt) -> str:
    """`ValueError: the message`, for people's regular expressions; empty for an attempt that passed."""
    if attempt.failure is None:
        return attempt.message or ""
    message = attempt.message or ""
    kind = attempt.failure.kind
    return message if message.startswith(kind) else f"{kind}: {message}"


def _failure(report: Any) -> Failure:
    noted = getattr(report, _ATTRIBUTE, None)
    message = what_failed(report)[0] or ""
    kind, signature = noted or ("", signature_of("", message, report.location[0]))
    return Failure(
        signature=signature,
        kind=well_formed(kind),
        phase=report.when or "unknown",
        text=_kept(report.longreprtext, _TEXT_LIMIT),
        stdout=_kept(report.capstdout, _CAPTURED_LIMIT),
        stderr=_kept(report.capstderr, _CAPTURED_LIMIT),
        log=_kept(report.caplog, _CAPTURED_LIMIT),
    )


def _kept(text: str, limit: int) -> str:
    """The end of it: what was said last, just before the failure, tells most."""
    if len(text) <= limit:
        return well_formed(text)
    return f"[… {len(text) - limit} characters left out]\n{well_formed(text[-limit:])}"


def _own_frame(excinfo: pytest.ExceptionInfo[BaseException], root: Path) -> str:
    """`<path>:<function>` of the last frame in the project's own code, empty when there is none."""
    for place, function in reversed(tuple(_frames(excinfo))):
        path = Path(place)
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            return f"{path.relative_to(root).as_posix()}:{function}"
    return ""


def _frames(excinfo: pytest.ExceptionInfo[BaseException]) -> Iterable[tuple[str, str]]:
    traceback: TracebackType | None = excinfo.tb
    while traceback is not None:
        code = traceback.tb_frame.f_code
        yield code.co_filename, code.co_qualname
        traceback = traceback.tb_next


def _telling_line(message: str) -> str | None:
    """The first line; with the second where it ends in a colon ("AssertionError:")."""
    lines = [one.strip() for one in message.splitlines() if one.strip()][:2]
    if len(lines) > 1 and not lines[0].endswith(":"):
        del lines[1]
    return first_line(" ".join(lines), MESSAGE_LIMIT) or None


def _is_subtest(report: pytest.TestReport) -> bool:
    return hasattr(report, "context")
