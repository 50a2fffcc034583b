"""Cuts a query in Lucene's syntax into tokens; whatever is no token of it raises :class:`QuerySyntaxError`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ckanext.ardoise.search.clauses import QuerySyntaxError

LONGEST_QUERY = 50_000  # characters; a reader of many organizations has long permission filters
MOST_TOKENS = 5_000

_BOUND = r'(?:"(?:[^"\\]|\\.)*"|(?:[^\s"\[\]{}()\\]|\\.)+)'
_RANGE = rf"([\[{{])\s*({_BOUND})\s+TO\s+({_BOUND})\s*([\]}}])"
_TOKEN = re.compile(
    rf"""
    (?P<space>[\s\u3000]+)
    |(?P<everything>\*:\*)
    |(?P<phrase>"(?:[^"\\]|\\.)*")
    |(?P<range>[\[{{]\s*{_BOUND}\s+TO\s+{_BOUND}\s*[\]}}])
    |(?P<open>\()
    |(?P<close>\))
    |(?P<operator>(?:AND|OR|NOT)(?![^\s()"+\-!])|&&|\|\|)
    |(?P<field>(?:[A-Za-z_][\w.-]*)\s*:)
    |(?P<sign>[+\-!](?=[^\s]))
    |(?P<boost>\^=?\d{{1,6}}(?:\.\d{{1,6}})?)
    |(?P<fuzzy>~(?:\d{{1,3}}(?:\.\d{{1,3}})?)?)
    |(?P<word>(?:(?!&&|\|\|)[^\s\u3000+\-!():^\[\]"{{}}~\\/]|\\.)(?:(?!&&|\|\|)[^\s\u3000!():^\[\]"{{}}~\\/]|\\.)*)
    """,
    re.VERBOSE | re.DOTALL,
)
_RANGE_PARTS = re.compile(_RANGE, re.DOTALL)
_OPERATORS = {"&&": "AND", "||": "OR"}
_ATTACHED = ("boost", "fuzzy")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query; ``attached`` says that no space stands before it."""

    kind: str
    text: str
    attached: bool = False


def tokens(query: str) -> list[Token]:
    """Cut ``query`` into tokens.

    Raises:
        QuerySyntaxError: it is too long, or some character of it fits nowhere.
    """
    if len(query) > LONGEST_QUERY:
        raise QuerySyntaxError(f"elle dépasse {LONGEST_QUERY} caractères")
    found = list(_tokens(query))
    if len(found) > MOST_TOKENS:
        raise QuerySyntaxError(f"elle dépasse {MOST_TOKENS} termes")
    return found


def _tokens(query: str) -> Iterator[Token]:
    position, attached = 0, False
    while position < len(query):
        found = _TOKEN.match(query, position)
        kind = str(found.lastgroup) if found else ""
        if found is None or (kind in _ATTACHED and not attached):
            raise QuerySyntaxError(f"le caractère {position + 1} surprend")
        if kind != "space":
            yield Token(kind, _plain(kind, found.group(kind)), attached)
        attached = kind != "space"
        position = found.end()


def _plain(kind: str, text: str) -> str:
    if kind == "operator":
        return _OPERATORS.get(text, text)
    return text[:-1].rstrip() if kind == "field" else text


def unescaped(text: str) -> str:
    """Return ``text`` without the backslashes that protect its characters."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def wildcards(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the literal pieces of a word, unescaped, and the wildcards between them."""
    pieces, marks = [""], list[str]()
    for part in re.findall(r"\\.|[*?]|[^\\*?]+", text, flags=re.DOTALL):
        if part in ("*", "?"):
            marks.append(part)
            pieces.append("")
        else:
            pieces[-1] += unescaped(part)
    return tuple(pieces), tuple(marks)


def bounds(text: str) -> tuple[str | None, str | None, bool, bool]:
    """Return a range's low and high bounds (None: open), and whether each belongs to it."""
    found = _RANGE_PARTS.fullmatch(text)
    if found is None:
        raise QuerySyntaxError("un intervalle surprend")
    opening, low, high, closing = found.groups()
    return _bound(low), _bound(high), opening == "[", closing == "]"


def _bound(text: str) -> str | None:
    if text == "*":
        return None
    return unescaped(text[1:-1] if text.startswith('"') else text)
