"""The statements of a search: how many documents there are and of what kind (:func:`counts`), and one page of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckanext.ardoise.search.conditions import Condition
from ckanext.ardoise.search.fields import DATES, DICTIONARIES, LISTS, SCALARS, Kind, kind_of
from ckanext.ardoise.search.ranking import Score
from ckanext.ardoise.search.request import SearchRequest, Sort
from ckanext.ardoise.search.table import INDEX

FEW_COMBINATIONS = ("groups", "res_format")  # documents with the same values are put together before they are counted
COUNTED = sa.func.count().over().label("hits")  # beside the rows of a page: how many results there are
NAMED = ("index_id", "id", "name")  # columns that spare the reading of all a document stored


def counts(where: Condition, request: SearchRequest) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Return the statement that gives rows (facet or NULL, value, number): first all results, then facet values.

    Each facet is counted over the whole result.
    """
    columns = [_facet_column(field).label(f"facet_{position}") for position, field in enumerate(request.facets)]
    if not columns:
        return sa.select(sa.null(), sa.null(), sa.func.count()).select_from(INDEX).where(where)
    hits = sa.select(*columns).where(where).cte("hits")
    nothing = (sa.cast(sa.null(), sa.Integer), sa.cast(sa.null(), sa.Text))
    parts: list[Any] = [sa.select(*nothing, sa.func.count()).select_from(hits)]
    for position, field in enumerate(request.facets):
        parts.append(sa.select(_facet(hits.c[f"facet_{position}"], field, position, request).subquery()))
    return sa.union_all(*parts)


def _facet_column(field: str) -> sa.ColumnElement[Any]:
    return INDEX.c[field] if field in SCALARS or field in LISTS or field in DATES else INDEX.c.others[field]


def _facet(column: sa.ColumnElement[Any], field: str, position: int, request: SearchRequest) -> sa.Select[Any]:
    """The most frequent values first, then in their own order (bytes, as Solr)."""
    each = column
    number: sa.ColumnElement[int] = sa.literal(1)
    source = sa.select(column.label("value"), number.label("number")).where(column.is_not(None))
    if field in FEW_COMBINATIONS:
        together = sa.select(column.label("each"), sa.func.count().label("number")).group_by(column).subquery()
        each, number = together.c.each, together.c.number
    if field in LISTS:
        source = sa.select(sa.func.unnest(each).label("value"), number.label("number"))
    elif field not in SCALARS and field not in DATES:
        source = sa.select(sa.func.jsonb_array_elements_text(each).label("value"), number.label("number"))
    opened = source.subquery()
    value, found = sa.cast(opened.c.value, sa.Text), sa.func.sum(opened.c.number)
    counted = sa.select(sa.literal(position, sa.Integer).label("facet"), value.label("value"), found.label("found"))
    counted = counted.group_by(value).having(found >= request.facet_minimum)
    counted = counted.order_by(sa.desc("found"), value.collate("C"))
    return counted.limit(request.facet_limit) if request.facet_limit >= 0 else counted


def page(where: Condition, score: Score | None, request: SearchRequest) -> sa.Select[Any]:
    """Return the statement of one page: the ``index_id`` of its documents in order, and their ``score``."""
    statement = sa.select(INDEX.c.index_id, _told(score).label("score")).where(where)
    order = [each for sort in request.sorts or (Sort("score", True),) if (each := _order(sort, score)) is not None]
    return statement.order_by(*order, INDEX.c.index_id).offset(request.start).limit(request.rows)


def returned_columns(request: SearchRequest) -> list[sa.Column[Any]]:
    """Return the columns that hold the fields asked for."""
    if request.fields is None:
        return [INDEX.c.stored, *(INDEX.c[name] for name in DICTIONARIES)]
    direct = [INDEX.c[name] for name in request.fields if name in NAMED or name in DICTIONARIES]
    apart = any(name not in NAMED and name not in DICTIONARIES and name != "score" for name in request.fields)
    return [*direct, INDEX.c.stored] if apart else direct


def _told(score: Score | None) -> Score:
    return sa.literal(1.0) if score is None else sa.cast(score, sa.REAL)


def _order(sort: Sort, score: Score | None) -> sa.UnaryExpression[Any] | None:
    if sort.field == "score":
        if score is None:  # all are equal
            return None
        value: sa.ColumnElement[Any] = score
    elif sort.field == "title_string":
        value = INDEX.c.title
    elif sort.field in SCALARS or sort.field in DATES:
        value = INDEX.c[sort.field]
    else:
        text = INDEX.c.others[sort.field][0].astext
        value = sa.cast(text, sa.Numeric) if kind_of(sort.field) is Kind.NUMBER else text.collate("C")
    return (value.desc() if sort.descending else value.asc()).nulls_last()
