"""The kinds of a document's fields, after CKAN 2.12's own Solr schema (``ckan/config/solr/schema.xml``).

Most fields are matched as a whole, a few are text (matched by words), dates and counts have ranges. A field that the
schema does not name is a whole text, as its ``*`` rule says: searching one that no document has finds nothing.
"""

from __future__ import annotations

import re
from enum import Enum

from ckanext.ardoise.search.areas import FIELDS as AREAS


class Kind(Enum):
    """How a field is compared."""

    WHOLE = "whole"
    TEXT = "text"
    SUBSTRING = "substring"
    DATE = "date"
    NUMBER = "number"
    AREA = "area"


EVERYTHING = "text"  # the field that holds the words of all others
NAME = re.compile(r"[A-Za-z_][\w.-]*")

SCALARS = (
    "index_id", "id", "name", "site_id", "entity_type", "dataset_type", "state", "capacity", "organization",
    "owner_org", "license_id",
)  # fmt: skip
LISTS = ("tags", "groups", "res_format", "permission_labels")
DATES = ("metadata_created", "metadata_modified")
DICTIONARIES = ("data_dict", "validated_data_dict")

_TEXTS = frozenset({
    EVERYTHING, "title", "notes", "author", "author_email", "maintainer", "maintainer_email", "res_name",
    "res_description", "urls", "depends_on", "dependency_of", "derives_from", "has_derivation", "links_to",
    "linked_from", "child_of", "parent_of",
})  # fmt: skip
_TEXT_STARTS = ("extras_", "res_extras_")
_NUMBERS = frozenset({"views_total", "views_recent", "resources_accessed_total", "resources_accessed_recent"})
SUBSTRINGS = {"name_ngram": "name", "title_ngram": "title"}

UNSEARCHABLE = frozenset(DICTIONARIES)
HIDDEN = frozenset({"permission_labels"})  # who sees a document is nobody's to read, count or order by
ADDRESSES = ("url", "ckan_url", "download_url", "res_url")
SEARCHED_EVERYWHERE = frozenset({
    "name", "title", "text", "notes", "tags", "groups", "organization", "license", "res_name", "res_description",
    "author", "maintainer", *ADDRESSES,
})  # fmt: skip
_SEARCHED_STARTS = (*_TEXT_STARTS, "vocab_")
_RETURNED = frozenset({
    "index_id", "id", "site_id", "title", "entity_type", "dataset_type", "state", "name", "revision_id", "version",
    "url", "ckan_url", "download_url", "notes", "author", "author_email", "maintainer", "maintainer_email", "license",
    "license_id", "tags", "groups", "organization", "capacity", "res_name", "res_description", "res_format", "res_url",
    "res_type", *DATES, "indexed_ts", *DICTIONARIES,
})  # fmt: skip
_RETURNED_STARTS = (*_TEXT_STARTS, "vocab_")


def kind_of(field: str) -> Kind:
    """Return how ``field`` is compared."""
    if field in SUBSTRINGS:
        return Kind.SUBSTRING
    if field in AREAS:
        return Kind.AREA
    if field in DATES or field == "indexed_ts" or field.endswith("_date"):
        return Kind.DATE
    if field in _NUMBERS:
        return Kind.NUMBER
    if field in _TEXTS or field.startswith(_TEXT_STARTS):
        return Kind.TEXT
    return Kind.WHOLE


def is_searched_everywhere(field: str) -> bool:
    """Say whether the words of ``field`` are also words of :data:`EVERYTHING`."""
    return field in SEARCHED_EVERYWHERE or field.startswith(_SEARCHED_STARTS)


def is_returned(field: str) -> bool:
    """Say whether a search gives ``field`` back (Solr's « stored »)."""
    return field in _RETURNED or field.startswith(_RETURNED_STARTS) or field.endswith("_date")
