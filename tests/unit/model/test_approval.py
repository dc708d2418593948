"""Who is an owner, and which approvals count."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_gates.model.approval import Approval, SignedCommit, approval, owner_of

SSH = "SHA256:" + "k" * 43
GPG = "0123456789abcdef0123456789abcdef01234567"
ANA = f"@ana <ana@example.org> {SSH} {GPG}"
BEA = "Bea Born <bea@example.org>"


def a_commit(*approvers: str, **changes: Any) -> SignedCommit:
    values: dict[str, Any] = {
        "commit": "c" * 40,
        "status": "G",
        "keys": (SSH,),
        "signer": "ana@example.org",
        "committer": "Ana <ana@example.org>",
        "approvers": approvers or ("Ana <ana@example.org>",),
    }
    return SignedCommit(**{**values, **changes})


def by_trailer(commit: SignedCommit | None, *, signed: bool = True) -> Approval:
    return approval((ANA, BEA), (), commit, signed=signed)


def test_an_entry_holds_names_and_keys() -> None:
    ana, bea = owner_of(ANA), owner_of(BEA)
    assert ana.names == {"ana", "ana@example.org"}
    assert ana.keys == {SSH, GPG.upper()}
    assert bea.names == {"bea born", "bea@example.org"}
    assert owner_of(GPG).names == frozenset()


@pytest.mark.parametrize(
    "name, known",
    [
        ("@ana", True),
        ("Ana", True),
        ("ANA@example.org", True),
        ("Somebody <ana@example.org>", True),
        ("ana <eve@example.org>", False),
        ("an", False),
        ("", False),
        ("@", False),
    ],
)
def test_how_an_owner_may_be_named(name: str, known: bool) -> None:
    assert owner_of(ANA).is_named(name) is known


def test_whom_ci_names_must_be_an_owner() -> None:
    found = approval((ANA, BEA), ("@eve", "bea@example.org", "@ana"), None, signed=True)
    assert (found.by, found.how) == (BEA, "--approved-by")
    assert found.refused == ("@eve is no owner in the policy of the base",)
    assert approval((), ("@ana",), None, signed=True).by is None


def test_nobody_said_anything() -> None:
    assert by_trailer(None) == Approval()
    assert by_trailer(a_commit(approvers=())) == Approval()


@pytest.mark.parametrize(
    "changes",
    [{}, {"status": "U"}, {"keys": ("x", GPG)}, {"committer": "eve"}, {"signer": ""}],
    ids=str,
)
def test_a_good_signature_with_a_key_of_the_owner_counts(changes: dict[str, Any]) -> None:
    found = by_trailer(a_commit(**changes))
    assert (found.by, found.how, found.refused) == (ANA, "Gates-Approved-By in cccccccccccc", ())


@pytest.mark.parametrize(
    "changes, why",
    [
        ({"status": "N"}, "has no good signature (git says `N`)"),
        ({"status": "B"}, "has no good signature (git says `B`)"),
        ({"status": "E"}, "has no good signature (git says `E`)"),
        ({"status": "R"}, "has no good signature (git says `R`)"),
        ({"keys": ()}, "was signed with a key that is not theirs"),
        ({"keys": (SSH.lower(),)}, "was signed with a key that is not theirs"),
        ({"approvers": ("@eve",)}, "@eve is no owner in the policy of the base"),
        # An owner without keys is one whom git itself must know.
        ({"approvers": ("Bea Born",)}, "was signed with a key that git does not know as theirs"),
        (
            {"approvers": ("Bea Born",), "signer": "bea@example.org", "status": "U"},
            "was signed with a key that git does not know as theirs",
        ),
    ],
    ids=str,
)
def test_any_other_signature_counts_for_nothing(changes: dict[str, Any], why: str) -> None:
    found = by_trailer(a_commit(**changes))
    assert found.by is None
    assert found.refused[0].endswith(why)


def test_an_owner_without_keys_is_believed_when_git_trusts_the_signer() -> None:
    commit = a_commit("@eve", "Bea Born", signer="Bea <bea@example.org>", keys=("other",))
    found = by_trailer(commit)
    assert found.by == BEA
    assert len(found.refused) == 1


def test_without_signatures_the_committer_must_be_the_owner() -> None:
    assert by_trailer(a_commit(status="N"), signed=False).by == ANA
    found = by_trailer(a_commit(status="G", committer="Eve <eve@example.org>"), signed=False)
    assert found.by is None
    assert found.refused[0].endswith("was written by Eve <eve@example.org>")
