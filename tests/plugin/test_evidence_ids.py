"""Hostile names of tests: they are counted, told, and harmless to the reader."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_gates.model.case import Standing
from pytest_gates.model.report import Decision
from support.projects import ONLY_TESTS, Project
from support.runs import block, lean

_UNESCAPED = """
    [tool.pytest.ini_options]
    disable_test_id_escaping_and_forfeit_all_rights_to_community_support = true
"""
_SUITE = """
    import pytest

    @pytest.mark.parametrize("number", [1], ids=[{name}])
    def test_it(number): assert number == {wanted}
"""
_NAMES = {
    "non-ascii": "Grüße 你好 🙂",
    "ansi": "\x1b[31mred\x1b[2J\x1b]0;title\x07",
    "newline": "one\ntwo\r\nthree",
    "bidi": "\u202eevil\u2066",
    "command": "::error file=x::stop %0A",
    "markup": "]]><script>alert(1)</script>&amp;",
    "quotes": 'it\'s "quoted" `x` $(y) \\z',
    "colons": "a::b::c",
    "long": "x" * 100_000,
}

# pytest's own cache cannot write a lone surrogate, and ends the session with a traceback. (9.2)
_NO_CACHE = ("-p", "no:cacheprovider")


@pytest.fixture(autouse=True)
def lean_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    lean(monkeypatch)


@pytest.mark.parametrize("name", _NAMES.values(), ids=_NAMES)
def test_a_hostile_name_is_recorded_as_it_is(
    project: Project, workers: tuple[str, ...], name: str
) -> None:
    project.policy(ONLY_TESTS + _UNESCAPED)
    project.write({"test_it.py": _SUITE.format(name=ascii(name), wanted=1)})
    done = project.run(*workers)
    assert done.ret == 0
    (case,) = project.report().evidence.cases
    assert case.nodeid == f"test_it.py::test_it[{name}]"
    assert case.standing is Standing.PASSED


@pytest.mark.parametrize("name", _NAMES.values(), ids=_NAMES)
def test_a_hostile_name_is_harmless_on_the_screen(project: Project, name: str) -> None:
    project.policy(ONLY_TESTS + _UNESCAPED)
    project.write({"test_it.py": _SUITE.format(name=ascii(name), wanted=2)})
    done = project.run("--color=no", "-v")
    assert done.ret == 1
    assert project.report().decision is Decision.BLOCKED
    shown = block(done.outlines)
    assert shown
    assert all(char.isprintable() for line in shown for char in line)
    assert max(map(len, shown)) <= 400
    (finding,) = project.result("tests").findings
    assert finding.subject == f"test_it.py::test_it[{name}]"


def test_a_name_with_a_zero_byte_is_counted(project: Project, workers: tuple[str, ...]) -> None:
    project.policy(ONLY_TESTS + _UNESCAPED)
    project.write({"test_it.py": _SUITE.format(name=ascii("a\0b"), wanted=1)})
    done = project.run(*workers)
    assert done.ret == 0
    (case,) = project.report().evidence.cases
    assert case.standing is Standing.PASSED


@pytest.mark.parametrize("wanted, status", [(1, 0), (2, 1)])
def test_a_name_with_a_lone_surrogate_is_spelled_out(
    project: Project, wanted: int, status: int
) -> None:
    project.policy(ONLY_TESTS + _UNESCAPED)
    project.write({"test_it.py": _SUITE.format(name=ascii("a\udc80b"), wanted=wanted)})
    # pytest writes the name as a byte that is no UTF-8, which pytester cannot read.
    argv = [sys.executable, "-m", "pytest", "-p", "gates", "-q", *_NO_CACHE]
    done = subprocess.run(argv, cwd=project.root, check=False, capture_output=True)
    assert done.returncode == status
    (case,) = project.report().evidence.cases
    assert case.nodeid == r"test_it.py::test_it[a\udc80b]"


def test_names_that_differ_only_where_they_are_spelled_out_stay_apart(project: Project) -> None:
    project.policy(ONLY_TESTS + _UNESCAPED)
    project.write(
        {
            "test_it.py": """
            import pytest

            @pytest.mark.parametrize("number", [1, 2], ids=["a\\udc80", "a\\\\udc80"])
            def test_it(number): assert number == 1
        """
        }
    )
    done = project.run("-q", *_NO_CACHE)
    assert done.ret == 1
    assert [one.standing for one in project.report().evidence.cases] == [
        Standing.PASSED,
        Standing.FAILED,
    ]


def test_a_file_with_a_hostile_name_is_told_on_one_line(
    project: Project, workers: tuple[str, ...]
) -> None:
    name = "test_ü\n\x1b[31m.py"
    project.policy().write({name: "def test_it(): assert False"})
    done = project.run(*workers, "--color=no")
    assert done.ret == 1
    (case,) = project.report().evidence.cases
    assert case.nodeid == f"{name}::test_it"
    assert all(char.isprintable() for line in block(done.outlines) for char in line)


def test_a_message_of_a_failure_is_harmless_on_the_screen(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.policy().write(
        {
            "test_it.py": r"""
            def test_it():
                raise ValueError("\x1b[2J::error::gone\n\u202e" + "y" * 100_000)
        """
        }
    )
    done = project.run(*workers, "--color=no", "--tb=no")
    assert done.ret == 1
    shown = block(done.outlines)
    assert all(char.isprintable() for line in shown for char in line)
    assert len(shown) <= 25
