"""The mathematics of flakiness: statistics, diagnosis, search, quarantine. Pure."""
