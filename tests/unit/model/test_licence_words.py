"""Shows which SPDX licences the words of older metadata may stand for."""

from __future__ import annotations

import pytest

from pytest_gates.model import licence_words
from pytest_gates.model.licence_words import readings
from pytest_gates.model.spdx import parsed

OSI = "License :: OSI Approved"


@pytest.mark.parametrize(
    "text, field, said",
    [
        ("MIT OR ISC", "License-Expression", ["MIT OR ISC"]),
        ("BSD", "License-Expression", []),
        ("Apache 2.0", "License", ["Apache-2.0"]),
        ("Apache License, Version 2.0", "License", ["Apache-2.0"]),
        ("The MIT License", "License", ["MIT"]),
        ("3-Clause BSD License", "License", ["BSD-3-Clause"]),
        ("LGPLv3+", "License", ["LGPL-3.0-or-later"]),
        ("GPLv3", "License", ["GPL-3.0-only", "GPL-3.0-or-later"]),
        ("Dual License", "License", []),
        ("not MIT", "License", []),
        ("MIT, or else", "License", []),
        (f"{OSI} :: MIT License", "Classifier", ["MIT"]),
        (f"{OSI}; {OSI} :: MIT License", "Classifier", ["MIT"]),
        (f"{OSI} :: MIT License; {OSI} :: ISC License (ISCL)", "Classifier", ["MIT", "ISC"]),
        (f"{OSI} :: MIT License; License :: Other/Proprietary License", "Classifier", []),
        (OSI, "Classifier", []),
        ("License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "Classifier", ["CC0-1.0"]),
    ],
)  # fmt: skip
def test_words_lead_to_all_that_they_may_mean(text: str, field: str, said: list[str]) -> None:
    assert [str(one) for one in readings(text, field)] == said


def test_every_identifier_of_the_tables_is_one_of_spdx() -> None:
    for table in ("_CLASSIFIERS", "_BARE_CLASSIFIERS", "_WORDS"):
        for names in getattr(licence_words, table).values():
            assert [str(parsed(one)) for one in names] == list(names)
