"""Reads the part of the Lucene query syntax that CKAN and its users need.

    query  := clause (("AND" | "OR" | nothing) clause)*      one kind of link: never AND and OR mixed
    clause := ("+" | "-" | "!" | "NOT")? (field ":" value | "(" query ")" | value | "*:*")
    value  := word | word"*" | "*" | "a phrase" | "(" values ")" | "[" low "TO" high "]"

Clauses side by side must all hold (Solr's ``q.op=AND``, which CKAN asks for). The invariant is safety: a text that is
not entirely understood raises :class:`QuerySyntaxError` (in French, for visitors read it). It is never skipped: a
filter left out shows more than was asked. Boosts, fuzzy terms, wildcards inside words, regular expressions, local
parameters and mixes of AND and OR are such texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ckanext.ardoise.search.clauses import (
    All,
    Any,
    Between,
    Clause,
    Everything,
    Match,
    Not,
    Prefix,
    Present,
    QuerySyntaxError,
)

LONGEST_QUERY = 50_000  # characters; a reader of many organizations has long permission filters
DEEPEST_QUERY = 6  # parentheses in parentheses
FIELD = re.compile(r"[A-Za-z][\w.-]*")

_BOUND = r'(?:"(?:[^"\\]|\\.)*"|[^\s"\[\]{}()]+)'
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
    |(?P<phrase>"(?:[^"\\]|\\.)*")
    |(?P<range>[\[{{]\s*{_BOUND}\s+TO\s+{_BOUND}\s*[\]}}])
    |(?P<everything>\*:\*)
    |(?P<open>\()
    |(?P<close>\))
    |(?P<field>[A-Za-z][\w.-]*):
    |(?P<sign>[+\-!])(?=\S)
    |(?P<word>(?:[^\s()\[\]{{}}"^~?:\\&|/+\-!]|\\.)(?:[^\s()\[\]{{}}"^~?:\\&|]|\\.)*)
    """,
    re.VERBOSE | re.DOTALL,
)
_RANGE = re.compile(rf"([\[{{])\s*({_BOUND})\s+TO\s+({_BOUND})\s*([\]}}])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(query: str, default_field: str = "text") -> Clause:
    """Read ``query``; words without a field are looked for in ``default_field``.

    Raises:
        QuerySyntaxError: some part of it is not understood.
    """
    if len(query) > LONGEST_QUERY:
        raise QuerySyntaxError(f"elle dépasse {LONGEST_QUERY} caractères")
    return _Parser(list(_tokens(query)), default_field).whole()


def _tokens(query: str) -> Iterator[_Token]:
    position = 0
    while position < len(query):
        found = _TOKEN.match(query, position)
        if found is None:
            raise QuerySyntaxError(f"le caractère {position + 1} surprend")
        kind = str(found.lastgroup)
        if kind != "space":
            yield _Token(kind, found.group(kind))
        position = found.end()


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


class _Parser:
    """Recursive descent over the tokens; ``_next`` is the position of the next one."""

    def __init__(self, tokens: list[_Token], default_field: str) -> None:
        self._tokens = tokens
        self._next = 0
        self._default_field = default_field

    def whole(self) -> Clause:
        clause = self._sequence(0, self._clause)
        if self._peek() is not None:
            raise QuerySyntaxError("une parenthèse se ferme sans s'être ouverte")
        return clause

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> _Token:
        token = self._peek()
        if token is None:
            raise QuerySyntaxError("elle s'arrête trop tôt")
        self._next += 1
        return token

    def _takes(self, *words: str) -> str | None:
        token = self._peek()
        if token is not None and token.kind == "word" and token.text in words:
            self._next += 1
            return token.text
        return None

    def _sequence(self, depth: int, read: Callable[[int], Clause]) -> Clause:
        """Clauses up to a closing parenthesis or the end, all linked in the same way."""
        if depth > DEEPEST_QUERY:
            raise QuerySyntaxError(f"plus de {DEEPEST_QUERY} parenthèses sont emboîtées")
        clauses: list[Clause] = []
        links: set[str] = set()
        signed = False
        while (token := self._peek()) is not None and token.kind != "close":
            if clauses:
                links.add(self._takes("AND", "OR") or "AND")
            sign = self._sign()
            clause = read(depth)
            signed = signed or sign is not None
            clauses.append(Not(clause) if sign in ("-", "!", "NOT") else clause)
        if not clauses:
            raise QuerySyntaxError("il manque un terme")
        if "OR" in links and ("AND" in links or signed):
            raise QuerySyntaxError("OR est mêlé à AND, + ou - : mettez des parenthèses")
        if len(clauses) == 1:
            return clauses[0]
        return Any(tuple(clauses)) if "OR" in links else All(tuple(clauses))

    def _sign(self) -> str | None:
        if self._takes("NOT"):
            return "NOT"
        token = self._peek()
        if token is not None and token.kind == "sign":
            return self._take().text
        return None

    def _clause(self, depth: int) -> Clause:
        token = self._peek()
        if token is not None and token.kind == "everything":
            self._take()
            return Everything()
        if token is not None and token.kind == "open":
            return self._parenthesized(depth, self._clause)
        if token is not None and token.kind == "field":
            self._take()
            return self._value(depth, token.text)
        return self._value(depth, self._default_field)

    def _parenthesized(self, depth: int, read: Callable[[int], Clause]) -> Clause:
        self._take()
        clause = self._sequence(depth + 1, read)
        if self._take().kind != "close":
            raise QuerySyntaxError("une parenthèse n'est pas fermée")
        return clause

    def _value(self, depth: int, field: str) -> Clause:
        token = self._peek()
        if token is not None and token.kind == "open":
            return self._parenthesized(depth, lambda deeper: self._value(deeper, field))
        token = self._take()
        if token.kind == "phrase":
            return Match(field, _unescape(token.text[1:-1]))
        if token.kind == "range":
            return _range(field, token.text)
        if token.kind == "word" and token.text not in ("AND", "OR", "NOT", "TO"):
            return _word(field, token.text)
        raise QuerySyntaxError(f"la valeur du champ {field} surprend")


def _word(field: str, text: str) -> Clause:
    if text == "*":
        return Present(field)
    start, star, rest = text.partition("*")
    if not star:
        return Match(field, _unescape(text))
    if rest or start.endswith("\\"):
        raise QuerySyntaxError(f"le champ {field} porte une étoile ailleurs qu'en fin de mot")
    return Prefix(field, _unescape(start))


def _range(field: str, text: str) -> Between:
    found = _RANGE.fullmatch(text)
    if found is None:
        raise QuerySyntaxError(f"l'intervalle du champ {field} surprend")
    opening, low, high, closing = found.groups()
    return Between(field, _bound(low), _bound(high), opening == "[", closing == "]")


def _bound(text: str) -> str | None:
    if text == "*":
        return None
    return _unescape(text[1:-1] if text.startswith('"') else text)
