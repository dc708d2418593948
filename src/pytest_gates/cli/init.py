"""`gates init`: write the default policy down, to be edited. Effects: writes gates.toml."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_gates.adapters.files import GATES_FILE, find_policy_file
from pytest_gates.errors import ConfigError

_POLICY = """\
# The policy of pytest-gates: what must hold before a change is merged.
# A table turns its gate on; keys that are left out have their defaults.

report-dir = "gates-report"

[tests]

[coverage]
# lines = 90          # percent, compared exactly
# branches = 80

[flaky]
# reruns = 2          # failed tests are tried again, and told apart from flaky ones

[bandit]
fail-on = "high"      # severity: low, medium, high

[pip-audit]

[profiles.local]
on-inconclusive = "warn"

[profiles.ci]
on-inconclusive = "block"
"""


@click.command()
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of the project.  [default: this one]",
)
def init(root: Path) -> None:
    """Write the default policy to gates.toml, if the project has none."""
    try:
        found = find_policy_file(root, None)
    except ConfigError as wrong:
        raise click.ClickException(str(wrong)) from wrong
    if found is not None:
        raise click.ClickException(f"{found.file_name} already holds a policy; edit it there")
    try:
        (root / GATES_FILE).write_text(_POLICY, encoding="utf-8")
    except OSError as why:
        raise click.ClickException(f"{GATES_FILE} cannot be written: {why.strerror}") from why
    click.echo(f"wrote {root / GATES_FILE}; run `pytest -p gates` to be judged by it")
