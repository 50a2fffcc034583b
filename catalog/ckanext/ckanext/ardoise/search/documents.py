"""How a document that CKAN hands over for indexing becomes a row of the index."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ckanext.ardoise.search.areas import SOURCE, box_of
from ckanext.ardoise.search.dates import instant, sortable, written
from ckanext.ardoise.search.fields import (
    ADDRESSES,
    DATES,
    DICTIONARIES,
    HIDDEN,
    LISTS,
    SCALARS,
    UNSEARCHABLE,
    Kind,
    is_returned,
    is_searched_everywhere,
    kind_of,
)
from ckanext.ardoise.search.table import CONFIGURATION, Box
from ckanext.ardoise.search.words import GAP, indexed_text, words_of

LONGEST_TEXT = 200_000  # characters of one document that are searched, well under tsvector's 1 MB
LONGEST_TITLE = 600  # characters of a title that are ordered by; an index entry has room for 2.7 kB
LONGEST_VALUE = 8_000  # characters of a value matched as a whole; Lucene refuses terms of over 32 kB
_HEADS = ("title", "name", "tags", "groups")
TEXTS = ("title", "name", "labels", "rest", "forms")  # a row has the folded words of each, as ``…_text``
_FORMS = sa.literal_column("'simple'::regconfig")
_VECTOR = sa.literal_column(f"'{CONFIGURATION}'::regconfig")


def values(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what can be searched in ``document``: for each field its distinct values, as text; dates sortable."""
    found: dict[str, list[str]] = {}
    for field, value in document.items():
        if field in UNSEARCHABLE:
            continue
        items = value if isinstance(value, (list, tuple, set)) else [value]
        texts = [text for text in map(_scalar, items) if text is not None]
        if kind_of(field) is Kind.DATE:
            texts = [sortable(moment) for moment in map(instant, texts) if moment is not None]
        if texts:
            found[field] = list(dict.fromkeys(texts))
    if addresses := [text for field in ADDRESSES for text in found.get(field, [])]:
        found["urls"] = addresses
    return found


def stored(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a search may give back of ``document``, its dictionaries apart; dates as Solr writes them."""
    kept: dict[str, Any] = {}
    for field, value in document.items():
        if not is_returned(field) or field in HIDDEN or field in DICTIONARIES or isinstance(value, dict):
            continue
        if value is None or value == []:
            continue
        if kind_of(field) is Kind.DATE:
            moment = instant(str(value))
            if moment is None:
                continue
            value = written(moment)
        kept[field] = value
    return kept


def texts(found: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the folded words of searchable values: ``title``, ``name``, ``labels`` (tags, groups) and ``rest``."""
    rest = [
        text for field, each in found.items() if is_searched_everywhere(field) and field not in _HEADS for text in each
    ]
    return {
        "title": indexed_text(found.get("title", []), LONGEST_TEXT),
        "name": indexed_text(found.get("name", []), LONGEST_TEXT),
        "labels": indexed_text([*found.get("tags", []), *found.get("groups", [])], LONGEST_TEXT),
        "rest": indexed_text(rest, LONGEST_TEXT),
    }


def row(document: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the columns of ``document``; ``words`` and ``heading`` are made by :func:`vectors` from its ``…_text``."""
    document = {"indexed_ts": written(now), **document}
    found = values(document)
    told = texts(found)
    labels = " ".join(filter(None, (told["title"], told["name"], told["labels"])))
    columns: dict[str, Any] = {name: found[name][0] if name in found else None for name in SCALARS}
    columns |= {name: found.get(name, []) for name in LISTS}
    columns |= {name: instant(found[name][0]) if name in found else None for name in DATES}
    return columns | {
        "title": " ".join(words_of(" ".join(found.get("title", []))))[:LONGEST_TITLE],
        "bounds": _written_box(document),
        "others": {field: _compared(field, each) for field, each in found.items() if _lies_apart(field)},
        "stored": json.dumps(stored(document), ensure_ascii=False, default=str).replace("\\u0000", ""),
        **{name: _dictionary(document.get(name)) for name in DICTIONARIES},
        **{f"{name}_text": text for name, text in told.items()},
        "forms_text": f"{labels} {told['rest']}",
    }


def distinct_words(made: Mapping[str, Any]) -> set[str]:
    """Return the words of a row."""
    return {word for word in str(made["forms_text"]).split() if word != GAP}


def vectors(given: Mapping[str, Any]) -> dict[str, sa.ColumnElement[Any]]:
    """Return ``heading``, ``words``, ``forms`` and ``bounds`` as expressions over ``given`` columns of rows."""
    parts = {
        name: sa.func.setweight(sa.func.to_tsvector(_VECTOR, given[f"{name}_text"]), sa.literal_column(f"'{weight}'"))
        for name, weight in (("title", "A"), ("name", "B"), ("labels", "C"), ("rest", "D"))
    }
    heading = parts["title"].op("||")(parts["name"]).op("||")(parts["labels"])
    return {
        "heading": heading,
        "words": heading.op("||")(parts["rest"]),
        "forms": sa.func.strip(sa.func.to_tsvector(_FORMS, given["forms_text"])),
        "bounds": sa.cast(given["bounds"], Box),
    }


def _lies_apart(field: str) -> bool:
    """Whether the field has no column of its own."""
    return field not in SCALARS and field not in LISTS and field not in DATES


def _compared(field: str, found: list[str]) -> list[str]:
    if kind_of(field) is Kind.TEXT:
        return [indexed_text(found, LONGEST_TEXT)]
    return [text[:LONGEST_VALUE] for text in found]


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)) and value != "":
        return str(value).replace("\x00", "")
    return None


def _dictionary(value: Any) -> str | None:
    return None if value is None else str(value).replace("\x00", "")


def _written_box(document: Mapping[str, Any]) -> str | None:
    geometry = document.get(SOURCE) or document.get(f"extras_{SOURCE}")
    box = box_of(geometry) if geometry else None
    return None if box is None else f"({box[2]},{box[3]}),({box[0]},{box[1]})"
