"""The nouns: what they compute, and what they refuse to compute."""
