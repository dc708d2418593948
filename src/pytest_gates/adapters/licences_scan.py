"""List what is installed on the entries of a path, with licences. Effects: reads files, writes to stdout.

Started as `python -I -m pytest_gates.adapters.licences_scan` with a JSON list of folders on standard input:
isolated, so that nothing in the judged tree can stand in for the metadata of a package or for this file.
"""

from __future__ import annotations

import sys

import msgspec

from pytest_gates.adapters.inventory import environment


def main() -> int:
    entries = msgspec.json.decode(sys.stdin.buffer.read(), type=list[str])
    sys.stdout.buffer.write(msgspec.json.encode(environment(entries)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
