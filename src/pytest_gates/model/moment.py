"""A point in time that everybody can read. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import msgspec

Moment = Annotated[dt.datetime, msgspec.Meta(tz=True)]
"""A time with its zone: without one, nobody can say how old a report is."""
