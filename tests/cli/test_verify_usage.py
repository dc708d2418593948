"""Wrong usage of `gates verify` ends with 2, never with something a CI job takes for success."""

from __future__ import annotations

import pytest

from support.judged import Judged

WRONG = 2


@pytest.mark.parametrize(
    "words",
    [
        ("--no-such-option",),
        ("--commit", "abcdef1", "--any-commit"),
        ("--max-age", "soon"),
        ("--max-age", "0"),
        ("--max-age", "-1h"),
        ("--max-age", "1.5d"),
        ("--root", "no/such/folder"),
        ("--config", "no-such.toml"),
        ("--profile", "no-such-profile"),
        ("--commit",),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(green: Judged, words: tuple[str, ...]) -> None:
    done = green.verify(*words)
    assert done.returncode == WRONG
    assert "Traceback" not in done.stderr
    assert "Error" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "[tool.pytest-gates.coverge]\nlines = 80\n",
        "[tool.pytest-gates.coverage]\nline = 80\n",
        "[tool.pytest-gates.coverage]\nlines = 180\n",
        "[tool.pytest-gates.tests\n",
        "[tool.pytest-gates]\nrequired-version = '>=99'\n",
    ],
)
def test_a_wrong_policy_is_wrong_usage(green: Judged, text: str) -> None:
    green.write({"pyproject.toml": text})
    done = green.verify()
    assert done.returncode == WRONG
    assert "policy is wrong" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_problem_of_the_policy_is_told_at_once(green: Judged) -> None:
    green.write(
        {"pyproject.toml": "[tool.pytest-gates]\nexpct = []\n[tool.pytest-gates.bandit]\nskip = 1"}
    )
    done = green.verify()
    assert done.returncode == WRONG
    assert "did you mean `expect`?" in done.stderr
    assert "did you mean `skips`?" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "[[waiver]]\ngate = 'tests'\n",
        "[[waiver]]\ngate='tests'\nsubject='x'\nreason='r'\nowner='@ana'\nexpires='soon'\n",
        "[[waiver]]\ngate='tests'\nsubject='x'\nreason=' '\nowner='@ana'\nexpires=2030-01-01\n",
        "[[waiver]]\ngate='tets'\nsubject='x'\nreason='r'\nowner='@ana'\nexpires=2030-01-01\n",
        "[[waver]]\n",
        "waiver = 1\n",
        "[[waiver]\n",
    ],
)
def test_a_wrong_exceptions_file_is_wrong_usage(green: Judged, text: str) -> None:
    green.write({"gates-exceptions.toml": text})
    done = green.verify()
    assert done.returncode == WRONG
    assert "gates-exceptions.toml" in done.stderr


def test_an_exceptions_file_that_is_no_text_is_wrong_usage(green: Judged) -> None:
    (green.root / "gates-exceptions.toml").write_bytes(b"\xff\xfe\x00")
    assert green.verify().returncode == WRONG


def test_an_unknown_command_is_wrong_usage(green: Judged) -> None:
    assert green.python("-m", "pytest_gates", "verfy").returncode == WRONG
