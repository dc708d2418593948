"""Shows what is measured, by whom, and that nobody else's measurement or settings suffer."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import coverage
import pytest

from pytest_gates.adapters.coverage_scope import default_source
from pytest_gates.adapters.measure import may_use_sysmon
from pytest_gates.model.coverage import Ratio
from pytest_gates.model.evidence import Unavailable
from support.measuring import SHOP, known, measured, one_file, unknown, write

TEA = """
    m = begin({begin})
    import shop
    shop.price("tea")
    m.stop()
    show(m)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """`src/shop.py`, of which a test buys tea only."""
    return write(tmp_path / "root", {"src/shop.py": SHOP})


def tea(begin: str = "") -> str:
    return TEA.format(begin=begin)


def test_lines_that_ran_and_lines_that_did_not(shop: Path) -> None:
    facts = known(measured(shop, tea()))

    (file,) = facts.files
    assert (file.path, file.executable) == ("src/shop.py", ((1, 4), (7, 8)))
    assert file.missing == ((4, 4), (8, 8))
    assert file.lines == Ratio(4, 6)
    assert (file.branch_count, file.missing_branches) == (0, ())
    assert (facts.measured_by, facts.branch) == ("pytest-gates", False)
    assert facts.coverage_version == coverage.__version__
    assert facts.core in {"CTracer", "PyTracer", "SysMonitor"}


def test_branches_when_the_policy_needs_them(shop: Path) -> None:
    facts = known(measured(shop, tea("branches=True")))

    (file,) = facts.files
    assert facts.branch
    assert (file.branches, file.missing_branches) == (Ratio(1, 2), ((2, 4),))
    assert file.lines == Ratio(4, 6)


def test_the_projects_own_settings_hold(shop: Path) -> None:
    write(shop, {"src/old.py": "OLD = 1\n", "src/shop.py": SHOP})
    write(
        shop,
        {
            "pyproject.toml": """
                [tool.coverage.run]
                branch = true
                omit = ["src/old.py"]
                [tool.coverage.report]
                exclude_also = ["def unsold"]
            """
        },
    )

    facts = known(measured(shop, tea()))

    (file,) = facts.files
    assert facts.branch
    assert file.executable == ((1, 4),)


def test_the_source_of_the_policy_is_measured_where_the_project_names_none(shop: Path) -> None:
    write(shop, {"lib/other.py": "A = 1\n"})

    facts = known(measured(shop, tea('source=("lib", "src")')))

    assert [one.path for one in facts.files] == ["lib/other.py", "src/shop.py"]
    assert not any("measured" in note for note in facts.notes)


def test_a_source_that_was_guessed_is_told(shop: Path) -> None:
    assert any("measured src" in note for note in known(measured(shop, tea())).notes)


def test_a_file_that_nobody_imported_counts_as_missed(shop: Path) -> None:
    write(shop, {"src/dead.py": "A = 1\nB = 2\n"})

    assert one_file(measured(shop, tea()), "src/dead.py").lines == Ratio(0, 2)


def test_code_that_did_not_run_at_all_is_unknown(shop: Path) -> None:
    found = unknown(measured(shop, "m = begin(); m.stop(); show(m)"))

    assert "no line" in found.why
    assert "`source`" in found.remedy


def test_no_code_at_all_is_unknown(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "src").mkdir(parents=True)

    unknown(measured(root, "m = begin(); m.stop(); show(m)"))


def test_stopping_twice_is_stopping_once(shop: Path) -> None:
    code = "m = begin(); import shop; m.stop(); shop.price('tea'); m.stop(); show(m)"

    assert one_file(measured(shop, code)).lines == Ratio(2, 6)


def test_asking_twice_gives_the_same_answer(shop: Path) -> None:
    code = """
        m = begin(branches=True)
        import shop
        m.stop()
        first = m.facts()
        assert m.facts() == first
        show(m)
    """

    assert one_file(measured(shop, code)).lines == Ratio(2, 6)


def test_a_left_over_data_file_is_neither_read_nor_touched(shop: Path) -> None:
    measured(shop, "c = coverage.Coverage(source=['src']); c.start(); import shop; shop.unsold();"
                   "c.stop(); c.save(); m = begin(); m.stop(); show(m)")  # fmt: skip
    left_over = shop / ".coverage"
    before = left_over.read_bytes()
    (shop / ".coverage.host.1.x").write_bytes(before)

    assert one_file(measured(shop, tea())).missing == ((4, 4), (8, 8))
    assert left_over.read_bytes() == before
    assert (shop / ".coverage.host.1.x").read_bytes() == before


@pytest.mark.parametrize(
    "setting", ["parallel = true", 'data_file = "mine"', "relative_files = true"]
)
def test_where_the_project_keeps_its_data_does_not_matter(shop: Path, setting: str) -> None:
    write(shop, {"pyproject.toml": f"[tool.coverage.run]\n{setting}\n"})
    before = sorted(one.name for one in shop.iterdir())

    facts = measured(shop, tea())

    assert one_file(facts).lines == Ratio(4, 6)
    assert sorted(one.name for one in shop.iterdir()) == before


def test_nothing_is_left_in_the_temporary_folder(shop: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    known(measured(shop, tea(), env={"TMPDIR": str(temporary)}))

    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("value, floor", [("94.9", "94.9"), ("80", "80"), ("99.99", "99.99")])
def test_the_floor_of_the_project_is_read_exactly(shop: Path, value: str, floor: str) -> None:
    write(shop, {"pyproject.toml": f"[tool.coverage.report]\nfail_under = {value}\n"})

    assert known(measured(shop, tea())).project_floor == Decimal(floor)


def test_a_project_without_a_floor_has_none(shop: Path) -> None:
    assert known(measured(shop, tea())).project_floor is None


def test_a_test_that_changes_the_folder_changes_no_number(shop: Path, tmp_path: Path) -> None:
    write(shop, {"src/old.py": "OLD = 1\n"})
    write(
        shop,
        {
            "pyproject.toml": """
                [tool.coverage.run]
                source = ["src"]
                omit = ["src/old.py"]
                relative_files = true
                [tool.coverage.report]
                fail_under = 94.9
                exclude_also = ["def unsold"]
            """
        },
    )
    expected = known(measured(shop, tea()))
    assert [one.path for one in expected.files] == ["src/shop.py"]

    moved = measured(shop, tea().replace("m.stop()", f"os.chdir({str(tmp_path)!r}); m.stop()"))

    assert moved == expected


def test_settings_at_the_root_hold_for_a_run_that_starts_in_a_folder(shop: Path) -> None:
    write(
        shop,
        {
            "tests/readme": "",
            "pyproject.toml": """
                [tool.coverage.run]
                branch = true
                [tool.coverage.report]
                fail_under = 94.9
            """,
        },
    )

    facts = known(measured(shop, tea(), cwd=shop / "tests"))

    assert [one.path for one in facts.files] == ["src/shop.py"]
    assert facts.branch
    assert facts.project_floor == Decimal("94.9")


def test_settings_that_coverage_cannot_read_make_the_measurement_unknown(shop: Path) -> None:
    write(shop, {"pyproject.toml": "[tool.coverage.run]\nbranch = 'maybe'\n"})

    assert "coverage could not start" in unknown(measured(shop, tea())).why


def test_warnings_of_coverage_become_notes_and_break_no_strict_run(shop: Path) -> None:
    write(shop, {"pyproject.toml": "[tool.coverage.run]\nbogus = 1\n"})

    facts = known(measured(shop, tea(), "-W", "error"))

    assert any("bogus" in note for note in facts.notes)


def test_a_plugin_of_coverage_that_is_not_there_is_unknown_and_named(shop: Path) -> None:
    write(shop, {"pyproject.toml": '[tool.coverage.run]\nplugins = ["no_such_plugin"]\n'})

    assert "no_such_plugin" in unknown(measured(shop, tea())).why


def test_a_package_that_nobody_imported_is_unknown_and_named(shop: Path) -> None:
    write(shop, {"pyproject.toml": '[tool.coverage.run]\nsource_pkgs = ["shop", "json.tool"]\n'})

    facts = measured(shop, tea())

    assert isinstance(facts, Unavailable)
    assert "json.tool" in facts.why


def test_a_file_that_cannot_be_parsed_is_unknown_and_named(shop: Path) -> None:
    write(shop, {"src/broken.py": "def broken(:\n"})

    found = unknown(measured(shop, tea()))

    assert "broken.py" in found.why
    assert "omit" in found.remedy


def test_a_file_that_cannot_be_parsed_may_be_left_out(shop: Path) -> None:
    write(shop, {"src/broken.py": "def broken(:\n"})
    write(shop, {"pyproject.toml": '[tool.coverage.run]\nomit = ["*/broken.py"]\n'})

    assert one_file(measured(shop, tea())).lines == Ratio(4, 6)


def test_processes_that_the_tests_start_are_measured_if_the_project_says_so(shop: Path) -> None:
    write(shop, {"pyproject.toml": '[tool.coverage.run]\npatch = ["subprocess"]\n'})
    code = """
        import subprocess
        m = begin()
        import shop
        inner = "import sys; sys.path.insert(0, 'src'); import shop; shop.unsold()"
        subprocess.run([sys.executable, "-c", inner], check=True)
        m.stop()
        show(m)
    """

    assert one_file(measured(shop, code)).missing == ((2, 4),)


@pytest.mark.parametrize(
    "names, source",
    [
        (("src/shop/__init__.py", "lib/__init__.py"), ("src",)),
        (("shop/__init__.py", "till/__init__.py"), ("shop", "till")),
        (("shop/__init__.py", "tests/__init__.py", "docs/__init__.py"), ("shop",)),
        (("shop/__init__.py", "setup.py", "conftest.py", "test_it.py"), ("shop",)),
        (("shop/__init__.py", "main.py"), (".",)),
        (("main.py",), (".",)),
        (("shop/deep/__init__.py",), (".",)),
        (("tests/__init__.py",), (".",)),
        ((), (".",)),
    ],
)
def test_what_a_project_most_likely_calls_its_code(
    tmp_path: Path, names: tuple[str, ...], source: tuple[str, ...]
) -> None:
    write(tmp_path, dict.fromkeys(names, ""))

    assert default_source(tmp_path) == tuple(str(tmp_path / one) for one in source)


@pytest.mark.parametrize(
    "option, value",
    [
        ("run:branch", True),
        ("run:core", "ctrace"),
        ("run:plugins", ["some.plugin"]),
        ("run:dynamic_context", "test_function"),
        ("run:timid", True),
        ("run:concurrency", ["greenlet"]),
        ("run:concurrency", ["thread", "gevent"]),
    ],
)
def test_the_faster_core_is_not_chosen_against_a_setting(
    option: str, value: str | bool | list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    measuring = coverage.Coverage(config_file=False, data_file=None)
    assert may_use_sysmon(measuring)

    measuring.set_option(option, value)

    assert not may_use_sysmon(measuring)


def test_the_faster_core_is_not_chosen_against_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    monkeypatch.setenv("COVERAGE_CORE", "ctrace")

    assert not may_use_sysmon(coverage.Coverage(config_file=False, data_file=None))


@pytest.mark.parametrize(
    "version, fitting",
    [((3, 11, 9), False), ((3, 12, 0), True), ((3, 13, 5), True), ((3, 14), False)],
)
def test_the_faster_core_needs_a_python_that_has_it_and_does_not_use_it_already(
    version: tuple[int, ...], fitting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", version)

    assert may_use_sysmon(coverage.Coverage(config_file=False, data_file=None)) is fitting


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python without sys.monitoring")
def test_the_faster_core_sees_the_same_lines_and_is_told(shop: Path) -> None:
    facts = known(measured(shop, tea()))

    assert facts.core == "SysMonitor"
    assert any("sysmon" in note for note in facts.notes) is (sys.version_info < (3, 14))
    assert one_file(facts).lines == Ratio(4, 6)
