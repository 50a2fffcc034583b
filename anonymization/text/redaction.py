"""Replaces personal data in free text by tags, by column.

Invariants: a null stays null; every distinct text is read once; nothing that was found stays, even in part (spans that
overlap are masked together); findings say where and what kind, never which value. Recall is preferred to precision:
what is not known to be ordinary is masked. A text that is too long to be read is masked whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymization.errors import AnonymizationError, RedactionError
from anonymization.text.plain import normalized

if TYPE_CHECKING:
    from presidio_analyzer import BatchAnalyzerEngine

FINDINGS_SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),  # row of the column
        pa.field("entity", pa.string(), nullable=False),  # NOM, TELEPHONE…
        pa.field("start", pa.int32(), nullable=False),  # in the text after Unicode normalization, in code points
        pa.field("end", pa.int32(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
    ]
)
_CHUNK = 2_000  # distinct texts analyzed together: bounds memory


@dataclass(frozen=True, slots=True)
class RedactionSettings:
    """How texts are read."""

    model: str = "fr_core_news_md"  # an installed spaCy model
    keep: tuple[str, ...] = ()  # phrases that are never masked, unless after a title: names of communes
    longest_text: int = 10_000  # characters


DEFAULT = RedactionSettings()


@dataclass(frozen=True, slots=True)
class RedactionResult:
    """Redacted texts, in the order they came, and what was found in them."""

    texts: pa.Array  # string
    findings: pa.Table = field(repr=False)  # FINDINGS_SCHEMA

    def counts(self) -> dict[str, int]:
        """How many findings of each entity."""
        grouped = self.findings.group_by("entity").aggregate([([], "count_all")])
        return dict(zip(grouped["entity"].to_pylist(), grouped["count_all"].to_pylist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Span:
    entity: str
    start: int
    end: int
    score: float


def redact(texts: pa.Array | pa.ChunkedArray, settings: RedactionSettings = DEFAULT) -> RedactionResult:
    """Mask personal data in a column of French texts.

    Tags: `<NOM>`, `<TELEPHONE>`, `<COURRIEL>`, `<ADRESSE>`, `<NIR>`, `<PLAQUE>`, `<IBAN>`, `<NAISSANCE>`, `<LIEN>` and
    `<REFERENCE>` (any other number or code that may identify), `<TEXTE>` for a text too long to be read.

    Raises:
        TextModelError: the language model is not installed.
        RedactionError: a text could not be read; none is returned.
    """
    column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = pc.dictionary_encode(column.cast(pa.string()))
    distinct = [normalized(text) for text in encoded.dictionary.to_pylist()]
    spans = _find(distinct, settings)
    redacted = pa.array([_replace(text, found) for text, found in zip(distinct, spans, strict=True)], pa.string())
    return RedactionResult(redacted.take(encoded.indices), _findings(spans, encoded.indices))


def _find(texts: Sequence[str], settings: RedactionSettings) -> list[list[_Span]]:
    readable = [text if len(text) <= settings.longest_text else "" for text in texts]
    if not any(readable):
        found: list[list[_Span]] = [[] for _ in texts]
    else:
        from anonymization.text.engine import french_analyzer

        analyzer = french_analyzer(settings.model, settings.keep)
        found = []
        for start in range(0, len(readable), _CHUNK):
            found += _analyzed(analyzer, readable[start : start + _CHUNK])
    for index, text in enumerate(texts):
        if len(text) > settings.longest_text:
            found[index] = [_Span("TEXTE", 0, len(text), 1.0)]
    return found


def _analyzed(analyzer: BatchAnalyzerEngine, texts: list[str]) -> list[list[_Span]]:
    from anonymization.text.engine import analyze

    try:
        results = analyze(analyzer, texts)
    except AnonymizationError:
        raise
    except Exception as error:
        # Whatever went wrong in a third party's code may quote the text: only its type goes on.
        raise RedactionError(f"{len(texts)} texts could not be read ({type(error).__name__})") from None
    return [
        _merged([_Span(found.entity_type, found.start, found.end, float(found.score)) for found in one])
        for one in results
    ]


def _merged(spans: list[_Span]) -> list[_Span]:
    """Overlapping spans made one, under the entity of the surest."""
    merged: list[_Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            surest = max(last, span, key=lambda one: one.score)
            merged[-1] = _Span(surest.entity, last.start, max(last.end, span.end), surest.score)
        else:
            merged.append(span)
    return merged


def _replace(text: str, spans: Sequence[_Span]) -> str:
    pieces, done = [], 0
    for span in spans:
        pieces += [text[done : span.start], f"<{span.entity}>"]
        done = span.end
    return "".join([*pieces, text[done:]])


def _findings(spans: Sequence[Sequence[_Span]], indices: pa.Array) -> pa.Table:
    """One line per row and finding, in row order: the findings of a repeated text are repeated."""
    sizes = np.array([len(found) for found in spans], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(sizes) else sizes
    valid = np.asarray(indices.is_valid())
    which = np.asarray(indices.drop_null(), dtype=np.int64)
    repeats = sizes[which]
    positions = np.repeat(np.flatnonzero(valid), repeats)
    within = np.arange(int(repeats.sum())) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    flat = [span for found in spans for span in found]
    table = pa.table(
        {
            "entity": pa.array([span.entity for span in flat], pa.string()),
            "start": pa.array([span.start for span in flat], pa.int32()),
            "end": pa.array([span.end for span in flat], pa.int32()),
            "score": pa.array([span.score for span in flat], pa.float32()),
        }
    ).take(pa.array(np.repeat(starts[which], repeats) + within, pa.int64()))
    return table.add_column(0, "position", pa.array(positions, pa.int64())).cast(FINDINGS_SCHEMA)
