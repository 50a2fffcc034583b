"""The sections that a kind of release adds to its certificate.

*assess* measures and keeps its figures as JSON, by kind (`details`); the writers of :mod:`catalog.certificate_writers`
put them into French. A section holds sentences, a table of labels and figures, and what can be run to check them; never
a row of data, and a count under the floor is banded by whoever writes it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of a certificate, in French."""

    title: str
    sentences: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()  # label, figure
    code: str = ""  # a program, shown as it is

    def to_text(self) -> str:
        """As plain text."""
        lines = [self.title, *self.sentences, *(f"- {label} : {value}" for label, value in self.rows)]
        return "\n".join([*lines, self.code] if self.code else lines)
