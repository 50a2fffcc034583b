"""Leaving out whoever is not among the active subjects of a purpose. Used inside custody only."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from anonymization.pseudonyms.cmac import PSEUDONYM_BYTES, PSEUDONYM_TYPE
from anonymization.pseudonyms.errors import IdentifierTypeError

_ITEM = np.dtype(f"S{PSEUDONYM_BYTES}")  # compared byte by byte; shorter ones do not exist, so trailing zeros are safe


class ActiveSubjects:
    """A set of consent pseudonyms; immutable."""

    def __init__(self, subjects: pa.Array) -> None:
        self._sorted = np.unique(_items(subjects.drop_null()))

    def __len__(self) -> int:
        return len(self._sorted)

    def keep(self, consent: pa.Array, pseudonyms: pa.Array) -> pa.FixedSizeBinaryArray:
        """Return ``pseudonyms``, null where the row's ``consent`` pseudonym is not in this set."""
        items = _items(pc.fill_null(consent, pa.scalar(bytes(PSEUDONYM_BYTES), PSEUDONYM_TYPE)))
        found = np.zeros(len(items), np.bool_)
        if len(self._sorted):
            place = np.minimum(np.searchsorted(self._sorted, items), len(self._sorted) - 1)
            found = self._sorted[place] == items
        covered = pc.and_(pa.array(found), consent.is_valid())
        return pc.if_else(covered, pseudonyms, pa.scalar(None, PSEUDONYM_TYPE))


def _items(array: pa.Array) -> NDArray[np.bytes_]:
    if array.type != PSEUDONYM_TYPE:
        raise IdentifierTypeError(f"subjects are {PSEUDONYM_TYPE}, not {array.type}")
    start = array.offset * PSEUDONYM_BYTES
    data = np.frombuffer(array.buffers()[1] or b"", np.uint8)[start : start + len(array) * PSEUDONYM_BYTES]
    return data.view(_ITEM)
