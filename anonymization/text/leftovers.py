"""Personal data left in a release candidate, as the detector sees it: column by column, apart from what each may hold.

The other half of the residual check is :mod:`anonymization.residuals`, written apart from the detector on purpose.
Patterns and gazetteers only; a name must be likely, since a published label easily looks like one. The marks of
redaction (<NOM>, <NAISSANCE 1975>) are no leftovers; what they still tell is looked at like anything else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.text.hit import Hit
from anonymization.text.kinds import PRESIDIO
from anonymization.text.settings import RedactionSettings

LIKELY = 0.5
LIKELY_NAME = 0.6
_PLACES = frozenset({"LIEU", "REFERENCE"})
_LOOKS = 3
_MARK = re.compile(rf"<(?:{'|'.join(PRESIDIO)})(?=[ >])")  # what stands in a mark after its kind is looked at


@dataclass(frozen=True, slots=True)
class Leftover:
    """How many distinct texts of a column hold personal data of a kind."""

    column: str
    kind: str
    texts: int


def leftovers(table: pa.Table, may_hold: Mapping[str, frozenset[str]], known: tuple[str, ...]) -> tuple[Leftover, ...]:
    """Look at every text of every text column of a candidate.

    Args:
        table: what would be published.
        may_hold: the kinds that are no surprise, by column.
        known: names that are no surprise anywhere: communes, public figures.

    Raises:
        TextModelError, RedactionError: it could not be looked at, so nothing can be said.
    """
    found = []
    for name, column in zip(table.schema.names, table.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            continue
        texts = pc.drop_null(pc.unique(column.cast(kind))).to_pylist()
        counts: Counter[str] = Counter()
        for hits in _look(texts, may_hold.get(name, frozenset()), known):
            counts.update({hit.kind for hit in hits})
        found += [Leftover(name, kind, counts[kind]) for kind in sorted(counts)]
    return tuple(found)


def mask_leftovers(texts: pa.Array, may_hold: frozenset[str], known: tuple[str, ...]) -> pa.Array:
    """Redacted texts with what the check above would still find masked too, so that it finds nothing.

    Masking one thing changes what stands around another: they are looked at again, a few times.
    """
    encoded = pc.dictionary_encode(texts.cast(pa.string()))
    distinct: list[str] = encoded.dictionary.to_pylist()
    waiting = list(range(len(distinct)))
    for _ in range(_LOOKS):
        found = _look([distinct[index] for index in waiting], may_hold, known)
        again = [(index, hits) for index, hits in zip(waiting, found, strict=True) if hits]
        for index, hits in again:
            distinct[index] = _masked(distinct[index], hits)
        waiting = [index for index, _ in again]
    return pa.array(distinct, pa.string()).take(encoded.indices)


def _look(texts: Sequence[str], may_hold: frozenset[str], known: tuple[str, ...]) -> list[list[Hit]]:
    """What is likely personal data in each text, apart from the marks that redaction leaves."""
    from anonymization.text.redaction import detect

    settings = RedactionSettings(model=None, thresholds={"NOM": LIKELY_NAME}, known=known)
    blank = [_MARK.sub(lambda mark: " " * len(mark[0]), text) for text in texts]
    expected = may_hold | _PLACES
    return [
        [hit for hit in hits if hit.score >= LIKELY and hit.kind not in expected] for hits in detect(blank, settings)
    ]


def _masked(text: str, hits: Sequence[Hit]) -> str:
    pieces, done = [], 0
    for hit in hits:
        pieces += [text[done : hit.start], f"<{hit.kind}>"]
        done = hit.end
    return "".join([*pieces, text[done:]])
