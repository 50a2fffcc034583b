"""What the hub says of the rows it sends: names, types and texts, each checked before it may stand in a statement.

Needs nothing of CKAN. A name that is not plain lower case, a type the DataStore does not know, a period or version of
another shape: refused, so that whatever passes can be quoted into SQL without a second thought.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.ardoise.tables.errors import BadTableError

PERIOD = "periode_publiee"
TYPES = frozenset({"text", "int8", "float8", "bool", "date", "timestamptz"})
_RESOURCE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PERIOD = re.compile(r"\d{4}-(\d{2}(-\d{2})?|W\d{2})")
_VERSION = re.compile(r"[0-9a-f]{64}")
_INFO = ("label", "notes", "unit")


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its type is one of :data:`TYPES`; `info` is what the data dictionary shows."""

    name: str
    type: str
    info: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TableDescription:
    """The rows of one period of one resource.

    `version` tells what was published (sha256, hex): rows of the same version are the same. `full_text` names the text
    columns that ``q`` searches; empty, there is no full text.
    """

    resource: str
    period: str
    version: str
    fields: tuple[Field, ...]
    full_text: tuple[str, ...]

    @classmethod
    def read(cls, resource: str, said: Any) -> TableDescription:
        """Check what was sent.

        Raises:
            BadTableError: naming what is wrong, never a value.
        """
        if not isinstance(said, Mapping):
            raise BadTableError("description", "must be a JSON object")
        fields = tuple(_field(each) for each in _list(said, "fields"))
        names = [field.name for field in fields]
        if not fields or len(set(names)) != len(names) or PERIOD in names:
            raise BadTableError("fields", f"must name each column once, and never « {PERIOD} »")
        texts = {field.name for field in fields if field.type == "text"}
        searched = tuple(str(name) for name in _list(said, "full_text"))
        if not set(searched) <= texts or len(set(searched)) != len(searched):
            raise BadTableError("full_text", "must name columns of type text, each once")
        return cls(
            resource_id(resource),
            _matching(said, "period", _PERIOD),
            _matching(said, "version", _VERSION),
            fields,
            searched,
        )

    @property
    def prefix(self) -> str:
        """What the names of all tables of this resource's periods begin with."""
        return period_prefix(self.resource)

    @property
    def table(self) -> str:
        """The name of the table that holds these rows; CKAN lists none that begins with an underscore."""
        return f"{self.prefix}{self.period}_{self.version[:8]}"


def resource_id(value: Any) -> str:
    """Return a resource's id, checked."""
    if not isinstance(value, str) or not _RESOURCE.fullmatch(value):
        raise BadTableError("resource_id", "must be the id of a resource")
    return value


def periods(value: Any) -> tuple[str, ...]:
    """Return a list of periods, checked."""
    if not isinstance(value, list) or not all(isinstance(each, str) and _PERIOD.fullmatch(each) for each in value):
        raise BadTableError("periods", "must be a list of days, weeks or months")
    return tuple(value)


def period_prefix(resource: str) -> str:
    """Return what the names of the tables of a resource's periods begin with."""
    return f"_ard_{resource.replace('-', '')}_"


def _field(said: Any) -> Field:
    if not isinstance(said, Mapping):
        raise BadTableError("fields", "must be JSON objects")
    name, kind, info = said.get("id"), said.get("type"), said.get("info") or {}
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadTableError("fields", "a column's name must be plain lower case, 63 letters at most")
    if kind not in TYPES:
        raise BadTableError("fields", f"a column's type must be one of {', '.join(sorted(TYPES))}")
    if not isinstance(info, Mapping):
        raise BadTableError("fields", "a column's info must be a JSON object")
    return Field(name, str(kind), {key: str(info[key]) for key in _INFO if key in info})


def _list(said: Mapping[str, Any], name: str) -> list[Any]:
    value = said.get(name)
    if not isinstance(value, list):
        raise BadTableError(name, "must be a list")
    return value


def _matching(said: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadTableError(name, "is missing or malformed")
    return value
