"""Merge newly pseudonymised rows into a period: one row per primary key, sorted by it.

The row with the highest source version wins, then the one that arrived last, then the one that stood last in its
delivery. The result depends on the set of deliveries alone, not on the order in which they were merged or how often.
Pseudonyms of two epochs never stand for the same person, so rows of two epochs are never merged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.deidentification.origins import check_same_origins

VERSION = "_version"  # int64: the operator's version of the row, 0 where it has none
ARRIVAL = "_arrival"  # timestamp[us, UTC]: when the delivery was fetched
DELIVERY = "_delivery"  # string: opaque delivery id
POSITION = "_position"  # int64: row of the delivery
BOOKKEEPING = (VERSION, ARRIVAL, DELIVERY, POSITION)


@dataclass(frozen=True, slots=True)
class Merged:
    """The period's rows after a merge."""

    table: pa.Table
    replaced: int  # rows that lost to a better one


def merge(parts: list[pa.Table], schema: pa.Schema, key: tuple[str, ...]) -> Merged:
    """Return one row per primary key of all parts together.

    Args:
        parts: tables with the trusted schema or an earlier minor version of it (missing columns become null).
        schema: the trusted schema, with its field metadata; bookkeeping columns included.
        key: names of the primary key's columns, in order and without nulls; the order of the result.

    Returns:
        the merged table, sorted by `key`, with exactly `schema`.

    Raises:
        MixedPseudonymsError: a part has pseudonyms of another domain, algorithm or epoch than `schema` says.
    """
    check_same_origins([schema, *(part.schema for part in parts)])
    whole = pa.concat_tables([_conform(part, schema) for part in parts] or [schema.empty_table()])
    ranks = _key_ranks(whole, key)
    order = np.argsort(ranks, kind="stable")
    ranked = ranks[order]
    repeated = np.zeros(len(order), dtype=bool)  # in key order: stands beside another row of the same key
    same = ranked[1:] == ranked[:-1]
    repeated[1:] |= same
    repeated[:-1] |= same
    if repeated.any():
        winners = _winners(whole, order[repeated], ranked[repeated])
        order = np.sort(np.concatenate([order[~repeated], winners]))
        order = order[np.argsort(ranks[order], kind="stable")]
    return Merged(whole.take(pa.array(order)).combine_chunks(), whole.num_rows - len(order))


def _conform(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give a part the trusted schema: columns it lacks are null, columns unknown to the schema are left out."""
    columns = [
        part.column(field.name).cast(field.type)
        if field.name in part.column_names
        else pa.chunked_array([pa.nulls(part.num_rows, field.type)])
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _key_ranks(table: pa.Table, key: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Number rows so that equal keys have equal numbers and numbers are in the keys' order."""
    combined = np.zeros(table.num_rows, dtype=np.int64)
    span = 1
    for name in key:
        encoded = table.column(name).combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        size = len(encoded.dictionary)
        ranks = np.empty(size, dtype=np.int64)
        ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(size)
        if span * max(size, 1) >= 2**62:
            distinct, combined = np.unique(combined, return_inverse=True)
            span = len(distinct)
        combined = combined * max(size, 1) + ranks[encoded.indices.to_numpy(zero_copy_only=False)]
        span *= max(size, 1)
    return combined


def _winners(table: pa.Table, rows: npt.NDArray[np.int64], ranks: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Among rows that share their key with another, the one of each key that stays."""
    contest = table.select(list(BOOKKEEPING)).take(pa.array(rows)).append_column("_key", pa.array(ranks))
    order = pc.sort_indices(
        contest, sort_keys=[("_key", "ascending"), *((name, "descending") for name in BOOKKEEPING)]
    ).to_numpy()
    first = np.ones(len(order), dtype=bool)
    first[1:] = ranks[order][1:] != ranks[order][:-1]
    winners: npt.NDArray[np.int64] = rows[order[first]]
    return winners
