"""Reads what a person types into the search field, in the manner of Solr's (e)dismax parsers.

``+word`` is required, ``-word`` prohibited, quotes make a phrase, AND, OR and NOT link, ``wor*`` begins a word and
``word~`` resembles one; any other sign only separates words. Of the words without a sign, as many must occur as ``mm``
says (« Minimum Should Match » of Solr's reference guide); one where an OR is written. Unlike in Solr a « - » alone
between spaces is a dash.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from ckanext.ardoise.search.clauses import Clause, Everything, Fuzzy, Group, Match, QuerySyntaxError, Wildcard
from ckanext.ardoise.search.fields import EVERYTHING
from ckanext.ardoise.search.lexer import LONGEST_QUERY
from ckanext.ardoise.search.parser import Member, add, boosted, grouped, whole
from ckanext.ardoise.search.words import words_of

MOST_WORDS = 200
_TOKEN = re.compile(r'(?P<phrase>"[^"]*")|(?P<sign>[+-]+)(?=\S)|(?P<word>[^\s"]+)')
_BEGINNING = re.compile(r"(\w{2,})\*[\s.,;:!?]*", re.UNICODE)
_RESEMBLING = re.compile(r"(\w{3,})~[12]?")
_MINIMUM = re.compile(r"(-?\d{1,4})(%?)")
Fields = tuple[tuple[str, float], ...]  # name and weight of each field that words are looked for in


def read_words(text: str, fields: Fields, minimum: str = "100%") -> Clause:
    """Read ``text``, typed by a person.

    Raises:
        QuerySyntaxError: it is too long, has no word at all, or signs without a word.
    """
    if len(text) > LONGEST_QUERY:
        raise QuerySyntaxError(f"elle dépasse {LONGEST_QUERY} caractères")
    if text.count('"') % 2:
        text = text.replace('"', " ")
    members = _members(text, fields)
    if not members:
        return Group()  # nothing but punctuation: describes nothing
    if len(members) > MOST_WORDS:
        raise QuerySyntaxError(f"elle dépasse {MOST_WORDS} mots")
    if len(members) == 1 and members[0].sign == "+":
        return Group(required=(members[0].clause,))  # meant as written: not misspelt
    optional = sum(not each.required and not each.sign for each in members)
    if "OR" in text.split():
        minimum = "1"  # as edismax: whoever writes OR says himself how many
    clause = grouped(members, minimum_of(minimum, optional) if optional else None)
    return whole(clause)


def _members(text: str, fields: Fields) -> list[Member]:
    members: list[Member] = []
    link = sign = ""
    for found in _TOKEN.finditer(text):
        piece, kind = found.group(), str(found.lastgroup)
        if kind == "sign":
            if len(piece) > 1 or sign:
                raise QuerySyntaxError("deux signes se suivent")
            sign = piece
        elif kind == "word" and piece in ("AND", "OR", "NOT"):
            if piece == "NOT":
                sign = "-"
            elif members:
                link = piece
        elif (clause := _clause(piece, fields)) is not None:
            add(members, clause, link, sign, "OR")
            link = sign = ""
        else:
            link = sign = ""
    return members


def _clause(piece: str, fields: Fields) -> Clause | None:
    """What one word or phrase asks for, in any of the fields; None for mere punctuation."""
    if piece == "*":
        return Everything()
    if begun := _BEGINNING.fullmatch(piece):
        return _in_any(fields, lambda field: Wildcard(field, (begun.group(1), ""), ("*",)))
    if resembling := _RESEMBLING.fullmatch(piece):
        return Fuzzy(EVERYTHING, resembling.group(1))
    if not words_of(piece):
        return None
    return _in_any(fields, lambda field: Match(field, piece.strip('"'), phrase=piece.startswith('"')))


def _in_any(fields: Fields, clause: Callable[[str], Clause]) -> Clause:
    """The clause over every field; once where the field of everything is among them, for it holds all the others."""
    if any(name == EVERYTHING for name, _ in fields):
        return clause(EVERYTHING)
    return Group(optional=tuple(boosted(clause(name), weight) for name, weight in fields))


def minimum_of(wanted: str, optional: int) -> int:
    """Return how many of ``optional`` clauses must hold: ``3``, ``-1``, ``75%``, ``2<-1 5<80%``.

    Raises:
        QuerySyntaxError: it is written otherwise.
    """
    chosen = "100%" if "<" in wanted else wanted.strip()
    if "<" in wanted:
        for part in wanted.split():
            above, _, each = part.partition("<")
            if not above.isdecimal():
                raise QuerySyntaxError("mm surprend")
            if optional <= int(above):
                break
            chosen = each
    found = _MINIMUM.fullmatch(chosen)
    if found is None:
        raise QuerySyntaxError("mm surprend")
    number = int(found.group(1))
    if found.group(2):
        number = int(optional * number / 100) if number >= 0 else -int(optional * -number / 100)
    if number < 0:
        number += optional
    return max(1, min(number, optional))


def misspelt(clause: Clause) -> Clause | None:
    """Return the query for words that resemble those of ``clause``; None where nothing of it may be misspelt.

    Only plain words without any sign may be: whoever writes operators means what he writes.
    """
    members = clause.optional if isinstance(clause, Group) and not (clause.required or clause.prohibited) else (clause,)
    if not all(isinstance(each, Match) and not each.phrase and each.field == EVERYTHING for each in members):
        return None
    looser = [
        Group(optional=(each, Fuzzy(EVERYTHING, each.value)))
        for each in members
        if isinstance(each, Match) and all(len(word) >= 5 for word in words_of(each.value))
    ]
    if len(looser) < len(members) or not looser:
        return None
    if isinstance(clause, Group):
        return dataclasses.replace(clause, optional=tuple(looser))
    return looser[0]
