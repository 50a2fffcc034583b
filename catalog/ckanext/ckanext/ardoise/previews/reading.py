"""What a preview asks of a table, read from an address that anyone may have written, and the rows it gets.

Columns are chosen among the table's own; whatever else an address names is as if it named nothing. Rows come through
CKAN's DataStore as the reader, with its rights and its limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ckan.plugins as p

from ckanext.ardoise.tables import load

PERIOD = "periode_publiee"
PAGE_ROWS = 20
MOST_BARS, MOST_PLACES = 40, 2_000
_NUMBERS = ("int2", "int4", "int8", "float4", "float8", "numeric")
_LONGEST = 200  # characters of what is searched for
_FIGURES = {"avg": "Moyenne", "sum": "Somme", "max": "Maximum", "min": "Minimum"}
COUNT = "_count"
_DEGREES = "deg"  # the unit of positions: numbers that nobody sums


@dataclass(frozen=True, slots=True)
class Field:
    """A column as readers know it."""

    id: str
    label: str
    notes: str
    unit: str
    number: bool  # that can be put together; a position can not
    kind: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows, and what was asked to get it."""

    fields: tuple[Field, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    page: int
    pages: int
    asked: Mapping[str, str]
    searched: tuple[str, ...]  # columns that the free search looks in
    wrong: str = ""


def fields(resource: str) -> tuple[Field, ...]:
    """Return the table's columns, those of ours that order rows left out."""
    found = _call("datastore_search", {"resource_id": resource, "limit": 0})["fields"]
    return tuple(
        Field(
            each["id"],
            (each.get("info") or {}).get("label") or each["id"],
            (each.get("info") or {}).get("notes") or "",
            (each.get("info") or {}).get("unit") or "",
            each["type"] in _NUMBERS and (each.get("info") or {}).get("unit") != _DEGREES,
            each["type"],
        )
        for each in found
        if each["id"] != "_id"
    )


def rows(resource: str, arguments: Mapping[str, str]) -> Rows:
    """Return the rows that an address asks for."""
    columns = fields(resource)
    names = {field.id for field in columns}
    asked = {name: arguments.get(name, "")[:_LONGEST].strip() for name in ("q", "column", "value", "sort")}
    searched = sorted(load.searched_columns(resource) or ())
    query: dict[str, Any] = {"resource_id": resource, "limit": PAGE_ROWS, "sort": "_id"}
    wanted, descending = asked["sort"].removeprefix("-"), asked["sort"].startswith("-")
    if wanted in names:
        query["sort"] = f'"{_quoted(wanted)}" {"desc" if descending else "asc"} nulls last, _id'
    if asked["q"] and searched:
        query["q"] = asked["q"]
    if asked["column"] in names and asked["value"]:
        query["filters"] = {asked["column"]: asked["value"]}
    number = arguments.get("page", "1")
    page = min(max(int(number), 1), 5_000) if number.isdecimal() and len(number) < 6 else 1
    try:
        found = _call("datastore_search", {**query, "offset": (page - 1) * PAGE_ROWS})
    except p.toolkit.ValidationError:
        return Rows(columns, (), 0, 1, 1, asked, tuple(searched), "Cette valeur ne convient pas à cette colonne.")
    shown = tuple(tuple(record.get(field.id) for field in columns) for record in found["records"])
    total = int(found["total"])
    return Rows(columns, shown, total, page, max(1, -(-total // PAGE_ROWS)), asked, tuple(searched))


@dataclass(frozen=True, slots=True)
class Grouped:
    """Figures by group, and what was asked to get them."""

    fields: tuple[Field, ...]
    by: Field
    figure: Field | None  # None: rows are counted
    how: str
    period: str
    groups: tuple[tuple[str, float], ...]
    more: bool

    @property
    def title(self) -> str:
        """What the chart shows, in French."""
        name = self.figure.label.lower() if self.figure else ""
        what = f"{_FIGURES[self.how]} de « {name} »" if self.figure else "Nombre de lignes"
        unit = f" ({self.figure.unit})" if self.figure and self.figure.unit else ""
        return f"{what}{unit} par « {self.by.label.lower()} »"


def grouped(resource: str, arguments: Mapping[str, str], totals: Sequence[str]) -> Grouped | None:
    """Return the figures that an address asks for, of the newest period; None where no column can be grouped by.

    Args:
        resource: the table.
        arguments: of the address.
        totals: labels of totals, which would stand beside what they are made of.
    """
    columns = fields(resource)
    texts = [field for field in columns if not field.number and field.unit != _DEGREES and field.id != PERIOD]
    numbers = [field for field in columns if field.number]
    if not texts:
        return None
    by = _chosen(texts, arguments.get("by", ""), _first_choice(texts))
    figure = None
    if arguments.get("figure") != COUNT:
        figure = _chosen(numbers, arguments.get("figure", ""), numbers[-1] if numbers else None)
    how = arguments.get("how", "")
    how = how if how in _FIGURES else "avg"
    period = newest(resource)
    group = _column(by.id)
    measured = f"{how}({_column(figure.id)})" if figure else "count(*)"
    bound = [f"{group} IS NOT NULL", f"{_column(PERIOD)} = {_literal(period)}"]
    bound += [f"{group}::text <> {_literal(label)}" for label in totals]
    if figure:
        bound.append(f"{_column(figure.id)} IS NOT NULL")
    found = _sql(
        resource,
        f"SELECT {group}::text AS name, {measured}::float8 AS value",
        f"WHERE {' AND '.join(bound)} GROUP BY {group} ORDER BY {'name' if _is_time(by) else 'value DESC, name'} "
        f"LIMIT {MOST_BARS + 1}",
    )
    groups = tuple((str(each["name"]), float(each["value"])) for each in found)
    return Grouped(columns, by, figure, how, period, groups[:MOST_BARS], len(groups) > MOST_BARS)


def places(resource: str, longitude: str, latitude: str, label: str) -> tuple[list[tuple[float, float, int, str]], int]:
    """Return the points of the newest period (longitude, latitude, rows, label), and how many rows have none."""
    names = {field.id for field in fields(resource)}
    if not {longitude, latitude} <= names:
        return [], 0
    x, y, period = _column(longitude), _column(latitude), f"{_column(PERIOD)} = {_literal(newest(resource))}"
    named = f"min({_column(label)}::text)" if label in names else "''"
    found = _sql(
        resource,
        f"SELECT {x}::float8 AS x, {y}::float8 AS y, count(*) AS rows, coalesce({named}, '') AS name",
        f"WHERE {period} GROUP BY {x}, {y} ORDER BY rows DESC LIMIT {MOST_PLACES}",
    )
    known = [(each["x"], each["y"], each["rows"], each["name"]) for each in found]
    points = [
        (float(x), float(y), int(count), str(name)) for x, y, count, name in known if x is not None and y is not None
    ]
    lost = sum(int(count) for x, y, count, _ in known if x is None or y is None)
    return points, lost


def newest(resource: str) -> str:
    """Return the newest period of a table; nothing where it is empty."""
    return max((str(each["period"]) for each in load.shown(resource).values() if each["shown"]), default="")


def figures() -> Mapping[str, str]:
    """Return the ways to put figures together, with their French names."""
    return _FIGURES


def _sql(resource: str, select: str, rest: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _call("datastore_search_sql", {"sql": f'{select} FROM "{resource}" {rest}'})[
        "records"
    ]
    return found


def _call(action: str, data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = p.toolkit.get_action(action)({"user": p.toolkit.g.user}, data)
    return found


def _chosen(among: Sequence[Field], name: str, otherwise: Field | None) -> Any:
    return next((field for field in among if field.id == name), otherwise)


def _first_choice(texts: Sequence[Field]) -> Field:
    """Names are read better than codes."""
    return next((field for field in texts if field.id in ("commune", "categorie", "parking", "nom")), texts[0])


def _is_time(field: Field) -> bool:
    return field.kind.startswith(("date", "timestamp")) or field.id in ("mois", "jour", "horodatage")


def _column(name: str) -> str:
    return f'"{_quoted(name)}"'


def _quoted(name: str) -> str:
    return name.replace('"', '""')


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
