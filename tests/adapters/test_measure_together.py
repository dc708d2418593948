"""Shows that measurements of several processes and of other people come together, or say why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gates.model.coverage import Ratio
from support.measuring import SHOP, known, measured, one_file, unknown, write

WORKER = """
    m = begin({begin})
    import shop
    shop.{call}
    m.stop()
    Path("{packed}").write_bytes(m.packed())
    show(m)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """`src/shop.py`."""
    return write(tmp_path / "root", {"src/shop.py": SHOP})


def pack(root: Path, packed: Path, call: str, begin: str = "") -> Path:
    """What a worker packs that makes this call."""
    measured(root, WORKER.format(call=call, begin=begin, packed=packed))
    return packed


def controller(packed: tuple[Path, ...], begin: str = "") -> str:
    added = "\n".join(
        f"    m.add_packed(Path({str(one)!r}).read_bytes(), 'gw{number}')"
        for number, one in enumerate(packed)
    )
    return f"\n    m = begin({begin})\n    m.stop()\n{added}\n    show(m)\n"


@pytest.mark.parametrize("begin", ["", "branches=True"])
def test_the_lines_of_all_workers_count_together(shop: Path, tmp_path: Path, begin: str) -> None:
    tea = pack(shop, tmp_path / "a", "price('tea')", begin)
    rest = pack(shop, tmp_path / "b", "unsold()", begin)

    facts = measured(shop, controller((tea, rest), begin))

    assert one_file(facts).missing == ((4, 4),)
    assert known(facts).measured_by == "pytest-gates"


def test_a_worker_that_ran_no_code_of_the_project_takes_nothing_away(
    shop: Path, tmp_path: Path
) -> None:
    tea = pack(shop, tmp_path / "a", "price('tea')")
    idle = tmp_path / "b"
    measured(shop, f"m = begin(); m.stop(); Path({str(idle)!r}).write_bytes(m.packed()); show(m)")

    assert one_file(measured(shop, controller((tea, idle)))).lines == Ratio(4, 6)


def test_packing_does_not_forget(shop: Path, tmp_path: Path) -> None:
    code = WORKER.format(call="price('tea')", begin="", packed=tmp_path / "a")

    assert one_file(measured(shop, code)).lines == Ratio(4, 6)


@pytest.mark.parametrize("packed", [b"", b"not data", b"z\x78\x9c", b"{}"])
def test_data_of_a_worker_that_cannot_be_read_makes_the_whole_unknown(
    shop: Path, tmp_path: Path, packed: bytes
) -> None:
    good = pack(shop, tmp_path / "a", "price('tea')")
    (tmp_path / "b").write_bytes(packed)

    found = unknown(measured(shop, controller((good, tmp_path / "b"))))

    assert "gw1" in found.why


@pytest.mark.parametrize("ours, theirs", [("", "branches=True"), ("branches=True", "")])
def test_lines_of_one_worker_and_branches_of_another_cannot_be_added(
    shop: Path, tmp_path: Path, ours: str, theirs: str
) -> None:
    one = pack(shop, tmp_path / "a", "price('tea')", ours)
    other = pack(shop, tmp_path / "b", "unsold()", theirs)

    unknown(measured(shop, controller((one, other), ours)))


def test_the_paths_of_another_machine_are_mapped_as_the_project_says(
    shop: Path, tmp_path: Path
) -> None:
    elsewhere = write(tmp_path / "ci" / "build", {"src/shop.py": SHOP})
    packed = pack(elsewhere, tmp_path / "a", "price('tea')")
    mapping = '[tool.coverage.paths]\nsource = ["src", "*/ci/build/src"]\n'
    unmapped = measured(shop, controller((packed,)))
    write(shop, {"pyproject.toml": mapping})

    mapped = known(measured(shop, controller((packed,))))

    assert [one.path for one in mapped.files] == ["src/shop.py"]
    assert one_file(mapped).lines == Ratio(4, 6)
    assert unmapped != mapped


def test_the_data_file_can_be_read_by_coverage_itself(shop: Path) -> None:
    code = """
        m = begin()
        import shop
        m.stop()
        assert m.export() is None
        m.facts()
        Path("exported").write_bytes(m.export())
        data = coverage.CoverageData("exported")
        data.read()
        assert {Path(one).name for one in data.measured_files()} == {"shop.py"}
        show(m)
    """

    known(measured(shop, code))


OUTER = """
    outer = coverage.Coverage(data_file=None, source=["src"], branch={branch})
    outer.start()
    m = begin({begin})
    import shop
    shop.price("tea")
    m.stop()
    assert coverage.Coverage.current() is outer
    shop.unsold()
    outer.stop()
    lines = sorted(outer.get_data().lines(str(root / "src" / "shop.py")))
    assert {expected} <= set(lines), lines
    show(m)
"""


@pytest.mark.parametrize("branch", [False, True])
def test_a_measurement_that_already_runs_is_joined_and_goes_on_whole(
    shop: Path, branch: bool
) -> None:
    code = OUTER.format(branch=branch, begin=f"branches={branch}", expected="{1, 2, 3, 7, 8}")

    facts = known(measured(shop, code))

    assert one_file(facts).missing == ((4, 4), (8, 8))
    assert (facts.measured_by, facts.branch) == ("coverage run", branch)
    assert facts.notes == ()


def test_branches_that_the_outer_measurement_does_not_see_are_missed_aloud(shop: Path) -> None:
    code = OUTER.format(branch=False, begin="branches=True", expected="{1, 2, 3, 7, 8}")

    facts = known(measured(shop, code))

    assert not facts.branch
    assert any("no branches" in note for note in facts.notes)


HANDED_OVER = """
    m = begin({ours})
    import shop
    shop.price("tea")
    m.hand_over()
    theirs = coverage.Coverage(data_file="theirs", source=["src"], branch={theirs})
    theirs.start()
    shop.unsold()
    theirs.stop()
    m.stop()
    m.take_over(theirs)
    show(m)
"""


@pytest.mark.parametrize("ours, theirs", [("", False), ("branches=True", True)])
def test_what_was_measured_before_pytest_cov_began_is_added_to_its_own(
    shop: Path, ours: str, theirs: bool
) -> None:
    facts = known(measured(shop, HANDED_OVER.format(ours=ours, theirs=theirs)))

    assert one_file(facts).missing == ((4, 4),)
    assert facts.measured_by == "pytest-cov"


@pytest.mark.parametrize("ours, theirs", [("", True), ("branches=True", False)])
def test_data_of_pytest_cov_of_another_kind_takes_the_place_of_ours(
    shop: Path, ours: str, theirs: bool
) -> None:
    facts = known(measured(shop, HANDED_OVER.format(ours=ours, theirs=theirs)))

    assert facts.branch is theirs
    assert facts.measured_by == "pytest-cov"
    assert (8, 8) not in one_file(facts).missing


def test_no_data_base_is_left_open(tmp_path: Path) -> None:
    """With `[paths]`, coverage reports from one in memory that it never closes; Python 3.13 tells."""
    mapped = {"src/shop.py": SHOP, ".coveragerc": "[paths]\nours =\n    src\n    build/src\n"}
    root = write(tmp_path / "p", mapped)
    code = """
        import gc
        heard = []
        sys.unraisablehook = heard.append
        measurement = begin()
        import shop
        measurement.stop()
        show(measurement)
        del measurement
        gc.collect()
        assert not heard, heard
    """
    assert one_file(measured(root, code, "-W", "error::ResourceWarning")).missing
