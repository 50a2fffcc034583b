"""Reads queries in the syntax of Solr's standard parser (Lucene's classic query syntax).

    group  := clause (("AND" | "OR" | "&&" | "||")? clause)*
    clause := ("+" | "-" | "!" | "NOT")? (field ":")? (value | "(" group ")") ("^" number)? | "*:*"
    value  := word | "a phrase" | word with * and ? | word "~" | "[" low "TO" high "]"

A group is *flat*, as Solr reads it: no operator holds before another. Each clause is required, prohibited or optional;
AND makes the clauses on its two sides required, OR makes them optional, a clause without either follows ``q.op``. One
rule is stricter than Solr's: a clause with a « + » stays required whatever stands beside it. CKAN puts filters on
visibility around what a visitor writes; in Solr an OR that begins his text would undo the one before it.

The invariant is safety: a text that is not entirely understood raises :class:`QuerySyntaxError` (in French, for
visitors read it). It is never skipped: a filter left out shows more than was asked. Regular expressions, words near
each other (``"a b"~5``) and functions are such texts.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from ckanext.ardoise.search import areas
from ckanext.ardoise.search.clauses import (
    Between,
    Clause,
    Everything,
    Fuzzy,
    Group,
    Match,
    Present,
    QuerySyntaxError,
    Wildcard,
)
from ckanext.ardoise.search.fields import EVERYTHING, Kind, kind_of
from ckanext.ardoise.search.lexer import Token, bounds, tokens, unescaped, wildcards

DEEPEST_QUERY = 6  # parentheses in parentheses


@dataclass(slots=True)
class Member:
    """A clause of a group while it is read; ``sign`` is « + », « - » or empty."""

    clause: Clause
    sign: str
    required: bool


def parse(query: str, default_field: str = EVERYTHING, operator: str = "AND") -> Clause:
    """Read ``query``: words without a field are for ``default_field``, clauses side by side follow ``operator``.

    Raises:
        QuerySyntaxError: some part of it is not understood.
    """
    return whole(_Parser(tokens(query), operator).whole(default_field))


def whole(clause: Clause) -> Clause:
    """Return a whole query: one that only prohibits is about everything else (Solr's rule, for whole queries only)."""
    if isinstance(clause, Group) and clause.prohibited and not clause.required and not clause.optional:
        return dataclasses.replace(clause, required=(Everything(),))
    return clause


def add(members: list[Member], clause: Clause, link: str, sign: str, operator: str) -> None:
    """Append a clause to a group by Solr's rule; ``link`` is the AND or OR before it, or empty."""
    if members and link and not members[-1].sign:
        members[-1].required = link == "AND" or (members[-1].required and operator == "OR")
    required = sign == "+" or (link != "OR" if operator == "AND" else link == "AND")
    members.append(Member(clause, sign, required))


def grouped(members: list[Member], minimum: int | None = None) -> Clause:
    """Return the group of some members; the member itself where it is alone and not prohibited."""
    if len(members) == 1 and members[0].sign != "-":
        return members[0].clause
    return Group(
        required=tuple(each.clause for each in members if each.required and each.sign != "-"),
        optional=tuple(each.clause for each in members if not each.required and each.sign != "-"),
        prohibited=tuple(each.clause for each in members if each.sign == "-"),
        minimum=minimum,
    )


class _Parser:
    """Recursive descent over the tokens; ``_next`` is the position of the next one."""

    def __init__(self, found: list[Token], operator: str) -> None:
        self._tokens = found
        self._next = 0
        self._operator = operator

    def whole(self, field: str) -> Clause:
        clause = self._group(0, field)
        if self._peek() is not None:
            raise QuerySyntaxError("une parenthèse se ferme sans s'être ouverte")
        return clause

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, *kinds: str) -> Token | None:
        token = self._peek()
        if token is None or (kinds and token.kind not in kinds):
            return None
        self._next += 1
        return token

    def _group(self, depth: int, field: str) -> Clause:
        """Clauses up to a closing parenthesis or the end."""
        if depth > DEEPEST_QUERY:
            raise QuerySyntaxError(f"plus de {DEEPEST_QUERY} parenthèses sont emboîtées")
        members: list[Member] = []
        while (token := self._peek()) is not None and token.kind != "close":
            link = ""
            if members and token.kind == "operator" and token.text != "NOT":
                self._next += 1
                link = token.text
            sign = self._sign()
            add(members, self._clause(depth, field), link, sign, self._operator)
        if not members:
            raise QuerySyntaxError("il manque un terme")
        return grouped(members)

    def _sign(self) -> str:
        token = self._peek()
        if token is not None and (token.kind == "sign" or (token.kind == "operator" and token.text == "NOT")):
            self._next += 1
            return "+" if token.text == "+" else "-"
        return ""

    def _clause(self, depth: int, field: str) -> Clause:
        if self._take("everything"):
            clause: Clause = Everything()
        else:
            if named := self._take("field"):
                field = named.text
            clause = self._value(depth, field)
        boost = self._take("boost")
        return boosted(clause, float(boost.text.lstrip("^="))) if boost else clause

    def _value(self, depth: int, field: str) -> Clause:
        token = self._take()
        if token is None:
            raise QuerySyntaxError("elle s'arrête trop tôt")
        if token.kind == "open":
            clause = self._group(depth + 1, field)
            if not self._take("close"):
                raise QuerySyntaxError("une parenthèse n'est pas fermée")
            return clause
        if token.kind == "phrase":
            return phrase(field, unescaped(token.text[1:-1]))
        if token.kind == "range":
            return _range(field, token.text)
        if token.kind == "word":
            following = self._peek()
            if following is not None and following.kind == "open" and following.attached:
                raise QuerySyntaxError("une fonction ne se comprend pas ici")
            return word(field, token.text, fuzzy=bool(self._take("fuzzy")))
        raise QuerySyntaxError(f"la valeur du champ {field} surprend")


def phrase(field: str, text: str) -> Clause:
    """Return the clause of a quoted text."""
    return areas.relation(text) if kind_of(field) is Kind.AREA else Match(field, text, phrase=True)


def word(field: str, text: str, fuzzy: bool = False) -> Clause:
    """Return the clause of a word as written, wildcards and escapes included."""
    pieces, marks = wildcards(text)
    if kind_of(field) is Kind.AREA and text != "*":
        raise QuerySyntaxError(f"le champ {field} se compare à une zone")
    if not marks:
        return Fuzzy(field, pieces[0]) if fuzzy else Match(field, pieces[0])
    if fuzzy:
        raise QuerySyntaxError(f"le champ {field} porte à la fois un joker et un tilde")
    return Present(field) if text == "*" else Wildcard(field, pieces, marks)


def boosted(clause: Clause, boost: float) -> Clause:
    """Return ``clause`` with its words weighing ``boost`` times as much in the order of results."""
    if isinstance(clause, (Match, Wildcard, Fuzzy)):
        return dataclasses.replace(clause, boost=clause.boost * boost)
    if isinstance(clause, Group):
        return dataclasses.replace(
            clause,
            required=tuple(boosted(each, boost) for each in clause.required),
            optional=tuple(boosted(each, boost) for each in clause.optional),
        )
    return clause


def _range(field: str, text: str) -> Clause:
    low, high, with_low, with_high = bounds(text)
    if kind_of(field) is Kind.AREA and low is not None and high is not None:
        return areas.corners(low, high)
    return Between(field, low, high, with_low, with_high)
