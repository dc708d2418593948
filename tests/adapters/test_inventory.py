"""Shows what is told of installed distributions: which ones, whose, which licence, asked for by whom."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pytest_gates.adapters.inventory import environment, listed
from pytest_gates.adapters.inventory_chains import chains
from pytest_gates.errors import ToolError
from pytest_gates.model.package import Package
from support.installed import ARCHIVE, FOLDER, REPOSITORY, install


def found(*entries: Path) -> dict[str, Package]:
    return {one.name: one for one in environment(map(str, entries))}


def pins(*entries: Path) -> list[str]:
    return [f"{one.name}=={one.version}" for one in environment(map(str, entries))]


def told(site: Path, name: str, *lines: str, origin: object = None) -> None:
    """A distribution of version 1 whose metadata hold these lines as well."""
    info = install(site, name, "1", origin=origin)
    with (info / "METADATA").open("a", encoding="utf-8") as stream:
        stream.write("".join(f"{line}\n" for line in lines))


def test_each_distribution_is_told_in_the_order_of_names(tmp_path: Path) -> None:
    install(tmp_path, "tea", "1.0")
    install(tmp_path, "Milk_Jug", "2.0.post1")

    assert environment([str(tmp_path)]) == (
        Package(name="Milk_Jug", version="2.0.post1"),
        Package(name="tea", version="1.0"),
    )


@pytest.mark.parametrize("spelling", ["milk-jug", "Milk.Jug", "MILK__JUG"])
def test_the_first_distribution_of_a_name_wins_as_for_import(tmp_path: Path, spelling: str) -> None:
    install(tmp_path / "first", "milk_jug", "2.0")
    install(tmp_path / "second", spelling, "1.0", origin=FOLDER)

    assert pins(tmp_path / "first", tmp_path / "second") == ["milk_jug==2.0"]
    assert pins(tmp_path / "second", tmp_path / "first") == [f"{spelling}==1.0"]


def test_of_two_versions_in_one_folder_nobody_knows_which_is_imported(tmp_path: Path) -> None:
    install(tmp_path, "tea", "1.0")
    install(tmp_path, "tea", "2.0")

    assert pins(tmp_path) == ["tea==1.0", "tea==2.0"]


def test_what_an_uninstall_left_behind_hides_nothing(tmp_path: Path) -> None:
    install(tmp_path, "tea", "2.0")
    install(tmp_path, "tea", "1.0").rename(tmp_path / "~ea-1.0.dist-info")

    assert "tea==2.0" in pins(tmp_path)


@pytest.mark.parametrize(
    "origin, local",
    [
        (FOLDER, True),
        ({"url": "file:///till", "dir_info": {}}, True),
        (ARCHIVE, False),
        (REPOSITORY, False),
        ({}, False),
        (["dir_info"], False),
        (None, False),
    ],
)
def test_what_was_installed_from_a_folder_is_local(
    tmp_path: Path, origin: object, local: bool
) -> None:
    install(tmp_path, "shop", "1.0", origin=origin)

    assert found(tmp_path)["shop"].local is local


def test_an_origin_that_cannot_be_read_is_no_reason_for_trust(tmp_path: Path) -> None:
    install(tmp_path, "shop", "1.0").joinpath("direct_url.json").write_text("{'dir_info", "utf-8")

    assert not found(tmp_path)["shop"].local


def test_the_project_is_known_by_what_setup_py_develop_leaves(tmp_path: Path) -> None:
    project, linked, site = tmp_path / "project", tmp_path / "linked", tmp_path / "site-packages"
    for place, name in ((project / "src", "shop"), (linked, "till"), (site, "tea")):
        info = place / f"{name}.egg-info"
        info.mkdir(parents=True)
        (info / "PKG-INFO").write_text(f"Name: {name}\nVersion: 1\n", encoding="utf-8")
    (project / "setup.py").touch()
    # Some distributions install their setup.py beside everything else.
    (site / "setup.py").touch()
    (site / "till.egg-link").write_text(f"{linked}\n.", encoding="utf-8")

    assert {name: one.local for name, one in found(project / "src", site).items()} == {
        "shop": True,
        "till": True,
        "tea": False,
    }


@pytest.mark.parametrize("metadata", [True, False], ids=["no version", "no metadata"])
def test_a_broken_distribution_is_not_passed_over_in_silence(
    tmp_path: Path, metadata: bool
) -> None:
    install(tmp_path, "tea", None, metadata=metadata)

    assert found(tmp_path) == {"tea": Package(name="tea")}


def test_metadata_that_are_no_text_are_broken(tmp_path: Path) -> None:
    install(tmp_path, "tea", "1.0").joinpath("METADATA").write_bytes(
        b"Name: tea\nVersion: \xff\xfe"
    )

    assert found(tmp_path) == {"tea": Package(name="tea")}


def test_names_and_versions_are_one_line_without_controls(tmp_path: Path) -> None:
    text = "Name: evil\x1b[31m\n --dry-run\nVersion: 1\x07\n"
    install(tmp_path, "tea", "1.0").joinpath("METADATA").write_text(text, encoding="utf-8")

    (one,) = environment([str(tmp_path)])

    assert (one.name + str(one.version)).isprintable()


OSI = "License :: OSI Approved ::"


@pytest.mark.parametrize(
    "lines, licence, field",
    [
        (["License-Expression: MIT", "License: BSD"], "MIT", "License-Expression"),
        (["License: BSD", f"Classifier: {OSI} MIT License"], "BSD", "License"),
        ([f"Classifier: {OSI} MIT License"], f"{OSI} MIT License", "Classifier"),
        (
            [
                f"Classifier: {OSI} BSD License",
                "Classifier: Typing :: Typed",
                f"Classifier: {OSI} X",
            ],
            f"{OSI} BSD License; {OSI} X",
            "Classifier",
        ),
        (
            ["License: UNKNOWN", f"Classifier: {OSI} MIT License"],
            f"{OSI} MIT License",
            "Classifier",
        ),
        (["License: MIT", " Permission is", f"Classifier: {OSI} X"], f"{OSI} X", "Classifier"),
        (["License: MIT License", " Permission is hereby"], "MIT License", "License"),
        (["License: UNKNOWN"], None, ""),
        (["License-File: LICENSE"], None, ""),
        (["", "License: in the description"], None, ""),
    ],
)
def test_a_licence_is_told_with_the_field_that_says_it(
    tmp_path: Path, lines: list[str], licence: str | None, field: str
) -> None:
    told(tmp_path, "tea", *lines)

    assert (found(tmp_path)["tea"].licence, found(tmp_path)["tea"].licence_from) == (licence, field)


def test_the_way_to_a_package_begins_at_what_is_local(tmp_path: Path) -> None:
    told(tmp_path, "shop", "Requires-Dist: Kettle[steam]>=1", "Requires-Dist: cup", origin=FOLDER)
    told(tmp_path, "kettle", "Requires-Dist: water", "Requires-Dist: valve; extra == 'steam'")
    told(tmp_path, "water", "Requires-Dist: tap; python_version < '3'", "Requires-Dist: not there")
    told(tmp_path, "cup", "Requires-Dist: saucer; extra == 'nice'", "Requires-Dist: cup")
    told(tmp_path, "valve", "Requires-Dist: spring")
    told(tmp_path, "tool", "Requires-Dist: water", "Requires-Dist: spring", "Requires-Dist: bolt")
    for name in ("saucer", "tap", "spring", "bolt"):
        told(tmp_path, name, "Requires-Dist: (", "Requires-Dist: water; odd == 1")

    assert {name: one.required_by for name, one in found(tmp_path).items()} == {
        "shop": (),
        "kettle": ("shop",),
        "cup": ("shop",),
        "water": ("shop", "kettle"),
        "valve": ("shop", "kettle"),
        "spring": ("shop", "kettle", "valve"),
        "tool": (),
        "bolt": ("tool",),
        "saucer": (),
        "tap": (),
    }


def test_in_a_ring_that_nobody_asked_for_the_first_is_the_beginning() -> None:
    ring = {"a": ["b"], "b": ["c"], "c": ["a", "d"], "d": [], "e": ["e"]}

    assert chains(sorted(ring), ring.__getitem__, ()) == {
        "a": (),
        "b": ("a",),
        "c": ("a", "b"),
        "d": ("a", "b", "c"),
        "e": (),
    }


def test_what_runs_here_is_found_whole() -> None:
    here = {one.name: one for one in environment(sys.path)}

    assert here["pytest"].licence == "MIT"
    assert all(one.version for one in here.values())


@pytest.mark.parametrize("name", ["Pipfile.lock", "pyproject.toml", "pdm.lock"])
def test_a_lock_of_an_unknown_kind_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(json.dumps({}), encoding="utf-8")

    with pytest.raises(ToolError, match="no lock file of a kind that is known") as caught:
        listed(tmp_path / name)
    assert "uv.lock" in caught.value.remedy
