"""Tests of the mathematics of flakiness: literals in, literal out."""
