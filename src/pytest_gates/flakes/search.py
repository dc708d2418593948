"""The smallest set of earlier tests that makes a test fail, or pass. Pure.

Prefix bisection with a kept set: it also finds sets of which each member alone does nothing.
"""

from __future__ import annotations

from collections.abc import Generator

import msgspec

Sequences = tuple[tuple[int, ...], ...]
"""Sequences of tests (or files) that may be tried side by side; the target runs behind each of them."""

Answers = tuple[bool | None, ...]
"""For each of them whether the effect was seen, None where nothing could be learned."""


class Lost(Exception):
    """An answer was missing or contradicts earlier ones: the effect is not a matter of order alone."""


class Contradicted(Lost):
    """The same sequence showed the effect once and not another time: chance decides, not order."""


class Found(msgspec.Struct, frozen=True):
    """A set that shows the effect, in the order in which its members must run.

    `minimal`: without any single one of them the effect is gone.
    """

    members: tuple[int, ...]
    minimal: bool


Search = Generator[Sequences, Answers, Found]


def smallest_set(prefix: tuple[int, ...], *, width: int = 1) -> Search:
    """Find what of `prefix` is needed for the effect; yields sequences to try, takes their answers.

    It must be known that the whole `prefix` shows the effect and that nothing before the target does
    not. `width` is how many sequences can run at once; more than one shortens the wait, not the work.

    The shortest part P[:i] that shows the effect, together with what is kept already, ends with a member
    that is needed: it is kept, and the search goes on among those before it. A set of k among n takes
    k times log2(n) trials and k more; each member is then left out once. Several needed ones are found
    where a plain bisection finds none. Raises Lost.
    """
    kept: tuple[int, ...] = ()
    rest = prefix
    while rest:
        length = yield from _shortest(rest, kept, width)
        kept = (rest[length - 1], *kept)
        rest = rest[: length - 1]
        if (yield from _asked(kept)):
            return (yield from _thinned(kept))
    raise Contradicted("behind the tests that were found it does not show again")


def confirmed(members: tuple[int, ...], times: int) -> Generator[Sequences, Answers, None]:
    """Ask `times` more whether the effect shows behind `members`, and not without them.

    A test that fails at random can lead a search anywhere; it does not stand this. Raises Lost.
    """
    for _ in range(times):
        behind, alone = yield (members, ())
        if behind is None or alone is None:
            raise Lost("a sequence of tests could not be run to its end")
        if alone or not behind:
            raise Contradicted("behind the tests that were found, and without them, it varies")


def _shortest(
    rest: tuple[int, ...], kept: tuple[int, ...], width: int
) -> Generator[Sequences, Answers, int]:
    """Length of the shortest beginning of `rest` that shows the effect with `kept` behind it.

    The whole of `rest` is known to, nothing of it is known not to.
    """
    low, high = 0, len(rest)
    while high - low > 1:
        step = high - low
        cuts = sorted({low + step * part // (width + 1) for part in range(1, width + 1)} - {low})
        answers = yield tuple((*rest[:cut], *kept) for cut in cuts)
        for cut, seen in zip(cuts, answers, strict=True):
            if seen is None:
                raise Lost("a sequence of tests could not be run to its end")
            if seen:
                high = cut
                break
            low = cut
    return high


def _thinned(kept: tuple[int, ...]) -> Search:
    """Leave out each once; what is not missed stays out."""
    # Without the first one, found last, the others were just seen not to be enough.
    for one in kept[1:]:
        fewer = tuple(other for other in kept if other != one)
        if (yield from _asked(fewer)):
            kept = fewer
    return Found(kept, minimal=True)


def _asked(sequence: tuple[int, ...]) -> Generator[Sequences, Answers, bool]:
    (seen,) = yield (sequence,)
    if seen is None:
        raise Lost("a sequence of tests could not be run to its end")
    return seen
