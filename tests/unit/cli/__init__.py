"""The pure half of the command line."""
