"""Real projects from their sdists, each with its own environment. Effects: files, pip, git."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

from measuring import environment

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = (
    "pytest",
    "pytest-cov",
    "pytest-rerunfailures",
    "bandit",
    "pip-audit",
    "ruff",
)


class Project(NamedTuple):
    """`coveragerc` only where the project names no source itself: both sides then measure the same."""

    version: str
    requirements: tuple[str, ...] = ()
    coveragerc: str = ""


PROJECTS: dict[str, Project] = {
    "jinja2": Project("3.1.6", ("trio",)),
    "marshmallow": Project(
        "4.4.0", ("simplejson",), "[run]\nbranch = true\nsource = marshmallow, tests\n"
    ),
    "click": Project("8.5.1"),
    "itsdangerous": Project("2.2.0", ("freezegun",)),
    "werkzeug": Project(
        "3.1.9", ("ephemeral-port-reserve", "pytest-timeout", "pytest-xprocess", "watchdog")
    ),
    "attrs": Project("26.1.0", ("hypothesis", "cloudpickle", "pympler", "pytest-mypy-plugins")),
}
DEFAULT = ("jinja2", "marshmallow", "click")


class Place(NamedTuple):
    """Where one prepared project lies."""

    tree: Path
    python: Path

    @classmethod
    def of(cls, folder: Path, name: str) -> Place:
        home = folder.resolve() / name
        return cls(home / "tree", home / "venv" / "bin" / "python")


def prepare(folder: Path, name: str, python: str, sdists: Path) -> None:
    """What is there already is kept, but for pytest-gates itself, which is installed anew."""
    project = PROJECTS[name]
    place = Place.of(folder, name)
    if not place.tree.is_dir():
        _unpack(_sdist(sdists, name, project.version, python), place.tree)
        if project.coveragerc:
            (place.tree / ".coveragerc").write_text(project.coveragerc, encoding="utf-8")
        _commit(place.tree)
    env = environment(place.python)
    if not place.python.exists():
        _do([python, "-m", "venv", str(place.python.parent.parent)], env)
        pip = [str(place.python), "-m", "pip", "install", "-q"]
        _do([*pip, "-e", str(place.tree), *TOOLS, *project.requirements], env)
    gates = [str(place.python), "-m", "pip", "install", "-q", "--force-reinstall"]
    _do([*gates, "--no-deps", str(CHECKOUT)], env)
    _do([str(place.python), "-m", "pip", "install", "-q", str(CHECKOUT)], env)
    _do(
        [str(place.python), "-m", "compileall", "-q", str(place.python.parent.parent)],
        env,
        ok=frozenset({0, 1}),
    )
    _do([str(place.python), "-m", "pytest", "-q", "-p", "no:cacheprovider"], env, cwd=place.tree)
    print(f"{name} {project.version}: prepared, its own suite passes")


def _sdist(sdists: Path, name: str, version: str, python: str) -> Path:
    path = sdists / f"{name}-{version}.tar.gz"
    if not path.exists():
        sdists.mkdir(parents=True, exist_ok=True)
        command = [python, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name]
        _do([*command, "-d", str(sdists), f"{name}=={version}"], environment(python))
    return path


def _unpack(sdist: Path, tree: Path) -> None:
    tree.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(tree.parent, filter="data")
    (tree.parent / sdist.name.removesuffix(".tar.gz")).rename(tree)


def _commit(tree: Path) -> None:
    """A checkout, as in life; what the measured tools leave behind is no change of it."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    env = dict(os.environ)
    _do([*git, "init", "-q"], env, cwd=tree)
    ignored = "gates.toml\ngates-report/\n.coverage*\ncoverage.json\n__pycache__/\n.*_cache/\n"
    (tree / ".git" / "info" / "exclude").write_text(ignored, encoding="utf-8")
    _do([*git, "add", "-A", "-f"], env, cwd=tree)
    _do([*git, "commit", "-q", "-m", "sdist"], env, cwd=tree)


def _do(
    argv: list[str],
    env: dict[str, str],
    cwd: Path | None = None,
    ok: frozenset[int] = frozenset({0}),
) -> None:
    done = subprocess.run(argv, env=env, cwd=cwd, check=False, capture_output=True, text=True)
    if done.returncode not in ok:
        sys.exit(f"{' '.join(argv)}: exit {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the projects are put")
    parser.add_argument("--projects", nargs="+", choices=sorted(PROJECTS), default=list(DEFAULT))
    parser.add_argument("--python", default=sys.executable, help="interpreter of the environments")
    parser.add_argument("--sdists", type=Path, help="folder of sdists (default FOLDER/sdists)")
    args = parser.parse_args()
    for name in args.projects:
        prepare(args.folder, name, args.python, args.sdists or args.folder / "sdists")


if __name__ == "__main__":
    main()
