"""The statement that writes rows into the index, and the documents that wait to be written together.

A batch travels as one JSON text in one statement: one journey to the database for a hundred documents, and one text
for SQL to read, whatever they hold. Solr's own rule lets documents wait: what is added without a commit shows with the
next one. Here they wait in the process that added them, until there are many or it asks the index for anything else.
"""

from __future__ import annotations

import functools
import json
import multiprocessing.util
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from ckanext.ardoise.search.documents import TEXTS, distinct_words, vectors
from ckanext.ardoise.search.table import GENERATION, INDEX, WORDS

Row = Mapping[str, Any]
MOST_TOGETHER = 100  # rows of one statement
LARGEST_TOGETHER = 4_000_000  # characters of one statement
_COMPUTED = ("heading", "words", "forms", "written")


def counting(erasing: bool = False) -> Any:
    """Return the statement that counts one generation more, and tells its number."""
    told = {"number": GENERATION.c.number + sa.literal_column("1")}
    if erasing:
        told["erased"] = told["number"]
    return sa.update(GENERATION).values(**told).returning(GENERATION.c.number)


@functools.cache
def addition(dialect: sa.Dialect) -> str:
    """Return the statement that counts a generation, indexes ``rows`` and keeps ``words``; both are JSON texts.

    It is written out once: SQLAlchemy keeps no compiled form of PostgreSQL's INSERT, and making one takes longer than
    running it. It answers the generation's number, unless every row was older than the index's own.
    """
    names = [column.name for column in INDEX.columns if column.name != "number"]
    given = sa.func.json_to_recordset(sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON))
    columns = given.table_valued(*(sa.column(name, kind) for name, kind in _given()), name="given")
    told = columns.render_derived(with_types=True)
    made = {**{name: told.c[name] for name in names if name not in _COMPUTED}, **vectors(told.c)}
    generation = counting().cte("generation")  # read by the rows: it is therefore counted, and locked, first
    made["written"] = generation.c.number
    values = sa.select(*(made[name].label(name) for name in names)).select_from(generation, told)
    added = insert(INDEX).from_select(names, values)
    newer = sa.func.coalesce(added.excluded.metadata_modified >= INDEX.c.metadata_modified, sa.true())
    added = added.on_conflict_do_update(
        index_elements=["index_id"], set_={name: added.excluded[name] for name in names}, where=newer
    )
    new = sa.func.json_array_elements_text(sa.cast(sa.bindparam("words", type_=sa.Text), sa.JSON))
    added = added.add_cte(insert(WORDS).from_select(["word"], sa.select(new)).on_conflict_do_nothing().cte("words"))
    return str(added.returning(sa.select(generation.c.number).scalar_subquery()).compile(dialect=dialect))


def _given() -> Iterator[tuple[str, Any]]:
    """The columns of a row as JSON has them: of the index, but for those computed from the texts beside them."""
    for column in INDEX.columns:
        if column.name not in (*_COMPUTED, "number"):
            plain = isinstance(column.type, (ARRAY, JSONB, sa.DateTime))
            yield column.name, column.type if plain else sa.Text()
    for name in TEXTS:
        yield f"{name}_text", sa.Text()


def parameters(rows: Sequence[Row], known: set[str]) -> tuple[dict[str, str], set[str]]:
    """Return the statement's parameters, and the words among them that are not ``known``."""
    new = set[str]().union(*map(distinct_words, rows)) - known
    written = json.dumps(rows, ensure_ascii=False, default=str)
    return {"rows": written, "words": json.dumps(sorted(new), ensure_ascii=False)}, new


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cut rows into what one statement takes."""
    batch: list[Row] = []
    room = LARGEST_TOGETHER
    for each in rows:
        if batch and (len(batch) == MOST_TOGETHER or room < weight(each)):
            yield batch
            batch, room = [], LARGEST_TOGETHER
        batch.append(each)
        room -= weight(each)
    if batch:
        yield batch


def weight(row: Row) -> int:
    """Return about how many characters a row has."""
    return sum(len(value) for value in row.values() if isinstance(value, str))


class Waiting:
    """Rows that wait to be written together; of one document the last. Written at the process's end at the latest."""

    def __init__(self, write: Callable[[list[Row]], None]) -> None:
        self._write = write
        self.leave()

    def leave(self) -> None:
        """Begin with none: in a forked process, those there are wait in its parent."""
        self._rows: dict[str, Row] = {}
        self._weight = 0
        self._lock = threading.RLock()
        self._process = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Let rows wait, or write all if they are many."""
        with self._lock:
            if self._process != os.getpid():  # multiprocessing forgets at a fork what its parent had asked for
                self._process = os.getpid()
                multiprocessing.util.Finalize(None, self.flush, exitpriority=10)
            for each in rows:
                self._rows[each["index_id"]] = each
                self._weight += weight(each)
            if len(self._rows) >= MOST_TOGETHER or self._weight >= LARGEST_TOGETHER:
                self.flush()

    def flush(self) -> None:
        """Write what waits; whoever asks meanwhile waits too. What can not be written is not tried again."""
        with self._lock:
            rows, self._rows, self._weight = list(self._rows.values()), {}, 0
            if rows:
                self._write(rows)
