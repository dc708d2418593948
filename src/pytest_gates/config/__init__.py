"""From tables (TOML) to a `Policy`: parsing and validation. Pure."""
