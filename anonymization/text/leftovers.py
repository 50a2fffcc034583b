"""Personal data left in a release candidate, as the detector sees it: column by column, apart from what each may hold.

The other half of the residual check is :mod:`anonymization.residuals`, written apart from the detector on purpose.
Patterns and gazetteers only; a name must be likely, since a published label easily looks like one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.text.settings import RedactionSettings

LIKELY = 0.5
LIKELY_NAME = 0.6
_PLACES = frozenset({"LIEU", "REFERENCE"})


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
    from anonymization.text.redaction import detect

    settings = RedactionSettings(model=None, thresholds={"NOM": LIKELY_NAME}, known=known)
    found = []
    for name, column in zip(table.schema.names, table.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            continue
        texts = pc.drop_null(pc.unique(column.cast(kind))).to_pylist()
        counts: Counter[str] = Counter()
        for hits in detect(texts, settings):
            counts.update({hit.kind for hit in hits if hit.score >= LIKELY})
        surprising = (kind for kind in sorted(counts) if kind not in may_hold.get(name, frozenset()) | _PLACES)
        found += [Leftover(name, kind, counts[kind]) for kind in surprising]
    return tuple(found)
