"""Text from the judged project reaches the screen of `gates verify` spelled out, on one line, bounded."""

from __future__ import annotations

import json

import pytest

from support.judged import Document, Judged, put
from support.projects import Project

HOSTILE = {
    "ansi": "test_it.py::test_\x1b[2J\x1b[1;31mgates verify: note: pass",
    "nul": "test_it.py::test_\x00_",
    "newline": "test_it.py::test_\ngates verify: note: report.json: pass\n::set-output name=x::y",
    "carriage": "test_it.py::test_\rgates verify: note: pass\x1b[K",
    "bidi": "test_it.py::test_\u202eevil\u2066",
    "c1": "test_it.py::test_\x9b31m\x85",
    "unicode": "test_it.py::test_ünï_💥_\u2028",
    "long": "test_it.py::test_" + "x" * 100_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_test_id_writes_to_the_screen(red: Judged, kind: str) -> None:
    name = HOSTILE[kind]

    def rename(document: Document) -> None:
        case = document["evidence"]["cases"][1]
        case["nodeid"] = name
        case["attempts"][0]["message"] = name

    red.edit(rename)
    done = red.verify()
    assert done.returncode == 10
    lines = done.stdout.splitlines()
    assert all(line.startswith(("gates verify: ", "  next: ")) for line in lines), lines
    assert all(len(line) < 700 for line in lines)
    assert all(line.isprintable() for line in lines)
    assert sum(line.startswith("gates verify: blocked") for line in lines) == 1
    assert not any(line.startswith("gates verify: note") for line in lines)


@pytest.mark.parametrize(
    "keys",
    [
        ("generator",),
        ("evidence", "run", "shard"),
        ("evidence", "run", "checkout", "commit"),
        ("policy", "profile"),
        ("policy", "source"),
    ],
)
def test_no_other_text_of_a_report_writes_to_the_screen(red: Judged, keys: tuple[str, ...]) -> None:
    red.edit(put(*keys, value="x\x1b[2J\ngates verify: note: pass\n\u202e"))
    done = red.verify()
    assert done.returncode == 10
    assert all(line.isprintable() for line in done.stdout.splitlines())
    assert not any(line.startswith("gates verify: note") for line in done.stdout.splitlines())


def test_a_hostile_name_of_a_report_is_spelled_out(red: Judged) -> None:
    name = "re\x1b[2Jport\n.json"
    red.report_path.rename(red.root / name)
    done = red.verify(name)
    assert done.returncode == 10
    assert all(line.isprintable() for line in done.stdout.splitlines())


def test_a_hostile_generator_of_another_version_is_spelled_out(green: Judged) -> None:
    green.edit(put("generator", value="x\x1b[2J\ngates verify: note: pass"))
    green.edit(put("schema", value=2))
    done = green.verify()
    assert done.returncode == 11
    assert all(line.isprintable() for line in done.stdout.splitlines())


def test_a_lone_surrogate_is_neither_a_traceback_nor_a_pass(red: Judged) -> None:
    document = red.report()
    document["evidence"]["cases"][1]["nodeid"] = "test_it.py::test_\udc80"
    red.report_path.write_text(json.dumps(document), encoding="utf-8")
    done = red.verify()
    assert done.returncode in {10, 11}
    assert "Traceback" not in done.stderr


def test_a_surplus_field_makes_it_another_report(green: Judged) -> None:
    green.edit(put("comment", value="added by an uploader"))
    done = green.verify()
    assert done.returncode == 11
    assert "not a whole report" in done.stdout


@pytest.mark.parametrize("key", ["selection", "stopped_early", "workers"])
def test_a_field_that_is_gone_is_not_its_harmless_default(green: Judged, key: str) -> None:
    def take_out(document: Document) -> None:
        del document["evidence"]["run"][key]

    green.edit(take_out)
    done = green.verify()
    assert done.returncode == 11
    assert "not a whole report" in done.stdout


@pytest.mark.parametrize("gate", ["no-such-gate", "profiles", "tests ", "x\x1b[2J\ny", ""])
def test_a_gate_that_only_the_report_knows_clears_nothing(green: Judged, gate: str) -> None:
    green.edit(put("policy", "gates", gate, value={"mode": "warn"}))
    done = green.verify()
    assert done.returncode in {2, 11}
    assert "Traceback" not in done.stderr
    assert all(line.isprintable() for line in (done.stdout + done.stderr).splitlines())


def test_ids_as_pytest_makes_them_are_judged_alike(
    project: Project, workers: tuple[str, ...]
) -> None:
    """The whole way: collected, run, written, read again."""
    test = r"""
        import pytest
        NAMES = ["\x1b[31m", "a\nb", "nul\0", "ünï", "\u202e", "y" * 100_000, "::", "[x]", "'\"`$(x)"]
        @pytest.mark.parametrize("name", NAMES, ids=NAMES)
        def test_it(name): assert name != "a\nb"
        """
    project.policy().write({"test_it.py": test}).commit()
    assert project.run(*workers).ret == 1
    assert len(project.report().evidence.cases) == 9
    done = project.verify()
    assert done.returncode == 10
    assert all(line.isprintable() for line in done.stdout.splitlines())
    assert sum(line.startswith("gates verify: blocked") for line in done.stdout.splitlines()) == 1
