"""The world without pytest: processes, git, coverage, files. Effects."""
