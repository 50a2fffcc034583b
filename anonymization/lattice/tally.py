"""How often each key was met, where a line is told by its key alone: no sensitive value, no protection unit.

Keys wait as they are and are counted by the million, since sorting many at once costs less than any table of them. What
is held is bounded by a few million keys and by twice the distinct ones.
"""

from __future__ import annotations

import numpy as np

from anonymization.lattice.sums import Integers, counted, summed

_PENDING = 1 << 23  # keys, 8 bytes each


class Tally:
    """Distinct keys and how many rows each has. Add keys one per row, or counts made elsewhere, in any order."""

    def __init__(self) -> None:
        self._waiting: list[Integers] = []
        self._length = 0
        self._lists: list[tuple[Integers, Integers]] = []

    def add(self, keys: Integers) -> None:
        """Count rows, by their keys."""
        self._waiting.append(keys)
        self._length += len(keys)
        if self._length >= _PENDING:
            self._count()

    def add_counts(self, keys: Integers, rows: Integers) -> None:
        """Count what was counted elsewhere: how many rows each key has; a key may come twice."""
        self._lists.append((keys, rows))
        distinct = [len(each) for each, _ in self._lists]
        if sum(distinct) > max(_PENDING, 2 * distinct[0]):
            self._join()

    def lines(self) -> tuple[Integers, Integers]:
        """Distinct keys in order, and the rows of each."""
        self._count()
        self._join()
        return self._lists[0] if self._lists else (np.zeros(0, np.int64), np.zeros(0, np.int64))

    def _count(self) -> None:
        if self._waiting:
            keys = np.concatenate(self._waiting)
            self._waiting, self._length = [], 0
            self.add_counts(*counted(keys))

    def _join(self) -> None:
        keys = np.concatenate([keys for keys, _ in self._lists] or [np.zeros(0, np.int64)])
        rows = np.concatenate([rows for _, rows in self._lists] or [np.zeros(0, np.int64)])
        self._lists = []
        keys, rows, _ = summed(keys, rows, rows)
        if len(keys):
            self._lists = [(keys, rows)]
