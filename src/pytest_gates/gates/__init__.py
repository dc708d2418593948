"""Judges: evidence in, judgement out, one gate a file. Pure."""
