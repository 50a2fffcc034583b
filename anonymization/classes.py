"""Reads trusted batches as a release rule sees them: published columns, protection unit, measured values."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
import pyarrow as pa

from anonymization.candidate import released_schema
from anonymization.errors import ReleaseRuleError
from anonymization.frequencies import UNIT, ExactSums, unit_columns
from anonymization.generalization import Surroundings, generalize
from policies.contract import ProtectionUnit, ReleaseRule

ROWS = "n:rows"
EVERYTHING = "class:all"  # the key of a rule with no quasi-identifier: every row is in one class


class ClassReader:
    """Turns a batch into a frame. Holds the rule and, for measured columns, how they are counted."""

    def __init__(self, rule: ReleaseRule, protection_unit: ProtectionUnit | None, surroundings: Surroundings) -> None:
        self.rule = rule
        self.unit = protection_unit
        self.published = [column.name for column in rule.columns]
        chosen = (
            rule.columns if rule.kind not in ("as_is", "records") else [c for c in rule.columns if c.quasi_identifier]
        )
        self.keys = [column.name for column in chosen] or [EVERYTHING]
        self.unit_keys = list(UNIT) if protection_unit else []
        self.measured = list(dict.fromkeys(measure.column for measure in rule.measures if measure.column))
        self.sums = ExactSums()
        self.surroundings = surroundings

    def schema(self) -> pa.Schema:
        """The published schema."""
        return released_schema(self.rule)

    def frame(self, batch: pa.RecordBatch, *, measures: bool = False) -> pl.DataFrame:
        """Published columns, unit and row count; with `measures`, also `sum:` and `values:` of each measured column."""
        sources = self._sources(batch)
        made = [
            generalize(column, [sources[name] for name in column.sources], self.surroundings)
            for column in self.rule.columns
        ]
        if self.unit:
            made += unit_columns(batch.column(self.unit.column))
        frame = pl.DataFrame(made) if made else pl.DataFrame({EVERYTHING: [0] * batch.num_rows})
        extra = [pl.lit(1, pl.Int64).alias(ROWS)]
        if EVERYTHING in self.keys:
            extra.append(pl.lit(0, pl.Int64).alias(EVERYTHING))
        frame = frame.with_columns(extra)
        if not measures:
            return frame
        whole = {name: self.sums.integers(sources[name]) for name in self.measured}
        return frame.with_columns(
            *(values.alias(f"sum:{name}") for name, values in whole.items()),
            *(values.is_not_null().cast(pl.Int64).alias(f"values:{name}") for name, values in whole.items()),
        )

    def _sources(self, batch: pa.RecordBatch) -> dict[str, pl.Series]:
        names = dict.fromkeys(name for column in self.rule.columns for name in column.sources)
        names |= dict.fromkeys(self.measured)
        if self.unit:
            sources_of(batch.slice(0, 0), [self.unit.column])
        return sources_of(batch, names)


def sources_of(batch: pa.RecordBatch, names: Iterable[str]) -> dict[str, pl.Series]:
    """Source columns of a batch, dictionaries decoded.

    Raises:
        ReleaseRuleError: a column is missing.
    """
    wanted = list(names)
    missing = sorted(set(wanted) - set(batch.schema.names))
    if missing:
        raise ReleaseRuleError(f"the release rule uses columns that the trusted rows do not have: {missing}")
    return {name: _series(name, batch.column(name)) for name in wanted}


def _series(name: str, values: pa.Array) -> pl.Series:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    series = pl.from_arrow(values)
    assert isinstance(series, pl.Series)  # noqa: S101 (an array never becomes a frame)
    return series.alias(name)


def published_table(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """`frame`'s published columns under the published schema."""
    return frame.select(schema.names).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)


def numbered_units(frame: pl.DataFrame) -> pl.Series:
    """Number the units of a frame from 0 in pseudonym order; null where unknown. Pseudonyms stay behind."""
    known = frame.select(UNIT).drop_nulls().unique().sort(UNIT).with_row_index("unit")
    return frame.select(UNIT).join(known, on=UNIT, how="left", maintain_order="left")["unit"].cast(pl.Int64)
