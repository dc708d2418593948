"""Who signed a commit, as git tells it, and what its trailers say. Effects: starts git."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_gates.adapters.git import ask, output
from pytest_gates.model.approval import TRAILER, SignedCommit

_FIELDS = ("%H", "%G?", "%GF", "%GP", "%GS", "%cn <%ce>")
_ALLOWED = "gpg.ssh.allowedSignersFile"


def signed_commit(root: Path, commit: str) -> SignedCommit | None:
    """None when git cannot say. A message cannot hold a zero byte, so no field can pose as another."""
    trailers = f"%(trailers:key={TRAILER},valueonly,unfold)"
    fields = "%x00".join((*_FIELDS, trailers))
    words = ("log", "-1", "--no-show-signature", f"--format={fields}", "--end-of-options", commit)
    # Without such a file git looks at no SSH signature; an empty one makes it tell the key all the same.
    known = () if ask(root, "config", _ALLOWED) else ("-c", f"{_ALLOWED}={os.devnull}")
    said = output(root, *known, *words)
    parts = (said or b"").decode("utf-8", "replace").rstrip("\n").split("\0")
    if len(parts) != len(_FIELDS) + 1:
        return None
    full, status, key, primary, signer, committer, approvers = parts
    return SignedCommit(
        commit=full,
        status=status,
        keys=tuple(dict.fromkeys(one for one in (key, primary) if one)),
        signer=signer,
        committer=committer,
        approvers=tuple(one.strip() for one in approvers.splitlines() if one.strip()),
    )
