"""Shows which packages pass the gate `licences`, which fail, and of which nobody can tell."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pytest_gates.gates.licences import evaluate, licences_gate
from pytest_gates.model.evidence import Scan, Unavailable
from pytest_gates.model.finding import Effect, Finding
from pytest_gates.model.licences_settings import LicencesSettings
from pytest_gates.model.package import Package
from pytest_gates.model.verdict import Judgement
from pytest_gates.tools.licences import TOOL
from support.evidence import an_evidence, rules

FAIL, UNKNOWN = Effect.FAIL, Effect.UNKNOWN
OSI = "License :: OSI Approved"


def a_package(licence: str | None = "MIT", name: str = "idna", **changes: Any) -> Package:
    values = {"version": "3.1", "licence_from": "License-Expression" if licence else ""}
    return Package(name=name, licence=licence, **{**values, **changes})


def judged(
    *packages: Package, scan: Scan | Unavailable | None = None, **settings: Any
) -> Judgement:
    listed = Scan(tool="licences", version="1", inputs=len(packages), packages=packages)
    return evaluate(an_evidence(scans={"licences": scan or listed}), LicencesSettings(**settings))


def effects(judgement: Judgement) -> set[Effect]:
    return {one.effect for one in judgement.findings}


@pytest.mark.parametrize(
    "licence, allow, deny, effect",
    [
        ("MIT", ("MIT",), (), None),
        ("ISC", ("MIT",), (), FAIL),
        ("MIT OR GPL-3.0-only", ("MIT",), (), None),
        ("MIT AND GPL-3.0-only", ("MIT",), (), FAIL),
        ("MIT AND (ISC OR GPL-3.0-only)", ("MIT", "ISC"), (), None),
        ("MIT", ("MIT",), ("MIT",), FAIL),
        ("MIT", (), ("GPL-2.0-only",), None),
        ("GPL-2.0", (), ("GPL-2.0-only",), FAIL),
        ("GPL-2.0-or-later", (), ("GPL-2.0-only",), FAIL),
        ("GPL-3.0-only", (), ("GPL-2.0-or-later",), FAIL),
        ("GPL-2.0-or-later", ("GPL-3.0-only",), (), None),
        ("GPL-2.0-or-later", ("GPL-3.0-only",), ("GPL-3.0-only",), FAIL),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only",), (), None),
        ("GPL-2.0-only WITH Classpath-exception-2.0", (), ("GPL-2.0-only",), FAIL),
        ("GPL-2.0-only", ("GPL-2.0-only WITH Classpath-exception-2.0",), (), FAIL),
        ("LicenseRef-Ours", ("LicenseRef-Ours",), (), None),
        ("LicenseRef-Ours", ("MIT",), (), FAIL),
        ("LicenseRef-Ours", (), ("GPL-2.0-only",), UNKNOWN),
        ("LicenseRef-Ours", (), ("LicenseRef-Ours",), FAIL),
        ("LicenseRef-Ours OR MIT", (), ("GPL-2.0-only",), None),
        ("LicenseRef-Ours AND MIT", (), ("GPL-2.0-only",), UNKNOWN),
        ("Foo-1.0", ("MIT",), (), UNKNOWN),
        (None, (), ("MIT",), UNKNOWN),
    ],
)
def test_an_expression_is_weighed_exactly(
    licence: str | None, allow: tuple[str, ...], deny: tuple[str, ...], effect: Effect | None
) -> None:
    found = judged(a_package(licence), allow=allow, deny=deny)
    assert effects(found) == ({effect} if effect else set())


@pytest.mark.parametrize(
    "text, field, effect",
    [
        ("GPLv3", "License", FAIL),  # whichever is meant
        ("BSD", "License", None),
        ("LGPL", "License", UNKNOWN),
        (f"{OSI} :: MIT License; {OSI} :: GNU Affero General Public License v3", "Classifier", UNKNOWN),
        ("Whatever", "License", UNKNOWN),
        ("BSD", "License-Expression", UNKNOWN),
    ],
)  # fmt: skip
def test_words_that_may_mean_several_licences(text: str, field: str, effect: Effect | None) -> None:
    deny = ("GPL-3.0-only", "AGPL-3.0-only", "LGPL-3.0-only")
    found = judged(a_package(text, licence_from=field), deny=deny)
    assert effects(found) == ({effect} if effect else set())


def failure(**changes: Any) -> Finding:
    package = a_package("MIT AND GPL-3.0-only", required_by=("shop",), **changes)
    (found,) = judged(package, allow=("MIT",)).findings
    return found


def test_a_failure_says_package_licence_source_and_what_to_do() -> None:
    found = failure()
    assert found.message == (
        "idna 3.1: GPL-3.0-only of MIT AND GPL-3.0-only is not in `allow`; read from License-Expression"
    )
    assert (found.rule, found.subject, found.setting) == (
        "licence-not-allowed",
        "idna 3.1",
        "allow",
    )
    assert found.required_by == ("shop",)
    assert "add it to `allow`" in (found.remedy or "")


def test_a_waiver_holds_for_the_next_version_but_not_for_another_licence() -> None:
    assert failure().fingerprint == failure(version="4").fingerprint
    (other,) = judged(a_package("GPL-3.0-only"), allow=("MIT",)).findings
    assert other.fingerprint != failure().fingerprint


def test_a_denied_licence_is_said_first() -> None:
    package = a_package("ISC AND GPL-3.0-only", version=None)
    found = judged(package, allow=("MIT",), deny=("GPL-3.0-only",))
    (one,) = found.findings
    assert (one.rule, one.setting, one.subject) == ("licence-denied", "deny", "idna")
    assert one.message.startswith("idna: GPL-3.0-only of ISC AND GPL-3.0-only is denied")
    assert "waive it" in (one.remedy or "")
    assert [(one.setting, one.observed) for one in found.measures] == [
        ("allow", "0"),
        ("deny", "1"),
    ]


def test_what_is_unknown_tells_how_to_settle_it() -> None:
    (found,) = judged(a_package(None, "Jinja2"), allow=("MIT",)).findings
    assert found.rule == "licence-unknown"
    assert found.message == "Jinja2 3.1: its metadata name no licence"
    assert '[tool.pytest-gates.licences.assume] "jinja2" = "<SPDX>"' in (found.remedy or "")
    (found,) = judged(a_package("LicenseRef-X"), deny=("MIT",)).findings
    assert "LicenseRef-X has terms of its own" in found.message


@pytest.mark.parametrize(
    "licence, said, effect",
    [
        (None, "MIT", None),
        (None, "GPL-3.0-only", FAIL),
        ("GPL-3.0-only", "MIT", FAIL),  # clear metadata are not talked away
    ],
)
def test_an_assumption_counts_where_the_metadata_are_not_clear(
    licence: str | None, said: str, effect: Effect | None
) -> None:
    found = judged(a_package(licence, "My_Pkg"), allow=("MIT",), assume={"my-*": said})
    weighty = effects(found) - {Effect.NOTE}
    assert weighty == ({effect} if effect else set())
    assert ("entry-unused" in rules(found.findings)) is (licence is not None)
    if licence is None and effect:
        assert "as `assume` says" in found.findings[0].message


def test_what_is_left_out_is_told() -> None:
    packages = (
        a_package(name="shop", licence=None, local=True),
        a_package(None, "mkdocs"),
        a_package(),
    )
    found = judged(*packages, allow=("MIT",), exclude=("mk*", "none"))
    assert [one.message for one in found.findings] == [
        "1 own packages, from a folder of this machine: shop",
        "1 packages that `exclude` names: mkdocs",
        "exclude `none` was needed for no package",
    ]
    assert (
        found.summary == "no package(s) with a licence that is not accepted, 1 judged, 2 left out"
    )


@pytest.mark.parametrize("exclude", [(), ("*",)])
def test_where_nothing_is_left_to_judge_nothing_is_known(exclude: tuple[str, ...]) -> None:
    packages = (a_package(),) if exclude else ()
    found = judged(*packages, allow=("MIT",), exclude=exclude)
    assert "nothing-scanned" in rules(found.findings)
    assert UNKNOWN in effects(found)


@pytest.mark.parametrize("scan", [None, Unavailable(why="it hung", remedy="run again")])
def test_without_a_list_the_gate_is_inconclusive(scan: Unavailable | None) -> None:
    scans = {} if scan is None else {"licences": scan}
    found = evaluate(an_evidence(scans=scans), LicencesSettings(allow=("MIT",)))
    assert rules(found.findings) == ["no-scan"]
    assert found.summary == ("it hung" if scan else "licences was not started in this run")


def test_the_same_list_is_judged_by_another_law() -> None:
    package = a_package("MPL-2.0")
    assert effects(judged(package, allow=("MIT",))) == {FAIL}
    assert effects(judged(package, allow=("MIT", "MPL-2.0"))) == set()


def test_a_gate_that_could_not_fail_is_a_wrong_policy() -> None:
    assert "neither `allow` nor `deny`" in (LicencesSettings().complaint or "")
    assert LicencesSettings(deny=("MIT",)).complaint is None
    gate = licences_gate(TOOL)
    assert (gate.name, gate.tool, msgspec.structs.fields(gate.settings)[0].name) == (
        "licences",
        TOOL,
        "mode",
    )
