"""Replaces personal data in free text, by column.

Invariants: a null stays null; every distinct text is read once; findings say where, what kind and how sure, never
which value; a text that is too long to be read is masked whole; a model that is wanted and not installed is an error,
never a smaller search.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymization.text.hit import Hit
from anonymization.text.settings import DEFAULT, Operator, RedactionSettings

if TYPE_CHECKING:
    from anonymization.text.operators import Pseudonymize

LIKELY = 0.5
LIKELY_NAME = 0.6  # an ordinary word easily looks like a name
NOT_IDENTIFYING = ("LIEU", "REFERENCE", "TEXTE")  # places, numbers of files, texts too long to be read

FINDINGS_SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),  # code points of the text as it came
        pa.field("end", pa.int32(), nullable=False),
        pa.field("type", pa.string(), nullable=False),  # NOM, TELEPHONE…: see anonymization.text.kinds
        pa.field("score", pa.float32(), nullable=False),
        pa.field("recognizer", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class RedactionResult:
    """Redacted texts, in the order they came, and what was found in them."""

    texts: pa.Array  # string
    findings: pa.Table = field(repr=False)  # FINDINGS_SCHEMA

    def counts(self) -> dict[str, int]:
        """How many findings of each kind that did not stay as they were."""
        grouped = self.findings.group_by("type").aggregate([([], "count_all")])
        return dict(zip(grouped["type"].to_pylist(), grouped["count_all"].to_pylist(), strict=True))

    def likely(self, texts: pa.Array) -> set[str]:
        """What was likely to identify somebody, as it stood in the `texts` that were given. Never to be logged."""
        identifying = pc.and_(
            pc.invert(pc.is_in(self.findings["type"], pa.array(NOT_IDENTIFYING))),
            pc.greater_equal(
                self.findings["score"],
                pc.if_else(pc.equal(self.findings["type"], "NOM"), pa.scalar(LIKELY_NAME), pa.scalar(LIKELY)),
            ),
        )
        found = self.findings.filter(identifying)
        columns = [found[name].to_pylist() for name in ("row", "start", "end")]
        return {texts[row].as_py()[start:end] for row, start, end in zip(*columns, strict=True)}


def redact(
    texts: pa.Array | pa.ChunkedArray,
    settings: RedactionSettings = DEFAULT,
    *,
    pseudonymize: Pseudonymize | None = None,
) -> RedactionResult:
    """Mask personal data in a column of French texts.

    Args:
        texts: string; nulls stay null.
        pseudonymize: custody's answer to an array of values, needed where a kind's operator is `hash`.

    Raises:
        TextModelError: the language model, its dictionary or the gazetteers are not installed.
        RedactionError: a text could not be read; none is returned.
    """
    column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = pc.dictionary_encode(column.cast(pa.string()))
    distinct: list[str] = encoded.dictionary.to_pylist()
    hits = detect(distinct, settings)
    written = _written(distinct, hits, settings, pseudonymize)
    redacted = pa.array(written, pa.string())
    masked = [[hit for hit in found if settings.operator(hit.kind) is not Operator.KEEP] for found in hits]
    return RedactionResult(redacted.take(encoded.indices), _findings(masked, encoded.indices))


def detect(texts: Sequence[str], settings: RedactionSettings = DEFAULT) -> list[list[Hit]]:
    """What is in each text: kind, place, score, recognizer and reason, overlaps resolved.

    Raises:
        TextModelError, RedactionError: as :func:`redact`.
    """
    long = [index for index, text in enumerate(texts) if len(text) > settings.longest_text]
    readable = list(texts)
    for index in long:
        readable[index] = ""
    if not any(readable):
        found: list[list[Hit]] = [[] for _ in texts]
    else:
        found = list(_found(readable, settings))
    for index in long:
        found[index] = [Hit("TEXTE", 0, len(texts[index]), 1.0, "longueur", "texte trop long pour être lu")]
    return found


def _found(texts: Sequence[str], settings: RedactionSettings) -> Iterator[list[Hit]]:
    from anonymization.text.workers import detect_apart, processes

    count = processes(len(texts), settings)
    if count > 1:
        yield from detect_apart(texts, settings, count)
        return
    from anonymization.text.detector import detector

    yield from detector(pickle.dumps(settings)).detect(texts)


def _written(
    texts: Sequence[str], hits: Sequence[Sequence[Hit]], settings: RedactionSettings, pseudonymize: Pseudonymize | None
) -> list[str]:
    from anonymization.text.operators import replaced

    return replaced(texts, hits, settings, pseudonymize)


def _findings(hits: Sequence[Sequence[Hit]], indices: pa.Array) -> pa.Table:
    """One line per row and finding, in row order: the findings of a repeated text are repeated."""
    sizes = np.array([len(found) for found in hits], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(sizes) else sizes
    valid = np.asarray(indices.is_valid())
    which = np.asarray(indices.drop_null(), dtype=np.int64)
    repeats = sizes[which]
    rows = np.repeat(np.flatnonzero(valid), repeats)
    within = np.arange(int(repeats.sum())) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    flat = [hit for found in hits for hit in found]
    table = pa.table(
        {
            "start": pa.array([hit.start for hit in flat], pa.int32()),
            "end": pa.array([hit.end for hit in flat], pa.int32()),
            "type": pa.array([hit.kind for hit in flat], pa.string()),
            "score": pa.array([hit.score for hit in flat], pa.float32()),
            "recognizer": pa.array([hit.recognizer for hit in flat], pa.string()),
        }
    ).take(pa.array(np.repeat(starts[which], repeats) + within, pa.int64()))
    return table.add_column(0, "row", pa.array(rows, pa.int64())).cast(FINDINGS_SCHEMA)
