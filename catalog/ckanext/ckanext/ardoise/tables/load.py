"""Rows come in by COPY, wait in a table of their own, and take the place of their period at once.

A resource's table has CKAN's shape (`_id`, the dictionary in the comments, the reader's rights) and no row of its own:
each period is a child table under it, which PostgreSQL reads along with it.

1. :func:`stage` makes a child in one transaction: COPY, key, full text, statistics. Nobody sees it yet.
2. :func:`swap` makes it the period's rows, in a transaction of milliseconds that no reader is in the middle of, and
   drops what it replaces and the periods that are no more.

Whatever is cut short leaves the former rows. Both may be done again. A child's comment tells its version and rows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import psycopg2
import psycopg2.errors
from ckanext.datastore.backend.postgres import get_read_engine, get_write_engine
from psycopg2 import sql

from ckanext.ardoise.tables.description import PERIOD, TableDescription, period_prefix
from ckanext.ardoise.tables.errors import BadTableError, BusyTableError
from ckanext.ardoise.tables.stream import PIECE

FULL_TEXT = "_full_text"
LANGUAGE = "french"  # what CKAN's setting ckan.datastore.default_fts_lang must be for q to find
SORT_MEMORY = "128MB"  # for making indexes and words
LOCK_SECONDS, PATIENCE_SECONDS = 2, 40  # how long readers may wait for us at a time; how long we try


def stage(table: TableDescription, rows: IO[bytes]) -> int:
    """Write rows where nobody sees them yet; return their number. Rows of that version that are there already stay.

    Raises:
        BadTableError: they are not of this shape, or were cut: nothing was kept.
    """
    with _transaction() as cursor:
        _lock(cursor, table.resource)
        known = _children(cursor, table.resource).get(table.table)
        if known is not None and known["version"] == table.version:
            return int(known["rows"])
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_name(table.table)))
        _create_child(cursor, table)
        count = _fill(cursor, table, rows)
        _index(cursor, table, count)
        return count


def swap(table: TableDescription, keep: Sequence[str]) -> int:
    """Make staged rows those of their period, and drop every period that is neither theirs nor in ``keep``.

    Returns:
        The rows of the whole table.

    Raises:
        BadTableError: these rows are not there, or the table is of another making.
        BusyTableError: readers did not let go of it in time.
    """
    return _patiently(lambda cursor: _swap(cursor, table, {table.period, *keep}))


def forget(resource: str, only: Sequence[str] | None = None) -> None:
    """Drop the table with every period of it, shown or waiting; where ``only`` names some, the rows of these."""

    def drop(cursor: Any) -> int:
        _lock(cursor, resource)
        if only is not None:
            return _drop_periods(cursor, resource, set(only))
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(_name(resource)))
        for name in _children(cursor, resource):
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_name(name)))
        cursor.execute("DELETE FROM _table_stats WHERE resource_id = %s", (resource,))
        return 0

    _patiently(drop)


def _drop_periods(cursor: Any, resource: str, gone: set[str]) -> int:
    children = _children(cursor, resource)
    if any(each["shown"] for each in children.values()):
        cursor.execute(sql.SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(_name(resource)))
    for name, child in children.items():
        if child["period"] in gone:
            cursor.execute(sql.SQL("DROP TABLE {}").format(_name(name)))
    return _count(cursor, resource)


def shown(resource: str) -> dict[str, dict[str, Any]]:
    """Return what is known of each period's rows: version, rows, full_text, and whether readers see them."""
    with _transaction() as cursor:
        return _children(cursor, resource)


def searched_columns(resource: str) -> set[str] | None:
    """Return the columns whose words ``q`` finds in every row of a table; None where the hub did not make it."""
    with _transaction() as cursor:
        attached = [each for each in _children(cursor, resource).values() if each["shown"]]
    return set.intersection(*(set(each["full_text"]) for each in attached)) if attached else None


def _create_child(cursor: Any, table: TableDescription) -> None:
    columns = [sql.SQL("_id int8 NOT NULL"), _constant_period(table.period)]
    columns += [sql.SQL("{} {}").format(_name(field.name), sql.SQL(field.type)) for field in table.fields]
    if table.full_text or FULL_TEXT in _columns(cursor, table.resource):
        columns.append(sql.SQL(f"{FULL_TEXT} tsvector"))
    made = sql.SQL("CREATE TABLE {} ({})").format(_name(table.table), sql.SQL(", ").join(columns))
    cursor.execute(made)
    reader = sql.Identifier(str(get_read_engine().url.username))
    cursor.execute(sql.SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(_name(table.table), reader))


def _constant_period(period: str) -> sql.Composed:
    column, value = _name(PERIOD), sql.Literal(period)
    return sql.SQL("{0} text NOT NULL DEFAULT {1} CHECK ({0} = {1})").format(column, value)


def _fill(cursor: Any, table: TableDescription, rows: IO[bytes]) -> int:
    """Copy the rows; where they are searched, by way of a temporary table, for the words are made once a text."""
    if not table.full_text:
        # The table is of this transaction: frozen, its rows need no second writing once they are old.
        return _copy(cursor, table, table.table, ", FREEZE", rows)
    names = [sql.Identifier("_id"), *(_name(field.name) for field in table.fields)]
    columns = [sql.SQL("{} {}").format(_name(field.name), sql.SQL(field.type)) for field in table.fields]
    made = sql.SQL("CREATE TEMP TABLE _received (_id int8, {}) ON COMMIT DROP")
    cursor.execute(made.format(sql.SQL(", ").join(columns)))
    count = _copy(cursor, table, "_received", "", rows)
    cursor.execute(f"SET LOCAL work_mem = '{SORT_MEMORY}'")
    texts = sql.SQL(", ").join(_name(name) for name in table.full_text)
    language = sql.Literal(f"pg_catalog.{LANGUAGE}")
    cursor.execute(
        sql.SQL(
            "INSERT INTO {0} ({1}, {2}) SELECT {1}, words FROM _received JOIN (SELECT said, to_tsvector({3}, said) AS "
            "words FROM (SELECT DISTINCT concat_ws(' ', {4}) AS said FROM _received) AS texts) AS searched "
            "ON concat_ws(' ', {4}) = said"
        ).format(_name(table.table), sql.SQL(", ").join(names), _name(FULL_TEXT), language, texts)
    )
    return count


def _copy(cursor: Any, table: TableDescription, into: str, option: str, rows: IO[bytes]) -> int:
    names = [sql.Identifier("_id"), *(_name(field.name) for field in table.fields)]
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, ENCODING 'UTF8'{})").format(
        _name(into), sql.SQL(", ").join(names), sql.SQL(option)
    )
    try:
        cursor.copy_expert(statement, rows, size=PIECE)
    except (psycopg2.DataError, psycopg2.IntegrityError) as error:
        raise BadTableError("rows", f"they are not of the described types (PostgreSQL {error.pgcode})") from None
    except psycopg2.errors.QueryCanceled:  # our own file raised: psycopg2 tells it so
        raise BadTableError("rows", "they were cut short or altered on the way: nothing was kept") from None
    return int(cursor.rowcount)


def _index(cursor: Any, table: TableDescription, count: int) -> None:
    cursor.execute(f"SET LOCAL maintenance_work_mem = '{SORT_MEMORY}'")
    try:
        cursor.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY (_id)").format(_name(table.table)))
    except psycopg2.IntegrityError:
        raise BadTableError("rows", "two of them have the same _id") from None
    if table.full_text:
        cursor.execute(sql.SQL("CREATE INDEX ON {} USING gin ({})").format(_name(table.table), _name(FULL_TEXT)))
    cursor.execute(sql.SQL("ANALYZE {}").format(_name(table.table)))
    said = {"period": table.period, "version": table.version, "rows": count, "full_text": list(table.full_text)}
    _comment(cursor, sql.SQL("TABLE {}").format(_name(table.table)), said)


def _swap(cursor: Any, table: TableDescription, keep: set[str]) -> int:
    _lock(cursor, table.resource)
    children = _children(cursor, table.resource)
    wanted = children.get(table.table)
    if wanted is None or wanted["version"] != table.version:
        raise BadTableError("version", "no such rows were sent: send them again, then ask for their place")
    _ensure_parent(cursor, table)
    parent = _name(table.resource)
    for name, child in children.items():
        if name != table.table and (child["period"] == table.period or child["period"] not in keep):
            cursor.execute(sql.SQL("DROP TABLE {}").format(_name(name)))
    if not wanted["shown"]:
        try:
            cursor.execute(sql.SQL("ALTER TABLE {} INHERIT {}").format(_name(table.table), parent))
        except psycopg2.errors.DatatypeMismatch:
            raise BadTableError("fields", "a column is missing or of another type than in the table") from None
    return _count(cursor, table.resource)


def _count(cursor: Any, resource: str) -> int:
    """Tell CKAN how many rows the table has now, so that it need not count them."""
    left = int(sum(each["rows"] for each in _children(cursor, resource).values() if each["shown"]))
    cursor.execute(
        "INSERT INTO _table_stats VALUES (%s, jsonb_build_object('rows', %s)) "
        "ON CONFLICT (resource_id) DO UPDATE SET stats = excluded.stats",
        (resource, left),
    )
    return left


def _ensure_parent(cursor: Any, table: TableDescription) -> None:
    """Make the resource's table, or add the columns it lacks, and renew its dictionary; nobody reads it meanwhile."""
    parent = _name(table.resource)
    present = _columns(cursor, table.resource)
    if present and PERIOD not in present:
        raise BadTableError("resource_id", "this resource has a table that is not the hub's: delete it first")
    if not present:
        statement = sql.SQL("CREATE TABLE {} (_id int8 PRIMARY KEY, {} text NOT NULL)")
        cursor.execute(statement.format(parent, _name(PERIOD)))
    cursor.execute(sql.SQL("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE").format(parent))
    if table.full_text and FULL_TEXT not in present:
        cursor.execute(sql.SQL("ALTER TABLE {} ADD COLUMN {} tsvector").format(parent, _name(FULL_TEXT)))
    _comment_field(cursor, table.resource, PERIOD, {"label": "Période", "notes": "Période de la publication"})
    for field in table.fields:
        if field.name not in present:
            statement = sql.SQL("ALTER TABLE {} ADD COLUMN {} {}")
            cursor.execute(statement.format(parent, _name(field.name), sql.SQL(field.type)))
        _comment_field(cursor, table.resource, field.name, dict(field.info))


def _children(cursor: Any, resource: str) -> dict[str, dict[str, Any]]:
    """Return the finished tables of a resource's periods, by name, with what their comments say."""
    cursor.execute(
        "SELECT c.relname, obj_description(c.oid, 'pg_class'), "
        "EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = c.oid) FROM pg_class c "
        "WHERE c.relkind = 'r' AND starts_with(c.relname, %s) AND c.relnamespace = 'public'::regnamespace "
        "ORDER BY c.relname",
        (period_prefix(resource),),
    )
    return {name: {**json.loads(said), "shown": attached} for name, said, attached in cursor.fetchall() if said}


def _columns(cursor: Any, resource: str) -> set[str]:
    cursor.execute(
        "SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relname = %s "
        "AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped",
        (resource,),
    )
    return {name for (name,) in cursor.fetchall()}


def _comment_field(cursor: Any, resource: str, name: str, info: dict[str, str]) -> None:
    column = sql.SQL("COLUMN {}.{}").format(_name(resource), _name(name))
    _comment(cursor, column, {"_info": info})


def _comment(cursor: Any, what: sql.Composed, said: dict[str, Any]) -> None:
    text = json.dumps(said, ensure_ascii=False)
    cursor.execute(sql.SQL("COMMENT ON {} IS {}").format(what, sql.Literal(text)))


def _name(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def _lock(cursor: Any, resource: str) -> None:
    """Let one load or swap of a resource happen at a time, in this transaction."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (resource,))


def _patiently(work: Any) -> int:
    """Do ``work`` in a transaction that waits for readers a moment at a time, so that none waits long for us."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with _transaction() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
                return int(work(cursor))
        except psycopg2.errors.LockNotAvailable:
            if time.monotonic() > end:
                raise BusyTableError("resource_id", "the table is being read without a pause: try again") from None
            time.sleep(0.2)


@contextmanager
def _transaction() -> Iterator[Any]:
    """A cursor of the DataStore's writer: what it does is kept whole, or not at all."""
    connection = get_write_engine().raw_connection()
    try:
        with connection.cursor() as cursor:
            yield cursor
        connection.commit()
    except BaseException:
        connection.invalidate()  # whatever state it is in, PostgreSQL rolls it back
        raise
    finally:
        connection.close()
