"""The mathematics of advisories: which of them speak of a package, and how badly. Pure."""
