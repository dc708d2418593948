"""Shows that what pip-audit is handed is what is installed or locked, and that its answer is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from pytest_gates.adapters.audit_environment import Inventory, is_lock
from pytest_gates.adapters.process import clean_environment, run
from pytest_gates.errors import ToolError
from pytest_gates.model.contracts import Completed
from pytest_gates.model.evidence import Scan
from pytest_gates.tools.pip_audit import TOOL, PipAuditSettings, command, read
from support.fake_tools import a_context
from support.installed import ARCHIVE, FOLDER, REPOSITORY, install
from support.osv import OsvServer, advisory

LONG = 60.0


@pytest.fixture(autouse=True)
def a_network_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy stands between us and the loopback interface, and no cache of the machine answers."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def environment(*entries: Path) -> Inventory:
    found = Inventory()
    found.add_environment(str(one) for one in entries)
    return found


def locked(path: Path, text: str) -> Inventory:
    path.write_text(dedent(text), encoding="utf-8")
    found = Inventory()
    found.add_lock(path)
    return found


def audited(
    root: Path, server: OsvServer, entries: Iterable[Path] = (), requirements: Iterable[str] = ()
) -> Scan:
    """What the real pip-audit finds, read by our reader."""
    settings = PipAuditSettings(source=server.url, requirements=tuple(requirements))
    context = a_context(root, python=sys.executable, sys_path=tuple(map(str, entries)))
    asked = command(settings, context)
    ended = run(asked.argv, cwd=root, env=clean_environment(TOOL.scrub), timeout_seconds=LONG)
    done = Completed(
        command=asked,
        context=context,
        exit_code=ended.exit_code,
        stdout=ended.stdout,
        stderr=ended.stderr,
        seconds=ended.seconds,
    )
    return read(done, settings)


def test_each_distribution_is_one_exact_pin(tmp_path: Path) -> None:
    install(tmp_path, "tea", "1.0")
    install(tmp_path, "Milk_Jug", "2.0.post1")

    assert environment(tmp_path).lines() == ["Milk_Jug==2.0.post1", "tea==1.0"]
    assert environment(tmp_path).local == []


def test_the_first_distribution_of_a_name_wins_as_for_import(tmp_path: Path) -> None:
    install(tmp_path / "first", "tea", "2.0")
    install(tmp_path / "second", "Tea", "1.0")

    assert environment(tmp_path / "first", tmp_path / "second").lines() == ["tea==2.0"]
    assert environment(tmp_path / "second", tmp_path / "first").lines() == ["Tea==1.0"]


@pytest.mark.parametrize("spelling", ["milk-jug", "Milk.Jug", "MILK__JUG"])
def test_two_spellings_of_a_name_are_one_name(tmp_path: Path, spelling: str) -> None:
    install(tmp_path / "first", "milk_jug", "2.0")
    install(tmp_path / "second", spelling, "1.0")

    assert environment(tmp_path / "first", tmp_path / "second").lines() == ["milk_jug==2.0"]


def test_what_was_installed_from_a_folder_is_the_projects_own(tmp_path: Path) -> None:
    install(tmp_path, "shop", "1.0", origin=FOLDER)
    install(tmp_path, "till", "1.0", origin={"url": "file:///till", "dir_info": {}})

    found = environment(tmp_path)

    assert found.lines() == []
    assert sorted(found.local) == ["shop", "till"]


@pytest.mark.parametrize("origin", [ARCHIVE, REPOSITORY, {}])
def test_what_was_installed_from_anywhere_else_is_audited(tmp_path: Path, origin: object) -> None:
    install(tmp_path, "tea", "1.0", origin=origin)

    assert environment(tmp_path).lines() == ["tea==1.0"]


def test_a_local_project_hides_no_other_distribution_behind_it(tmp_path: Path) -> None:
    install(tmp_path / "first", "shop", "1.0", origin=FOLDER)
    install(tmp_path / "second", "shop", "0.9")

    found = environment(tmp_path / "first", tmp_path / "second")

    assert (found.lines(), found.local) == ([], ["shop"])


@pytest.mark.parametrize("metadata", [True, False], ids=["no version", "no metadata"])
def test_a_broken_distribution_is_not_passed_over_in_silence(
    tmp_path: Path, metadata: bool
) -> None:
    install(tmp_path, "tea", "1.0" if not metadata else None, metadata=metadata)

    found = environment(tmp_path)

    assert any("tea" in line for line in (*found.lines(), *found.unaudited))
    assert "tea==None" not in found.lines()


@pytest.mark.parametrize(
    "name, lock",
    [
        ("uv.lock", True),
        ("poetry.lock", True),
        ("pylock.toml", True),
        ("ci/pylock.test.toml", True),
        ("requirements.txt", False),
        ("constraints", False),
    ],
)
def test_lock_files_are_told_by_their_names(name: str, lock: bool) -> None:
    assert is_lock(name) is lock


def test_a_uv_lock_is_read(tmp_path: Path) -> None:
    found = locked(
        tmp_path / "uv.lock",
        """
        version = 1
        [[package]]
        name = "shop"
        version = "0.1.0"
        source = { editable = "." }
        [[package]]
        name = "workspace"
        version = "0.1.0"
        source = { virtual = "." }
        [[package]]
        name = "tea"
        version = "1.0"
        source = { registry = "https://example.org/simple" }
        [[package]]
        name = "milk"
        version = "2.0"
        source = { git = "https://example.org/milk.git" }
        """,
    )

    assert found.lines() == ["milk==2.0", "tea==1.0"]
    assert sorted(found.local) == ["shop", "workspace"]


def test_a_poetry_lock_is_read(tmp_path: Path) -> None:
    found = locked(
        tmp_path / "poetry.lock",
        """
        [[package]]
        name = "tea"
        version = "1.0"
        [[package]]
        name = "till"
        version = "1.0"
        [package.source]
        type = "directory"
        url = "../till"
        """,
    )

    assert found.lines() == ["tea==1.0"]
    assert found.local == ["till"]


PYLOCK = """
    lock-version = "1.0"
    [[packages]]
    name = "tea"
    version = "1.0"
    [[packages]]
    name = "shop"
    [packages.directory]
    path = "."
    editable = true
    """


def test_a_pylock_is_read(tmp_path: Path) -> None:
    found = locked(tmp_path / "pylock.toml", PYLOCK)

    assert found.lines() == ["tea==1.0"]
    assert found.local == ["shop"]


@pytest.mark.parametrize(
    "source",
    [
        '[packages.vcs]\ntype = "git"\nurl = "https://example.org/milk.git"\ncommit-id = "1"',
        '[packages.archive]\nurl = "https://example.org/milk.tar.gz"\nhashes = {}',
    ],
    ids=["vcs", "archive"],
)
def test_a_package_of_others_without_a_version_is_not_taken_for_the_projects_own(
    tmp_path: Path, source: str
) -> None:
    found = locked(tmp_path / "pylock.toml", f'[[packages]]\nname = "milk"\n{source}\n')

    assert "milk" not in found.local


def test_two_versions_of_one_package_are_both_handed_over(tmp_path: Path) -> None:
    text = (
        '[[package]]\nname = "tea"\nversion = "1.0"\n[[package]]\nname = "tea"\nversion = "2.0"\n'
    )

    assert locked(tmp_path / "uv.lock", text).lines() == ["tea==1.0", "tea==2.0"]


@pytest.mark.parametrize("text", ["", "[[package", "package = 1", "[[package]]\nversion = '1'"])
def test_a_lock_that_cannot_be_read_pins_nothing(tmp_path: Path, text: str) -> None:
    try:
        found = locked(tmp_path / "uv.lock", text)
    except (ValueError, KeyError, TypeError):
        return
    assert (found.lines(), found.local) == ([], [])


TEA = advisory("PYSEC-2026-1", "tea", fixed="1.1", aliases=["CVE-2026-1"], summary="Too hot.")
KNOWN: Mapping[tuple[str, str], Iterable[dict[str, object]]] = {("tea", "1.0"): [TEA]}


def test_the_real_pip_audit_answers_for_what_is_installed_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, temporary = tmp_path / "site", tmp_path / "temporary"
    temporary.mkdir()
    install(site, "tea", "1.0")
    install(site, "milk_jug", "2.0")
    install(site, "shop", "0.1", origin=FOLDER)
    install(tmp_path / "later", "tea", "0.5")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("PIP_AUDIT_OUTPUT", str(tmp_path / "elsewhere.json"))
    monkeypatch.setenv("PIP_AUDIT_FORMAT", "markdown")
    monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "pypi")
    monkeypatch.setenv("PIPAPI_PYTHON_LOCATION", "/nowhere")
    monkeypatch.setenv("VIRTUAL_ENV", "/nowhere")

    with OsvServer(KNOWN) as server:
        scan = audited(tmp_path, server, [site, tmp_path / "later"])

    assert sorted(server.asked) == [("milk-jug", "2.0"), ("tea", "1.0")]
    (found,) = scan.findings
    assert (found.rule, found.subject, found.aliases) == (
        "PYSEC-2026-1",
        "tea 1.0",
        ("CVE-2026-1",),
    )
    assert found.remedy == "upgrade tea to 1.1"
    assert (scan.inputs, scan.unread) == (2, ())
    assert any("shop" in note for note in scan.notes)
    assert not (tmp_path / "elsewhere.json").exists()
    assert list(temporary.iterdir()) == []


def test_lock_files_and_requirements_are_audited_together(tmp_path: Path) -> None:
    records = tmp_path / "osv.jsonl"
    records.write_text(f"{json.dumps(TEA)}\n", encoding="utf-8")
    (tmp_path / "pylock.toml").write_text(dedent(PYLOCK), encoding="utf-8")
    (tmp_path / "more.txt").write_text("milk==2.0\n", encoding="utf-8")

    with OsvServer.from_json_lines(records) as server:
        scan = audited(tmp_path, server, requirements=("pylock.toml", "more.txt"))

    assert sorted(server.asked) == [("milk", "2.0"), ("tea", "1.0")]
    assert [(one.rule, one.subject) for one in scan.findings] == [("PYSEC-2026-1", "tea 1.0")]
    assert (scan.inputs, scan.unread) == (2, ())


def test_a_source_that_is_out_of_order_is_an_error_that_names_it(tmp_path: Path) -> None:
    install(tmp_path / "site", "tea", "1.0")

    with OsvServer(KNOWN, status=500) as server, pytest.raises(ToolError) as caught:
        audited(tmp_path, server, [tmp_path / "site"])

    assert server.url in caught.value.remedy


def test_an_environment_of_the_project_alone_is_no_clean_audit(tmp_path: Path) -> None:
    install(tmp_path / "site", "shop", "1.0", origin=FOLDER)

    with OsvServer(KNOWN) as server, pytest.raises(ToolError, match="no package"):
        audited(tmp_path, server, [tmp_path / "site"])

    assert server.asked == []


def test_a_version_that_is_none_is_unknown_and_not_clean(tmp_path: Path) -> None:
    install(tmp_path / "site", "tea", "1.0")
    install(tmp_path / "site", "milk", "one-and-a-half")

    with OsvServer(KNOWN) as server:
        try:
            scan = audited(tmp_path, server, [tmp_path / "site"])
        except ToolError:
            return

    assert any("milk" in one.subject for one in scan.unread)
    assert [one.rule for one in scan.findings] == ["PYSEC-2026-1"]
