"""What custody answers: arrays of pseudonyms, and where they come from."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pyarrow as pa

from anonymization.pseudonyms.errors import PseudonymOriginError
from anonymization.pseudonyms.metadata import Origin, pseudonym_origin


class Pseudonyms(Iterator[pa.Array]):
    """One answer, read once. Its origin is known from the first array on, or at the end if there is none."""

    def __init__(self, arrays: Generator[pa.Array], opened: list[pa.Field]) -> None:
        """Read ``arrays``; whoever yields them puts the answer's field in ``opened`` before the first."""
        self._arrays, self._opened = arrays, opened

    def __next__(self) -> pa.Array:
        return next(self._arrays)

    def close(self) -> None:
        """Leave before the end: custody is told, and gives back what of the quota was not used."""
        self._arrays.close()

    @property
    def origin(self) -> Origin:
        """Domain, algorithm and epoch of all these pseudonyms.

        Raises:
            PseudonymOriginError: nothing was read yet, or custody did not say it.
        """
        if not self._opened:
            raise PseudonymOriginError("where pseudonyms come from is known once the first of them was read")
        return pseudonym_origin(self._opened[0])
