"""`python -m pytest_gates`, the same as `gates`."""

from pytest_gates.cli import main

main()
