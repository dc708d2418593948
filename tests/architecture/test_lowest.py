"""tox's environment `lowest` installs what pyproject.toml promises to be enough."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]


def pinned(requirements: list[str], operator: str) -> dict[str, Version]:
    """Name to the version behind `operator`, which each of them has once."""
    found = {}
    for text in requirements:
        requirement = Requirement(text)
        (version,) = (one.version for one in requirement.specifier if one.operator == operator)
        found[requirement.name] = Version(version)
    return found


def test_the_environment_lowest_pins_exactly_the_lower_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    pins = tox["testenv:lowest"]["deps"].split()
    assert pinned(pins, "==") == pinned(project["dependencies"], ">=")
