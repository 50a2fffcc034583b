"""What a query says, once it has been read: a small tree of clauses over the fields of indexed documents.

:class:`Group` carries Lucene's own rule for a flat list of clauses. Nothing here knows SQL or CKAN.
"""

from __future__ import annotations

from dataclasses import dataclass


class QuerySyntaxError(ValueError):
    """The query says something that this search does not understand; answering it could show too much."""


class SortSyntaxError(QuerySyntaxError):
    """The order asked for is not understood."""


@dataclass(frozen=True, slots=True)
class Everything:
    """Any document (``*:*``)."""


@dataclass(frozen=True, slots=True)
class Match:
    """``field:value`` or ``field:"value"``: the value as a whole; in a field of text its words, or as a phrase."""

    field: str
    value: str
    phrase: bool = False
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``field:p?tt*rn``: ``pieces`` are literal texts between wildcards; « * » and « ? » stand apart in ``marks``.

    ``pieces`` has one item more than ``marks``: ``eau*x?`` is pieces ("eau", "x", "") and marks ("*", "?").
    """

    field: str
    pieces: tuple[str, ...]
    marks: tuple[str, ...]
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """``field:word~``: a word that resembles this one."""

    field: str
    value: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class AnyWord:
    """One of these folded words, as written: what a :class:`Fuzzy` or :class:`Wildcard` clause turns out to mean."""

    field: str
    words: tuple[str, ...]
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Present:
    """``field:*``: the document has a value there."""

    field: str


@dataclass(frozen=True, slots=True)
class Between:
    """``field:[low TO high]``; curly brackets exclude a bound, None (``*``) leaves it open."""

    field: str
    low: str | None
    high: str | None
    with_low: bool = True
    with_high: bool = True


@dataclass(frozen=True, slots=True)
class Area:
    """``spatial_geom:"Intersects(ENVELOPE(west, east, north, south))"``, in degrees (WGS 84)."""

    relation: str  # Intersects, IsWithin or Contains: what the document's box is to this one
    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Group:
    """Clauses side by side: all ``required`` hold, no ``prohibited`` does, and of ``optional`` at least ``minimum``.

    Without a minimum, one optional clause must hold if none is required; else they only weigh the order. A group of
    prohibited clauses alone describes nothing (Lucene's rule; the parser puts ``*:*`` beside them in a whole query).
    """

    required: tuple[Clause, ...] = ()
    optional: tuple[Clause, ...] = ()
    prohibited: tuple[Clause, ...] = ()
    minimum: int | None = None

    @property
    def needed(self) -> int:
        """How many optional clauses must hold."""
        if self.minimum is not None:
            return min(self.minimum, len(self.optional))
        return 0 if self.required or not self.optional else 1


Clause = Everything | Match | Wildcard | Fuzzy | AnyWord | Present | Between | Area | Group
