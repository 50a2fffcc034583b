"""What kinds of personal data each column of a table holds, with the evidence counted and never a value.

For feeds whose columns nobody declared, or that drifted. Four kinds of evidence, in values looked at:

1. header: the column's name says what it is;
2. validator: whole values pass a checksum or an unambiguous shape;
3. gazetteer: whole values are a first name and a family name, or one of them;
4. text: personal data found inside longer texts, in a sample.

A column holds a kind if its values say so, or if its name does and some of its values agree. The language model is
not used.

Reading a value is what costs, and each is read by itself: whoever profiles many tables of one kind, such as the small
deliveries of a run, keeps a :class:`Profiler`, which reads a value that comes again only once. What it answers is the
same as if every table had come alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.text.evidence import (
    Evidence,
    ValueReading,
    announces_names,
    evidence_of,
    folded_header,
    is_enough,
    reading_of,
)
from anonymization.text.settings import RedactionSettings

if TYPE_CHECKING:
    from anonymization.text.detector import Detector
    from anonymization.text.vocabulary import Vocabulary

SAMPLE = 1_000  # distinct values looked at in a column
MOST = 200_000  # values of a column whose reading is remembered; beyond them it begins again
_SHORT = 1_000  # whole numbers below it are none of these kinds: versions, counts, floors


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What one column holds."""

    column: str
    distinct: int  # values
    looked_at: int
    evidence: tuple[Evidence, ...]

    def kinds(self) -> tuple[str, ...]:
        """The kinds that the evidence is enough for."""
        named = {one.kind for one in self.evidence if one.source == "header"}
        found: dict[str, None] = {}
        for one in self.evidence:
            if one.source != "header" and is_enough(one, one.kind in named):
                found[one.kind] = None
        return tuple(found)


@dataclass(slots=True)
class Profiler:
    """Profiles tables one after another; a value that stood in the same column before is not read again.

    Remembered values stay in this process's memory, at most :data:`MOST` a column, and are never shown.
    """

    settings: RedactionSettings = field(default_factory=RedactionSettings)
    _reader: tuple[Detector, Vocabulary] | None = field(default=None, repr=False)
    _known: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)  # by column and value, a number
    _numbers: dict[ValueReading, int] = field(default_factory=dict, repr=False)  # of the few ways that values read

    def profile(self, table: pa.Table) -> tuple[ColumnProfile, ...]:
        """Say of each column of text or whole numbers which personal data it holds.

        Args:
            table: any; columns of other types hold none of these kinds and are left out.

        Raises:
            TextModelError: dictionary or gazetteers are not installed.
            RedactionError: a value could not be read.
        """
        columns = [(name, _values(column)) for name, column in zip(table.schema.names, table.columns, strict=True)]
        return tuple(self._profiled(name, values) for name, values in columns if values is not None)

    def _profiled(self, name: str, values: list[str]) -> ColumnProfile:
        sample = values[:SAMPLE]
        header = folded_header(name)
        numbers = Counter(self._readings(name, sample, announces_names(header)))
        counted = {reading: numbers[number] for reading, number in self._numbers.items() if number in numbers}
        return ColumnProfile(name, len(values), len(sample), tuple(evidence_of(header, counted)))

    def _readings(self, name: str, sample: Sequence[str], announced: bool) -> Iterable[int]:
        """How each value of a sample reads, by number."""
        known = self._known.setdefault(name, {})
        fresh = [value for value in sample if value not in known]
        if fresh:
            if len(known) > MOST:
                known.clear()
                fresh = list(sample)
            detector, vocabulary = self._ready()
            for value, hits in zip(fresh, detector.detect(fresh), strict=True):
                reading = reading_of(value, hits, vocabulary, announced)
                known[value] = self._numbers.setdefault(reading, len(self._numbers))
        return map(known.__getitem__, sample)

    def _ready(self) -> tuple[Detector, Vocabulary]:
        """The recognizers, loaded once there is a value to read."""
        if self._reader is None:
            from anonymization.text.detector import Detector
            from anonymization.text.vocabulary import load_vocabulary

            asked = self.settings
            reader = RedactionSettings(None, asked.lexicon, asked.kinds, known=asked.known, meters=asked.meters)
            self._reader = Detector(reader), load_vocabulary(asked.lexicon)
        return self._reader


def profile(table: pa.Table, settings: RedactionSettings | None = None) -> tuple[ColumnProfile, ...]:
    """Profile one table: see :meth:`Profiler.profile`.

    Args:
        table: any.
        settings: kinds, known people, meters' patterns and the dictionary to use.
    """
    return Profiler(settings or RedactionSettings()).profile(table)


def _values(column: pa.ChunkedArray) -> list[str] | None:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        return None
    distinct = pc.drop_null(pc.unique(column.cast(kind)))
    if (
        pa.types.is_integer(kind)
        and len(distinct)
        and -_SHORT < pc.min(distinct).as_py() <= pc.max(distinct).as_py() < _SHORT
    ):
        return []
    texts: list[str] = distinct.cast(pa.string()).to_pylist()
    return texts
