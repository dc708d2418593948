"""Shows how SPDX expressions are read, and which licences speak of each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gates.model.spdx import Licence, NotSpdx, known_ids, parsed, parsed_licence


@pytest.mark.parametrize(
    "text, said",
    [
        ("mit", "MIT"),
        ("MIT or (isc AND Zlib)", "MIT OR (ISC AND Zlib)"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("Apache-2.0+", "Apache-2.0+"),
        ("BSD-2-Clause-NetBSD", "BSD-2-Clause"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("GPL-3.0-with-GCC-exception", "GPL-3.0-only WITH GCC-exception-3.1"),
        ("gpl-2.0 with classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("LicenseRef-Apache", "LicenseRef-Apache"),
        ("DocumentRef-x:LicenseRef-y", "DocumentRef-x:LicenseRef-y"),
        ("OSC-1.0", "OSC-1.0"),  # younger than the index of license-expression 30.4
        ("(" * 300 + "MIT" + ")" * 300, "MIT"),
    ],
)
def test_an_expression_is_read_as_spdx_means_it(text: str, said: str) -> None:
    assert str(parsed(text)) == said
    assert str(parsed(said)) == said


@pytest.mark.parametrize(
    "text, word",
    [
        ("BSD", "BSD"),
        ("GPL", "GPL"),
        ("MIT OR Foo", "Foo"),
        ("MIT WITH Apache-2.0", "Apache-2.0"),
        ("MIT WITH no-such-exception", "no-such-exception"),
        ("Classpath-exception-2.0", "Classpath-exception-2.0"),
        ("GPL-2.0-only+", "GPL-2.0-only+"),
        ("eCos-2.0 WITH Classpath-exception-2.0", ""),
        ("MIT License", ""),
        ("MIT/X", ""),
        ("MIT OR", ""),
        ("MIT\u00a0", ""),
        ("", ""),
        ("MIT OR " * 200 + "MIT", ""),
    ],
)
def test_what_is_no_expression_says_which_word_is_wrong(text: str, word: str) -> None:
    with pytest.raises(NotSpdx) as caught:
        parsed(text)
    assert caught.value.word == word


@given(st.text(alphabet="MITorandwithGPL-2.0+() :./\x00é", max_size=60))
def test_whatever_the_text_it_is_an_expression_or_none(text: str) -> None:
    try:
        found = parsed(text)
    except NotSpdx:
        return
    assert parsed(str(found)) == found


def test_several_licences_are_not_one() -> None:
    with pytest.raises(NotSpdx, match="several"):
        parsed_licence("MIT OR ISC")
    assert parsed_licence("MIT") == Licence(id="MIT")


def test_the_known_identifiers_are_those_of_today() -> None:
    assert "MIT" in known_ids()
    assert not {"GPL-2.0", "LicenseRef-Apache", "GPL", "Classpath-exception-2.0"} & {*known_ids()}


@pytest.mark.parametrize(
    "has, listed, offers, banned",
    [
        ("MIT", "MIT", True, True),
        ("MIT", "ISC", False, False),
        ("GPL-2.0-or-later", "GPL-2.0-only", True, True),
        ("GPL-2.0-or-later", "GPL-3.0-only", True, False),
        ("GPL-2.0-or-later", "GPL-3.0-or-later", True, False),
        ("GPL-3.0-only", "GPL-2.0-or-later", False, True),
        ("GPL-3.0-or-later", "GPL-2.0-only", False, False),
        ("GPL-2.0-only", "GPL-2.0-or-later", False, True),
        ("LGPL-2.1-or-later", "GPL-2.0-only", False, False),
        ("GFDL-1.3-invariants-or-later", "GFDL-1.3-only", False, False),
        ("Apache-1.1+", "Apache-2.0", True, False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only", True, True),
        ("GPL-2.0-only", "GPL-2.0-only WITH Classpath-exception-2.0", False, False),
    ],
)
def test_what_a_licence_offers_and_what_a_ban_speaks_of(
    has: str, listed: str, offers: bool, banned: bool
) -> None:
    mine, theirs = parsed_licence(has), parsed_licence(listed)
    assert mine.offers(theirs) is offers
    assert theirs.speaks_of(mine) is banned
