"""The pure half of the adapters."""
