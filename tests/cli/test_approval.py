"""Who may approve that a change loosens its law: an owner of the base's policy, and nobody else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from support.judged import Judged

STRICT = "[tool.pytest-gates.tests]\nallow-partial = false\n"
LENIENT = STRICT.replace("false", "true")
TRAILER = "Approve the looser limit\n\nGates-Approved-By: Ana <ana@example.org>\n"


def top(*owners: str, more: str = "") -> str:
    return f"[tool.pytest-gates]\npolicy-from = 'base'\nowners = {list(owners)}\n{more}"


def key(folder: Path, name: str) -> tuple[Path, str]:
    """A new SSH key and its fingerprint."""
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    said = subprocess.run(
        ["ssh-keygen", "-lf", f"{path}.pub"], check=True, capture_output=True, text=True
    ).stdout
    return path, said.split()[1]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("there is no ssh-keygen")
    folder = tmp_path_factory.mktemp("keys")
    return {name: key(folder, name) for name in ("ana", "eve")}


@pytest.fixture(scope="module")
def asked_once(
    tmp_path_factory: pytest.TempPathFactory, quiet_session: None, keys: dict[str, tuple[Path, str]]
) -> Judged:
    """A change that lowers a limit and makes its author an owner; a run that only its policy clears."""
    judged = Judged(tmp_path_factory.mktemp("asked"))
    judged.write({".gitignore": "gates-report/\n__pycache__/\n.pytest_cache/\n"})
    own = f"@ana <ana@example.org> {keys['ana'][1]}"
    judged.write(
        {
            "pyproject.toml": top(own) + STRICT,
            "test_it.py": "def test_one(): pass\ndef test_two(): pass\n",
        }
    )
    judged.git("init", "-q", "-b", "main")
    judged.commit()
    judged.git("checkout", "-q", "-b", "change")
    judged.write({"pyproject.toml": top(own, f"@eve <eve@example.org> {keys['eve'][1]}") + LENIENT})
    judged.commit()
    assert judged.run("-k", "one").returncode == 0
    return judged


@pytest.fixture
def asked(asked_once: Judged, tmp_path: Path) -> Judged:
    return asked_once.copy(tmp_path / "project")


def signed(judged: Judged, signer: Path | None, message: str) -> None:
    how = (
        ("-c", "gpg.format=ssh", "-c", f"user.signingkey={signer}.pub")
        if signer is not None
        else ()
    )
    words = ("-S",) if signer is not None else ()
    judged.git(*how, "commit", "-q", "--allow-empty", *words, "-m", message)


def test_an_owner_whom_ci_names_lets_the_change_judge_itself(asked: Judged) -> None:
    assert asked.verify().returncode == 10
    done = asked.verify("--approved-by", "ana")
    assert done.returncode == 0, done.stdout
    assert "judged by the change's own policy, approved by @ana" in done.stdout
    assert "policy-change: [tests] allow-partial" in done.stdout


def test_an_owner_whom_the_change_added_cannot_approve_it(asked: Judged) -> None:
    done = asked.verify("--approved-by", "@eve")
    assert done.returncode == 10
    assert "does not count: @eve is no owner in the policy of the base" in done.stdout


@pytest.mark.parametrize(
    "signer, message, said",
    [
        ("ana", TRAILER, None),
        ("eve", TRAILER, "signed with a key that is not theirs"),
        (None, TRAILER, "has no good signature"),
        ("ana", "Nothing of the kind\n", ""),
        ("eve", TRAILER.replace("Ana <ana", "Eve <eve"), "Eve <eve@example.org> is no owner"),
    ],
    ids=["owner", "another-key", "unsigned", "no-trailer", "added-owner"],
)
def test_only_a_signed_trailer_of_an_owner_counts(
    asked: Judged,
    keys: dict[str, tuple[Path, str]],
    signer: str | None,
    message: str,
    said: str | None,
) -> None:
    signed(asked, keys[signer][0] if signer else None, message)
    done = asked.verify("--any-commit")
    assert done.returncode == (0 if said is None else 10), done.stdout
    assert (said or "") in done.stdout


def test_an_approval_does_not_cover_what_came_after_it(
    asked: Judged, keys: dict[str, tuple[Path, str]]
) -> None:
    signed(asked, keys["ana"][0], TRAILER)
    asked.git("commit", "-q", "--allow-empty", "-m", "one more thing")
    assert asked.verify("--any-commit").returncode == 10


def test_a_merge_that_nobody_vouches_for_cannot_carry_an_approval(
    asked: Judged, keys: dict[str, tuple[Path, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where CI says that it made the merge, its second side is the end of the change."""
    signed(asked, keys["ana"][0], TRAILER)
    asked.git("checkout", "-q", "main")
    asked.git("merge", "-q", "--no-ff", "-m", "merge", "change")
    merge = asked.git("rev-parse", "HEAD")
    asked.git("branch", "-q", "-f", "trunk", "HEAD^1")
    words = ("--any-commit", "--policy-from")
    assert asked.verify(*words, "trunk").returncode == 10
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_REF", "refs/pull/7/merge")
    monkeypatch.setenv("GITHUB_SHA", merge)
    done = asked.verify(*words, "base")
    assert done.returncode == 0, done.stdout
