"""The core alone: literals in, literals out; no pytester, process, clock or network."""
