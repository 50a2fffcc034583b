"""The searchable table of a dataset: its columns, their dictionary, and rows in the shape DataStore takes.

One table holds all periods. Two columns of ours come first and are its key: the period a row was published with, and
its rank within it. Published rows have no key of their own: equal rows are what anonymity is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from catalog.errors import PageError
from policies import Contract
from policies.tabulated import STATUS_NOTE

PERIOD, RANK = "periode_publiee", "rang"
KEY = [PERIOD, RANK]
_TYPES = {
    "string": "text",
    "integer": "int8",
    "number": "float8",
    "boolean": "bool",
    "date": "date",
    "timestamp": "timestamptz",
}
_COUNTS = ("units", "rows")


def fields(contract: Contract, existing: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the table's columns with label, note and unit; those that ``existing`` has come first, in its order."""
    found = [
        _field(PERIOD, "text", "Période avec laquelle la ligne a été publiée"),
        _field(RANK, "int8", "Rang de la ligne dans sa période"),
    ]
    for column in contract.release.columns:
        found.append(_field(column.name, _TYPES[column.logical_type], column.description, column.unit))
    for measure in contract.release.measures:
        kind = "int8" if measure.function in _COUNTS else "float8"
        found.append(_field(measure.name, kind, measure.description, measure.unit))
    if contract.release.status:
        found.append(_field(contract.release.status, "text", STATUS_NOTE))
    names = [field["id"] for field in found]
    if clash := {name for name in names if names.count(name) > 1}:
        raise PageError(f"{contract.id}: the table has several columns called {', '.join(sorted(clash))}")
    rank = {name: place for place, name in enumerate(existing)}
    return sorted(found, key=lambda field: rank.get(field["id"], len(rank)))


def records(
    batches: Iterable[pa.RecordBatch], contract: Contract, period: str, size: int
) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of ``batches`` in lists of at most ``size``, each with its period and rank."""
    names = [field["id"] for field in fields(contract) if field["id"] not in KEY]
    rank = 0
    for batch in batches:
        missing = [name for name in names if name not in batch.schema.names]
        if missing:
            raise PageError(f"{contract.id}: the published rows lack {', '.join(missing)}")
        for start in range(0, batch.num_rows, size):
            part = _json_ready(batch.select(names).slice(start, size))
            keys = pa.RecordBatch.from_pydict(
                {PERIOD: [period] * part.num_rows, RANK: range(rank, rank + part.num_rows)}
            )
            rank += part.num_rows
            yield [{**left, **right} for left, right in zip(keys.to_pylist(), part.to_pylist(), strict=True)]


def _field(name: str, kind: str, note: str, unit: str | None = None) -> dict[str, Any]:
    info = {"label": name.replace("_", " ").capitalize(), "notes": note}
    if unit:
        info["unit"] = unit
    return {"id": name, "type": kind, "info": info}


def _json_ready(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with dates and instants as ISO 8601 text, and without NaN, which JSON does not know."""
    columns = []
    for column in batch.columns:
        if pa.types.is_temporal(column.type):
            column = column.cast(pa.string())
        elif pa.types.is_floating(column.type):
            column = pa.array(column.to_numpy(zero_copy_only=False), from_pandas=True)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
