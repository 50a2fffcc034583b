"""How texts are read and what becomes of what is found: one object, given by a contract or by a caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from anonymization.errors import RedactionError
from anonymization.text.kinds import KINDS

THRESHOLD = 0.4  # a hit under it is not masked, unless a contract says otherwise


class Operator(StrEnum):
    """What becomes of a hit."""

    REDACT = "redact"  # « <NOM> »
    REPLACE = "replace"  # a plausible stand-in, the same one all through a document
    HASH = "hash"  # a pseudonym that custody makes
    GENERALIZE = "generalize"  # a date to its year, an address to its commune; otherwise as REDACT
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class RedactionSettings:
    """How a column of texts is read.

    Attributes:
        model: an installed spaCy model; None reads with patterns and gazetteers alone.
        lexicon: the installed spaCy model whose dictionary says what is an ordinary word; it is read as a file.
        kinds: kinds to look for; None for all of them.
        thresholds: the least score to mask, by kind; :data:`THRESHOLD` for the others.
        operators: what becomes of a kind; :attr:`Operator.REDACT` for the others.
        known: people everyone may name (the territory's public figures), and communes.
        meters: patterns of meter, badge or bin numbers.
        longest_text: characters; a longer one is masked whole.
        workers: processes; 0 for as many as there are cores and texts for.
    """

    model: str | None = "fr_core_news_md"
    lexicon: str = "fr_core_news_md"
    kinds: tuple[str, ...] | None = None
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    operators: Mapping[str, Operator] = field(default_factory=lambda: MappingProxyType({}))
    known: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    longest_text: int = 6_000_000
    workers: int = 1

    def __post_init__(self) -> None:
        for kind in (*(self.kinds or ()), *self.thresholds, *self.operators):
            if kind not in KINDS:
                raise RedactionError(f"« {kind} » is not a kind of personal data: there are {', '.join(KINDS)}")

    def threshold(self, kind: str) -> float:
        """The least score at which a hit of this kind is masked."""
        return self.thresholds.get(kind, THRESHOLD)

    def operator(self, kind: str) -> Operator:
        """What becomes of a hit of this kind."""
        return self.operators.get(kind, Operator.REDACT)

    def __reduce__(self) -> tuple[Any, ...]:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["thresholds"], values["operators"] = dict(self.thresholds), dict(self.operators)
        return _rebuilt, (values,)


def _rebuilt(values: dict[str, Any]) -> RedactionSettings:
    return RedactionSettings(**values)


DEFAULT = RedactionSettings()
