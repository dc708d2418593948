"""How the answer of pip-audit is read: whole, of a source that knows something, or not at all. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version

from pytest_gates.errors import ToolError
from pytest_gates.model.audit import Audited, Question, Round
from pytest_gates.model.contracts import Completed
from pytest_gates.model.evidence import Scan, Unread
from pytest_gates.model.finding import Finding, fingerprint_of
from pytest_gates.model.package import Package
from pytest_gates.model.text import first_line, printable

_NAMED = 5
_LONGEST_ABOUT = 100
_PASSWORD = re.compile(r"(://)[^/@\s]*@")
_PREFERRED = ("PYSEC-", "GHSA-", "CVE-")
# pip-audit goes on after these, without the advisory that it speaks of. (2.10.1)
_DROPPED = ("Unsupported OSV schema version", "is missing 'affected' list")


class _Vulnerability(msgspec.Struct, frozen=True):
    id: str
    fix_versions: list[str]
    aliases: list[str] = []
    description: str = ""


class _Dependency(msgspec.Struct, frozen=True):
    name: str
    version: str | None = None
    vulns: list[_Vulnerability] | None = None
    skip_reason: str | None = None


class _Output(msgspec.Struct, frozen=True):
    dependencies: list[_Dependency]


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability under all its names: the preferred one, the others sorted."""

    rule: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]
    description: str


def scan_of(completed: Completed, source: str) -> Scan:
    """Raises ToolError unless each package was answered for, by a source that knows a canary."""
    source = without_password(source)
    audited = _audited(completed)
    questions = audited.questions
    answers = {
        pin: one
        for each in audited.rounds
        for pin, one in _answered(each, audited.said, source).items()
    }
    if not {*audited.canaries, *(one.pin for one in questions if one.pin)} <= set(answers):
        raise ToolError("pip-audit was not asked about every package", "report this as a bug")
    _refuse_what_was_dropped(audited.said, source)
    if answers:
        _refuse_a_source_that_knows_nothing(audited.canaries, answers, source)
    if not any(one.pin for one in questions) and all(one.package.local for one in questions):
        raise ToolError(
            "pip-audit found no package to audit", _nothing_to_audit(questions, audited.left_out)
        )
    unread = tuple(dict.fromkeys(_unread(questions, answers)))
    return Scan(
        tool="pip-audit",
        version=completed.context.version,
        inputs=len(
            {
                (canonicalize_name(one.package.name), one.package.version)
                for one in questions
                if one.pin and _is_whole(answers[one.pin])
            }
        ),
        findings=tuple(_findings(questions, answers)),
        unread=unread,
        seconds=round(completed.seconds, 3),
        notes=tuple(_notes(audited, answers, source)),
        packages=tuple(one.package for one in questions),
    )


def without_password(text: str) -> str:
    """A report travels further than the URL of a mirror may."""
    return _PASSWORD.sub(r"\1…@", text)


def _audited(completed: Completed) -> Audited:
    if completed.exit_code == 0:
        try:
            audited = msgspec.json.decode(completed.stdout, type=Audited)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        else:
            if audited.refused is not None:
                raise ToolError(*audited.refused)
            return audited
    said = _last_line(completed.stderr) or "nothing on stderr"
    raise ToolError(
        f"the audit left no whole answer (exit {completed.exit_code}; {said})",
        "run again, and report it if it stays",
    )


def _answered(asked: Round, said: str, source: str) -> dict[str, _Dependency]:
    """What pip-audit says of each pin. Raises ToolError unless it speaks of each, and of nothing else."""
    output = _decoded(asked, said, source)
    pins = {pin.partition("==")[0]: pin for pin in asked.asked}
    found: dict[str, _Dependency] = {}
    for one in output.dependencies:
        pin = pins.get(canonicalize_name(one.name))
        if pin is None or pin in found or not _is_of(one, pin):
            raise _another_answer(
                asked, f"it answers for {_shown(one)}, which it was not asked then"
            )
        found[pin] = one
    if len(found) != len(asked.asked):
        raise _another_answer(
            asked, f"it was handed {len(asked.asked)} packages and answered for {len(found)}"
        )
    return found


def _decoded(asked: Round, said: str, source: str) -> _Output:
    # 0: nothing found, also when every package was skipped; 1: findings, and any failure. (2.10.1)
    if asked.exit_code in {0, 1}:
        try:
            return msgspec.json.decode(asked.stdout, type=_Output)
        except msgspec.DecodeError:
            pass
    why = asked.failure or _last_line(said) or "it said nothing"
    status = "broke off" if asked.exit_code is None else f"exit {asked.exit_code}"
    raise ToolError(
        f"pip-audit left no whole JSON report ({status}; {without_password(first_line(why, 600))})",
        f"check that the source `{source}` can be reached and answers as it should, "
        'or name a database on this machine: source = "offline:…"',
    )


def _is_of(one: _Dependency, pin: str) -> bool:
    """A skipped package has no version."""
    version = _version(pin.partition("==")[2])
    return version is not None and (one.version is None or _version(one.version) == version)


def _another_answer(asked: Round, what: str) -> ToolError:
    return ToolError(
        f"pip-audit did not answer what it was asked: {printable(what, 200)}",
        f"run `pip-audit` by hand over {', '.join(asked.asked[:_NAMED])}, and report it",
    )


def _refuse_what_was_dropped(said: str, source: str) -> None:
    for line in said.splitlines():
        if any(words in line for words in _DROPPED):
            raise ToolError(
                f"pip-audit left out an advisory that it could not read ({first_line(line, 200)})",
                f"check what the source `{source}` serves: pip-audit understands version 1 of OSV",
            )


def _refuse_a_source_that_knows_nothing(
    canaries: tuple[str, ...], answers: Mapping[str, _Dependency], source: str
) -> None:
    """A captive portal and a wrong address answer `{}` to everything, and nobody ever fails again."""
    if any(answers[one].vulns for one in canaries):
        return
    raise ToolError(
        f"the source `{source}` answers, but does not know of any flaw in {' or '.join(canaries)}: "
        "it may know nothing",
        "check the address and any proxy in between; for a mirror without these, name a vulnerable "
        'package that it knows: canary = "name==version" in [tool.pytest-gates.pip-audit]',
    )


def _nothing_to_audit(questions: tuple[Question, ...], left_out: tuple[str, ...]) -> str:
    """What to do about it."""
    if questions:
        return "all that is there comes from local folders: install what it needs, or turn the gate off"
    if left_out:
        return f"audit where it asks for something ({left_out[0]})"
    return "check `requirements` in [tool.pytest-gates.pip-audit]"


def _is_whole(one: _Dependency) -> bool:
    return one.skip_reason is None and one.vulns is not None


def _unread(questions: Iterable[Question], answers: Mapping[str, _Dependency]) -> Iterator[Unread]:
    for one in questions:
        if one.pin and not _is_whole(answers[one.pin]):
            why = answers[one.pin].skip_reason or "pip-audit gives no result for it"
            yield Unread(subject=subject_of(one.package), why=printable(why))
        elif not one.pin and not one.package.local:
            yield Unread(subject=subject_of(one.package), why=one.why_not)


def _findings(
    questions: Iterable[Question], answers: Mapping[str, _Dependency]
) -> Iterator[Finding]:
    """One of a package and version, however many files list it."""
    of_version: dict[tuple[str, str | None], list[Question]] = defaultdict(list)
    for one in questions:
        if one.pin:
            of_version[canonicalize_name(one.package.name), one.package.version].append(one)
    for same in of_version.values():
        package = next((one.package for one in same if one.package.required_by), same[0].package)
        for flaw in merged(answers[same[0].pin].vulns or (), same[0].pin.partition("==")[2]):
            yield finding_of(package, flaw)


def merged(vulnerabilities: Iterable[_Vulnerability], version: str) -> tuple[Flaw, ...]:
    """Those that share a name, and those that share one with these, are one flaw."""
    groups: list[tuple[set[str], list[_Vulnerability]]] = []
    for one in vulnerabilities:
        names, members = {one.id, *one.aliases}, [one]
        apart = []
        for group in groups:
            if names.isdisjoint(group[0]):
                apart.append(group)
            else:
                names |= group[0]
                members = [*group[1], *members]
        groups = [*apart, (names, members)]
    return tuple(sorted((_flaw(*group, version) for group in groups), key=lambda one: one.rule))


def _flaw(names: set[str], members: list[_Vulnerability], version: str) -> Flaw:
    rule, *others = sorted(map(printable, names), key=_preference)
    return Flaw(
        rule=rule,
        aliases=tuple(sorted(others)),
        fixed_in=_later({fix for one in members for fix in one.fix_versions}, version),
        description=next((one.description for one in members if one.description), ""),
    )


def _preference(name: str) -> tuple[int, str]:
    kind = next((n for n, prefix in enumerate(_PREFERRED) if name.startswith(prefix)), 9)
    return kind, name


def _later(fixes: Iterable[str], version: str) -> tuple[str, ...]:
    """An advisory names the fixes of all branches: those behind us are of other ones."""
    known = {_version(text) for text in fixes}
    here = _version(version)
    later = sorted(fix for fix in known if fix is not None and here is not None and fix > here)
    return tuple(str(fix) for fix in later)


def _version(text: str) -> Version | None:
    """None for what cannot be compared."""
    try:
        return Version(text)
    except ValueError:  # also for numbers of too many digits
        return None


def finding_of(package: Package, flaw: Flaw) -> Finding:
    """Its message is the one line that people read."""
    subject = subject_of(package)
    return Finding(
        rule=flaw.rule,
        message=line_of(subject, flaw.description, flaw.fixed_in, package.required_by),
        subject=subject,
        aliases=flaw.aliases,
        url=f"https://osv.dev/vulnerability/{flaw.rule}",
        remedy=f"upgrade {package.name} to {' or '.join(flaw.fixed_in)}"
        if flaw.fixed_in
        else "replace it, or waive it until there is a fix",
        fingerprint=fingerprint_of(flaw.rule, canonicalize_name(package.name), ""),
        detail=first_line(flaw.description, 2000) or None,
        fixed_in=flaw.fixed_in,
        required_by=package.required_by,
    )


def line_of(subject: str, about: str, fixed_in: Iterable[str], required_by: Iterable[str]) -> str:
    """What is wrong with which package, what to go to, and who asks for it, in one line."""
    # A sentence may go on in the next line; a paragraph ends with an empty one.
    paragraph = re.split(r"\n\s*\n", about.strip(), maxsplit=1)[0]
    text = first_line(" ".join(paragraph.split()), _LONGEST_ABOUT * 10)
    if len(text) > _LONGEST_ABOUT:  # the beginning says most: a description often goes on and on
        text = text[:_LONGEST_ABOUT].rpartition(" ")[0].rstrip(",;:") + "…"
    fixed, way = ", ".join(fixed_in), " > ".join(required_by)
    parts = (
        f"{subject}: {text.rstrip('.') if text not in {'', 'N/A'} else 'known vulnerability'}",
        f"fixed in {fixed}" if fixed else "no fixed version yet",
        *((f"required by {way}",) if way else ()),
    )
    return printable("; ".join(parts), 1000)


def subject_of(package: Package) -> str:
    return f"{package.name} {package.version}" if package.version else package.name


def _notes(
    audited: Audited,
    answers: Mapping[str, _Dependency],
    source: str,
) -> Iterator[str]:
    yield f"advisories from {source}"
    known = [one for one in audited.canaries if answers[one].vulns]
    if known:
        yield f"the source knows what it must know: {', '.join(known)}"
    local = [one.package.name for one in audited.questions if one.package.local]
    if local:
        yield f"not audited, from a local folder: {', '.join(local)}"
    builds = [
        subject_of(one.package) for one in audited.questions if one.pin and _is_build(one.package)
    ]
    if builds:
        yield f"asked for without the part after the +: {', '.join(builds)}"
    if audited.left_out:
        more = ", …" if len(audited.left_out) > _NAMED else ""
        first = "; ".join(audited.left_out[:_NAMED])
        yield f"{len(audited.left_out)} left out of the files: {first}{more}"


def _is_build(package: Package) -> bool:
    return "+" in (package.version or "")


def _shown(one: _Dependency) -> str:
    return f"{one.name} {one.version}" if one.version else one.name


def _last_line(text: str) -> str:
    """A traceback says what is wrong at its end."""
    lines = [line for line in text.splitlines() if line.strip()]
    return first_line(lines[-1], 600) if lines else ""
