"""Shows what detect-secrets adds to the known forms, and that no value leaves the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from pytest_gates.adapters.secrets_guesses import Guess, Guesses
from pytest_gates.adapters.secrets_rules import secrets_in

# Put together here, so that nobody takes this file for one that holds them.
WORD = "kq8-Wm2" + "_hJ7xPz4v"
OTHER = "zz9-Plural" + "-Z-Alpha-77"
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"
KEYWORD = "detect-secrets/secret-keyword"
SEEN = [
    pytest.param(f"PASSWORD = '{WORD}'\n".encode(), 1, id="plain"),
    pytest.param(f"\r\nPASSWORD = '{WORD}'\r\n".encode(), 2, id="CRLF"),
    pytest.param(f"\xe4 = 1\nPASSWORD = '{WORD}'\n".encode("latin-1"), 2, id="latin-1"),
]


@pytest.fixture(autouse=True)
def _own_detect_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A search changes settings of the library and the log: elsewhere a process ends with it."""
    monkeypatch.setattr("logging.disable", lambda level: None)
    yield
    settings: Any = pytest.importorskip("detect_secrets.settings")
    settings.get_settings().clear()
    settings.cache_bust()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def guesses(name: str, content: bytes) -> tuple[tuple[Guess, ...], dict[str, Any]]:
    Path(name).write_bytes(content)
    search = Guesses()
    return search.look_at(name, content, tuple(secrets_in(content))), search.report()


@pytest.mark.parametrize("content, line", SEEN)
def test_a_password_of_no_known_form_is_found(here: Path, content: bytes, line: int) -> None:
    (found,), told = guesses("a.py", content)
    assert (found.secret.rule, found.secret.line, found.comment) == (KEYWORD, line, None)
    assert found.secret.column == len("PASSWORD = '") + 1
    assert len(found.secret.digest) == 4
    assert (told["scanned"], told["trouble"], told["unread"]) == (1, "", [])
    assert WORD not in repr(found)


def test_two_plugins_that_find_one_value_are_one_guess(here: Path) -> None:
    value = "hJ8kQ2mZx7LwR4tY" + "cV1bN6sDfGpA0uEi"
    (found,), _ = guesses("a.py", f"API_KEY = '{value}'\n".encode())
    assert found.secret.rule == KEYWORD
    assert found.also == ("detect-secrets/base64-high-entropy-string",)


def test_what_has_a_form_of_its_own_is_not_guessed_again(here: Path) -> None:
    assert guesses("a.py", f"TOKEN_SECRET = '{TOKEN}'\n".encode())[0] == ()


@pytest.mark.parametrize(
    "name, text, comment",
    [
        ("a.py", f"P_SECRET = '{WORD}'  # pragma: allowlist secret", ""),
        ("a.py", f"P_SECRET = '{WORD}'  # pragma: allowlist secret: a sandbox", "a sandbox"),
        ("a.py", f"P_SECRET = '{WORD}'  # pragma: allowlist secret - {WORD} is none", "… is none"),
        ("a.py", f"# pragma: allowlist nextline secret: ours\nP_SECRET = '{WORD}'", "ours"),
        ("a.js", f"let secret = '{WORD}' /* pragma: allowlist secret: old */", "old"),
        ("a.py", f"P_SECRET = '{WORD}'  # a secret", None),
    ],
)
def test_a_comment_is_told_with_its_reason_and_not_with_the_value(
    here: Path, name: str, text: str, comment: str | None
) -> None:
    (found,), _ = guesses(name, text.encode())
    assert found.comment == comment


@pytest.mark.parametrize("name", ["poetry.lock", "a.svg", "swagger.json"])
def test_a_kind_of_file_that_it_leaves_out_is_told(here: Path, name: str) -> None:
    found, told = guesses(name, f"password = '{WORD}'\n".encode())
    assert (found, told["left_out"], told["scanned"]) == ((), [name], 0)


def test_a_file_that_is_no_text_is_counted() -> None:
    search = Guesses()
    assert search.look_at("a.bin", None, ()) == ()
    assert search.report()["no_text"] == 1


def test_a_file_at_which_it_stumbles_is_unread_and_the_reason_has_no_value(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(name: str) -> Iterator[Any]:
        raise ValueError(WORD)

    monkeypatch.setattr("detect_secrets.core.scan.scan_file", stumble)
    found, told = guesses("a.py", b"x = 1\n")
    assert (found, told["unread"]) == ((), [("a.py", "detect-secrets stumbled: ValueError")])


def test_a_file_that_it_passes_over_without_a_word_is_unread(here: Path) -> None:
    search = Guesses()
    assert search.look_at("gone.py", b"x = 1\n", ()) == ()  # its own filter asks for a regular file
    assert search.report()["unread"] == [("gone.py", "detect-secrets did not read it")]


@pytest.mark.parametrize("missing", ["detect_secrets.core", "importlib.metadata"])
def test_where_it_cannot_be_used_nobody_looks(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "importlib.metadata":
        monkeypatch.setattr("importlib.metadata.version", _not_installed)
    else:
        monkeypatch.setitem(sys.modules, missing, None)
    search = Guesses()
    assert search.look_at("a.py", b"x = 1\n", ()) == ()
    trouble = search.report()["trouble"]
    assert ("pip install 'pytest-gates[detect-secrets]'" in trouble) is (missing[0] == "i")
    assert trouble


def _not_installed(name: str) -> str:
    raise PackageNotFoundError(name)


def test_the_child_tells_both_and_no_value_in_its_answer_or_on_stderr(tmp_path: Path) -> None:
    text = f"T = '{TOKEN}'\nDB_PASSWORD = '{WORD}'\n"
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    (tmp_path / "wide.py").write_text(f"DB_PASSWORD = '{OTHER}'\n", encoding="utf-16")
    (tmp_path / "old.py").write_text(f"DB_PASSWORD = '{OTHER}'\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-m", "pytest_gates.adapters.secrets_scan", "9000"],
        cwd=tmp_path,
        input=b"a.py\0old.py\0wide.py\0\0a.py\0wide.py",
        capture_output=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    told = json.loads(done.stdout)
    assert [(one["rule"], one["path"], one["line"]) for one in told["findings"]] == [
        ("github-token", "a.py", 1),
        (KEYWORD, "a.py", 2),
        (KEYWORD, "wide.py", 1),
    ]
    assert told["guesses"]["scanned"] == 2
    said = done.stdout + done.stderr
    assert not any(one.encode() in said for one in (TOKEN, WORD, OTHER))
