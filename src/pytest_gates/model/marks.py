"""Words by which our own helper processes and their readers understand each other. Pure."""

INVENTORY_MARK = "pytest-gates-inventory: "
"""Begins the one line of stderr in which audit_environment tells, as JSON:

`audited`: how many packages it handed to pip-audit, null where requirements files are among
them (pip-audit reads those itself); `local`: names it left out, installed from a local folder;
`unaudited`: names it could not hand over, since no version of them is known.
"""
