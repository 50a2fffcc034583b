"""Leaving out whoever is not covered for a purpose: not among its active subjects, or among those who object to it.

Used inside custody only.

Subjects are kept sorted as two 64-bit halves: searching one machine word for each row is several times faster than
comparing 16-byte strings. Two subjects with the same first half are next to impossible among pseudonyms, but looked at.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymization.pseudonyms.cmac import PSEUDONYM_BYTES, PSEUDONYM_TYPE
from anonymization.pseudonyms.errors import IdentifierTypeError, SubjectsError

_LONGEST_RUN = 8  # subjects with the same first half


class Subjects:
    """A set of consent pseudonyms, and whether being in it covers a row or leaves it out; immutable."""

    def __init__(self, subjects: pa.Array, *, objecting: bool = False) -> None:
        """Keep these pseudonyms; nulls and repetitions do not matter.

        Args:
            subjects: 16-byte pseudonyms.
            objecting: whether these are the subjects who object, and everybody else is covered.

        Raises:
            SubjectsError: so many of them begin alike that they can not be pseudonyms.
        """
        self._objecting = objecting
        halves = np.unique(_halves(subjects.drop_null()), axis=0)
        self._high, self._low = halves[:, 0].copy(), halves[:, 1].copy()
        self._run = int(np.unique(self._high, return_counts=True)[1].max(initial=0))
        if self._run > _LONGEST_RUN:
            raise SubjectsError("these subjects are no pseudonyms: too many of them begin alike")

    def __len__(self) -> int:
        return len(self._high)

    def keep(self, consent: pa.Array, pseudonyms: pa.Array) -> pa.FixedSizeBinaryArray:
        """Return ``pseudonyms``, null where the row's ``consent`` pseudonym does not cover it, or is null itself."""
        halves = _halves(pc.fill_null(consent, pa.scalar(bytes(PSEUDONYM_BYTES), PSEUDONYM_TYPE)))
        high, low = halves[:, 0], halves[:, 1]
        found = np.zeros(len(halves), np.bool_)
        first = np.searchsorted(self._high, high)
        for step in range(self._run):
            place = np.minimum(first + step, len(self) - 1)
            found |= (self._high[place] == high) & (self._low[place] == low)
        covered = pc.and_(pa.array(found != self._objecting), consent.is_valid())
        return pc.if_else(covered, pseudonyms, pa.scalar(None, PSEUDONYM_TYPE))


def _halves(array: pa.Array) -> NDArray[np.uint64]:
    if array.type != PSEUDONYM_TYPE:
        raise IdentifierTypeError(f"subjects are {PSEUDONYM_TYPE}, not {array.type}")
    start = array.offset * PSEUDONYM_BYTES
    data = np.frombuffer(array.buffers()[1] or b"", np.uint8)[start : start + len(array) * PSEUDONYM_BYTES]
    return data.view(np.uint64).reshape(-1, 2)
