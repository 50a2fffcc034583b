"""What one answer came to: counts, the only thing that is logged of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counts of one stream."""

    batches: int = 0
    rows: int = 0
    identifiers: int = 0  # rows that are not null
    answered: int = 0  # pseudonyms that are not null
    subjects: int = 0
