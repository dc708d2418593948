"""The nouns of the program: frozen values, no effects."""
