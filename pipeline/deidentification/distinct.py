"""Each spelling of an identifier goes to custody once, however often it stands: what was sent, and what was answered.

Two ledgers of one sequence. One belongs to the thread that sends and runs ahead: it numbers spellings as they are met.
The other belongs to the thread that reads the answers, and needs the numbers only. When too many spellings are
remembered both begin again, at the same item of the sequence: memory is bounded and they never disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms import PSEUDONYM_BYTES, PSEUDONYM_TYPE

MOST = 2_000_000  # identifiers remembered at a time; a delivery with more asks for some of them twice
_NOBODY = pa.scalar(bytes(PSEUDONYM_BYTES), PSEUDONYM_TYPE)  # holds the place of a null: dictionaries have none


@dataclass(frozen=True, slots=True)
class Numbered:
    """A batch's identifiers as numbers."""

    numbers: pa.Array  # int32, one a row, null for a null
    fresh: pa.Array  # string: the spellings met for the first time, in the order of their numbers
    anew: bool  # numbers begin again at 0 with this batch


@dataclass(slots=True)
class Sent:
    """Identifiers sent so far."""

    most: int = MOST
    _identifiers: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))

    def number(self, values: pa.Array) -> Numbered:
        """Number a batch's identifiers (string); those met for the first time count as sent from now on."""
        anew = len(self._identifiers) > self.most
        if anew:
            self._identifiers = self._identifiers.slice(0, 0)
        numbers = pc.index_in(values, value_set=self._identifiers)
        fresh = pc.unique(values.filter(pc.is_null(numbers))).drop_null()
        if len(fresh):
            self._identifiers = pa.concat_arrays([self._identifiers, fresh])
            numbers = pc.index_in(values, value_set=self._identifiers)
        return Numbered(numbers, fresh, anew)


@dataclass(slots=True)
class Answered:
    """Pseudonyms answered so far, by number."""

    _pseudonyms: pa.Array = field(default_factory=lambda: pa.array([], PSEUDONYM_TYPE))
    _known: pa.Array = field(default_factory=lambda: pa.array([], pa.bool_()))

    def pseudonyms(self, numbered: Numbered, answer: pa.Array) -> pa.DictionaryArray:
        """The pseudonyms of a batch: null for a null, or where custody answered null.

        Args:
            numbered: the batch, as :meth:`Sent.number` gave it.
            answer: custody's pseudonyms of its fresh spellings.

        Returns:
            dictionary<int32, fixed_size_binary(16)>; entries that no row has may stand in the dictionary.
        """
        if numbered.anew:
            self._pseudonyms, self._known = self._pseudonyms.slice(0, 0), self._known.slice(0, 0)
        if len(answer):
            whole = pc.fill_null(answer.cast(PSEUDONYM_TYPE), _NOBODY)
            self._pseudonyms = pa.concat_arrays([self._pseudonyms, whole])
            self._known = pa.concat_arrays([self._known, answer.is_valid()])
        numbers = pc.if_else(self._known.take(numbered.numbers), numbered.numbers, pa.scalar(None, pa.int32()))
        return pa.DictionaryArray.from_arrays(numbers, self._pseudonyms)
