"""`gates report` and `gates show`: a stored report once more, in any form, and no judgement."""

from __future__ import annotations

import json

import pytest

from support.judged import Judged

WRONG = 2


def test_a_report_is_written_in_another_form(red: Judged) -> None:
    done = red.python("-m", "pytest_gates", "report", "--format", "github")
    assert done.returncode == 0
    assert done.stdout.startswith("::error title=tests%3A failed-test,file=test_it.py,line=2::")

    done = red.python("-m", "pytest_gates", "report", "--format", "sarif", "-o", "out/it.sarif")
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads((red.root / "out" / "it.sarif").read_text())["version"] == "2.1.0"


def test_the_screen_is_shown_again(red: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    done = red.python("-m", "pytest_gates", "show")
    assert done.returncode == 0
    assert "gates: BLOCKED" in done.stdout
    assert "test_bad" in done.stdout
    assert "\x1b" not in done.stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    one_line = red.python("-m", "pytest_gates", "show", "-q", "gates-report/report.json")
    assert one_line.stdout.startswith("\x1b[31mgates: BLOCKED")
    assert len(one_line.stdout.splitlines()) == 1


def test_a_finding_is_explained(red: Judged) -> None:
    done = red.python("-m", "pytest_gates", "explain")
    assert done.returncode == 0
    assert done.stdout.startswith("tests: fail, blocks the merge\n  ")
    assert "  fail: failed-test" in done.stdout
    by_name = red.python("-m", "pytest_gates", "explain", "test_it.py::test_bad")
    assert "  fail: failed-test" in by_name.stdout
    assert "found:" not in by_name.stdout


@pytest.mark.parametrize(
    "words, said",
    [
        (("report", "--format", "sarf"), "one of json, markdown"),
        (("report", "--format", "json", "no.json"), "run `pytest -p gates`"),
        (("report",), "--format"),
        (("explain", "test"), "nearest: tests"),
        (("show", "-q", "-v"), "exclude each other"),
        (("show", "test_it.py"), "not a whole report"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(
    green: Judged, words: tuple[str, ...], said: str
) -> None:
    done = green.python("-m", "pytest_gates", *words)
    assert done.returncode == WRONG
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_forms_are_listed(green: Judged) -> None:
    done = green.python("-m", "pytest_gates", "report", "--format", "help")
    assert "github       github-annotations.txt" in done.stdout


def test_a_place_that_cannot_be_written_is_told(green: Judged) -> None:
    done = green.python("-m", "pytest_gates", "report", "--format", "json", "-o", "test_it.py/x")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
