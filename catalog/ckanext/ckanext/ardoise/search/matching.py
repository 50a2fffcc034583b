"""Which rows a clause describes: from the columns in memory where they say it, else from PostgreSQL.

What PostgreSQL is asked is one clause at a time (:mod:`ckanext.ardoise.search.conditions`); what it answers by an index
is kept with the columns, so for as long as no write happens. A clause that makes it read documents is asked of those
rows alone that the clauses beside it left.
"""

from __future__ import annotations

import fnmatch
import functools
import glob
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import sqlalchemy as sa

from ckanext.ardoise.search.clauses import AnyWord, Area, Between, Clause, Everything, Group, Match, Present, Wildcard
from ckanext.ardoise.search.columns import NO_DATE, Columns
from ckanext.ardoise.search.comparisons import is_prefix, moment, substring
from ckanext.ardoise.search.conditions import condition, many_everywhere
from ckanext.ardoise.search.fields import EVERYTHING, SUBSTRINGS, Kind, kind_of
from ckanext.ardoise.search.mirror import NUMBERS, among, numbers
from ckanext.ardoise.search.values import Mask
from ckanext.ardoise.search.words import words_of

TIME = "NOW"  # in a clause that means something else a moment later
_IN_MEMORY = (EVERYTHING, "title")  # texts whose words are there
FEW = 0.2  # of all documents: then those left are named to PostgreSQL
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Matching:
    """What one search matches its clauses with."""

    columns: Columns
    connection: sa.Connection
    now: datetime

    def all_of(self, clauses: Collection[Clause]) -> Mask:
        """The rows that every one of ``clauses`` describes; those answered from memory are asked first.

        Raises:
            QuerySyntaxError: a field can not be compared in the way a clause asks for.
        """
        mask = np.ones(self.columns.size, np.bool_)
        self.columns.stems.learn(self.connection, {word for each in clauses for word in _plain_words(each)})
        for each in sorted(clauses, key=self._asks_postgresql):
            if self._asks_postgresql(each) or TIME in repr(each):
                mask &= self.rows(each, mask)
            else:  # every reader's filters on visibility are among these
                mask &= self._kept(each, functools.partial(self.rows, each, np.ones(self.columns.size, np.bool_)))
        return mask

    def _kept(self, key: object, make: Callable[[], Mask]) -> Mask:
        packed = self.columns.keep(key, lambda: np.packbits(make()))
        return np.unpackbits(packed, count=self.columns.size).astype(np.bool_)

    def _all_of(self, clauses: Iterable[Clause], within: Mask) -> Mask:
        mask = within.copy()
        for each in sorted(clauses, key=self._asks_postgresql):
            mask &= self.rows(each, mask)
        return mask

    def rows(self, clause: Clause, within: Mask) -> Mask:
        """The rows that ``clause`` describes; it is only true of those ``within``."""
        match clause:
            case Everything():
                return np.ones(self.columns.size, np.bool_)
            case Group():
                return self._group(clause, within)
        mask = self._from_memory(clause)
        return self._from_postgresql(clause, within) if mask is None else mask

    def _asks_postgresql(self, clause: Clause) -> bool:
        if isinstance(clause, Group):
            return any(map(self._asks_postgresql, (*clause.required, *clause.optional, *clause.prohibited)))
        if isinstance(clause, Match) and clause.field in _IN_MEMORY:
            return self._stems(clause) is None
        return not isinstance(clause, Everything) and (
            isinstance(clause, (AnyWord, Area)) or not self._holds(clause.field)
        )

    def _stems(self, clause: Match) -> list[str] | None:
        """The words that ``clause`` asks for anywhere in a text; None where PostgreSQL must say."""
        words = words_of(clause.value)
        return None if clause.phrase and len(words) > 1 else self.columns.stems.of(words)

    def _holds(self, field: str) -> bool:
        columns = self.columns
        return field in columns.values or field in columns.dates or field in SUBSTRINGS

    def _group(self, group: Group, within: Mask) -> Mask:
        mask = self._all_of(group.required, within)
        for each in group.prohibited:
            mask &= ~self.rows(each, mask)
        if group.needed:
            return mask & self._at_least(group.needed, group.optional, mask)
        for each in group.optional:  # a clause that only weighs the order must be understood too
            condition(each, self.now)
        return mask if group.required else np.zeros(self.columns.size, np.bool_)

    def _at_least(self, needed: int, clauses: tuple[Clause, ...], within: Mask) -> Mask:
        """The rows of which so many of the clauses hold."""
        asked = any(map(self._asks_postgresql, clauses))
        if asked and (texts := many_everywhere(needed, clauses)) is not None:
            return self._looked_up(texts, ("many", needed, clauses))
        fields = {each.field if isinstance(each, Match) else None for each in clauses}
        field = fields.pop()
        if needed == 1 and not fields and field in self.columns.values:
            return self.columns.values[field].any_of(each.value for each in clauses if isinstance(each, Match))
        held = np.zeros(self.columns.size, np.int32)
        for each in clauses:
            held += self.rows(each, within)
        return held >= needed

    def _from_memory(self, clause: Clause) -> Mask | None:
        """The rows, as far as the columns tell."""
        match clause:
            case Match(field, value) if kind_of(field) is Kind.SUBSTRING:
                needle, words_only = substring(field, value)
                if field == "title_ngram" and not words_only:
                    return self.columns.title_part(needle) > 0
                return self.columns.parts[SUBSTRINGS[field]].holding(needle, words_only)
            case Match(field) if field in _IN_MEMORY and (stems := self._stems(clause)) is not None:
                return self._with_words(field, stems)
            case Wildcard("title") if is_prefix(clause):
                return self.columns.parts["title"].holding(clause.pieces[0], words_only=True)
            case Match(field, value) if field in self.columns.values:
                return self.columns.values[field].any_of([value])
            case Wildcard(field, pieces, marks) if field in self.columns.values:
                return self.columns.values[field].passing(_like(pieces, marks))
            case Present(field) if field in self.columns.values:
                return self.columns.values[field].present()
            case Between(field) if field in self.columns.values:
                return self.columns.values[field].passing(_between(clause))
            case Match(field) | Between(field) if field in self.columns.dates:
                return self._dated(clause)
            case Present(field) if field in self.columns.dates:
                return self.columns.dates[field] != NO_DATE
        return None

    def _with_words(self, field: str, stems: list[str]) -> Mask:
        """The rows whose text holds all of these; none holds nothing."""
        held = self.columns.words.holding if field == EVERYTHING else self.columns.headings.in_title
        masks = [held(stem) for stem in stems]
        return np.logical_and.reduce(masks) if masks else np.zeros(self.columns.size, np.bool_)

    def _dated(self, clause: Match | Between) -> Mask:
        times = self.columns.dates[clause.field]
        if isinstance(clause, Match):
            return times == self._time(clause.field, clause.value)
        mask = times != NO_DATE
        if clause.low is not None:
            low = self._time(clause.field, clause.low)
            mask &= times >= low if clause.with_low else times > low
        if clause.high is not None:
            high = self._time(clause.field, clause.high)
            mask &= times <= high if clause.with_high else times < high
        return mask

    def _time(self, field: str, text: str) -> int:
        since = moment(field, text, self.now) - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def _from_postgresql(self, clause: Clause, within: Mask) -> Mask:
        where = condition(clause, self.now)
        if _is_indexed(clause):
            return self._looked_up(where, clause)
        left = np.flatnonzero(within)
        if len(left) <= FEW * self.columns.size:
            where = sa.and_(among(self.columns.numbers[left]), where)
        return self._asked(where)

    def _looked_up(self, where: sa.ColumnElement[bool], key: object) -> Mask:
        return self._kept(key, lambda: self._asked(where))

    def _asked(self, where: sa.ColumnElement[bool]) -> Mask:
        return self.columns.mask_of(numbers(self.connection.execute(sa.select(NUMBERS).where(where)).scalar_one()))


def _is_indexed(clause: Clause) -> bool:
    """Whether an index alone answers the clause, and its answer does not change with the hour."""
    match clause:
        case Area():
            return True
        case Match(field) | AnyWord(field) | Wildcard(field) if kind_of(field) is Kind.TEXT:
            return field in (EVERYTHING, "title")
        case Match(field):
            return kind_of(field) is not Kind.DATE
    return False


def _plain_words(clause: Clause) -> Iterator[str]:
    """The words that a clause asks for in texts."""
    if isinstance(clause, Group):
        for each in (*clause.required, *clause.optional, *clause.prohibited):
            yield from _plain_words(each)
    elif isinstance(clause, Match) and kind_of(clause.field) is Kind.TEXT:
        yield from words_of(clause.value)


def _like(pieces: tuple[str, ...], marks: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a text is like literal pieces with wildcards between; fnmatch never tries what it has left behind."""
    literal = [glob.escape(piece) for piece in pieces]
    pattern = literal[0] + "".join(mark + piece for mark, piece in zip(marks, literal[1:], strict=True))
    matches = re.compile(fnmatch.translate(pattern)).match
    return lambda text: matches(text) is not None


def _between(clause: Between) -> Callable[[str], bool]:
    """Whether a text lies between the bounds, in the order of bytes."""
    low, high = (None if bound is None else bound.encode() for bound in (clause.low, clause.high))

    def inside(text: str) -> bool:
        value = text.encode()
        above = low is None or value > low or (clause.with_low and value == low)
        return above and (high is None or value < high or (clause.with_high and value == high))

    return inside
