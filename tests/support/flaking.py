"""Runs in which tests fail and are tried again: the policy, and what was told of each test."""

from __future__ import annotations

from pytest_gates.model.case import CaseRecord, Diagnosis, FlakeClass, Outcome, Setting
from support.projects import Project

NO_PAST = '[tool.pytest-gates]\nhistory = "off"\n'
FLAKY = f"{NO_PAST}[tool.pytest-gates.tests]\n[tool.pytest-gates.flaky]\n"
"""Tests and flaky tests alone, without a history."""

COIN = "__import__('random').SystemRandom().random() < 0.5"

ONCE = """
    import pathlib

    def first_time(name):
        '''True once, for ever false after it, in whatever process.'''
        mark = pathlib.Path(__file__).with_name(name + ".seen")
        if mark.exists():
            return False
        mark.touch()
        return True
"""
"""A module `once`: a failure that happens once and never again, as a flaky test's does."""


def run(project: Project, *args: str, profile: str = "ci") -> int:
    """Exit status of a run in profile ci: a part of a suite is tried again there as well."""
    return int(project.run("--gates-profile", profile, *args).ret)


def case_of(project: Project, name: str) -> CaseRecord:
    """By the last part of its node id."""
    return next(
        one for one in project.report().evidence.cases if one.nodeid.rpartition("::")[2] == name
    )


def diagnosis_of(project: Project, name: str) -> Diagnosis:
    found = case_of(project, name).diagnosis
    assert found is not None
    return found


def kinds(project: Project) -> dict[str, FlakeClass]:
    """What each test that failed was told to be, by the last part of its node id."""
    return {
        case.nodeid.rpartition("::")[2]: case.diagnosis.kind
        for case in project.report().evidence.cases
        if case.diagnosis is not None
    }


def outcomes(case: CaseRecord, setting: Setting) -> list[Outcome]:
    """Of its attempts under one setting, in their order."""
    return [one.outcome for one in case.attempts if one.setting is setting]
