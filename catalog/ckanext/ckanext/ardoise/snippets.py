"""Programs of a few lines that read a resource, in Python and JavaScript, as its page shows them. Needs no CKAN.

Each runs as it is: the tests run them. Addresses are written as JSON strings, which both languages read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_PYTHON_CSV = """\
import csv, io, urllib.request

with urllib.request.urlopen({url}) as answer:
    rows = list(csv.DictReader(io.TextIOWrapper(answer, encoding="utf-8")))
print(len(rows), "lignes ;", ", ".join(rows[0]))
"""
_PYTHON_PARQUET = """\
import io, urllib.request
import polars  # pip install polars

with urllib.request.urlopen({url}) as answer:
    table = polars.read_parquet(io.BytesIO(answer.read()))
print(table)
"""
_PYTHON_GEOJSON = """\
import json, urllib.request

with urllib.request.urlopen({url}) as answer:
    features = json.load(answer)["features"]
print(len(features), "lieux ;", features[0]["geometry"], features[0]["properties"])
"""
_PYTHON_TABLE = """\
import json, urllib.parse, urllib.request

ask = urllib.parse.urlencode({{"resource_id": {id}, "limit": 5}})
with urllib.request.urlopen({api} + "?" + ask) as answer:
    found = json.load(answer)["result"]
print(found["total"], "lignes")
for row in found["records"]:
    print(row)
"""
_JAVASCRIPT_TEXT = """\
const answer = await fetch({url});
const lines = (await answer.text()).trimEnd().split("\\r\\n");
console.log(lines.length - 1, "lignes ;", lines[0]);
"""
_JAVASCRIPT_GEOJSON = """\
const answer = await fetch({url});
const places = (await answer.json()).features;
console.log(places.length, "lieux ;", places[0]);
"""
_JAVASCRIPT_BYTES = """\
// Le début d'un fichier se lit seul : c'est ainsi que DuckDB-Wasm ou hyparquet lisent un Parquet sans tout télécharger.
const answer = await fetch({url}, {{ headers: {{ Range: "bytes=0-3" }} }});
console.log(answer.status, await answer.text());
"""
_JAVASCRIPT_TABLE = """\
const ask = new URLSearchParams({{ resource_id: {id}, limit: "5" }});
const answer = await fetch({api} + "?" + ask);
const found = (await answer.json()).result;
console.log(found.total, "lignes");
console.table(found.records);
"""
_SQL = 'SELECT count(*) FROM "{id}"'
_OF_FORMAT = {
    "csv": (_PYTHON_CSV, _JAVASCRIPT_TEXT),
    "parquet": (_PYTHON_PARQUET, _JAVASCRIPT_BYTES),
    "geoparquet": (_PYTHON_PARQUET, _JAVASCRIPT_BYTES),
    "geojson": (_PYTHON_GEOJSON, _JAVASCRIPT_GEOJSON),
}


def snippets(resource: Mapping[str, Any], site: str) -> dict[str, str]:
    """Return the programs by language (`python`, `javascript`; `query` and the address `sql` that asks it).

    Args:
        resource: as CKAN shows it.
        site: CKAN's address, without its last slash.
    """
    name = str(resource.get("id") or "")
    if resource.get("datastore_active"):
        written = {"id": json.dumps(name), "api": json.dumps(f"{site}/api/3/action/datastore_search")}
        sql = f"{site}/api/3/action/datastore_search_sql?sql={_SQL.format(id=name)}"
        return {
            "python": _PYTHON_TABLE.format(**written),
            "javascript": _JAVASCRIPT_TABLE.format(**written),
            "sql": sql.replace(" ", "%20").replace('"', "%22"),
            "query": _SQL.format(id=name),
        }
    if resource.get("role") not in ("latest", "period"):
        return {}
    found = _OF_FORMAT.get(str(resource.get("format") or "").lower())
    if found is None:
        return {}
    url = json.dumps(str(resource.get("url") or ""))
    return {"python": found[0].format(url=url), "javascript": found[1].format(url=url)}
