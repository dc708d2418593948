"""Shows that the real pip-audit is asked for all that is there, and that no source makes it pass unasked."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pytest_gates.adapters import audit_environment
from pytest_gates.adapters.audit_environment import chosen, question_of, split
from pytest_gates.adapters.process import Running, clean_environment
from pytest_gates.errors import ToolError
from pytest_gates.model.audit import AuditOrder
from pytest_gates.model.contracts import Completed
from pytest_gates.model.evidence import Scan
from pytest_gates.model.package import Package
from pytest_gates.tools.pip_audit import CANARIES, TOOL, PipAuditSettings, command, read
from support.fake_tools import a_context, completed
from support.installed import FOLDER, install
from support.osv import Advisory, OsvServer, advisory

LONG = 60.0
TEA = advisory("PYSEC-2026-1", "tea", fixed="1.1", aliases=["CVE-2026-1"], summary="Too hot.")
KNOWN: Mapping[tuple[str, str], Iterable[dict[str, object]]] = {("tea", "1.0"): [TEA]}


@pytest.fixture(autouse=True)
def a_network_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy stands between us and the loopback interface, and no cache of the machine answers."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class Raw(OsvServer):
    """Says the same to everybody, after a while."""

    def __init__(self, said: bytes, *, status: int = 200, seconds: float = 0) -> None:
        super().__init__(status=status)
        self._said = said
        self._seconds = seconds

    def body(self, question: Advisory) -> bytes:
        time.sleep(self._seconds)
        return self._said


def scanned(
    root: Path, server: OsvServer, entries: Iterable[Path] = (), requirements: Iterable[str] = ()
) -> Scan:
    """What the real pip-audit finds in a process of its own, read by our reader."""
    settings = PipAuditSettings(source=server.url, requirements=tuple(requirements))
    context = a_context(root, python=sys.executable, sys_path=tuple(map(str, entries)))
    asked = command(settings, context)
    environment = {**clean_environment(TOOL.scrub), **asked.env}
    ended = Running(asked.argv, cwd=root, env=environment, polite=False, told=asked.told).wait(LONG)
    done = Completed(
        command=asked,
        context=context,
        exit_code=ended.exit_code,
        stdout=ended.stdout,
        stderr=ended.stderr,
        seconds=ended.seconds,
    )
    return read(done, settings)


def asked_here(
    pins: Path, url: str, monkeypatch: pytest.MonkeyPatch, *options: str, canary: str = ""
) -> Scan:
    """The same in this process, since importing pip-audit takes a second."""
    monkeypatch.setattr(sys, "argv", sys.argv)
    settings = PipAuditSettings(source=url, requirements=(str(pins),), canary=canary)
    told = msgspec.json.decode(command(settings, a_context()).told, type=AuditOrder)
    told = msgspec.structs.replace(told, options=(*told.options, *options))
    return read(completed(msgspec.json.encode(audit_environment.audited(told))), settings)


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    path = tmp_path / "pins.txt"
    path.write_text("tea==1.0\n", encoding="utf-8")
    return path


def test_the_real_pip_audit_answers_for_what_is_installed_whatever_surrounds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, temporary, root = tmp_path / "site", tmp_path / "temporary", tmp_path / "root"
    temporary.mkdir()
    install(site, "tea", "1.0")
    install(site, "milk_jug", "2.0")
    install(site, "shop", "0.1", origin=FOLDER)
    install(tmp_path / "later", "tea", "0.5")
    # pip-audit starts `python -m pip`, in the root of the judged project.
    (root / "pip").mkdir(parents=True)
    (root / "pip" / "__main__.py").write_text("open('ran', 'w')", encoding="utf-8")
    (root / "pip" / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("PIP_AUDIT_OUTPUT", str(tmp_path / "elsewhere.json"))
    monkeypatch.setenv("PIP_AUDIT_FORMAT", "markdown")
    monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "pypi")
    monkeypatch.setenv("PIP_PYTHON", "/nowhere")
    monkeypatch.setenv("PIPAPI_PYTHON_LOCATION", "/nowhere")
    monkeypatch.setenv("VIRTUAL_ENV", "/nowhere")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")

    with OsvServer(KNOWN) as server:
        scan = scanned(root, server, [site, tmp_path / "later"])

    assert sorted(server.asked) == [("milk-jug", "2.0"), ("tea", "1.0")]
    (found,) = scan.findings
    assert (found.rule, found.subject, found.aliases, found.fixed_in) == (
        "PYSEC-2026-1",
        "tea 1.0",
        ("CVE-2026-1",),
        ("1.1",),
    )
    assert found.message == "tea 1.0: Too hot; fixed in 1.1"
    assert (scan.inputs, scan.unread) == (2, ())
    assert "not audited, from a local folder: shop" in scan.notes
    assert not (tmp_path / "elsewhere.json").exists()
    assert not (root / "ran").exists()
    assert list(temporary.iterdir()) == []


def test_an_advisory_in_a_language_that_pip_audit_does_not_know_is_not_dropped(
    tmp_path: Path, pins: Path
) -> None:
    newer = {("tea", "1.0"): [{**TEA, "schema_version": "2.0.0"}]}

    with OsvServer(newer) as server, pytest.raises(ToolError) as caught:
        scanned(tmp_path, server, requirements=[pins.name])

    assert "Unsupported OSV schema version: 2.0.0" in caught.value.why


def test_all_versions_of_a_package_in_all_files_are_audited_in_as_many_rounds(
    tmp_path: Path, pins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "uv.lock"
    packages = (("tea", "1.0"), ("tea", "0.9"), ("tea", "2.0"), ("jinja2", "3.0"))
    lock.write_text(
        "version = 1\n"
        + "".join(
            f"[[package]]\nname = '{name}'\nversion = '{version}'\n" for name, version in packages
        ),
        encoding="utf-8",
    )
    pins.write_text("-r more.txt\ntorch==2.0+cpu\n", encoding="utf-8")
    (tmp_path / "more.txt").write_text("tea==1.0\n", encoding="utf-8")
    settings = PipAuditSettings(requirements=(str(pins), str(lock)))

    with OsvServer(records=[TEA]) as server:
        order = AuditOrder(
            files=settings.requirements,
            options=(
                "-f",
                "json",
                "-s",
                "osv",
                "--osv-url",
                server.url,
                "--progress-spinner",
                "off",
            ),
            canaries=CANARIES,
        )
        monkeypatch.setattr(sys, "argv", sys.argv)
        scan = read(completed(msgspec.json.encode(audit_environment.audited(order))), settings)

    assert sorted(server.asked) == [
        ("jinja2", "3.0"),
        ("tea", "0.9"),
        ("tea", "1.0"),
        ("tea", "2.0"),
        ("torch", "2.0"),
    ]
    assert sorted(one.subject or "" for one in scan.findings) == ["tea 0.9", "tea 1.0"]
    assert scan.inputs == 5
    assert len(scan.packages) == 6


def answer(**changed: Any) -> bytes:
    return json.dumps({"vulns": [{**TEA, **changed}]}).encode()


@pytest.mark.parametrize(
    "said, status, why",
    [
        pytest.param(b"{}", 200, "does not know of any flaw in jinja2==2.10", id="captive"),
        pytest.param(b'{"vulns": []}', 200, "does not know", id="nothing"),
        pytest.param(answer(schema_version="2.0.0"), 200, "does not know", id="newer"),
        pytest.param(
            answer(withdrawn="2020-01-01T00:00:00Z"), 200, "does not know", id="withdrawn"
        ),
        pytest.param(b'{"next_page_token": "x"}', 200, "KeyError: 'vulns'", id="only a token"),
        pytest.param(b"<html>log in</html>", 200, "JSONDecodeError", id="html"),
        pytest.param(b'{"vulns": [', 200, "JSONDecodeError", id="half"),
        pytest.param(b"[1]", 200, "broke off", id="a list"),
        pytest.param(
            answer(published="2026-01-01T00:00:00+00:00"), 200, "ValueError", id="timestamp"
        ),
        pytest.param(b"", 500, "HTTPError: 500", id="out of order"),
        pytest.param(b"", 404, "HTTPError: 404", id="not there"),
    ],
)
def test_a_source_that_talks_nonsense_is_an_unknown_and_says_what(
    pins: Path, monkeypatch: pytest.MonkeyPatch, said: bytes, status: int, why: str
) -> None:
    with Raw(said, status=status) as server, pytest.raises(ToolError) as caught:
        asked_here(pins, server.url, monkeypatch)

    assert why in caught.value.why
    assert server.url in caught.value.why + caught.value.remedy


def test_a_source_that_is_slow_or_nowhere_is_an_unknown_too(
    pins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        Raw(b"{}", seconds=1.2) as server,
        pytest.raises(ToolError, match=r"broke off; ReadTimeout: .*timeout=1"),
    ):
        asked_here(pins, server.url, monkeypatch, "--timeout", "1")
    with pytest.raises(ToolError, match=r"broke off; ConnectionError: .*no-such-host\.invalid"):
        asked_here(pins, "http://no-such-host.invalid/v1/query", monkeypatch)


def test_of_a_list_that_goes_on_elsewhere_at_least_the_beginning_fails(
    pins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip-audit never asks for the second page (2.10.1): what it holds is known after an upgrade."""
    with Raw(json.dumps({"vulns": [TEA], "next_page_token": "x"}).encode()) as server:
        scan = asked_here(pins, server.url, monkeypatch)

    assert [one.rule for one in scan.findings] == ["PYSEC-2026-1"]


def test_a_mirror_without_the_usual_canaries_is_asked_for_one_of_its_own(
    pins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins.write_text("tea==1.1\n", encoding="utf-8")

    with OsvServer(records=[TEA], canaries=False) as server:
        with pytest.raises(ToolError, match="does not know"):
            asked_here(pins, server.url, monkeypatch)
        scan = asked_here(pins, server.url, monkeypatch, canary="Tea==1.0")
        pins.write_text("tea==1.0\n", encoding="utf-8")
        same = asked_here(pins, server.url, monkeypatch, canary="tea==1.0")

    assert (scan.findings, scan.inputs) == ((), 1)
    assert [one.subject for one in same.findings] == ["tea 1.0"]


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "no package to audit"),
        ("tea==1.0 ; python_version < '3'\n", "no package to audit"),
        ("tea>=1.0\n", "not pinned to one version"),
        ("tea == \n", "is no requirement"),
    ],
)
def test_what_pins_nothing_is_never_sent(
    pins: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    pins.write_text(text, encoding="utf-8")

    with pytest.raises(ToolError) as caught:
        asked_here(pins, "http://no-such-host.invalid/", monkeypatch)

    assert why in caught.value.why


@pytest.mark.parametrize(
    "package, pin, why",
    [
        (Package(name="Tea_Pot", version="1.0.0"), "tea-pot==1.0.0", ""),
        (Package(name="tea", version="1.0+cpu"), "tea==1.0", ""),
        (Package(name="tea", version="01.0-rc1"), "tea==1.0rc1", ""),
        (Package(name="tea"), "", "no version"),
        (Package(name="tea", version="one"), "", "PEP 440"),
        (Package(name="tea", version="1\n-r x"), "", "PEP 440"),
        (Package(name="tea", version="9" * 5000), "", "PEP 440"),
        (Package(name="tea --dry-run", version="1"), "", "no name"),
        (Package(name="-r", version="1"), "", "no name"),
        (Package(name="tea", version="1", local=True), "", "folder"),
    ],
)
def test_only_names_and_versions_are_handed_over(package: Package, pin: str, why: str) -> None:
    question = question_of(package)

    assert question.pin == pin
    assert why in question.why_not


def test_canaries_are_of_packages_that_are_not_audited_where_there_are_such() -> None:
    assert chosen(("a==1", "b==1", "c==1", "d==1"), ("a==2", "c==1")) == ("b==1", "d==1")
    assert chosen(("a==1", "b==1"), ("a==2",)) == ("b==1", "a==1")
    assert chosen(("a==1",), ("a==1", "b==1")) == ("a==1",)


def test_each_round_holds_a_package_once() -> None:
    assert list(split(("a==1", "b==1", "a==2", "a==3"))) == [
        ("a==1", "b==1"),
        ("a==2",),
        ("a==3",),
    ]
    assert list(split(())) == []
