"""Show a change that pytest-gates blocks, and its repair that passes. Effects: processes, files.

Builds a git repository of the shop in a temporary folder (`--keep DIR`: there, and it stays), runs
the real commands on three of its commits and ends with 0 only if each one ended as it should.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import osv_server

HERE = Path(__file__).resolve().parent
RUN = ("pytest", "-p", "gates", "--gates-profile", "ci")
VERIFY = ("gates", "verify")
WAIVED_DAYS = 60

# Commits of main: days ago, subject, and the files that it brings.
HISTORY: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (9, "Fill a cart", (".gitignore", "src/shop/__init__.py", "src/shop/cart.py")),
    (9, "Test the cart", ("tests/test_cart.py",)),
    (7, "Tax a cart by country", ("src/shop/tax.py", "tests/test_tax.py")),
    (4, "Take money, and give it back in time", ("src/shop/payments", "tests/test_payments.py")),
    (3, "Write the policy down", ("pyproject.toml", "requirements.txt", "gates-exceptions.toml")),
)


@dataclass(frozen=True)
class Act:
    """One commit to judge, and the exit status that the gates must give it."""

    name: str
    title: str
    expected: int
    patch: str = ""
    message: str = ""


ACTS = (
    Act("main", "main, as it stands", 0),
    Act(
        "blocked",
        "a change whose tests pass, and which must not be merged",
        10,
        "1-print-receipts.patch",
        "Print receipts\n\nThe driver of the printer asks for an older PyYAML.",
    ),
    Act(
        "repaired",
        "the same change, repaired",
        0,
        "2-repair-receipts.patch",
        "Print receipts without a shell, and test them\n\nA newer driver takes any PyYAML.",
    ),
)


def main() -> int:
    """0 when all went as expected, 1 when not, 2 when something needed is missing."""
    keep = _arguments()
    lacking = _lacking() or (_occupied(keep) if keep else None)
    if lacking:
        print(f"demo: {lacking}", file=sys.stderr)
        return 2
    server = osv_server.listen()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            return _play(keep.resolve(), server.server_port)
        with tempfile.TemporaryDirectory(prefix="shop-", ignore_cleanup_errors=True) as folder:
            return _play(Path(folder).resolve(), server.server_port)
    finally:
        server.shutdown()
        server.server_close()


def _arguments() -> Path | None:
    parser = argparse.ArgumentParser(description="A change that is blocked, and one that passes.")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="an empty folder to work in")
    keep: Path | None = parser.parse_args().keep
    return keep


def _lacking() -> str | None:
    if shutil.which("git") is None:
        return "git is not installed"
    for name in ("pytest", "gates", "ruff"):
        if _program(name) is None:
            package = {"gates": "pytest-gates"}.get(name, name)
            return f"`{name}` is missing beside {sys.executable}: python -m pip install {package}"
    if importlib.util.find_spec("pytest_gates") is None:
        return f"pytest-gates is not installed for {sys.executable}"
    return None


def _occupied(keep: Path) -> str | None:
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        return f"--keep {keep}: is not an empty folder"
    return None


def _program(name: str) -> str | None:
    return shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)


def _play(work: Path, port: int) -> int:
    repo = work / "shop"
    _build(repo, port)
    _say(
        f"A git repository of the shop: {repo}",
        "Its advisories are not asked from the network: osv_server.py answers on the loopback from",
        f"advisories.json, where {len(osv_server.RECORDS)} real advisories were recorded. "
        "Other flaws are not known to this demo.",
    )
    wrong: list[str] = []
    told: list[str] = []
    for number, act in enumerate(ACTS, start=1):
        _say("", f"=== {number}. {act.title} ===")
        if act.patch:
            _git(repo, "apply", "--index", str(HERE / "changes" / act.patch))
            _commit(repo, act.message, days_ago=len(ACTS) - number)
            _show(repo, "git", "show", "--stat", "--format=%h %s", "HEAD")
        codes = (_show(repo, *RUN), _show(repo, *VERIFY))
        told.append(f"{act.name} {codes[0]}, verify {codes[1]}")
        for words, code in zip((RUN, VERIFY), codes, strict=True):
            if code != act.expected:
                command = shlex.join(words)
                wrong.append(f"{act.name}: `{command}` ended with {code}, not {act.expected}")
        if (repo / "gates-report").is_dir():
            shutil.copytree(repo / "gates-report", work / "reports" / act.name)
    _say("", *(f"demo: {one}" for one in wrong))
    _say(f"demo: {'NOT AS EXPECTED' if wrong else 'as expected'}: {' · '.join(told)}")
    return 1 if wrong else 0


def _build(repo: Path, port: int) -> None:
    """main, commit by commit, with today's dates and the port of the advisory server."""
    repo.mkdir()
    _git(repo, "init", "-q")
    _git(repo, "symbolic-ref", "HEAD", "refs/heads/main")
    for days_ago, subject, names in HISTORY:
        for name in names:
            _copy(HERE / name, repo / name)
        if "pyproject.toml" in names:
            _replace(repo / "pyproject.toml", r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}")
            last_day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=WAIVED_DAYS)
            _replace(repo / "gates-exceptions.toml", r"expires = [\d-]+", f"expires = {last_day}")
        _commit(repo, subject, days_ago)
    _git(repo, "checkout", "-q", "-b", "print-receipts")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def _replace(path: Path, pattern: str, text: str) -> None:
    """Raises RuntimeError unless the pattern stands there exactly once."""
    new, count = re.subn(pattern, text, path.read_text(encoding="utf-8"))
    if count != 1:
        raise RuntimeError(f"{path.name}: {pattern!r} stands there {count} times, not once")
    path.write_text(new, encoding="utf-8")


def _commit(repo: Path, message: str, days_ago: int) -> None:
    day = f"{dt.datetime.now(dt.UTC) - dt.timedelta(days=days_ago):%Y-%m-%dT%H:%M:%S+00:00}"
    dates = {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
    _git(repo, "add", "-A")
    _git(repo, "commit", "-q", "-m", message, more=dates)


def _git(repo: Path, *words: str, more: dict[str, str] | None = None) -> None:
    subprocess.run(["git", *words], cwd=repo, check=True, env=_environment() | (more or {}))


def _show(repo: Path, *words: str) -> int:
    """Print the command, let it write to this screen, print and return its exit status."""
    _say("", f"$ {shlex.join(words)}")
    argv = [_program(words[0]) or words[0], *words[1:]]
    code = subprocess.run(argv, cwd=repo, check=False, env=_environment()).returncode
    if words[0] != "git":
        _say(f"(exit status {code})")
    return code


def _environment() -> dict[str, str]:
    """Ours, less what would make the demo another one: settings of pytest, coverage, git and CI."""
    telling = ("PYTEST_", "COVERAGE_", "COV_CORE_", "GIT_", "RUFF_", "PIP_AUDIT_", "CI")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(telling)}
    who = {"NAME": "Ana", "EMAIL": "ana@example.org"}
    return kept | {
        **{f"GIT_{role}_{key}": it for role in ("AUTHOR", "COMMITTER") for key, it in who.items()},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PAGER": "cat",
        # A proxy of this machine must not be asked for the loopback.
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _say(*lines: str) -> None:
    # Flushed at once: the commands write to the same screen.
    print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
