"""What a recognizer answers: where, which kind, how sure, by which rule. Never the value."""

from __future__ import annotations

from typing import NamedTuple


class Hit(NamedTuple):
    """One piece of personal data in one text.

    Attributes:
        kind: a key of :data:`~anonymization.text.kinds.PRESIDIO`.
        start, end: code points, end excluded; of the reading while recognizers speak, of the text as it came after.
        score: 0 to 1. From 0.9: a checksum or an unambiguous shape; 0.6 to 0.9: a shape with its context; 0.4 to 0.6:
            more likely than not; under 0.4: not masked unless a contract asks for it.
        recognizer: the name of the recognizer.
        reason: French, why it was taken for one; quotes nothing of the text.
    """

    kind: str
    start: int
    end: int
    score: float
    recognizer: str
    reason: str
