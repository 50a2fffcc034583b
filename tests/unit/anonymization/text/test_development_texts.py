"""The development half of the annotated texts: what the rules were made with must not get worse."""

from __future__ import annotations

import pytest

from anonymization.text import RedactionSettings, detect
from tests.evaluation.corpus import PEOPLE, STRUCTURED, Entity, load
from tests.evaluation.scoring import by_type, pooled


@pytest.mark.parametrize("model", [RedactionSettings().model, None])
def test_recall_and_precision(model: str | None) -> None:
    documents = load("development")
    hits = detect([document.text for document in documents], RedactionSettings(model=model))
    found = [[Entity(hit.start, hit.end, hit.kind) for hit in one if hit.kind in PEOPLE | STRUCTURED] for one in hits]
    scores = by_type(documents, found)
    people, structured = pooled(scores, PEOPLE), pooled(scores, STRUCTURED)
    assert (people.recall or 0) >= 0.97
    assert (people.precision or 0) >= 0.94
    assert (structured.recall or 0) >= 0.98
    assert (structured.precision or 0) >= 0.98
