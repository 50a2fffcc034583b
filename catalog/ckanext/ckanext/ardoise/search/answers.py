"""What a search found, told: how many documents, of what kind, and which stand on the page asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa

from ckanext.ardoise.search.columns import NO_DATE, Columns, first
from ckanext.ardoise.search.fields import DATES, DICTIONARIES, SCALARS, Kind, kind_of
from ckanext.ardoise.search.mirror import among
from ckanext.ardoise.search.ranking import Scores
from ckanext.ardoise.search.request import SearchRequest, Sort
from ckanext.ardoise.search.table import INDEX
from ckanext.ardoise.search.values import LAST, Keys, Mask

NAMED = ("index_id", "id", "name")  # columns that spare the reading of all a document stored
DEFAULT_ORDER = (Sort("score", descending=True),)


def facet(connection: sa.Connection, columns: Columns, mask: Mask, field: str, request: SearchRequest) -> list[Any]:
    """Return a facet over the whole result: value, number, value, number…

    The most frequent values first, then in their own order (bytes, as Solr).
    """
    least, most = request.facet_minimum, request.facet_limit
    if field in columns.values:
        counted = columns.values[field].counts(mask, least, most)
    else:
        found = connection.execute(_counted_apart(field).where(among(columns.numbers[mask])).group_by(sa.text("value")))
        counted = [(value, int(number)) for value, number in found if number >= least]
        counted.sort(key=lambda each: (-each[1], each[0].encode()))
        counted = counted[:most] if most >= 0 else counted
    return [item for each in counted for item in each]


def _counted_apart(field: str) -> sa.Select[Any]:
    """The values of a field that the columns in memory lack, with their numbers."""
    if field in SCALARS or field in DATES:
        value: Any = sa.cast(INDEX.c[field], sa.Text).label("value")
        return sa.select(value, sa.func.count()).where(INDEX.c[field].is_not(None))
    value = sa.func.jsonb_array_elements_text(INDEX.c.others[field]).label("value")
    return sa.select(value, sa.func.count())


def page(
    connection: sa.Connection, columns: Columns, mask: Mask, scores: Scores | None, request: SearchRequest
) -> list[int]:
    """Return the rows of the page asked for, in order."""
    rows = np.flatnonzero(mask)
    wanted = min(request.start + request.rows, len(rows))
    if not request.rows or wanted <= request.start:
        return []
    keys = [_keys(connection, columns, sort, scores) for sort in request.sorts or DEFAULT_ORDER]
    ordered = first(rows, [*(key for key in keys if key is not None), columns.numbers], wanted)
    return ordered[request.start :].tolist()


def _keys(connection: sa.Connection, columns: Columns, sort: Sort, scores: Scores | None) -> Any:
    """What rows are ordered by; None where all are equal. Rows without a value come last."""
    if sort.field == "score":
        return None if scores is None else (-scores if sort.descending else scores)
    if sort.field in DATES:
        keys = columns.dates[sort.field]
        keys = np.where(keys == NO_DATE, LAST, keys)
    elif sort.field == "title_string":
        keys = columns.parts["title"].texts.keys
    elif sort.field in columns.values:
        keys = columns.values[sort.field].keys
    else:
        keys = columns.keep(("order", sort.field), lambda: _order_apart(connection, columns, sort.field))
    return np.where(keys == LAST, LAST, -keys) if sort.descending else keys


def _order_apart(connection: sa.Connection, columns: Columns, field: str) -> Keys:
    """The order of rows by a field that the columns in memory lack."""
    if field in SCALARS:
        value: Any = INDEX.c[field]
    else:
        text = INDEX.c.others[field][0].astext
        value = sa.cast(text, sa.Numeric) if kind_of(field) is Kind.NUMBER else text.collate("C")
    ranked = sa.select(INDEX.c.number, sa.func.dense_rank().over(order_by=value)).where(value.is_not(None))
    told = np.array(connection.execute(ranked).all(), np.int64).reshape(-1, 2)
    keys = np.full(columns.size, LAST)
    keys[columns.rows_of(told[:, 0])] = told[:, 1]
    return keys


def returned_columns(request: SearchRequest) -> tuple[str, ...]:
    """Return the columns of the table that hold the fields asked for."""
    if request.fields is None:
        return ("stored", *DICTIONARIES)
    direct = [name for name in request.fields if name in NAMED or name in DICTIONARIES]
    apart = any(name not in NAMED and name not in DICTIONARIES and name != "score" for name in request.fields)
    return (*direct, "stored") if apart else tuple(direct)
