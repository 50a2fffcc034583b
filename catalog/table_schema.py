"""What stands beside a published CSV: its Table Schema and its dialect, as one Frictionless data resource.

Data Resource 1, Table Schema 1 and CSV Dialect 1 (specs.frictionlessdata.io). Everything comes from the contract; the
columns and their order are those of the file.
"""

from __future__ import annotations

from typing import Any

from policies import Contract

_TYPES = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "date", "format": "%Y-%m-%d"},
    "timestamp": {"type": "datetime", "format": "%Y-%m-%dT%H:%M:%SZ"},
}
_COUNTS = ("units", "rows")
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
    fields = [
        _field(each.name, _TYPES[each.logical_type], each.description, each.unit) for each in contract.release.columns
    ]
    for measure in contract.release.measures:
        kind = _TYPES["integer" if measure.function in _COUNTS else "number"]
        fields.append(_field(measure.name, kind, measure.description, measure.unit))
    return {
        "profile": "tabular-data-resource",
        "name": str(contract.id),
        "path": file,
        "title": contract.title,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": DIALECT,
        "schema": {"fields": fields, "missingValues": [""]},
    }


def _field(name: str, kind: dict[str, str], description: str, unit: str | None) -> dict[str, Any]:
    return {"name": name, **kind, "description": description, **({"unit": unit} if unit else {})}
