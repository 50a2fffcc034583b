"""First pass: the distinct combinations of leaves, sensitive values and protection units of a period, and their rows.

Memory is bounded by the distinct combinations, never by the rows. Values are numbered as they are met, hierarchies are
built over those met once all are known, and the numbers become leaves; so parts may come in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.classes import ROWS, sources_of
from anonymization.errors import ReleaseRuleError
from anonymization.frequencies import UNIT, FrequencyTable, unit_columns
from anonymization.generalization import Surroundings, generalize
from anonymization.generalized.attributes import hierarchy_of, leaf_column, models_of, quasi_identifiers, search_of
from anonymization.hierarchies import Hierarchy
from anonymization.lattice import Combinations
from anonymization.lattice.grouping import Integers
from anonymization.models.definitions import OF_POPULATION, PrivacyModel
from policies.contract import ProtectionUnit, ReleasedColumn, ReleaseRule

Batches = Callable[[], Iterable[pa.RecordBatch]]


class Leaves:
    """Numbers the values of one column as they are met."""

    def __init__(self) -> None:
        self._index: dict[Any, int] = {}

    def numbers(self, values: pl.Series) -> Integers:
        """The number of each value; a value met for the first time gets the next one."""
        if values.dtype.is_float():
            values = values.fill_nan(None)
        encoded = values.to_arrow(compat_level=pl.CompatLevel.oldest()).dictionary_encode("encode")
        index = self._index
        known = np.array([index.setdefault(value, len(index)) for value in encoded.dictionary.to_pylist()], np.int64)
        return np.asarray(known[encoded.indices.to_numpy(zero_copy_only=False)])

    @property
    def values(self) -> list[Any]:
        """Every value met, in the order of their numbers."""
        return list(self._index)


class LeafReader:
    """Reads trusted batches as leaves of the published quasi-identifiers."""

    def __init__(self, rule: ReleaseRule, unit: ProtectionUnit, surroundings: Surroundings) -> None:
        self.rule, self.unit, self.surroundings = rule, unit, surroundings
        search = search_of(rule)
        self.attributes = quasi_identifiers(rule)
        self.sensitive = [column for column in rule.columns if column.name in search.sensitive]
        self.leaves = {column.name: Leaves() for column in self.attributes}
        self._leaf_columns = {c.name: leaf_column(c, search.hierarchy(c.name)) for c in self.attributes}

    def numbers(self, batch: pa.RecordBatch) -> dict[str, Integers]:
        """The number of each row's value in each attribute."""
        return {
            name: self.leaves[name].numbers(self.column(batch, column)) for name, column in self._leaf_columns.items()
        }

    def searched(self, name: str) -> bool:
        """Whether a published column may become coarser."""
        return search_of(self.rule).hierarchy(name) is not None

    def column(self, batch: pa.RecordBatch, column: ReleasedColumn) -> pl.Series:
        """One published column of a batch."""
        sources = sources_of(batch, column.sources)
        return generalize(column, [sources[name] for name in column.sources], self.surroundings)

    def units(self, batch: pa.RecordBatch) -> list[pl.Series]:
        """The two integers that stand for each row's protection unit.

        Raises:
            ReleaseRuleError: the rows do not have its column.
        """
        if self.unit.column not in batch.schema.names:
            raise ReleaseRuleError("the trusted rows do not have the protection unit's column")
        return unit_columns(batch.column(self.unit.column))


@dataclass(frozen=True, slots=True)
class Counted:
    """A period, counted. `lines` has a line per combination of leaves, sensitive values and unit, in order."""

    reader: LeafReader
    models: list[PrivacyModel]
    hierarchies: tuple[Hierarchy, ...]  # in the order of the published quasi-identifiers
    leaf_of: Mapping[str, Integers]  # number of a value -> leaf of its hierarchy
    lines: pl.DataFrame
    rows: int

    @property
    def heights(self) -> dict[str, int]:
        """The highest level of each attribute."""
        return {hierarchy.attribute: hierarchy.height for hierarchy in self.hierarchies}

    @property
    def leaves(self) -> dict[str, Integers]:
        """The leaf of each line in each attribute."""
        return {name: self.lines[name].to_numpy() for name in self.leaf_of}

    def combined(
        self, hierarchies: tuple[Hierarchy, ...], codes: Mapping[str, Integers], chosen: pl.Series | None = None
    ) -> Combinations:
        """Lines (those `chosen`) under other hierarchies, whose leaf each line has in `codes`."""
        made = Combinations(hierarchies, [column.name for column in self.reader.sensitive], self.reader.unit.column)
        keys = made.layout.joined(codes)
        others = self.lines.select(*(column.name for column in self.reader.sensitive), *UNIT, ROWS)
        if chosen is not None:
            others, keys = others.filter(chosen), keys[chosen.to_numpy()]
        made.add_counted(keys, others, list(UNIT))
        return made

    def leaf_codes(self, numbers: Mapping[str, Integers]) -> dict[str, Integers]:
        """Leaves, from the numbers of values."""
        return {name: leaf[numbers[name]] for name, leaf in self.leaf_of.items()}


def count_release(
    batches: Batches, rule: ReleaseRule, unit: ProtectionUnit, surroundings: Surroundings
) -> Counted | None:
    """Count a period; None where it has no row.

    Raises:
        ReleaseRuleError: the rule can not be applied to the rows.
        HierarchyError: a value is outside its hierarchy.
        PrivacyModelError: parameters that make no model.
    """
    models, reader = models_of(rule), LeafReader(rule, unit, surroundings)
    names = [column.name for column in reader.attributes]
    table = FrequencyTable([*names, *(column.name for column in reader.sensitive), *UNIT], [ROWS])
    for batch in batches():
        if batch.num_rows == 0:
            continue
        numbers = [pl.Series(name, values.astype(np.int32)) for name, values in reader.numbers(batch).items()]
        sensitive = [reader.column(batch, column) for column in reader.sensitive]
        one = pl.Series(ROWS, np.ones(batch.num_rows, dtype=np.int64))
        table.add(pl.DataFrame([*numbers, *sensitive, *reader.units(batch), one]))
    lines = table.lines()
    if lines.height == 0:
        return None
    search = search_of(rule)
    people = [model.population for model in models if isinstance(model, OF_POPULATION)]
    hierarchies = tuple(
        hierarchy_of(
            name,
            search.hierarchy(name),
            {*reader.leaves[name].values, *(value for each in people for value in each[name].unique().to_pylist())},
        )
        for name in names
    )
    leaf_of = {h.attribute: h.leaf_codes(reader.leaves[h.attribute].values) for h in hierarchies}
    lines = lines.select(
        *(pl.Series(name, leaf_of[name][lines[name].to_numpy()]) for name in names),
        pl.exclude(names),
    )
    lines = lines.sort([*names, *UNIT, *(column.name for column in reader.sensitive)], nulls_last=True)
    return Counted(reader, models, hierarchies, leaf_of, lines, int(lines[ROWS].sum()))
