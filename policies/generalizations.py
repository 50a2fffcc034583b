"""The names of the generalisations that a released column may ask for, and how many source columns each takes.

The functions themselves belong to the anonymization room, which tests that it has exactly these.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SOURCES_TAKEN: Mapping[str, int] = MappingProxyType(
    {
        "identity": 1,  # as it stands in the trusted zone
        "day": 1,  # timestamp or date, in the territory's time zone, here and below
        "week": 1,  # ISO 8601
        "month": 1,
        "year": 1,
        "hour": 1,
        "weekday": 1,
        "delay_days": 2,  # start, end -> whole days between
        "delay_band": 2,  # the same, in bands
        "band": 1,  # number -> the band it falls in
        "grid_200m": 2,  # longitude, latitude -> identifier of the 200 m cell
        "grid_200m_latitude": 2,  # the same -> latitude of the cell's centre
        "grid_200m_longitude": 2,
        "commune": 1,  # INSEE code -> official name
        "prefix": 1,  # the first characters of a code: IRIS -> commune
        "listed": 1,  # the label that a file of the territory gives to the value
    }
)
