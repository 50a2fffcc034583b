"""Merge newly pseudonymised rows into a period: one row per primary key, sorted by it.

The row with the highest source version wins, then the one that arrived last, then the one that stood last in its
delivery. The result depends on the set of deliveries alone, not on the order in which they were merged or how often.
Pseudonyms of two epochs never stand for the same person, so rows of two epochs are never merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms import PSEUDONYM_TYPE
from pipeline.deidentification.origins import check_same_origins
from storage import side_by_side

VERSION = "_version"  # int64: the operator's version of the row, 0 where it has none
ARRIVAL = "_arrival"  # timestamp[us, UTC]: when the delivery was fetched
DELIVERY = "_delivery"  # string: opaque delivery id
POSITION = "_position"  # int64: row of the delivery
DELIVERY_TYPE = pa.dictionary(pa.int32(), pa.string())  # few deliveries, many rows
_BATCH_ROWS = 1 << 17
BOOKKEEPING = (VERSION, ARRIVAL, DELIVERY, POSITION)


@dataclass(frozen=True, slots=True)
class Merged:
    """The period's rows after a merge, put in order as they are asked for."""

    schema: pa.Schema
    replaced: int  # rows that lost to a better one
    _rows: pa.Table  # working schema, no order
    _order: npt.NDArray[np.int64]  # places of the rows that stay

    def batches(self) -> Iterator[pa.Table]:
        """Yield the rows in order, so many at a time; the next ones are gathered meanwhile."""
        pieces = [self._order[start : start + _BATCH_ROWS] for start in range(0, len(self._order), _BATCH_ROWS)]
        return side_by_side(self._gather, pieces)

    @property
    def table(self) -> pa.Table:
        """All rows at once."""
        return pa.concat_tables([self.schema.empty_table(), *self.batches()]).combine_chunks()

    def _gather(self, places: npt.NDArray[np.int64]) -> pa.Table:
        rows = self._rows.take(pa.array(places))
        columns = [column.cast(kind) for column, kind in zip(rows.columns, self.schema.types, strict=True)]
        return pa.table(columns, schema=self.schema)


def working_schema(schema: pa.Schema) -> pa.Schema:
    """The trusted schema as rows have it before they are stored: pseudonyms as numbers into a dictionary of them.

    A delivery has few people and many rows: filtering and sorting then move four bytes a row, not sixteen.
    """
    kinds = [pa.dictionary(pa.int32(), PSEUDONYM_TYPE) if f.type == PSEUDONYM_TYPE else f.type for f in schema]
    return pa.schema([field.with_type(kind) for field, kind in zip(schema, kinds, strict=True)], schema.metadata)


def merge(parts: list[pa.Table], schema: pa.Schema, key: tuple[str, ...]) -> Merged:
    """Return one row per primary key of all parts together.

    Args:
        parts: tables with the trusted schema, plain or working, or an earlier minor version of it (missing columns
            become null).
        schema: the trusted schema, with its field metadata; bookkeeping columns included.
        key: names of the primary key's columns, in order and without nulls; the order of the result.

    Returns:
        the merged rows, sorted by `key`, with exactly `schema`.

    Raises:
        MixedPseudonymsError: a part has pseudonyms of another domain, algorithm or epoch than `schema` says.
    """
    check_same_origins([schema, *(part.schema for part in parts)])
    working = working_schema(schema)
    whole = pa.concat_tables([_conform(part, working) for part in parts] or [working.empty_table()]).combine_chunks()
    ranks = _key_ranks(whole, key)
    order = _in_order(ranks)
    ranked = ranks[order]
    repeated = np.zeros(len(order), dtype=bool)  # in key order: stands beside another row of the same key
    same = ranked[1:] == ranked[:-1]
    repeated[1:] |= same
    repeated[:-1] |= same
    if repeated.any():
        winners = _winners(whole, order[repeated], ranked[repeated])
        order = np.sort(np.concatenate([order[~repeated], winners]))
        order = order[_in_order(ranks[order])]
    return Merged(schema, whole.num_rows - len(order), whole, order)


def _conform(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give a part the trusted schema: columns it lacks are null, columns unknown to the schema are left out."""
    columns = [
        _as(part.column(field.name), field.type)
        if field.name in part.column_names
        else pa.chunked_array([pa.nulls(part.num_rows, field.type)])
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_dictionary(kind) and not pa.types.is_dictionary(column.type):
        return column.cast(kind.value_type).dictionary_encode()
    return _sharing(column.cast(kind))


def _sharing(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values; batches of a delivery, whose dictionaries grow from one to the next, share the last of them.

    Arrow would else compare each dictionary value by value when it joins the batches.
    """
    if not pa.types.is_dictionary(column.type) or column.num_chunks < 2:
        return column
    largest = max((chunk.dictionary for chunk in column.chunks), key=len)
    if not all(largest.slice(0, len(chunk.dictionary)).equals(chunk.dictionary) for chunk in column.chunks):
        return column
    return pa.chunked_array([pa.DictionaryArray.from_arrays(chunk.indices, largest) for chunk in column.chunks])


def _key_ranks(table: pa.Table, key: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Number rows so that equal keys have equal numbers and numbers are in the keys' order."""
    combined = np.zeros(table.num_rows, dtype=np.int64)
    span = 1
    for name in key:
        column = pa.concat_arrays(table.column(name).chunks) if table.num_rows else table.column(name).combine_chunks()
        encoded = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
        size = len(encoded.dictionary)
        ranks = np.empty(size, dtype=np.int64)
        ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(size)
        if span * max(size, 1) >= 2**62:
            distinct, combined = np.unique(combined, return_inverse=True)
            span = len(distinct)
        combined = combined * max(size, 1) + ranks[encoded.indices.to_numpy(zero_copy_only=False)]
        span *= max(size, 1)
    return combined


def _in_order(ranks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Places of `ranks` from the least to the greatest, by 16 bits at a time: numpy sorts those without comparing."""
    order = np.argsort((ranks & 0xFFFF).astype(np.uint16), kind="stable")
    for shift in range(16, int(ranks.max(initial=0)).bit_length(), 16):
        digits = ((ranks >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digits[order], kind="stable")]
    return order


def _winners(table: pa.Table, rows: npt.NDArray[np.int64], ranks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Among rows that share their key with another, the one of each key that stays."""
    contest = table.select(list(BOOKKEEPING)).take(pa.array(rows)).append_column("_key", pa.array(ranks))
    place = contest.schema.get_field_index(DELIVERY)
    contest = contest.set_column(place, DELIVERY, contest.column(DELIVERY).cast(pa.string()))
    order = pc.sort_indices(
        contest, sort_keys=[("_key", "ascending"), *((name, "descending") for name in BOOKKEEPING)]
    ).to_numpy()
    first = np.ones(len(order), dtype=bool)
    first[1:] = ranks[order][1:] != ranks[order][:-1]
    winners: npt.NDArray[np.int64] = rows[order[first]]
    return winners
