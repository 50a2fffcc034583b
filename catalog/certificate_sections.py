"""The sections that a kind of release adds to its certificate, and who writes each.

*assess* measures and keeps its figures as JSON, by kind (`details`); the writers here put them into French. A section
holds sentences and a table of labels and figures, never a row of data, and counts under the floor are banded by whoever
wrote them down. A kind adds its writer to :data:`WRITERS`; what no writer knows is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policies import Contract

Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of a certificate, in French."""

    title: str
    sentences: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()  # label, figure

    def to_text(self) -> str:
        """As plain text."""
        lines = [self.title, *self.sentences, *(f"- {label} : {value}" for label, value in self.rows)]
        return "\n".join(lines)


WRITERS: dict[str, Callable[[Contract, Details], tuple[Section, ...]]] = {}
"""By the key of `details` that each one writes about."""


def sections(contract: Contract, details: Mapping[str, Details]) -> tuple[Section, ...]:
    """Every section that the details of a verdict give rise to, in the order of the writers."""
    return tuple(
        section for key, writer in WRITERS.items() if key in details for section in writer(contract, details[key])
    )
