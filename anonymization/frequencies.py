"""Mergeable frequency tables: what two passes over any amount of data need to remember.

A table holds one line per distinct combination of its keys, with exact integer sums. Adding batches one by one, or
adding halves and merging, gives the same lines: memory is bounded by the distinct combinations, never by the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.errors import MeasureOverflowError, ReleaseRuleError

UNIT = ("unit:high", "unit:low")  # a 16-byte pseudonym as two integers: grouping on them is several times faster
MILLIONTHS = 1_000_000  # fractional values are counted in millionths, so that sums do not depend on their order
_LIMIT = 2**62  # of a sum, so that no 64-bit addition can wrap
_PENDING_ROWS = 1_000_000


class FrequencyTable:
    """Distinct combinations of `keys`, with the sums of `sums` over the rows of each."""

    def __init__(self, keys: Sequence[str], sums: Sequence[str]) -> None:
        self._keys = list(keys)
        self._sums = list(sums)
        self._pending: list[pl.DataFrame] = []
        self._pending_rows = 0
        self._compacted_rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Count the rows of `frame`, which has the keys and the sums as integer columns."""
        self._append(self._grouped(frame))

    def merge(self, other: FrequencyTable) -> None:
        """Count everything `other` has counted."""
        self._append(other.lines())

    def lines(self) -> pl.DataFrame:
        """One line per distinct combination, in no particular order."""
        self._compact()
        return self._pending[0] if self._pending else pl.DataFrame()

    def _append(self, lines: pl.DataFrame) -> None:
        if lines.width == 0:
            return
        self._pending.append(lines)
        self._pending_rows += lines.height
        if self._pending_rows > max(_PENDING_ROWS, 2 * self._compacted_rows):
            self._compact()

    def _compact(self) -> None:
        if len(self._pending) > 1:
            self._pending = [self._grouped(pl.concat(self._pending))]
        self._compacted_rows = self._pending_rows = self._pending[0].height if self._pending else 0

    def _grouped(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.group_by(self._keys).agg(pl.col(name).sum() for name in self._sums)


def unit_columns(pseudonyms: pa.Array | pa.ChunkedArray) -> list[pl.Series]:
    """The two integer columns that stand for a column of 16-byte pseudonyms; both null where it is null.

    Raises:
        ReleaseRuleError: the column does not hold 16-byte pseudonyms.
    """
    if pseudonyms.type != pa.binary(16):
        raise ReleaseRuleError(f"the protection unit's column must hold 16-byte pseudonyms, not {pseudonyms.type}")
    array = pseudonyms.combine_chunks() if isinstance(pseudonyms, pa.ChunkedArray) else pseudonyms
    values = array.buffers()[1]
    if values is None or len(array) == 0:
        return [pl.Series(name, [None] * len(array), dtype=pl.Int64) for name in UNIT]
    words = np.frombuffer(values, dtype=">i8", count=2 * len(array), offset=16 * array.offset).reshape(-1, 2)
    halves = [pl.Series(name, words[:, half].astype(np.int64)) for half, name in enumerate(UNIT)]
    if array.null_count == 0:
        return halves
    absent = pl.Series(array.is_null())
    return [half.set(absent, None) for half in halves]


class ExactSums:
    """Turns measured columns into integers that can be added in any order, and refuses sums that would overflow."""

    def __init__(self) -> None:
        self._magnitude: dict[str, float] = {}
        self._scale: dict[str, int] = {}

    def integers(self, values: pl.Series) -> pl.Series:
        """`values` as integers, null where null or not finite. See :meth:`scale`.

        Raises:
            MeasureOverflowError: the sum of the column so far can not be exact in 64 bits.
            ReleaseRuleError: the column is not numeric.
        """
        name = values.name
        if values.dtype.is_float():
            finite = values.set(~values.is_finite().fill_null(True), None)
            scale, magnitude = MILLIONTHS, float(finite.abs().sum() or 0.0) * MILLIONTHS
        elif values.dtype.is_integer() or values.dtype == pl.Boolean:
            finite = values.cast(pl.Int64)
            scale, magnitude = 1, float(finite.cast(pl.Float64).abs().sum() or 0.0)
        else:
            raise ReleaseRuleError(f"column « {name} » is measured but is not a number: its type is {values.dtype}")
        if self._scale.setdefault(name, scale) != scale:
            raise ReleaseRuleError(f"column « {name} » changed type between two batches")
        self._magnitude[name] = self._magnitude.get(name, 0.0) + magnitude
        if self._magnitude[name] > _LIMIT:
            raise MeasureOverflowError(f"column « {name} » is too large to be added exactly: give it a larger unit")
        return finite if scale == 1 else (finite * MILLIONTHS).round().cast(pl.Int64)

    def scale(self, name: str) -> int:
        """How many integer steps make one unit of the column `name`."""
        return self._scale.get(name, 1)
