"""Shows how the licences of the environment are asked for, and that only a whole list counts."""

from __future__ import annotations

import msgspec
import pytest

from pytest_gates.errors import ToolError
from pytest_gates.model.licences_settings import LicencesSettings
from pytest_gates.model.package import Package
from pytest_gates.tools.licences import command, read
from support.fake_tools import a_context, completed

SETTINGS = LicencesSettings(allow=("MIT",))


def test_the_list_is_made_by_an_isolated_program_over_the_path_of_the_tests() -> None:
    asked = command(SETTINGS, a_context(sys_path=("/lib", "/site")))
    assert asked.argv == ("python", "-I", "-m", "pytest_gates.adapters.licences_scan")
    assert asked.told == b'["/lib","/site"]'


def test_a_whole_list_is_evidence() -> None:
    packages = (Package(name="idna", version="3", licence="MIT", licence_from="License"),)
    scan = read(completed(msgspec.json.encode(packages)), SETTINGS)
    assert (scan.packages, scan.inputs, scan.version) == (packages, 1, "1.0")


@pytest.mark.parametrize(
    "stdout, exit_code, stderr, why",
    [
        (b"[]", 0, "", "no installed package was found"),
        (b'[{"name": "idna"', 0, "", "could not be listed (exit 0; nothing on stderr)"),
        (b'[{"name": 3}]', 0, "", "could not be listed"),
        (b'[{"name": "idna"}]', 1, "Traceback\nValueError: no\n\n", "(exit 1; ValueError: no)"),
        (b"\xff", 0, "", "could not be listed"),
    ],
)
def test_anything_else_is_an_unknown(stdout: bytes, exit_code: int, stderr: str, why: str) -> None:
    with pytest.raises(ToolError) as caught:
        read(completed(stdout, exit_code=exit_code, stderr=stderr), SETTINGS)
    assert why in caught.value.why
