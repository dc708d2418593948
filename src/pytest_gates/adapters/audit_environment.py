"""List what a Python environment holds, then become pip-audit over that list. Effects: a process's main.

Run as `python -I -m pytest_gates.adapters.audit_environment --path ENTRY ... -- OPTIONS`. Being its own
process, it costs the test run no time, and its imports cannot be shadowed by the judged project.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import runpy
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pytest_gates.model.marks import INVENTORY_MARK


def inventory(entries: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Name to version of all distributions on `entries`, and the names installed from local folders.

    The first distribution of a name wins, as it does for `import`.
    """
    found: dict[str, str] = {}
    local: list[str] = []
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions(path=list(entries)):
        name = distribution.metadata["Name"]
        if not name or name.lower() in seen:
            continue
        seen.add(name.lower())
        if _is_local(distribution):
            local.append(name)
        else:
            found[name] = distribution.version
    return found, tuple(sorted(local))


def _is_local(distribution: importlib.metadata.Distribution) -> bool:
    """Installed from a folder on this machine (PEP 610): its own project, or a part of it."""
    text = distribution.read_text("direct_url.json")
    if text is None:
        return False
    origin = json.loads(text)
    return "dir_info" in origin


def main(argv: list[str]) -> None:
    """Never returns: ends as pip-audit does. Its list of pins is deleted at the end."""
    split = argv.index("--")
    entries, options = argv[:split], argv[split + 1 :]
    found, local = inventory(entries[1::2])
    told = json.dumps({"audited": len(found), "local": local})
    sys.stderr.write(f"{INVENTORY_MARK}{told}\n")
    sys.stderr.flush()
    descriptor, name = tempfile.mkstemp(prefix="pytest-gates-", suffix=".txt")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as pins:
            pins.writelines(f"{one}=={version}\n" for one, version in sorted(found.items()))
        sys.argv = ["pip-audit", *options, "--disable-pip", "--no-deps", "-r", name]
        runpy.run_module("pip_audit", run_name="__main__", alter_sys=True)
    finally:
        Path(name).unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1:])
