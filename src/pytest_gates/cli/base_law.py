"""Whose law judges, that of the change or that of its base, and what became of it. Effects: git, files.

The base says whether it judges (`policy-from`), who may approve and what a loosened law weighs: what the
change itself says of that counts for nothing. `--policy-from` on the command line is for the workflow to
say, which is somebody else's to protect.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import msgspec

from pytest_gates.adapters.git import ask
from pytest_gates.adapters.law_at import parting, policy_file_at, text_at
from pytest_gates.adapters.merge_base import Base, find_target, is_by_default, last_commit
from pytest_gates.adapters.signatures import signed_commit
from pytest_gates.changes.policy_change import NEW_SUPPRESSION
from pytest_gates.cli.claim import Claim, Weight
from pytest_gates.cli.judging import Law, law_at
from pytest_gates.cli.law_changes import law_changes
from pytest_gates.config.lenient import says_base
from pytest_gates.errors import ConfigError, GatesError
from pytest_gates.model.approval import Approval, approval
from pytest_gates.model.evidence import Unavailable
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.policy import Policy, Weighing

BASE = "base"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller said. `asked` is a revision, `base`, or None; `commit` as in `Expected`."""

    root: Path
    config: str | None
    profile: str
    asked: str | None
    approved_by: tuple[str, ...]
    commit: str | None
    environment: Mapping[str, str]
    today: dt.date


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`law` is the base's where that one judges, with the commit at which the change left that base.

    `target` is the base's own commit where its law is in force, also when an owner has lifted that.
    """

    claims: tuple[Claim, ...] = ()
    law: Policy | None = None
    target: str | None = None
    reference: str = ""
    parted: str | None = None


def base_law(question: Question, own: Law, foreign: frozenset[str]) -> Answer:
    """Raises ConfigError and GatesError where the base's law is in force and cannot be read."""
    demanded = question.asked is not None or own.policy.policy_from == BASE
    named = None if question.asked in {None, BASE} else question.asked
    target = find_target(question.root, named=named, environment=question.environment)
    if isinstance(target, Unavailable):
        return _no_base(target, demanded=demanded)
    if not demanded and _has_not(question, target):
        text = f"{target.reference} has no policy file {question.config} to compare with"
        return Answer(claims=(Claim(Weight.SAID, text),))
    try:
        in_force = question.asked is not None or says_base(
            policy_file_at(question.root, target.commit, question.config), question.profile
        )
        law = _law_at(question, target.commit, foreign)
        parted = parting(question.root, target.commit)
        changes = law_changes(
            question.root,
            target.commit,
            _law_there(question, law, target.commit, parted, foreign),
            own,
            question.today,
        )
    except GatesError as why:
        if demanded or _asks_to_judge(question, target):
            raise
        text = f"what this change does to the policy is not known: {why}"
        return Answer(claims=(Claim(Weight.SAID, text),))
    return _answered(question, target, law, in_force=in_force, parted=parted, changes=changes)


def _has_not(question: Question, target: Base) -> bool:
    """Whether the policy file that the caller names is new; whoever demands the base's law must have one."""
    if question.config is None:
        return False
    return text_at(question.root, target.commit, question.config) is None


def _asks_to_judge(question: Question, target: Base) -> bool:
    """Whether a law that is wrong asks to judge.

    One that is no text at all asks for nothing: no change that makes it so passes, so nobody comes from
    a law that asked.
    """
    try:
        return says_base(
            policy_file_at(question.root, target.commit, question.config), question.profile
        )
    except GatesError:
        return False


def _law_at(question: Question, commit: str, foreign: frozenset[str]) -> Law:
    try:
        return law_at(question.root, commit, question.config, question.profile, foreign)
    except ConfigError as wrong:
        problems = tuple(f"in {commit[:12]}: {one}" for one in wrong.problems)
        raise ConfigError(problems) from wrong


def _law_there(
    question: Question, law: Law, commit: str, parted: str | None, foreign: frozenset[str]
) -> Law:
    """The law where the change left its base: what was tightened there since is not this change's doing.

    Where that cannot be told, the law of today: then too much is shown, never too little.
    """
    if parted is None or parted == commit:
        return law
    try:
        return law_at(question.root, parted, question.config, question.profile, foreign)
    except GatesError:
        return law


def _no_base(target: Unavailable, *, demanded: bool) -> Answer:
    text = f"the policy of the base cannot be read: {target.why}"
    if demanded:
        remedy = (
            "gates verify --policy-from origin/main" if is_by_default(target) else target.remedy
        )
        return Answer(claims=(Claim(Weight.UNKNOWN, text, remedy),))
    # A policy that asked for its base to judge is inconclusive in every change of such a clone, and so
    # was mended: only a change that edits the workflow too can come here from there.
    return (
        Answer()
        if is_by_default(target)
        else Answer(claims=(Claim(Weight.SAID, text, target.remedy),))
    )


def _answered(
    question: Question,
    target: Base,
    law: Law,
    *,
    in_force: bool,
    parted: str | None,
    changes: tuple[Finding, ...],
) -> Answer:
    policy = law.policy
    weighings = {
        rule: chosen or ("block" if in_force else "warn")
        for rule, chosen in (
            (NEW_SUPPRESSION, policy.new_suppressions or policy.policy_changes),
            ("", policy.policy_changes),
        )
    }
    blocking = [
        one
        for one in changes
        if one.effect is not Effect.NOTE and weighings.get(one.rule, weighings[""]) == "block"
    ]
    approved = _approval(question, policy) if in_force or blocking else Approval()
    claims = [_claim(one, weighings.get(one.rule, weighings[""]), approved) for one in changes]
    claims += [
        Claim(Weight.SAID, f"this approval does not count: {one}") for one in approved.refused
    ]
    if in_force:
        claims += _about_the_law(question, target, law, approved)
    judges = in_force and approved.by is None
    return Answer(
        claims=tuple(claims),
        law=policy if judges else None,
        target=target.commit if in_force else None,
        reference=target.reference,
        parted=parted,
    )


def _approval(question: Question, policy: Policy) -> Approval:
    tip = last_commit(question.root, question.environment)
    signed = signed_commit(question.root, tip) if tip is not None else None
    return approval(policy.owners, question.approved_by, signed, signed=policy.signed_approvals)


def _claim(finding: Finding, weighing: Weighing, approved: Approval) -> Claim:
    place = f"{finding.location}: " if finding.location else ""
    text = f"{finding.rule}: {'' if str(finding.location) in finding.message else place}{finding.message}"
    if finding.effect is Effect.NOTE or weighing != "block":
        return Claim(Weight.SAID, text)
    if approved.by is not None:
        return Claim(Weight.SAID, f"{text} (approved by {approved.by}, {approved.how})")
    weight = Weight.UNKNOWN if finding.effect is Effect.UNKNOWN else Weight.BLOCKED
    return Claim(weight, text, finding.remedy)


def _about_the_law(question: Question, target: Base, law: Law, approved: Approval) -> list[Claim]:
    how = target.how if question.asked in {None, BASE} else "named by --policy-from"
    where = f"{target.reference} ({target.commit[:12]}, {how})"
    if approved.by is not None:
        text = f"judged by the change's own policy, approved by {approved.by} ({approved.how})"
        return [Claim(Weight.SAID, text)]
    source = "which has none, so by the default one" if law.policy.is_default else law.policy.source
    claims = [Claim(Weight.SAID, f"judged by the policy of {where}, {source}")]
    head = ask(question.root, "rev-parse", "HEAD") or ""
    commit = question.commit
    if commit and not head.startswith(commit.lower()):
        claims.append(
            Claim(
                Weight.UNKNOWN,
                f"{commit[:12]} is to be judged, and {head[:12] or 'nothing'} is checked out: what the "
                "change does to the policy cannot be seen",
                "check out the commit that is to be merged",
            )
        )
    return claims
