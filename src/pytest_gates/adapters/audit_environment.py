"""List what an environment or files hold, and ask pip-audit about it. Effects: a main program, network.

Run as `python -I -m pytest_gates.adapters.audit_environment` with an AuditOrder on standard input; an
`Audited` is the answer. Being its own process, it costs the test run no time, and its imports cannot be
shadowed by the judged project. Of pip-audit it uses the command line and the JSON: nothing else is public.
"""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from packaging.utils import canonicalize_name, is_normalized_name
from packaging.version import Version

from pytest_gates.adapters.inventory import environment, listing
from pytest_gates.errors import ToolError
from pytest_gates.model.audit import Audited, AuditOrder, Question, Round
from pytest_gates.model.package import Package
from pytest_gates.model.text import first_line, well_formed

_CANARIES = 2
_SAID = 20_000
_FAILURE = 600


def audited(order: AuditOrder) -> Audited:
    """All that pip-audit says. What it could not be asked is told as well."""
    try:
        packages, left_out = _packages(order)
    except ToolError as why:
        return Audited(refused=(why.why, why.remedy))
    questions = tuple(map(question_of, packages))
    pins = {one.pin for one in questions if one.pin}
    if not pins:
        return Audited(questions=questions, left_out=left_out)
    canaries = chosen(order.canaries, pins)
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        rounds = tuple(
            asked(pins_of_round, order.options) for pins_of_round in split({*pins, *canaries})
        )
    return Audited(
        questions=questions,
        left_out=left_out,
        canaries=canaries,
        rounds=rounds,
        said=well_formed(said.getvalue()[-_SAID:]),
    )


def _packages(order: AuditOrder) -> tuple[list[Package], tuple[str, ...]]:
    """Raises ToolError."""
    found = list(environment(order.paths)) if order.paths else []
    left_out: list[str] = []
    for name in order.files:
        one = listing(Path(name))
        found += one.packages
        left_out += one.left_out
    return found, tuple(left_out)


def question_of(package: Package) -> Question:
    """A name or a version that is none is never handed on: a requirements file would make options of it."""
    if package.local:
        return Question(package=package, why_not="it comes from a folder on this machine")
    name = canonicalize_name(package.name)
    if not is_normalized_name(name):
        return Question(package=package, why_not="this is no name of a package")
    if package.version is None:
        return Question(package=package, why_not="no version of it is known here")
    try:
        version = Version(package.version)
    except ValueError:  # also for numbers of too many digits
        return Question(package=package, why_not="no source can know such a version (PEP 440)")
    # `2.0+cu118` is a build of 2.0, and only of that one do advisories speak.
    return Question(package=package, pin=f"{name}=={version.public}")


def chosen(canaries: Iterable[str], pins: Iterable[str]) -> tuple[str, ...]:
    """The first ones that are not audited anyway; those of other packages first, for fewer rounds."""
    pins = set(pins)
    names = {pin.partition("==")[0] for pin in pins}
    others = [one for one in canaries if one not in pins]
    others.sort(key=lambda one: one.partition("==")[0] in names)
    return tuple(others[:_CANARIES]) or tuple(canaries)[:1]


def split(pins: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Rounds in which each package has one version: pip-audit refuses a second one."""
    left = sorted(pins)
    while left:
        now: dict[str, str] = {}
        for pin in left:
            now.setdefault(pin.partition("==")[0], pin)
        yield tuple(now.values())
        left = [pin for pin in left if now[pin.partition("==")[0]] != pin]


def asked(pins: tuple[str, ...], options: tuple[str, ...]) -> Round:
    """One call of pip-audit, in this process: importing it twice would take most of the time."""
    out = io.StringIO()
    exit_code: int | None = 0
    failure = ""
    with tempfile.TemporaryDirectory(prefix="pytest-gates-") as folder:
        file = Path(folder) / "pins.txt"
        file.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
        sys.argv = ["pip-audit", *options, "--disable-pip", "--no-deps", "-r", str(file)]
        try:
            with contextlib.redirect_stdout(out):
                runpy.run_module("pip_audit", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            exit_code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except Exception as broke:  # pip-audit leaves most failures of the network to Python
            exit_code, failure = None, told(broke)
    return Round(
        asked=pins, exit_code=exit_code, stdout=well_formed(out.getvalue()), failure=failure
    )


def told(broke: BaseException) -> str:
    """What a traceback says at its end; pip-audit's own errors say nothing, but what caused them does."""
    words = first_line(str(broke), _FAILURE)
    if not words and broke.__cause__ is not None:
        return told(broke.__cause__)
    return f"{type(broke).__name__}: {words}" if words else type(broke).__name__


def keep_out() -> None:
    """pip-audit starts `python -m pip`, which would run a folder `pip` of the judged project."""
    for name in [name for name in os.environ if name.startswith("PYTHON")]:
        del os.environ[name]
    os.environ["PYTHONSAFEPATH"] = "1"


def main() -> None:
    keep_out()
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=AuditOrder)
    sys.stdout.buffer.write(msgspec.json.encode(audited(order)))


if __name__ == "__main__":
    main()
