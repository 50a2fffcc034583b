"""A release made anew beside the ones before it: what changed for too few stays as it was.

Works on one part at a time: a part holds whole classes, and the rows that earlier releases have of them are read again.
Classes that no part holds any more come last. Labels of units are the same only in releases made under one epoch of
pseudonyms. Against one of another epoch no unit is known, so every class that changed counts as changed for too few;
what is made then mixes labels, and says so, and is compared in that way for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl
import pyarrow as pa

from anonymization.candidate import ReleaseCounts
from anonymization.classes import published_table
from anonymization.generalized.writing import EVIDENCE, ReleasedPart, StreamedRelease
from anonymization.risk import held_classes

UNIT = "release:unit"
MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class EarlierRelease:
    """A release of the same period, as it was published. `parts` gives its rows and labels anew at each call."""

    parts: Callable[[], Iterable[tuple[pa.Table, pa.Table]]]
    units: str  # the epoch its labels were made under


def revised(
    streamed: StreamedRelease,
    history: Sequence[EarlierRelease],
    quasi_identifiers: Sequence[str],
    k: int,
    *,
    units: str,
    must_go: bool,
) -> StreamedRelease:
    """The release, with what can not change without isolating fewer than `k` units as it was.

    Args:
        streamed: the release as it would be.
        history: earlier releases of the period with the same published columns, oldest first.
        quasi_identifiers: published columns whose combinations are the classes.
        k: fewest units that a difference may show.
        units: the epoch under which this release's labels were made.
        must_go: whether a row that went may not stay published, so that its class is left out instead.
    """
    if not history:
        return streamed
    rows = [0]
    parts = _revised(streamed, history, list(quasi_identifiers), k, units, must_go, rows)

    def counts() -> ReleaseCounts:
        was = streamed.counts
        return ReleaseCounts(was.rows_in, max(was.rows_in - rows[0], 0), was.suppressed_cells, rows[0])

    return replace(streamed, counted=counts, parts=parts)


def label_epoch(history: Sequence[EarlierRelease], units: str) -> str:
    """The epoch that a revised release says its labels are of: no single one where they are mixed."""
    return units if all(one.units == units for one in history) else MIXED


def _revised(
    streamed: StreamedRelease,
    history: Sequence[EarlierRelease],
    keys: list[str],
    k: int,
    units: str,
    must_go: bool,
    rows: list[int],
) -> Iterator[ReleasedPart]:
    known = all(one.units == units != MIXED for one in history)
    seen: list[pl.DataFrame] = []
    for part in streamed.parts:
        classes = _frame(part.table.select(keys)).unique()
        seen.append(classes)
        before = [_rows(one, classes, keys, streamed.schema, inside=True) for one in history]
        later = _with_units(part.table, part.evidence)
        made = _part(before, later, keys, k, must_go, known, streamed.schema)
        rows[0] += made.table.num_rows
        yield made
    nothing = _with_units(streamed.schema.empty_table(), EVIDENCE.empty_table())
    everything = pl.concat(seen).unique() if seen else _frame(nothing.select(keys))
    gone = [_rows(one, everything, keys, streamed.schema, inside=False) for one in history]
    last = _part(gone, nothing, keys, k, must_go, known, streamed.schema)
    rows[0] += last.table.num_rows
    if last.table.num_rows:
        yield last


def _rows(
    earlier: EarlierRelease, classes: pl.DataFrame, keys: list[str], schema: pa.Schema, *, inside: bool
) -> pa.Table:
    """What an earlier release has of some classes, or of no such class."""
    found = [_with_units(schema.empty_table(), EVIDENCE.empty_table())]
    for table, evidence in earlier.parts():
        whole = _with_units(table.cast(schema), evidence)
        how: Literal["semi", "anti"] = "semi" if inside else "anti"
        chosen = _frame(whole).join(classes, on=keys, how=how, nulls_equal=True)
        found.append(chosen.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(whole.schema))
    return pa.concat_tables(found)


def _part(
    before: list[pa.Table], later: pa.Table, keys: list[str], k: int, must_go: bool, known: bool, schema: pa.Schema
) -> ReleasedPart:
    compared = [*before, later] if known else [_without_units(table) for table in (*before, later)]
    frozen, stays = held_classes(compared[:-1], compared[-1], keys, UNIT, k, must_go=must_go)
    after = _frame(later).join(frozen, on=keys, how="anti", nulls_equal=True)
    kept = _frame(before[-1]).join(stays, on=keys, how="semi", nulls_equal=True)
    others = [name for name in schema.names if name not in keys]
    frame = pl.concat([after, kept]).sort([*keys, *others, UNIT], nulls_last=True)
    counted = frame.select(pl.col(UNIT).drop_nulls().n_unique().over(keys).cast(pl.Int64)).to_series()
    arrow = pl.CompatLevel.oldest()
    labels = pa.table({"unit": frame[UNIT].to_arrow(compat_level=arrow)}, schema=EVIDENCE)
    return ReleasedPart(published_table(frame, schema), counted.to_arrow(compat_level=arrow), labels)


def _without_units(table: pa.Table) -> pa.Table:
    return table.set_column(table.num_columns - 1, UNIT, pa.nulls(table.num_rows, pa.int64()))


def _with_units(table: pa.Table, evidence: pa.Table) -> pa.Table:
    return table.append_column(UNIT, evidence["unit"])


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table never becomes a series)
    return frame
