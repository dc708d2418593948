"""One honest merge decision from a pytest run.

Imports nothing: this file is paid for at every start of pytest in an environment that has
pytest-gates installed, also where nobody asked for it.
"""

__version__ = "0.1.0"
