"""What older metadata mean by their words: the SPDX licences that they may stand for. Pure.

Metadata of version 2.4 hold an SPDX expression (PEP 639). Before, they held free words and classifiers; the
table of the classifiers is that of PEP 639, "Mapping License Classifiers to SPDX Identifiers". Words that
fit several licences lead to all of them: nobody knows which one is meant.
"""

from __future__ import annotations

import re

from pytest_gates.model.spdx import Expression, NotSpdx, parsed

_OSI = "License :: OSI Approved :: "
_OSI_ALONE = "License :: OSI Approved"
_APACHE = ("Apache-1.0", "Apache-1.1", "Apache-2.0")
_BSD = (
    "0BSD",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-2-Clause-Patent",
    "BSD-3-Clause",
    "BSD-4-Clause",
)
_MPL = ("MPL-2.0",)
_ZPL = ("ZPL-1.1", "ZPL-2.0", "ZPL-2.1")
_PYTHON = ("PSF-2.0", "Python-2.0", "Python-2.0.1")


def _gnu(name: str, *versions: str) -> tuple[str, ...]:
    return tuple(f"{name}-{one}-{reach}" for one in versions for reach in ("only", "or-later"))


_GPL = _gnu("GPL", "1.0", "2.0", "3.0")
_LGPL = _gnu("LGPL", "2.0", "2.1", "3.0")
_CLASSIFIERS = {
    "Academic Free License (AFL)": ("AFL-1.1", "AFL-1.2", "AFL-2.0", "AFL-2.1", "AFL-3.0"),
    "Apache Software License": _APACHE,
    "Artistic License": ("Artistic-1.0", "Artistic-2.0"),
    "Attribution Assurance License": ("AAL",),
    "BSD License": _BSD,
    "Blue Oak Model License (BlueOak-1.0.0)": ("BlueOak-1.0.0",),
    "Boost Software License 1.0 (BSL-1.0)": ("BSL-1.0",),
    "CEA CNRS Inria Logiciel Libre License, version 2.1 (CeCILL-2.1)": ("CECILL-2.1",),
    "CMU License (MIT-CMU)": ("MIT-CMU",),
    "Common Development and Distribution License 1.0 (CDDL-1.0)": ("CDDL-1.0",),
    "Eclipse Public License 1.0 (EPL-1.0)": ("EPL-1.0",),
    "Eclipse Public License 2.0 (EPL-2.0)": ("EPL-2.0",),
    "European Union Public Licence 1.1 (EUPL 1.1)": ("EUPL-1.1",),
    "European Union Public Licence 1.2 (EUPL 1.2)": ("EUPL-1.2",),
    "GNU Affero General Public License v3": _gnu("AGPL", "3.0"),
    "GNU Affero General Public License v3 or later (AGPLv3+)": ("AGPL-3.0-or-later",),
    "GNU General Public License (GPL)": _GPL,
    "GNU General Public License v2 (GPLv2)": _gnu("GPL", "2.0"),
    "GNU General Public License v2 or later (GPLv2+)": ("GPL-2.0-or-later",),
    "GNU General Public License v3 (GPLv3)": _gnu("GPL", "3.0"),
    "GNU General Public License v3 or later (GPLv3+)": ("GPL-3.0-or-later",),
    "GNU Lesser General Public License v2 (LGPLv2)": _gnu("LGPL", "2.0", "2.1"),
    "GNU Lesser General Public License v2 or later (LGPLv2+)": (
        "LGPL-2.0-or-later",
        "LGPL-2.1-or-later",
    ),
    "GNU Lesser General Public License v3 (LGPLv3)": _gnu("LGPL", "3.0"),
    "GNU Lesser General Public License v3 or later (LGPLv3+)": ("LGPL-3.0-or-later",),
    "GNU Library or Lesser General Public License (LGPL)": _LGPL,
    "Historical Permission Notice and Disclaimer (HPND)": ("HPND",),
    "ISC License (ISCL)": ("ISC",),
    "MIT License": ("MIT",),
    "MIT No Attribution License (MIT-0)": ("MIT-0",),
    "Mozilla Public License 1.0 (MPL)": ("MPL-1.0",),
    "Mozilla Public License 1.1 (MPL 1.1)": ("MPL-1.1",),
    "Mozilla Public License 2.0 (MPL 2.0)": _MPL,
    "Mulan Permissive Software License v2 (MulanPSL-2.0)": ("MulanPSL-2.0",),
    "Open Software License 3.0 (OSL-3.0)": ("OSL-3.0",),
    "PostgreSQL License": ("PostgreSQL",),
    "Python License (CNRI Python License)": ("CNRI-Python",),
    "Python Software Foundation License": _PYTHON,
    "SIL Open Font License 1.1 (OFL-1.1)": ("OFL-1.1",),
    "The Unlicense (Unlicense)": ("Unlicense",),
    "Universal Permissive License (UPL)": ("UPL-1.0",),
    "University of Illinois/NCSA Open Source License": ("NCSA",),
    "Zero-Clause BSD (0BSD)": ("0BSD",),
    "Zope Public License": _ZPL,
    "zlib/libpng License": ("Zlib",),
}
_BARE_CLASSIFIERS = {
    "License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": ("CC0-1.0",),
    "License :: CeCILL-B Free Software License Agreement (CECILL-B)": ("CECILL-B",),
    "License :: CeCILL-C Free Software License Agreement (CECILL-C)": ("CECILL-C",),
}
# By `_plain`: without "the", "license", "version" and the like.
_WORDS = {
    **dict.fromkeys(("apache", "asl", "apache foundation"), _APACHE),
    **dict.fromkeys(("apache 2.0", "apache 2", "apache2", "apache2.0", "asl 2.0"), ("Apache-2.0",)),
    **dict.fromkeys(("apache v2", "apache v2.0"), ("Apache-2.0",)),
    "bsd": _BSD,
    "bsd style": _BSD,
    **dict.fromkeys(("bsd 2 clause", "2 clause bsd", "simplified bsd", "bsd 2"), ("BSD-2-Clause",)),
    **dict.fromkeys(("bsd 3 clause", "3 clause bsd", "bsd 3", "bsd3"), ("BSD-3-Clause",)),
    **dict.fromkeys(("new bsd", "modified bsd", "revised bsd", "bsd new"), ("BSD-3-Clause",)),
    **dict.fromkeys(("gpl", "gnu gpl", "gnu general public"), _GPL),
    **dict.fromkeys(("gplv2", "gpl v2", "gpl 2", "gnu gpl v2", "gnu gpl 2"), _gnu("GPL", "2.0")),
    **dict.fromkeys(("gplv3", "gpl v3", "gpl 3", "gnu gpl v3", "gnu gpl 3"), _gnu("GPL", "3.0")),
    **dict.fromkeys(("gplv2+", "gpl v2+", "gpl 2+", "gnu gpl v2+"), ("GPL-2.0-or-later",)),
    **dict.fromkeys(("gplv3+", "gpl v3+", "gpl 3+", "gnu gpl v3+"), ("GPL-3.0-or-later",)),
    **dict.fromkeys(("lgpl", "gnu lgpl", "gnu lesser general public"), _LGPL),
    **dict.fromkeys(("lgplv2.1", "lgpl v2.1", "gnu lgpl v2.1"), _gnu("LGPL", "2.1")),
    **dict.fromkeys(("lgplv3", "lgpl v3", "lgpl 3", "gnu lgpl v3"), _gnu("LGPL", "3.0")),
    **dict.fromkeys(("lgplv3+", "lgpl v3+", "lgpl 3+"), ("LGPL-3.0-or-later",)),
    **dict.fromkeys(("agplv3", "agpl v3", "agpl 3", "gnu agpl v3"), _gnu("AGPL", "3.0")),
    **dict.fromkeys(("expat", "mit expat", "expat mit"), ("MIT",)),
    **dict.fromkeys(("mit x11", "x11 mit", "mit x"), ("MIT", "X11")),
    **dict.fromkeys(("mpl 2.0", "mpl2", "mozilla public 2.0"), _MPL),
    **dict.fromkeys(("psf", "psfl", "python", "python foundation"), _PYTHON),
    **dict.fromkeys(("zpl", "zope public"), _ZPL),
    **dict.fromkeys(("zpl 2.1", "zope public 2.1"), ("ZPL-2.1",)),
}  # fmt: skip
_LEFT_OUT = frozenset({"the", "license", "licence", "licensed", "version", "software"})


def readings(text: str, field: str) -> tuple[Expression, ...]:
    """All that the text in this field of the metadata may stand for; empty where nobody knows.

    Of several classifiers nobody knows whether all apply or one may be chosen; where one of them says
    nothing definite, they all do not.
    """
    try:
        return (parsed(text),)
    except NotSpdx:
        words = _meanings(text, field)
    try:
        return tuple(parsed(one) for one in words)
    except NotSpdx:
        return ()


def _meanings(text: str, field: str) -> tuple[str, ...]:
    if field == "License-Expression":
        return ()
    if field != "Classifier":
        return _of_words(text)
    found: dict[str, None] = {}
    for one in text.split("; "):
        if one == _OSI_ALONE and text != one:
            continue
        known = _BARE_CLASSIFIERS.get(one) or _CLASSIFIERS.get(one.removeprefix(_OSI), ())
        if not known:
            return ()
        found.update(dict.fromkeys(known))
    return tuple(found)


def _of_words(text: str) -> tuple[str, ...]:
    known = _WORDS.get(_plain(text), ())
    # "MIT License", "The Unlicense": an identifier between words that say nothing.
    said = [one for one in text.split() if one.lower() not in _LEFT_OUT]
    return known or (tuple(said) if len(said) == 1 else ())


def _plain(text: str) -> str:
    words = re.sub(r"[^a-z0-9.+-]+", " ", text.lower()).replace("-", " ").split()
    return " ".join(dict.fromkeys(one for one in words if one not in _LEFT_OUT))
