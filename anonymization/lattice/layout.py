"""Combinations of quasi-identifiers as 64-bit integers: a field of bits per attribute, the first attribute highest.

A field holds the number of a leaf, or of the value above it at some level; so the key of a row at any levels is made
from its columns' dictionaries, and from its key at lower levels, without a look at the values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.errors import GeneralizationSearchError, HierarchyError
from anonymization.hierarchies import Hierarchy
from anonymization.lattice.sums import Integers, blocks

Hierarchies = Mapping[str, Hierarchy] | Sequence[Hierarchy]

KEY_BITS = 62
_GROUP_BITS = 14


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each attribute's field stands in a key."""

    hierarchies: tuple[Hierarchy, ...]
    bits: tuple[int, ...]
    shifts: tuple[int, ...]

    @classmethod
    def of(cls, hierarchies: Hierarchies) -> Layout:
        """Lay the attributes out in the order given.

        Raises:
            GeneralizationSearchError: no attribute, one named twice or under another name, or too many leaves.
        """
        if isinstance(hierarchies, Mapping):
            if any(name != hierarchy.attribute for name, hierarchy in hierarchies.items()):
                raise GeneralizationSearchError("a hierarchy must be given under its attribute's name")
            hierarchies = list(hierarchies.values())
        if not hierarchies or len({h.attribute for h in hierarchies}) != len(hierarchies):
            raise GeneralizationSearchError("at least one hierarchy is needed, and one an attribute")
        bits = tuple((hierarchy.leaves - 1).bit_length() for hierarchy in hierarchies)
        if sum(bits) > KEY_BITS:
            raise GeneralizationSearchError(
                f"the attributes' leaves need {sum(bits)} bits and a combination holds {KEY_BITS}: "
                "start from coarser leaves"
            )
        shifts = tuple(sum(bits[place + 1 :]) for place in range(len(bits)))
        return cls(tuple(hierarchies), bits, shifts)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(hierarchy.attribute for hierarchy in self.hierarchies)

    @property
    def groups(self) -> list[tuple[list[int], int, list[int]]]:
        """Attributes side by side whose values together are few enough to be counted at once: places, shift, bits."""
        made: list[tuple[list[int], int, list[int]]] = []
        for place, (bits, shift) in enumerate(zip(self.bits, self.shifts, strict=True)):
            if made and sum(made[-1][2]) + bits <= _GROUP_BITS:
                places, _, widths = made[-1]
                made[-1] = ([*places, place], shift, [*widths, bits])
            else:
                made.append(([place], shift, [bits]))
        return made

    def leaves(self, keys: Integers, place: int) -> Integers:
        """Leaf of one attribute in each key; its value, in keys of higher levels."""
        return (keys >> self.shifts[place]) & ((1 << self.bits[place]) - 1)

    def joined(self, leaves: Mapping[str, Integers]) -> Integers:
        """The keys of rows or lines whose leaves are known, by attribute."""
        total = np.zeros(len(leaves[self.attributes[0]]), dtype=np.int64)
        for name, shift in zip(self.attributes, self.shifts, strict=True):
            total |= leaves[name] << shift
        return total

    def raised(self, keys: Integers, levels: Sequence[int]) -> Integers:
        """Keys of leaves, at levels."""
        made = keys.copy()
        for place, (hierarchy, level) in enumerate(zip(self.hierarchies, levels, strict=True)):
            if level:
                leaves = self.leaves(keys, place)
                made ^= (leaves ^ hierarchy.codes[level][leaves]) << self.shifts[place]
        return made

    def keys(self, batch: pa.RecordBatch | pa.Table, levels: Sequence[int] | None = None) -> Integers:
        """One key per row; of its leaves, or at levels.

        Raises:
            HierarchyError: a value is outside its hierarchy.
        """
        total = np.zeros(batch.num_rows, dtype=np.int64)
        start = 0
        for part in batch.to_batches() if isinstance(batch, pa.Table) else (batch,):
            self._write(part, levels or (0,) * len(self.bits), total[start : start + part.num_rows])
            start += part.num_rows
        return total

    def _write(self, batch: pa.RecordBatch, levels: Sequence[int], total: Integers) -> None:
        fields = []
        for hierarchy, shift, level in zip(self.hierarchies, self.shifts, levels, strict=True):
            leaves, indices = _leaves(batch.column(hierarchy.attribute), hierarchy)
            fields.append((hierarchy.codes[level][leaves] << shift, indices))
        for block in blocks(slice(0, len(total))):
            for values, indices in fields:
                total[block] |= values[indices[block]]


def _leaves(values: pa.Array, hierarchy: Hierarchy) -> tuple[Integers, NDArray[Any]]:
    """Leaves of the distinct values of a column, and which of them each row has."""
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode("encode")
    distinct, indices = values.dictionary, values.indices
    if indices.null_count:
        indices = indices.fill_null(len(distinct))
        distinct = pa.concat_arrays([distinct, pa.nulls(1, distinct.type)])
    rows = indices.to_numpy(zero_copy_only=False)
    try:
        return hierarchy.leaf_codes(distinct.to_pylist()), rows
    except HierarchyError:  # a dictionary may hold values that no row has
        used = np.flatnonzero(np.bincount(rows, minlength=len(distinct)))
        leaves = np.zeros(len(distinct), dtype=np.int64)
        leaves[used] = hierarchy.leaf_codes(distinct.take(pa.array(used)).to_pylist())
        return leaves, rows
