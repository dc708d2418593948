"""Who may approve a change of the law, and who did. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

TRAILER = "Gates-Approved-By"
_MAIL = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}")
_TRUSTED = frozenset({"G", "U"})


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `owners`: `names` are lower case, `keys` fingerprints of an SSH key or of a GPG key."""

    text: str
    names: frozenset[str]
    keys: frozenset[str] = frozenset()

    def is_named(self, text: str) -> bool:
        """Whether `text` is the name or the mail address, or `Name <mail>` with that address."""
        mail = _MAIL.search(text)
        wanted = mail[1] if mail else text
        return _plain(wanted) in self.names


class SignedCommit(msgspec.Struct, frozen=True, kw_only=True):
    """The last commit of a change. `status` is git's own letter (`%G?`), `keys` made the signature.

    `signer` is who git takes the key for. `committer` is what anybody may write there.
    """

    commit: str
    status: str
    keys: tuple[str, ...]
    signer: str
    committer: str
    approvers: tuple[str, ...]


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """`by` approved, in the way `how`; None when nobody did. `refused` tells why others do not count."""

    by: str | None = None
    how: str = ""
    refused: tuple[str, ...] = ()


def owner_of(text: str) -> Owner:
    """`@ana <ana@example.org> SHA256:…`: a name, a mail address, keys, each of which may be missing."""
    mails = _MAIL.findall(text)
    rest = _MAIL.sub(" ", text).split()
    keys = frozenset(_same_case(one) for one in rest if _KEY.fullmatch(one))
    name = " ".join(one for one in rest if not _KEY.fullmatch(one))
    names = frozenset(_plain(one) for one in (name, *mails) if one)
    return Owner(text=text, names=names, keys=keys)


def approval(
    owners: Iterable[str], told: Iterable[str], tip: SignedCommit | None, *, signed: bool
) -> Approval:
    """Whether an owner approved.

    `told` are those whom a trusted workflow names on the command line. `tip` is the last commit of the
    change: an approval that is older has not seen all of it. `signed`: it counts only with a signature.
    """
    known = tuple(owner_of(one) for one in owners)
    refused: list[str] = []
    for name in told:
        owner = _named(known, name)
        if owner is not None:
            return Approval(by=owner.text, how="--approved-by", refused=tuple(refused))
        refused.append(f"{name} is no owner in the policy of the base")
    if tip is None:
        return Approval(refused=tuple(refused))
    for name in tip.approvers:
        owner = _named(known, name)
        why = _refusal(owner, name, tip, signed=signed)
        if owner is not None and why is None:
            how = f"{TRAILER} in {tip.commit[:12]}"
            return Approval(by=owner.text, how=how, refused=tuple(refused))
        refused.append(why or name)
    return Approval(refused=tuple(refused))


def _named(owners: Iterable[Owner], name: str) -> Owner | None:
    return next((one for one in owners if one.is_named(name)), None)


def _refusal(owner: Owner | None, name: str, tip: SignedCommit, *, signed: bool) -> str | None:
    """Why this trailer proves nothing; None when it does."""
    if owner is None:
        return f"{name} is no owner in the policy of the base"
    where = f"the {TRAILER} of {name} in {tip.commit[:12]}"
    if not signed:
        by_owner = owner.is_named(tip.committer)
        return None if by_owner else f"{where} was written by {tip.committer}"
    if tip.status not in _TRUSTED:
        return f"{where} has no good signature (git says `{tip.status}`)"
    if owner.keys:
        by_owner = not owner.keys.isdisjoint(_same_case(one) for one in tip.keys)
        return None if by_owner else f"{where} was signed with a key that is not theirs"
    # No key is listed: then git must both trust the key and know whose it is.
    by_owner = tip.status == "G" and owner.is_named(tip.signer)
    return None if by_owner else f"{where} was signed with a key that git does not know as theirs"


def _plain(name: str) -> str:
    return name.strip().removeprefix("@").lower()


def _same_case(key: str) -> str:
    return key.rstrip("=") if key.startswith("SHA256:") else key.upper()
