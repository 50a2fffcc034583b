"""What a query says, once it has been read: a small tree of conditions over the fields of indexed documents."""

from __future__ import annotations

from dataclasses import dataclass


class QuerySyntaxError(ValueError):
    """The query says something that this search does not understand; answering it could show too much."""


@dataclass(frozen=True, slots=True)
class Everything:
    """Any document (``*:*``)."""


@dataclass(frozen=True, slots=True)
class Match:
    """``field:value`` or ``field:"value"``: the value as a whole, or as words in a field of text."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """``field:start*``."""

    field: str
    start: str


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
class Not:
    """A prohibited clause."""

    clause: Clause


@dataclass(frozen=True, slots=True)
class All:
    """Every clause holds."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one clause holds."""

    clauses: tuple[Clause, ...]


Clause = Everything | Match | Prefix | Present | Between | Not | All | Any
