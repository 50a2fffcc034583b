"""The names of the generalisations that a released column may ask for, and how many source columns each takes.

The functions themselves belong to the anonymization room, which tests that it has exactly these.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SOURCES_TAKEN: Mapping[str, int] = MappingProxyType(
    {
        "identity": 1,  # as it stands in the trusted zone
        "day": 1,  # timestamp or date -> date, in the territory's time zone
        "month": 1,  # timestamp or date -> "2026-10", in the territory's time zone
        "hour": 1,  # timestamp -> 0…23, in the territory's time zone
        "weekday": 1,  # timestamp or date -> 1 (Monday) … 7
        "grid_200m": 2,  # longitude, latitude -> identifier of the 200 m cell
        "commune": 1,  # INSEE code -> official name
        "delay_days": 2,  # start, end -> whole days between
    }
)
