"""Chosen files alone are analysed: what is in scope, what was never imported, and whose data these are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest

from pytest_gates.adapters.coverage_scope import Scope, lies_in
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.measured import MeasuredFiles, MeasuredLines
from support.measuring import SHOP, write

_HEAD = """
import os, sys
from pathlib import Path
import coverage, msgspec
from pytest_gates.adapters.measure import Measurement
root = Path(os.environ["GATES_TEST_ROOT"])
sys.path.insert(0, str(root / "src"))
m = None
def show(paths, **more):
    found = m.of_files(paths, **more)
    kind = type(found).__name__
    Path(os.environ["GATES_TEST_FACTS"]).write_bytes(msgspec.json.encode((kind, found)))
    m.close()
"""
TEA = """
m = Measurement(root, branches={branches}, source={source})
import shop
shop.price('tea')
m.stop()
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """`src/shop.py`, of which a test buys tea only."""
    return write(tmp_path / "root", {"src/shop.py": SHOP})


def tea(*paths: str, branches: bool = False, source: tuple[str, ...] = ()) -> str:
    return TEA.format(branches=branches, source=source) + f"show({list(paths)})"


def told(
    root: Path, code: str, env: Mapping[str, str] | None = None
) -> MeasuredFiles | Unavailable:
    out = root.parent / "facts.json"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    more = {"GATES_TEST_ROOT": str(root), "GATES_TEST_FACTS": str(out), **(env or {})}
    done = subprocess.run(
        [sys.executable, "-c", _HEAD + dedent(code)],
        cwd=root,
        env={**kept, **more},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    kind, raw = msgspec.json.decode(out.read_bytes())
    if kind == "Unavailable":
        raw.pop("kind")
        return Unavailable(**raw)
    return msgspec.convert(raw, MeasuredFiles)


def known(found: MeasuredFiles | Unavailable) -> MeasuredFiles:
    assert isinstance(found, MeasuredFiles), found
    return found


def unknown(found: MeasuredFiles | Unavailable) -> Unavailable:
    assert isinstance(found, Unavailable), found
    return found


def test_lines_branches_and_what_is_excluded(shop: Path) -> None:
    write(shop, {"src/shop.py": SHOP.replace("unsold():", "unsold():  # pragma: no cover")})
    found = known(told(shop, tea("src/shop.py", branches=True)))
    assert found.branch
    assert found.files == {
        "src/shop.py": MeasuredLines(
            executable=(1, 2, 3, 4),
            missing=(4,),
            excluded=(7, 8),
            branches=((2, 3), (2, 4)),
            missing_branches=((2, 4),),
        )
    }
    assert any("pragma" in one for one in found.exclusions)
    assert any("branch" in one for one in found.exclusions)


def test_a_file_that_nobody_imported_is_missing_and_one_outside_is_told(shop: Path) -> None:
    write(shop, {"src/new/dead.py": "A = 1\n", "tools/x.py": "A = 1\n", "src/shop.pyi": ""})
    paths = ("src/new/dead.py", "tools/x.py", "src/shop.pyi", "LICENSE")
    found = known(told(shop, tea(*paths)))
    assert found.files == {
        "src/new/dead.py": MeasuredLines(executable=(1,), missing=(1,), executed=False)
    }
    assert found.out_of_scope == (
        ("src/shop.pyi", "a stub: nothing executes it"),
        ("tools/x.py", "outside what is measured (src)"),
    )
    assert any("measured src" in one for one in found.notes)


def test_the_projects_own_settings_hold(shop: Path) -> None:
    write(
        shop,
        {
            "src/old.py": "A = 1\n",
            "src/older.py": "A = 1\n",
            "pyproject.toml": """
                [tool.coverage.run]
                source = ["src"]
                omit = ["src/old.py"]
                [tool.coverage.report]
                omit = ["*/older.py"]
            """,
        },
    )
    found = known(told(shop, tea("src/old.py", "src/older.py", "src/shop.py")))
    assert list(found.files) == ["src/shop.py"]
    why = "left out by `omit` or `include` of the coverage settings"
    assert found.out_of_scope == (("src/old.py", why), ("src/older.py", why))


def test_includes_choose_where_no_source_is_named(shop: Path) -> None:
    write(
        shop,
        {
            "lib/x.py": "A = 1\n",
            "src/new.py": "A = 1\n",
            "pyproject.toml": '[tool.coverage.run]\ninclude = ["src/*"]\n',
        },
    )
    found = known(told(shop, tea("lib/x.py", "src/new.py")))
    assert list(found.files) == ["src/new.py"]
    assert [path for path, _ in found.out_of_scope] == ["lib/x.py"]


def test_a_package_is_where_its_files_were_measured(shop: Path) -> None:
    write(
        shop,
        {
            "src/tea/__init__.py": "A = 1\n",
            "src/tea/new.py": "A = 1\n",
            "old/tea/x.py": "A = 1\n",
            "pyproject.toml": '[tool.coverage.run]\nsource_pkgs = ["shop", "tea"]\n',
        },
    )
    code = tea("src/tea/new.py", "old/tea/x.py", "src/shop.py").replace(
        "import shop", "import shop, tea"
    )
    found = known(told(shop, code))
    assert list(found.files) == ["src/tea/new.py", "src/shop.py"]
    assert found.out_of_scope == (("old/tea/x.py", "outside what is measured (shop, tea)"),)


def test_a_package_of_the_settings_that_nobody_imported_is_unknown(shop: Path) -> None:
    write(shop, {"pyproject.toml": '[tool.coverage.run]\nsource_pkgs = ["shop", "coffee"]\n'})
    assert "no process imported coffee" in unknown(told(shop, tea("src/shop.py"))).why


def test_no_python_changed_so_nothing_is_asked(shop: Path) -> None:
    found = known(
        told(shop, "m = Measurement(root, branches=False, source=())\nm.stop()\nshow(['README'])")
    )
    assert (found.files, found.out_of_scope) == ({}, ())


def test_nothing_executed_at_all_is_unknown(shop: Path) -> None:
    code = "m = Measurement(root, branches=False, source=())\nm.stop()\nshow(['src/shop.py'])"
    assert "no line of the measured code was executed" in unknown(told(shop, code)).why


def test_a_file_that_does_not_parse_is_unread(shop: Path) -> None:
    write(shop, {"src/broken.py": "x = (\n"})
    found = known(told(shop, tea("src/broken.py", "src/shop.py")))
    ((path, why),) = found.unread
    assert path == "src/broken.py"
    assert "coverage cannot parse it" in why


def test_data_of_another_place_do_not_match(shop: Path, tmp_path: Path) -> None:
    """Measured in a container, say, and brought here."""
    write(tmp_path / "other", {"src/shop.py": SHOP})
    code = """
        c = coverage.Coverage(data_file=str(root.parent / "d"), source=["../other/src"])
        c.start()
        sys.path.insert(0, "../other/src")
        import shop
        c.stop()
        m = Measurement(root, branches=False, source=())
        m.stop()
        m.take_over(c)
        show(["src/shop.py"])
    """
    # What pytest-cov was told to measure is all: the change lies outside of it.
    found = known(told(shop, code))
    assert [path for path, _ in found.out_of_scope] == ["src/shop.py"]
    lost = told(shop, code.replace(', source=["../other/src"]', ', include=["*/shop.py"]'))
    assert "paths do not match" in unknown(lost).why


def test_without_any_settings_scripts_of_the_project_are_no_product(shop: Path) -> None:
    write(shop, {"new.py": "A = 1\n", "setup.py": "A = 1\n", "docs/conf.py": "A = 1\n"})
    code = """
        outer = coverage.Coverage(data_file=None)
        outer.start()
        m = Measurement(root, branches=False, source=())
        import shop
        outer.stop()
        m.stop()
        show(["new.py", "setup.py", "docs/conf.py", "src/shop.py"])
    """
    found = known(told(shop, code))
    assert list(found.files) == ["new.py", "src/shop.py"]
    assert [path for path, _ in found.out_of_scope] == ["docs/conf.py", "setup.py"]


def test_what_an_attempt_ran_can_be_left_out(shop: Path) -> None:
    code = """
        m = Measurement(root, branches=False, source=())
        import shop
        label = m.set_apart()
        shop.price("tea")
        m.end_apart(counts=False)
        m.stop()
        show(["src/shop.py"], without=(label,))
    """
    assert known(told(shop, code)).files["src/shop.py"].missing == (2, 3, 4, 8)


def test_files_through_a_link_are_found(shop: Path) -> None:
    (shop / "linked").symlink_to(shop / "src")
    assert list(known(told(shop, tea("linked/shop.py"))).files) == ["linked/shop.py"]


def test_a_measurement_that_could_not_start_knows_nothing(shop: Path) -> None:
    write(shop, {"pyproject.toml": "[tool.coverage.run]\nconcurrency = ['nonsense']\n"})
    unknown(told(shop, "m = Measurement(root, branches=False, source=())\nm.stop()\nshow([])"))


def test_a_folder_is_named_or_not() -> None:
    assert lies_in("/a/b.py", ["/a"])
    assert lies_in("/a/b.py", ["/a/b.py"])
    assert not lies_in("/ab/c.py", ["/a"])
    assert Scope().locations(["/a/b.py"]) is None
    assert Scope(packages=("b",)).locations(["/a/b.py", "/c/b/d.py", "/e/xb.py"]) == (
        "/a/b.py",
        "/c/b",
    )
