"""One heading of a certificate. Pure text: who writes which is said in :mod:`catalog.certificate_sections`."""

from __future__ import annotations

from dataclasses import dataclass


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
