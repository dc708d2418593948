"""Reporters: report in, text out."""
