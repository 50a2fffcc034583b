"""What stands beside a published CSV: its Table Schema and its dialect, as one Frictionless data resource.

Data Resource 1, Table Schema 1 and CSV Dialect 1 (specs.frictionlessdata.io). Everything comes from the contract; the
columns and their order are those of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.dictionary import fields
from policies import Contract

_TYPES = {
    "text": {"type": "string"},
    "int8": {"type": "integer"},
    "float8": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "date", "format": "%Y-%m-%d"},
    "timestamptz": {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"},
}
DIALECT = {
    "csvddfVersion": 1.2,
    "delimiter": ",",
    "lineTerminator": "\r\n",
    "quoteChar": '"',
    "doubleQuote": True,
    "header": True,
    "skipInitialSpace": False,
    "caseSensitiveHeader": True,
}


def csv_resource(contract: Contract, file: str) -> dict[str, Any]:
    """Return the description of the contract's CSV called ``file``, which stands in the same folder."""
    return {
        "profile": "tabular-data-resource",
        "name": str(contract.id),
        "path": file,
        "title": contract.title,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": DIALECT,
        "schema": {"fields": [_field(each) for each in fields(contract)], "missingValues": [""]},
    }


def _field(column: Mapping[str, Any]) -> dict[str, Any]:
    info = column["info"]
    unit = {"unit": info["unit"]} if "unit" in info else {}
    return {"name": column["id"], **_TYPES[column["type"]], "description": info["notes"], **unit}
