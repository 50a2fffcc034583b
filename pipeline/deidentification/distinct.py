"""Each spelling of an identifier goes to custody once, however often it stands: what was sent, and what was answered.

Two ledgers of one sequence. One belongs to the thread that sends and runs ahead, the other to the thread that reads
the answers; both forget at the same points of the sequence, so that memory is bounded and they never disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms import PSEUDONYM_TYPE

MOST = 2_000_000  # identifiers remembered at a time; a delivery with more asks for some of them twice


@dataclass(slots=True)
class Sent:
    """Identifiers sent so far."""

    most: int = MOST
    _identifiers: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))

    def fresh(self, values: pa.Array) -> pa.Array:
        """The distinct values that were not sent yet, nulls left out; they count as sent from now on."""
        if len(self._identifiers) > self.most:
            self._identifiers = self._identifiers.slice(0, 0)
        distinct = pc.unique(values).drop_null()
        new = distinct.filter(pc.is_null(pc.index_in(distinct, value_set=self._identifiers)))
        self._identifiers = pa.concat_arrays([self._identifiers, new])
        return new


@dataclass(slots=True)
class Answered:
    """Identifiers answered so far, and their pseudonyms."""

    most: int = MOST
    _identifiers: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    _pseudonyms: pa.Array = field(default_factory=lambda: pa.array([], PSEUDONYM_TYPE))

    def pseudonyms(self, values: pa.Array, fresh: pa.Array, answer: pa.Array) -> pa.Array:
        """The pseudonyms of `values`: null for a null, or where custody answered null.

        Args:
            values: a batch's identifiers.
            fresh: those of them that were sent, as :meth:`Sent.fresh` gave them.
            answer: custody's pseudonyms of `fresh`.
        """
        if len(self._identifiers) > self.most:
            self._identifiers, self._pseudonyms = self._identifiers.slice(0, 0), self._pseudonyms.slice(0, 0)
        self._identifiers = pa.concat_arrays([self._identifiers, fresh])
        self._pseudonyms = pa.concat_arrays([self._pseudonyms, answer.cast(PSEUDONYM_TYPE)])
        return self._pseudonyms.take(pc.index_in(values, value_set=self._identifiers))
