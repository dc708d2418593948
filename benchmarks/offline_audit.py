"""The audit without network against pip-audit with an OSV server on the loopback. Effects: processes, a port.

Both know the same advisories, ours as `gates advisories update` packs them. First the cost of auditing one
environment, then the answers for a few hundred pairs of package and version, one of each package, drawn from
the versions that the advisories name.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import Cost, environment, machine, median, ratio, rounds, run, table
from osv_server import Advisories, _affected, _canonical, _records, serving
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OURS, THEIRS, START = "offline audit", "pip-audit", "an interpreter that does nothing"
GOAL = 0.15
Found = dict[str, set[str]]
"""Package to all names, ids and aliases, of what was found in it."""


class Bench:
    """One interpreter, one database, one environment."""

    def __init__(self, python: Path, advisories: Path, folder: Path, url: str) -> None:
        self._python = python
        self._advisories = advisories
        self._folder = folder
        self._env = environment(python, NO_PROXY="*", no_proxy="*")
        self._service = ("-s", "osv", "--osv-url", url, "-f", "json", "--progress-spinner", "off")
        self.entries = self._site()

    def _site(self) -> tuple[str, ...]:
        code = "import json, sys; print(json.dumps([one for one in sys.path if 'site-packages' in one]))"
        said = subprocess.run(
            [self._python, "-I", "-c", code], check=True, capture_output=True, env=self._env
        )
        return tuple(json.loads(said.stdout))

    def variants(self) -> dict[str, Any]:
        paths = [word for entry in self.entries for word in ("--path", entry)]
        return {
            OURS: self.ours,
            THEIRS: lambda: self.theirs(*paths),
            START: lambda: self._run(START, "-I", "-c", "pass"),
        }

    def ours(self, *requirements: str) -> Cost:
        order = {
            "entries": self.entries,
            "requirements": requirements,
            "database": str(self._advisories),
            "cache": "",
        }
        told = self._folder / "order.json"
        told.write_text(json.dumps(order), encoding="utf-8")
        return self._run(OURS, "-I", "-m", "pytest_gates.adapters.advisory_audit", told=told)

    def theirs(self, *words: str) -> Cost:
        return self._run(THEIRS, "-I", "-m", "pip_audit", *words, *self._service, "--aliases", "on")

    def _run(self, name: str, *words: str, told: Path | None = None) -> Cost:
        # The shell becomes the interpreter: nobody waits in between.
        code = f'exec "$0" "$@" < {told.name if told else "/dev/null"} 2> errors.txt'
        argv = ("/bin/sh", "-c", code, str(self._python), *words)
        return run(argv, cwd=self._folder, env=self._env, log=self._folder / f"{name}.json")

    def found_by_us(self) -> tuple[Found, int]:
        answer = json.loads((self._folder / f"{OURS}.json").read_bytes())
        if answer["kind"] != "audit":
            sys.exit(f"the offline audit refused: {answer['why']}")
        found: Found = defaultdict(set)
        for one in answer["afflictions"]:
            name = _canonical(answer["packages"][one["package"]]["name"])
            found[name] |= {one["flaw"]["rule"], *one["flaw"].get("aliases", ())}
        return found, len(answer["packages"])

    def found_by_them(self) -> tuple[Found, int]:
        answer = json.loads((self._folder / f"{THEIRS}.json").read_bytes())
        found: Found = defaultdict(set)
        for one in answer["dependencies"]:
            for flaw in one.get("vulns") or ():
                found[_canonical(one["name"])] |= {flaw["id"], *flaw["aliases"]}
        return found, len(answer["dependencies"])


def pairs(advisories: Path, count: int, seed: int) -> list[tuple[str, str]]:
    """Of so many packages one version each: listed ones, fixed ones, and where ranges begin and end."""
    known: dict[str, set[str]] = defaultdict(set)
    for record in _records(advisories):
        for one in _affected(record):
            known[_canonical(one["package"]["name"])] |= set(_versions(one))
    order = random.Random(seed)
    names = sorted(name for name, versions in known.items() if versions)
    chosen = order.sample(names, min(count, len(names)))
    return [(name, order.choice(sorted(known[name]))) for name in sorted(chosen)]


def _versions(affected: dict[str, Any]) -> Iterator[str]:
    points = (
        text
        for one in affected.get("ranges", ())
        if one["type"] == "ECOSYSTEM"
        for event in one["events"]
        for text in event.values()
    )
    for text in (*affected.get("versions", ()), *points):
        try:
            Version(text)
        except InvalidVersion:
            continue
        yield text


def of_the_server(advisories: Path, asked: Iterable[tuple[str, str]]) -> Found:
    """What the server itself says, without pip-audit in between."""
    server = Advisories(advisories)
    found: Found = {}
    for name, version in asked:
        records = json.loads(server.answer(name, version)).get("vulns", ())
        names = {text for one in records for text in (one["id"], *one.get("aliases", ()))}
        found |= {name: names} if names else {}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("advisories", type=Path, help="OSV records, one a line, plain or gzipped")
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="whose environment"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--seeds", type=int, default=1, help="so many draws of pairs")
    args = parser.parse_args()
    advisories = args.advisories.resolve()
    with tempfile.TemporaryDirectory() as name, serving(advisories) as url:
        packed = Path(name) / "advisories.jsonl.gz"
        update = ("-m", "pytest_gates", "advisories", "update")
        subprocess.run(
            [args.python, *update, "--from", advisories, "--to", packed],
            check=True,
            stdout=sys.stderr,
        )
        bench = Bench(args.python, packed, Path(name), url)
        measured = rounds(bench.variants(), args.rounds)
        ours, mine = bench.found_by_us()
        theirs, other = bench.found_by_them()
        print(machine(args.python), end="\n\n")
        print(f"An environment of {mine} distributions ({other} for pip-audit): ", end="")
        print(
            "the same findings." if ours == theirs else f"{dict(ours)} against {dict(theirs)}.",
            end="\n\n",
        )
        rows = [
            [variant, *(f"{median(measured, variant, what):.3f}" for what in ("cpu", "wall"))]
            for variant in measured[0]
        ]
        print(table(("variant", "CPU s", "wall s"), rows), end="\n\n")
        low, middle, high = ratio(measured, OURS, THEIRS, "cpu")
        print(f"CPU against pip-audit: median {middle:.3f} ({low:.3f}-{high:.3f}), goal {GOAL}.\n")
        differing = sum(
            compare(bench, advisories, Path(name), args.pairs, seed) for seed in range(args.seeds)
        )
    sys.exit(1 if differing or ours != theirs or middle > GOAL else 0)


def compare(bench: Bench, advisories: Path, folder: Path, count: int, seed: int) -> int:
    """Prints how many answers differ, and which."""
    asked = pairs(advisories, count, seed)
    (folder / "requirements.txt").write_text(
        "".join(f"{name}=={version}\n" for name, version in asked), encoding="utf-8"
    )
    bench.ours("requirements.txt")
    bench.theirs("-r", "requirements.txt", "--disable-pip", "--no-deps")
    ours, _ = bench.found_by_us()
    theirs, answered = bench.found_by_them()
    served = of_the_server(advisories, asked)
    different = [one for one in asked if ours.get(one[0], set()) != theirs.get(one[0], set())]
    server = [one for one in asked if ours.get(one[0], set()) != served.get(one[0], set())]
    print(
        f"Seed {seed}: {len(asked)} pairs, {answered} answered by pip-audit, {len(ours)} vulnerable; "
        f"{len(different)} differ from pip-audit, {len(server)} from the server's own answers."
    )
    for name, version in sorted({*different, *server}):
        more, less = (
            ours.get(name, set()) - theirs.get(name, set()),
            theirs.get(name, set()) - ours.get(name, set()),
        )
        print(f"- {name} {version}: only ours {sorted(more)}, only pip-audit's {sorted(less)}")
    return len(different)


if __name__ == "__main__":
    main()
