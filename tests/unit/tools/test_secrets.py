"""Shows what the built-in search for secrets is asked and that its answer counts only when it is whole."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from pytest_gates.errors import NothingToScan, ToolError
from pytest_gates.model.evidence import Scan, Unavailable
from pytest_gates.model.finding import Location, Severity
from pytest_gates.tools.secrets import TOOL, SecretsSettings, command, read
from support.fake_tools import a_context, completed

FILES = ("a.py", "docs/b.md", "tests/c.py")
CONTEXT = msgspec.structs.replace(a_context(), files=FILES)
SECRET = {"rule": "github-token", "path": "a.py", "line": 3, "column": 9, "digest": "0123456789ab"}
WHOLE: dict[str, Any] = {
    "scanned": 3,
    "findings": [SECRET],
    "unread": [],
    "binary": [],
    "elsewhere": [],
}


def a_scan(exit_code: int = 0, expected: tuple[str, ...] = FILES, **said: Any) -> Scan:
    done = completed(
        json.dumps({**WHOLE, **said}), exit_code=exit_code, expected=expected, notes=("n",)
    )
    return read(done, SecretsSettings())


def test_the_files_are_told_on_standard_input_and_the_limit_in_words() -> None:
    asked = command(SecretsSettings(max_kilobytes=5), CONTEXT)

    assert asked.argv == ("python", "-I", "-m", "pytest_gates.adapters.secrets_scan", "5000")
    assert asked.told == b"a.py\0docs/b.md\0tests/c.py"
    assert (asked.expected, asked.notes) == (FILES, ())
    assert TOOL.needs_all_files


def test_globs_choose_the_files_and_it_is_said_how_many_they_left_out() -> None:
    asked = command(SecretsSettings(paths=("**/*.py",), exclude=("tests/**",)), CONTEXT)

    assert asked.expected == ("a.py",)
    assert asked.notes == ("2 of 3 files left out by paths and exclude",)


def test_a_name_that_is_no_utf8_is_told_as_it_is_on_disk() -> None:
    odd = msgspec.structs.replace(CONTEXT, files=("\udcff.py",))
    assert command(SecretsSettings(), odd).told == b"\xff.py"


def test_a_secret_is_a_finding_that_does_not_tell_its_value() -> None:
    scan = a_scan()
    (found,) = scan.findings

    assert (found.rule, found.severity) == ("github-token", Severity.HIGH)
    assert found.message == "github token in the open (sha256 0123456789ab)"
    assert found.location == Location(path="a.py", line=3, column=9)
    assert found.subject == "sha256:0123456789ab"
    assert "revoke" in (found.remedy or "")
    assert (scan.tool, scan.inputs, scan.unread, scan.notes) == ("secrets", 3, (), ("n",))


def test_what_was_not_looked_at_is_said() -> None:
    names = [f"{number}.png" for number in range(6)]
    scan = a_scan(
        expected=tuple("123456789"), scanned=1, unread=[["big.csv", "it is large"]], binary=names,
        elsewhere=["link"],
    )  # fmt: skip

    assert [(one.subject, one.why) for one in scan.unread] == [("big.csv", "it is large")]
    assert scan.notes[1:] == (
        "6 binary file(s) not looked at: 0.png, 1.png, 2.png, 3.png, 4.png, …",
        "1 link(s) and folder(s) of other repositories not followed: link",
    )


def test_without_a_file_there_is_nothing_to_scan() -> None:
    with pytest.raises(NothingToScan) as caught:
        a_scan(expected=())
    assert "[tool.pytest-gates.secrets]" in caught.value.remedy


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"scanned": 2}, id="a file short"),
        pytest.param({"binary": ["a.png"]}, id="a file too many"),
        pytest.param({"exit_code": 1}, id="failed"),
        pytest.param({"findings": None}, id="no findings"),
        pytest.param({"findings": [{**SECRET, "digest": "ghp_value"}]}, id="a value for a digest"),
    ],
)
def test_what_is_not_a_whole_report_is_an_error(said: dict[str, Any]) -> None:
    with pytest.raises(ToolError) as caught:
        a_scan(**said)
    assert caught.value.why
    assert caught.value.remedy


GUESSING = SecretsSettings(detect_secrets=True)
PASSWORD = {**SECRET, "rule": "detect-secrets/secret-keyword", "digest": "0123", "also": ["x/y"]}
LOOKED: dict[str, Any] = {
    "version": "1.5.0",
    "trouble": "",
    "scanned": 1,
    "left_out": ["poetry.lock"],
    "unread": [],
    "no_text": 0,
}


def guessed(changed: tuple[str, ...] | Unavailable | None, **said: Any) -> Scan:
    context = msgspec.structs.replace(CONTEXT, changed=changed)
    done = completed(json.dumps({**WHOLE, **said}), expected=FILES, context=context)
    return read(done, GUESSING)


def test_detect_secrets_looks_at_the_changed_files_that_were_chosen() -> None:
    here = msgspec.structs.replace(CONTEXT, files=(*FILES, "\udcff.py"))
    changed = msgspec.structs.replace(here, changed=("gone.py", "docs/b.md", "\\udcff.py"))
    told = command(SecretsSettings(detect_secrets=True, exclude=("a.py",)), changed).told
    assert told == b"docs/b.md\0tests/c.py\0\xff.py\0\0docs/b.md\0\xff.py"
    assert b"\0\0" not in command(SecretsSettings(), changed).told


@pytest.mark.parametrize(
    "settings, change, quick",
    [
        (SecretsSettings(), False, True),
        (SecretsSettings(only_new=True), True, True),
        (GUESSING, True, False),
    ],
)
def test_what_detect_secrets_needs(settings: SecretsSettings, change: bool, quick: bool) -> None:
    assert settings.needs_change is change
    assert settings.takes_long is not quick
    assert settings.scans_changed is not quick
    assert "`exclude`" in settings.unread_remedy
    assert TOOL.quick


def test_a_guess_is_milder_and_says_so() -> None:
    scan = guessed(("a.py", "docs/b.md"), findings=[PASSWORD], guesses=LOOKED)
    (found,) = scan.findings
    assert found.message == "what may be a secret keyword in the open (sha256 0123)"
    assert (found.severity, found.aliases, found.suppressed) == (Severity.MEDIUM, ("x/y",), None)
    assert "pragma: allowlist secret: <why" in (found.remedy or "")
    assert scan.unread == ()
    assert scan.notes == (
        "1 file(s) of a kind that detect-secrets leaves out: poetry.lock",
        "detect-secrets 1.5.0 looked at 1 changed file(s)",
    )


@pytest.mark.parametrize("comment, suppressed", [("", None), ("a sandbox", "a sandbox")])
def test_a_comment_hides_a_guess_where_it_gives_a_reason(
    comment: str, suppressed: str | None
) -> None:
    scan = guessed((), findings=[{**PASSWORD, "comment": comment}])
    (found,) = scan.findings
    assert found.suppressed == suppressed
    assert (found.remedy is None) is (suppressed is not None)


@pytest.mark.parametrize(
    "changed, guesses, why",
    [
        (Unavailable(why="no base", remedy="name one"), None, "no base; name one"),
        (None, None, "nobody asked for the change; report this"),
        (("a.py",), {**LOOKED, "trouble": "it is not installed: pip install x"}, "pip install x"),
        (("a.py",), {**LOOKED, "scanned": 0, "left_out": []}, "told of 0 of 1"),
        (("a.py",), None, "told of 0 of 1"),
        ((), None, None),
        (("gone.py",), None, None),
        (("a.py", "docs/b.md"), LOOKED, None),
        (("a.py",), {**LOOKED, "scanned": 0, "left_out": [], "no_text": 1}, None),
    ],
)
def test_where_it_could_not_look_its_answer_is_not_known(
    changed: tuple[str, ...] | Unavailable | None, guesses: dict[str, Any] | None, why: str | None
) -> None:
    unread = guessed(changed, guesses=guesses).unread
    assert [one.subject for one in unread] == ([] if why is None else ["changed files"])
    assert why is None or why in unread[0].why


def test_a_file_at_which_it_stumbled_is_unread() -> None:
    unread = [["a.py", "detect-secrets stumbled: ValueError"]]
    scan = guessed(("a.py",), guesses={**LOOKED, "scanned": 0, "left_out": [], "unread": unread})
    assert [one.subject for one in scan.unread] == ["a.py"]
