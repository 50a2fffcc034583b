"""Second pass: the rows of a period at the levels chosen, in order, part by part.

Memory is bounded by the distinct combinations of the first pass and by the distinct rows of one part, never by the
rows: those alike in all that is published and in their unit are counted, and written as often as there are. Rows are
sorted by their quasi-identifiers, then by the other published columns, whatever the parts they were read from; a class
larger than a part is divided by a hash of these others, and sorted within each of its parts. Beside each part
stand the units of each row's class, and the evidence that tells units apart by labels: a digest of the pseudonym under
the release's salt, the same in every release of one period and in no other, from which no pseudonym comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.candidate import ReleaseCounts, Released, released_schema
from anonymization.classes import ROWS, published_table
from anonymization.frequencies import UNIT, FrequencyTable
from anonymization.generalized.choice import Chosen
from anonymization.generalized.counting import Batches, Counted
from anonymization.generalized.derived import derive
from anonymization.generalized.details import told
from anonymization.generalized.parts import PART_ROWS, Parts
from anonymization.lattice.grouping import Integers
from policies.contract import ReleaseRule

EVIDENCE = pa.schema([pa.field("unit", pa.int64())])
UNSOLVED = "unsolved"  # in the details of records: nothing satisfies the models
_CLASS, _UNITS, _PART, _SPLIT = "n:class", "n:units", "n:part", "n:split"


@dataclass(frozen=True, slots=True)
class ReleasedPart:
    """Some rows of a candidate, in order, with the units of their classes and the labels of their units."""

    table: pa.Table
    unit_counts: pa.Array
    evidence: pa.Table


@dataclass(frozen=True, slots=True)
class StreamedRelease:
    """A candidate that is made while it is read. `parts` is read once; what was counted is known after the last."""

    schema: pa.Schema
    counted: Callable[[], ReleaseCounts]
    details: Mapping[str, Any]
    parts: Iterator[ReleasedPart]

    @property
    def counts(self) -> ReleaseCounts:
        """What was read, left out and kept."""
        return self.counted()


class Classes:
    """The classes published: their texts in the order of publication, units, and the part each belongs to.

    `published` has what all rows of a class share, by class; `own` names the published columns that a row has itself.
    """

    def __init__(self, counted: Counted, chosen: Chosen, part_rows: int, whole_classes: bool) -> None:
        self._counted, self._chosen = counted, chosen
        names = [hierarchy.attribute for hierarchy in counted.hierarchies]
        self.leaves = counted.leaves
        self.step = chosen.step_of(counted.hierarchies, self.leaves)
        published = np.flatnonzero(self.step >= 0)
        texts = self.texts({name: codes[published] for name, codes in self.leaves.items()}, self.step[published])
        lines = counted.lines[published].select(*UNIT, ROWS).with_columns(texts)
        known = pl.struct(UNIT).filter(pl.col(UNIT[0]).is_not_null()).n_unique()
        found = lines.group_by(names).agg(pl.col(ROWS).sum(), known.cast(pl.Int64).alias(_UNITS))
        found = found.sort(names, nulls_last=True).with_row_index(_CLASS)
        before = pl.col(ROWS).cum_sum() - pl.col(ROWS)
        split = pl.lit(1, pl.Int64) if whole_classes else pl.max_horizontal(pl.col(ROWS) // part_rows, pl.lit(1))
        found = found.with_columns((before // part_rows).alias(_PART), split.alias(_SPLIT))
        self.frame = found.with_columns(pl.col(_PART, _SPLIT).cast(pl.Int64))
        self.names = names
        rule, reader = counted.reader.rule, counted.reader
        of_class = [name for name in names if reader.searched(name)]
        derived = [column for column in rule.columns if column.derived_from is not None]
        made = [derive(c, self.frame[str(c.derived_from)], reader.surroundings) for c in derived]
        self.own = [c.name for c in rule.columns if c.name not in of_class and c not in derived]
        self.published = self.frame.select(*of_class, _UNITS).with_columns(made)

    @property
    def parts(self) -> int:
        """How many parts there are, at least one."""
        return int(self.frame.select((pl.col(_PART) + pl.col(_SPLIT)).max()).item() or 1)

    @property
    def rows(self) -> int:
        """Rows published."""
        return int(self.frame[ROWS].sum())

    @property
    def suppressed(self) -> int:
        """Combinations of leaves left out."""
        left = np.flatnonzero(self.step < 0)
        names = self.names
        return pl.DataFrame({name: self.leaves[name][left] for name in names}).n_unique() if len(left) else 0

    def texts(self, leaves: Mapping[str, Integers], step: Integers) -> list[pl.Series]:
        """Published texts of rows or lines that have a step."""
        made = []
        for hierarchy in self._counted.hierarchies:
            name, codes = hierarchy.attribute, leaves[hierarchy.attribute]
            labels: list[str | None] = []
            places = np.zeros(len(codes), dtype=np.int64)
            for number, one in enumerate(self._chosen.steps):
                mine = step == number
                places[mine] = len(labels) + hierarchy.codes[one.levels[name]][codes[mine]]
                labels.extend(hierarchy.labels[one.levels[name]])
            made.append(pl.Series(name, labels, dtype=pl.String).gather(pl.Series(places)))
        return made


def stream_release(
    batches: Batches,
    counted: Counted,
    chosen: Chosen,
    *,
    salt: str,
    part_rows: int = PART_ROWS,
    whole_classes: bool = False,
) -> StreamedRelease:
    """Make the candidate of a period; `batches` gives the rows that were counted, anew.

    With `whole_classes` no class is divided between parts, for whoever compares it with another release: memory is then
    bounded by the largest class.

    Raises:
        GeneralizationError, HierarchyError: what was counted and what is read are not the same rows.
    """
    classes = Classes(counted, chosen, part_rows, whole_classes)
    rows = classes.rows
    counts = ReleaseCounts(counted.rows, counted.rows - rows, classes.suppressed, rows)
    details = {"records": told(counted, chosen, classes.step, classes.leaves, classes.frame[ROWS])}
    schema = released_schema(counted.reader.rule)
    return StreamedRelease(
        schema,
        lambda: counts,
        details,
        _parts(batches, counted, chosen, classes, schema, salt, None if whole_classes else part_rows),
    )


def whole_release(streamed: StreamedRelease) -> Released:
    """The candidate in memory, as one table."""
    parts = list(streamed.parts)
    table = pa.concat_tables([part.table for part in parts]) if parts else streamed.schema.empty_table()
    units = pa.concat_arrays([part.unit_counts for part in parts]) if parts else pa.array([], pa.int64())
    evidence = pa.concat_tables([part.evidence for part in parts]) if parts else EVIDENCE.empty_table()
    return Released(table, streamed.counts, units, evidence, streamed.details)


def empty_release(rule: ReleaseRule) -> Released:
    """The candidate of a period without rows."""
    return Released(
        released_schema(rule).empty_table(), ReleaseCounts(0, 0, 0, 0), pa.array([], pa.int64()), EVIDENCE.empty_table()
    )


def unsolved_release(counted: Counted) -> Released:
    """The candidate of a period that no generalization makes safe: every row is suppressed, and it says so."""
    empty, suppressed = empty_release(counted.reader.rule), counted.lines.select(list(counted.heights)).n_unique()
    counts = ReleaseCounts(counted.rows, counted.rows, suppressed, 0)
    return replace(empty, counts=counts, details={"records": {UNSOLVED: True}})


def _parts(
    batches: Batches,
    counted: Counted,
    chosen: Chosen,
    classes: Classes,
    schema: pa.Schema,
    salt: str,
    most: int | None,
) -> Iterator[ReleasedPart]:
    own = classes.own
    waiting = pa.schema(
        [*(schema.field(name) for name in own), *(pa.field(n, pa.int64()) for n in (*UNIT, _CLASS, ROWS))]
    )
    keys = [*own, *UNIT, _CLASS]
    with Parts(classes.parts, waiting) as parts:
        for batch in batches():
            if batch.num_rows:
                alike = _published(batch, counted, chosen, classes).group_by([*keys, _PART]).agg(pl.col(ROWS).sum())
                parts.add(alike, alike[_PART].to_numpy())
        written = 0
        for rows in parts.read():
            table = FrequencyTable(keys, [ROWS])
            for frame in rows:
                table.add(frame)
            lines = table.lines()
            if lines.height:
                for piece in _repeated(lines.sort([_CLASS, *own, *UNIT], nulls_last=True), most):
                    written += 1
                    yield _released(piece, classes, schema, salt)
        if not written:
            yield ReleasedPart(schema.empty_table(), pa.array([], pa.int64()), EVIDENCE.empty_table())


def _repeated(lines: pl.DataFrame, most: int | None) -> Iterator[pl.DataFrame]:
    """Write each line as often as there are rows like it, about `most` rows at a time."""
    ends = lines[ROWS].cum_sum().to_numpy()
    size = most or max(int(ends[-1]), 1)
    for start in range(0, int(ends[-1]), size):
        stop = min(start + size, int(ends[-1]))
        places = np.searchsorted(ends, np.arange(start, stop), side="right")
        yield lines[places]


def _released(rows: pl.DataFrame, classes: Classes, schema: pa.Schema, salt: str) -> ReleasedPart:
    of_class = classes.published[rows[_CLASS]]
    units = of_class[_UNITS].to_arrow(compat_level=pl.CompatLevel.oldest())
    whole = rows.select(classes.own).hstack(of_class.drop(_UNITS))
    return ReleasedPart(published_table(whole, schema), units, labels(rows.select(UNIT), salt))


def _published(batch: pa.RecordBatch, counted: Counted, chosen: Chosen, classes: Classes) -> pl.DataFrame:
    """The rows of a batch that are published: what they have of their own, their unit, class and part."""
    reader = counted.reader
    leaves = counted.leaf_codes(reader.numbers(batch))
    step = chosen.step_of(counted.hierarchies, leaves)
    places = np.flatnonzero(step >= 0)
    texts = classes.texts({name: codes[places] for name, codes in leaves.items()}, step[places])
    found = pl.DataFrame(texts).join(
        classes.frame, on=classes.names, how="left", nulls_equal=True, maintain_order="left"
    )
    batch = batch.take(pa.array(places))
    own = [reader.column(batch, column) for column in reader.rule.columns if column.name in classes.own]
    frame = pl.DataFrame([*own, *reader.units(batch)])
    others = [name for name in frame.columns if name not in classes.names]
    divided = pl.struct(others).hash(seed=0) % pl.lit(found[_SPLIT]).cast(pl.UInt64)
    part = (found[_PART] + frame.select(divided.cast(pl.Int64)).to_series()).alias(_PART)
    one = pl.Series(ROWS, np.ones(frame.height, dtype=np.int64))
    return frame.with_columns(found[_CLASS].cast(pl.Int64), part, one)


def labels(units: pl.DataFrame, salt: str) -> pa.Table:
    """A label of 64 bits for each row's unit; null where the unit is unknown."""
    known = units.drop_nulls().unique()
    pseudonyms = known.to_numpy().astype(">i8").tobytes()
    prefix = sha256(f"ardoise unit\n{salt}\n".encode())
    made = bytearray()
    for start in range(0, len(pseudonyms), 16):
        digest = prefix.copy()
        digest.update(pseudonyms[start : start + 16])
        made += digest.digest()[:8]
    named = known.with_columns(pl.Series("unit", np.frombuffer(made, dtype=">i8").astype(np.int64)))
    joined = units.join(named, on=list(UNIT), how="left", maintain_order="left")
    return pa.table({"unit": joined["unit"].to_arrow(compat_level=pl.CompatLevel.oldest())}, schema=EVIDENCE)
