"""The hub's tables in CKAN's API: who may load one, what is there, and searching one that has no full text.

Rows themselves come to :mod:`ckanext.ardoise.tables.views`. Whoever may edit a resource may load its table, nobody
else; PostgreSQL is spoken to by CKAN alone, so the hub needs no account there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model
from ckanext.datastore.logic.auth import datastore_auth

from ckanext.ardoise.tables import load
from ckanext.ardoise.tables.description import TableDescription, periods, resource_id
from ckanext.ardoise.tables.errors import TableError

NO_FULL_TEXT = (
    "this table has no full-text search there: its contract names no such searchable column. Use « filters » "
    "(Pas de recherche en texte libre ici : utilisez « filters », colonne par colonne.)"
)
LARGEST_OFFSET = 2**63 - 1  # PostgreSQL's bigint


def ardoise_table_load(context: Any, data: Any) -> dict[str, Any]:
    """Tell who may send rows: whoever may update the resource."""
    return datastore_auth(context, data)


@p.toolkit.side_effect_free
def ardoise_table_show(context: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Return the periods of a resource's table, shown or waiting: version, rows, full_text, shown.

    :param resource_id: the resource.
    """
    resource = _allowed(context, data)
    return {"periods": [dict(each) for each in load.shown(resource).values()]}


def ardoise_table_swap(context: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Show rows that were sent in place of those of their period; drop the periods that are not kept.

    :param resource_id: the resource.
    :param description: what was sent with the rows.
    :param keep: the other periods that stay.
    """
    resource = _allowed(context, data)
    try:
        table = TableDescription.read(resource, data.get("description"))
        return {"rows": load.swap(table, periods(data.get("keep") or []))}
    except TableError as error:
        raise refused(error) from None


def ardoise_table_forget(context: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Drop a resource's table, every period of it or some.

    :param resource_id: the resource.
    :param periods: those whose rows go; all, and the table, if it is not given.
    """
    resource = _allowed(context, data)
    try:
        load.forget(resource, periods(data["periods"]) if "periods" in data else None)
    except TableError as error:
        raise refused(error) from None
    return {}


def ardoise_forget(context: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Erase what CKAN keeps of a dataset's deleted resources, and its activities, which quote former states.

    :param id: the dataset.
    """
    p.toolkit.check_access("package_update", context, {"id": data.get("id")})
    package = model.Package.get(data.get("id"))
    if package is None:
        raise p.toolkit.ObjectNotFound("no such dataset")
    connection = model.Session.connection()
    gone = {"package": package.id}
    connection.execute(sa.text("DELETE FROM resource WHERE package_id = :package AND state = 'deleted'"), gone)
    if sa.inspect(connection).has_table("activity"):
        connection.execute(sa.text("DELETE FROM activity WHERE object_id = :package"), gone)
    model.Session.commit()
    return {}


@p.toolkit.side_effect_free
@p.toolkit.chained_action
def datastore_search(following: Callable[..., Any], context: Any, data: dict[str, Any]) -> Any:
    """Refuse ``q`` where a table has no full text, and endless offsets: PostgreSQL would find nothing, or fail."""
    if _number(data.get("offset")) > LARGEST_OFFSET:
        raise p.toolkit.ValidationError({"offset": [f"at most {LARGEST_OFFSET}"]})
    wanted = _searched(data)
    try:
        resource = resource_id(data.get("resource_id") or data.get("id")) if wanted is not None else None
    except TableError:  # an alias: none of ours
        resource = None
    there = load.searched_columns(resource) if resource else None
    if there is not None and wanted is not None and not (there and wanted <= there):
        p.toolkit.check_access("datastore_search", dict(context), {"resource_id": resource})
        columns = f" Searched columns: {', '.join(sorted(there))}." if there else ""
        raise p.toolkit.ValidationError({"q": [NO_FULL_TEXT + columns]})
    return following(context, data)


@p.toolkit.side_effect_free
@p.toolkit.chained_action
def datastore_search_sql(following: Callable[..., Any], context: Any, data: dict[str, Any]) -> Any:
    """Refuse what is no request, and what PostgreSQL can not carry out, as other bad requests: 409 and a sentence."""
    if not str(data.get("sql") or "").strip():
        raise p.toolkit.ValidationError({"sql": [p.toolkit._("Missing value")]})
    try:
        return following(context, data)
    except sa.exc.DataError as error:
        told = getattr(getattr(error.orig, "diag", None), "message_primary", None) or "PostgreSQL can not carry it out"
        raise p.toolkit.ValidationError({"sql": [told]}) from None


def refused(error: TableError) -> Exception:
    """Return CKAN's error for one of ours."""
    return p.toolkit.ValidationError({error.field: [error.message]})


def _number(value: Any) -> int:
    """A whole number as it is sent; 0 for what CKAN will refuse by itself."""
    try:
        return int(str(value))
    except ValueError:
        return 0


def _searched(data: dict[str, Any]) -> set[str] | None:
    """Return the columns that are searched by name, none where it is the whole row; None where nothing is."""
    q = data.get("q")
    if isinstance(q, str) and q.lstrip().startswith("{"):  # as GET sends an object
        try:
            q = json.loads(q)
        except ValueError:
            return set()
    if isinstance(q, dict):
        return set(q) or None
    return set() if q or data.get("full_text") else None


def _allowed(context: Any, data: dict[str, Any]) -> str:
    try:
        resource = resource_id(data.get("resource_id"))
    except TableError as error:
        raise refused(error) from None
    p.toolkit.check_access("ardoise_table_load", context, {"resource_id": resource})
    return resource


ACTIONS = {
    each.__name__: each
    for each in (
        ardoise_table_show,
        ardoise_table_swap,
        ardoise_table_forget,
        ardoise_forget,
        datastore_search,
        datastore_search_sql,
    )
}
AUTHORIZATIONS = {"ardoise_table_load": ardoise_table_load}
