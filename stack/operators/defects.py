"""The defects that the simulated feeds have: rates of everyday ones, and switches for the bad days."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Defects:
    """Rates are shares of rows, between 0 and 1. Switches are off unless a test turns them on."""

    duplicates: float = 0.002  # the same row twice
    late: float = 0.001  # water: rows that come with the next day's
    before: float = 0.0  # water: rows of the day before the file begins, so perhaps of another period
    misspelt: float = 0.002  # water: an identifier in lower case, with spaces
    missing: float = 0.002  # a required field is empty
    unreadable: float = 0.001  # a number or date that is not one
    truncated: float = 0.0005  # water: a line cut short
    true_offsets: float = 0.01  # parking: an hour with its right offset among mislabelled ones
    parking_renamed: bool = False  # « disponible » becomes « libres »
    parking_not_json: bool = False
    reports_without_account: bool = False
    reports_retyped: bool = False  # « lat » becomes words
    water_renamed: bool = False  # « CONSO_L » becomes « VOLUME »
    water_retyped: bool = False  # dates become month names

    def changed(self, values: dict[str, Any]) -> Defects:
        """A copy with these fields.

        Raises:
            ValueError: a name is unknown, or a value is out of range.
        """
        known = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"no such defect; known: {', '.join(known)}")
            if known[name] is bool and not isinstance(value, bool):
                raise ValueError(f"{name} is a switch")
            if known[name] is float and not (isinstance(value, (int, float)) and 0 <= value <= 1):
                raise ValueError(f"{name} is a share of rows")
        return replace(self, **values)


NO_DEFECTS = Defects(
    duplicates=0, late=0, before=0, misspelt=0, missing=0, unreadable=0, truncated=0, true_offsets=0
)  # a feed as its operator describes it
