"""The mathematics of change: what is new, what got lost, what was loosened. Pure."""
