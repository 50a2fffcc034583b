"""The whole values of one field over the rows of the index: found, counted and ordered in arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]  # one a row: is it meant?
Rows = npt.NDArray[np.intp]  # places in the arrays
Keys = npt.NDArray[np.int64]  # one a row: what it is ordered by, the least first
LAST = np.iinfo(np.int64).max  # the key of a row without a value


@dataclass(frozen=True)
class Values:
    """The whole values of one field: any number a row.

    ``codes`` and ``rows`` have one item an occurrence: the value's place in ``names``, and the row that has it.
    ``names`` and ``known`` are shared by successive generations, which only add to them.
    """

    names: list[str]
    known: dict[str, int]
    codes: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int32]
    size: int  # rows of the index

    def code(self, value: str) -> int:
        """The place of ``value`` in ``names``, a new one if it has none; only the maker of columns asks."""
        code = self.known.get(value)
        if code is None:
            code = len(self.names)
            self.names.append(value)  # first: whoever finds its code finds its name
            self.known[value] = code
        return code

    def any_of(self, values: Iterable[str]) -> Mask:
        """Rows with one of some values."""
        wanted = [code for value in values if (code := self.known.get(value)) is not None]
        if len(wanted) == 1:
            return self.at(self.codes == wanted[0])
        meant = np.zeros(len(self.names), np.bool_)
        meant[wanted] = True
        return self.at(meant.take(self.codes))

    def passing(self, test: Callable[[str], bool]) -> Mask:
        """Rows with a value that passes ``test``."""
        meant = np.fromiter(map(test, list(self.names)), np.bool_)
        return self.at(meant.take(self.codes))

    def present(self) -> Mask:
        """Rows with any value."""
        return self.at(slice(None))

    def counts(self, mask: Mask, least: int, most: int) -> list[tuple[str, int]]:
        """The values that at least ``least`` rows of ``mask`` have, with their numbers: the most frequent first.

        A row has each of its values once. ``most`` of them, or all where it is negative.
        """
        numbers = np.bincount(np.compress(mask.take(self.rows), self.codes), minlength=1)
        codes = np.flatnonzero(numbers >= max(least, 1))
        if 0 < most < len(codes):  # of many, those that may be among the first
            codes = codes[numbers[codes] >= np.partition(numbers[codes], -most)[-most]]
        told = [(self.names[code], int(numbers[code])) for code in codes.tolist()]
        told.sort(key=lambda each: (-each[1], each[0].encode()))
        return told[:most] if most >= 0 else told

    @functools.cached_property
    def keys(self) -> Keys:
        """The order of rows by their value, in bytes."""
        names = list(self.names)
        ranks = np.empty(max(len(names), 1), np.int64)
        ranks[sorted(range(len(names)), key=lambda code: names[code].encode())] = np.arange(len(names))
        keys = np.full(self.size, LAST)
        keys[self.rows] = ranks[self.codes]
        return keys

    @functools.cached_property
    def of_rows(self) -> npt.NDArray[np.int32]:
        """The place of each row's value, where each has just one."""
        codes = np.zeros(self.size, np.int32)
        codes[self.rows] = self.codes
        return codes

    def at(self, occurrences: Any) -> Mask:
        """Rows of some occurrences."""
        mask = np.zeros(self.size, np.bool_)
        mask[self.rows[occurrences]] = True
        return mask
