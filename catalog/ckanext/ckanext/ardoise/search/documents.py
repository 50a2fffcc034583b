"""How a document that CKAN hands over for indexing becomes a row, and the kinds of its fields.

The kinds follow CKAN's own Solr schema: most fields are matched as a whole, a few are text (matched by words, whatever
their accents), dates have ranges, and the dictionaries CKAN reads back are kept but can not be searched.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from typing import Any

LARGEST_TEXT = 200_000  # characters of one document that are searched, well under tsvector's 1 MB


class Kind(Enum):
    """How a field is compared."""

    WHOLE = "whole"
    TEXT = "text"
    SUBSTRING = "substring"
    DATE = "date"
    NUMBER = "number"


_TEXT_FIELDS = frozenset({
    "text", "title", "notes", "author", "author_email", "maintainer", "maintainer_email", "res_name",
    "res_description", "urls",
})  # fmt: skip
_NUMBERS = frozenset({"views_total", "views_recent", "resources_accessed_total", "resources_accessed_recent"})
_DATES = frozenset({"metadata_created", "metadata_modified", "indexed_ts"})
_SUBSTRINGS = {"name_ngram": "name", "title_ngram": "title"}
UNSEARCHABLE = frozenset({"data_dict", "validated_data_dict"})
UNRETURNED = frozenset({"permission_labels", "title_string"})
_WORDY = (
    "name", "title", "notes", "tags", "groups", "organization", "author", "maintainer", "res_name", "res_description",
    "license", "url", "res_url",
)  # fmt: skip
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?(?:Z|\+00:00)?")


def kind_of(field: str) -> Kind:
    """Return how ``field`` is compared."""
    if field in _SUBSTRINGS:
        return Kind.SUBSTRING
    if field in _DATES or field.endswith("_date"):
        return Kind.DATE
    if field in _NUMBERS:
        return Kind.NUMBER
    if field in _TEXT_FIELDS or field.startswith(("extras_", "res_extras_")):
        return Kind.TEXT
    return Kind.WHOLE


def source_of(field: str) -> str:
    """Return the document's field that ``field`` looks into."""
    return _SUBSTRINGS.get(field, field)


def fold(text: str) -> str:
    """Return ``text`` in lower case and without accents: « Qualité » and « qualite » are the same word."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def instant(text: str) -> str | None:
    """Return an ISO 8601 date or UTC date-time in the one form that sorts as text; None if it is neither."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    time = found.group(2) or "00:00:00"
    time, _, fraction = (time if time.count(":") == 2 else f"{time}:00").partition(".")
    return f"{found.group(1)}T{time}.{fraction.ljust(6, '0')}Z"


def values(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what can be searched in ``document``: for each field its values, as text."""
    found: dict[str, list[str]] = {}
    for field, value in document.items():
        if field in UNSEARCHABLE:
            continue
        texts = [_scalar(item) for item in (value if isinstance(value, (list, tuple, set)) else [value])]
        kept = [text for text in texts if text is not None]
        if kind_of(field) is Kind.DATE:
            kept = [date for date in map(instant, kept) if date is not None]
        elif field == "title_string":
            kept = [fold(text) for text in kept]
        if kept:
            found[field] = kept
    return found


def stored(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a search may give back of ``document``."""
    return {
        field: value
        for field, value in document.items()
        if field not in UNRETURNED and (field in UNSEARCHABLE or not isinstance(value, dict))
    }


def words(document: Mapping[str, list[str]]) -> tuple[str, str, str]:
    """Return the folded text of searchable values in three weights: title and name, tags and themes, all the rest."""
    first = [fold(text) for field in ("name", "title") for text in document.get(field, [])]
    second = [fold(text) for field in ("tags", "groups") for text in document.get(field, [])]
    rest = [
        fold(text)
        for field, texts in document.items()
        if field in _WORDY or field.startswith(("extras_", "res_extras_", "vocab_"))
        for text in texts
    ]
    return " ".join(first)[:LARGEST_TEXT], " ".join(second)[:LARGEST_TEXT], " ".join(rest)[:LARGEST_TEXT]


def _scalar(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)) and value != "":
        return str(value).replace("\x00", "")
    return None
