"""The searchable table of a dataset: its columns, their dictionary, and rows in the shape DataStore takes.

One table holds all periods. Two columns of ours come first: `_id`, which orders the rows of all periods and stays the
same however often a period is published, and the period a row was published with. Published rows have no key of their
own: equal rows are what anonymity is made of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa

from catalog.errors import PageError
from catalog.page import DatasetPage
from catalog.periods import first_day
from policies import Contract
from policies.tabulated import STATUS_NOTE

PERIOD = "periode_publiee"  # the catalogue adds it to each row
ROWS_PER_DAY = 1_000_000_000  # of `_id`, which stays exact in JavaScript (under 2**53)
ROWS_AT_A_TIME = 65_536
_EPOCH = date(1970, 1, 1)
_INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"
_TYPES = {
    "string": "text",
    "integer": "int8",
    "number": "float8",
    "boolean": "bool",
    "date": "date",
    "timestamp": "timestamptz",
}
_COUNTS = ("units", "rows")


@dataclass(frozen=True, slots=True)
class TableRows:
    """One period's rows on their way to the catalogue: what they are, and the rows themselves as CSV."""

    period: str
    version: str  # sha256, hex: the same version, the same rows
    fields: list[dict[str, Any]]
    full_text: tuple[str, ...]

    def description(self) -> dict[str, Any]:
        """What the catalogue is told of them."""
        return {
            "period": self.period,
            "version": self.version,
            "fields": self.fields,
            "full_text": list(self.full_text),
        }


def table_rows(page: DatasetPage) -> TableRows:
    """Return what is to stand in the table for the page's period."""
    contract = page.contract
    said = {
        "period": page.period,
        "fields": fields(contract),
        "full_text": list(contract.release.full_text),
        "candidate": page.certificate.candidate_digest,
    }
    version = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return TableRows(page.period, version, fields(contract), contract.release.full_text)


def fields(contract: Contract) -> list[dict[str, Any]]:
    """Return the table's columns with label, note and unit, in the contract's order.

    Raises:
        PageError: two have the same name, or one has a name of ours.
    """
    found = []
    for column in contract.release.columns:
        found.append(_field(column.name, _TYPES[column.logical_type], column.description, column.unit))
    for measure in contract.release.measures:
        kind = "int8" if measure.function in _COUNTS else "float8"
        found.append(_field(measure.name, kind, measure.description, measure.unit))
    if contract.release.status:
        found.append(_field(contract.release.status, "text", STATUS_NOTE))
    names = [PERIOD, *(field["id"] for field in found)]
    if clash := {name for name in names if names.count(name) > 1}:
        raise PageError(f"{contract.id}: the table has several columns called {', '.join(sorted(clash))}")
    return found


def csv_rows(batches: Iterable[pa.RecordBatch], contract: Contract, period: str) -> Iterator[bytes]:
    """Yield the rows as CSV without a header: `_id`, then the columns of :func:`fields`. Null is nothing, "" is quoted.

    Raises:
        PageError: a column is missing, or there are more rows than `_id` has room for.
    """
    names = [field["id"] for field in fields(contract)]
    following = first_id(period)
    end = following + ROWS_PER_DAY
    for batch in batches:
        missing = [name for name in names if name not in batch.schema.names]
        if missing:
            raise PageError(f"{contract.id}: the published rows lack {', '.join(missing)}")
        for start in range(0, batch.num_rows, ROWS_AT_A_TIME):
            part = pl.DataFrame(pl.from_arrow(batch.select(names).slice(start, ROWS_AT_A_TIME)))
            ids = pl.int_range(following, following + part.height, dtype=pl.Int64, eager=True).alias("_id")
            following += part.height
            if following > end:
                raise PageError(f"{contract.id}: a period of more than {ROWS_PER_DAY} rows has no place in a table")
            yield _ready(part).insert_column(0, ids).write_csv(include_header=False, datetime_format=_INSTANT).encode()


def first_id(period: str) -> int:
    """Return the `_id` of a period's first row: days since 1970 times :data:`ROWS_PER_DAY`, and one."""
    return (first_day(period) - _EPOCH).days * ROWS_PER_DAY + 1


def _field(name: str, kind: str, note: str, unit: str | None = None) -> dict[str, Any]:
    spoken = name.removesuffix(f"_{unit.lower()}") if unit else name  # the unit stands beside the label
    info = {"label": spoken.replace("_", " ").capitalize(), "notes": note}
    if unit:
        info["unit"] = unit
    return {"id": name, "type": kind, "info": info}


def _ready(frame: pl.DataFrame) -> pl.DataFrame:
    """Instants in UTC, and nothing in place of what is no number: JSON knows neither NaN nor infinity."""
    changed = []
    for name, kind in frame.schema.items():
        column = pl.col(name)
        if isinstance(kind, pl.Datetime) and kind.time_zone:
            changed.append(column.dt.convert_time_zone("UTC"))
        elif kind.is_float():
            changed.append(pl.when(column.is_finite()).then(column))
    return frame.with_columns(changed) if changed else frame
