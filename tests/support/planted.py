"""Suites with planted failures of every class, and the truth about them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

CLASSES = {
    "regression": ("regression", None),
    "random": ("flaky", None),
    "victim": ("order-dependent", "victim"),
    "twice": ("order-dependent", "victim"),
    "brittle": ("order-dependent", "brittle"),
    "selfset": ("order-dependent", "brittle"),
    "accumulates": ("accumulating", None),
    "imported": ("import-polluted", None),
}
"""By the first word of a test's name: class and role it must be told to be, when it fails in the run."""

_SHARED = "STATE = set()\nIMPORTED = set()\nCOUNTS = {}\n"
_HEAD = "import random\nimport pytest\nimport shared\n\n"


class PlantedSuite:
    """`truth` maps a test's name to the names that it depends on (polluters, setters), in their order."""

    def __init__(self, seed: int, *, tests: int = 100, files: int = 10) -> None:
        self._random = random.Random(seed)
        self._bodies: list[list[str]] = [[] for _ in range(files)]
        self._imports: list[list[str]] = [[] for _ in range(files)]
        self.truth: dict[str, tuple[str, ...]] = {}
        self.files = files
        for number in range(2):
            self._plant_regression(number)
            self._plant_random(number)
            self._plant_victim(number)
            self._plant_twice(number)
            self._plant_brittle(number)
            self._plant_selfset(number)
            self._plant_accumulates(number)
        self._plant_imported(0)
        while sum(len(one) for one in self._bodies) < tests:
            self._put_clean(sum(len(one) for one in self._bodies))

    def write(self, folder: Path) -> None:
        (folder / "shared.py").write_text(_SHARED)
        for number, bodies in enumerate(self._bodies):
            text = _HEAD + "\n".join(self._imports[number]) + "\n\n" + "\n\n".join(bodies)
            (folder / f"test_{number:02}.py").write_text(text + "\n")

    def wrong(self, told: Mapping[str, tuple[str, str | None, tuple[str, ...]]]) -> list[str]:
        """Sentences on what was told wrongly; `told` is class, role and causes by the test's name."""
        found: list[str] = []
        for name, (kind, role, because) in told.items():
            word = name.split("_")[1]
            expected = CLASSES.get(word, ("no failure", None))
            if (kind, role) != expected:
                found.append(f"{name}: told {kind} {role}, is {expected[0]} {expected[1]}")
            elif name in self.truth and because and because != self.truth[name]:
                found.append(f"{name}: because of {because}, truly of {self.truth[name]}")
        return found

    def _put(self, place: int, name: str, *lines: str, head: str = "") -> None:
        body = "\n".join(f"    {line}" for line in lines)
        # In the middle of what is there: neighbours of a planted test are clean ones and others.
        bodies = self._bodies[place]
        bodies.append(f"{head}def {name}:\n{body}")

    def _put_clean(self, number: int) -> None:
        place = self._random.randrange(self.files)
        kind = self._random.randrange(3)
        lines = (
            ("assert sorted([3, 1, 2]) == [1, 2, 3]",),
            (f"shared.COUNTS['clean{number}'] = 1", f"assert shared.COUNTS['clean{number}']"),
            ("random.seed(5)", "assert random.random() < 1"),
        )[kind]
        self._bodies[place].insert(
            self._random.randrange(len(self._bodies[place]) + 1),
            f"def test_clean_{number}():\n" + "\n".join(f"    {one}" for one in lines),
        )

    def _two_places(self) -> tuple[int, int]:
        first, second = sorted(self._random.sample(range(self.files), 2))
        return first, second

    def _plant_regression(self, number: int) -> None:
        self._put(
            self._random.randrange(self.files),
            f"test_regression_{number}()",
            f"assert sum(range({number + 3})) == -1",
        )

    def _plant_random(self, number: int) -> None:
        self._put(
            self._random.randrange(self.files),
            f"test_random_{number}()",
            "assert random.SystemRandom().random() < 0.5, 'out of luck'",
        )

    def _plant_victim(self, number: int) -> None:
        early, late = self._two_places()
        self._put(early, f"test_polluter_{number}()", f"shared.STATE.add('v{number}')")
        self._put(late, f"test_victim_{number}()", f"assert 'v{number}' not in shared.STATE")
        self.truth[f"test_victim_{number}"] = (f"test_polluter_{number}",)

    def _plant_twice(self, number: int) -> None:
        early, late = self._two_places()
        self._put(early, f"test_one_{number}()", f"shared.STATE.add('one{number}')")
        self._put(early, f"test_two_{number}()", f"shared.STATE.add('two{number}')")
        self._put(
            late,
            f"test_twice_{number}()",
            f"assert not {{'one{number}', 'two{number}'}} <= shared.STATE",
        )
        self.truth[f"test_twice_{number}"] = (f"test_one_{number}", f"test_two_{number}")

    def _plant_brittle(self, number: int) -> None:
        """Fails under xdist when the worker did not run its setter; never in one process."""
        early, late = self._two_places()
        self._put(early, f"test_setter_{number}()", f"shared.STATE.add('b{number}')")
        self._put(late, f"test_brittle_{number}()", f"assert 'b{number}' in shared.STATE")
        self.truth[f"test_brittle_{number}"] = (f"test_setter_{number}",)

    def _plant_selfset(self, number: int) -> None:
        self._put(
            self._random.randrange(self.files),
            f"test_selfset_{number}()",
            f"before = 'self{number}' in shared.STATE",
            f"shared.STATE.add('self{number}')",
            "assert before",
        )

    def _plant_accumulates(self, number: int) -> None:
        self._put(
            self._random.randrange(self.files),
            f"test_accumulates_{number}(again)",
            f"shared.COUNTS['a{number}'] = shared.COUNTS.get('a{number}', 0) + 1",
            f"assert shared.COUNTS['a{number}'] < 2",
            head="@pytest.mark.parametrize('again', ['first', 'second'])\n",
        )

    def _plant_imported(self, number: int) -> None:
        first, second = self._two_places()
        self._imports[second].append(f"shared.IMPORTED.add('i{number}')")
        self._put(first, f"test_imported_{number}()", f"assert 'i{number}' not in shared.IMPORTED")
        self.truth[f"test_imported_{number}"] = (f"test_{second:02}.py",)
