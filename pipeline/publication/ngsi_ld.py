"""A published table as NGSI-LD entities (ETSI GS CIM 009 v1.8, 4.5, normalised form), one a row, as a JSON array.

Written by column: each becomes texts of attributes, joined into entities. A missing value is an attribute that is not
there. An entity's identifier is made of its key; without a key, of its place in the table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from policies.contract import Contract, ReleasedColumn
from policies.twin import Layer
from sources.units import recommendation_20

ENTITIES_TYPE = "application/ld+json"
CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
ROWS_AT_A_TIME = 16_384
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_OUTSIDE_URN = r"[^A-Za-z0-9._-]+"


def entities(table: pa.Table, layer: Layer, contract: Contract, territory: str, source: str) -> Iterator[bytes]:
    """Yield the array.

    Args:
        table: the layer's rows, with longitude and latitude in every one.
        layer: the type and the key.
        contract: of the dataset, for units.
        territory: slug, part of identifiers.
        source: where the dataset is described, as JSON.
    """
    frame = pl.DataFrame(pl.from_arrow(table)).with_row_index("#row")
    frame = frame.with_columns(_identifiers(frame, layer, contract, territory))
    columns = {column.name: column for column in contract.release.columns}
    columns |= {one.name: one for one in _measured(contract)}
    texts = [
        _attribute(frame, name, columns.get(name), layer)
        for name in table.column_names
        if name not in (contract.release.longitude, contract.release.latitude)
    ]
    head = pl.concat_str(pl.lit('{"id":"'), pl.col("#id"), pl.lit(f'","type":"{layer.entity}"'))
    point = pl.concat_str(
        pl.lit(',"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":['),
        pl.col(str(contract.release.longitude)), pl.lit(","), pl.col(str(contract.release.latitude)), pl.lit("]}}"),
    )  # fmt: skip
    tail = pl.lit(f',"source":{{"type":"Property","value":{source}}},"@context":["{CONTEXT}"]}}')
    yield b"["
    for start in range(0, frame.height, ROWS_AT_A_TIME):
        lines = frame.slice(start, ROWS_AT_A_TIME).select(pl.concat_str(head, point, *texts, tail)).to_series()
        yield (b",\n" if start else b"") + ",\n".join(lines.to_list()).encode()
    yield b"]\n"


def _measured(contract: Contract) -> list[ReleasedColumn]:
    """The figures of an aggregated release, as columns."""
    return [ReleasedColumn(one.name, (), "number", one.description, unit=one.unit) for one in contract.release.measures]


def _identifiers(frame: pl.DataFrame, layer: Layer, contract: Contract, territory: str) -> pl.Series:
    prefix = f"urn:ngsi-ld:{layer.entity}:{territory}:{contract.id}:"
    named = [pl.col(name).cast(pl.String).fill_null("").str.replace_all(_OUTSIDE_URN, "-") for name in layer.key]
    keyed = pl.concat_str(*(named or [pl.col("#row").cast(pl.String)]), separator=":")
    found = frame.select((pl.lit(prefix) + keyed).alias("#id"))
    if found["#id"].n_unique() < found.height:  # two keys that only differ in signs a URN has not
        found = found.select((pl.col("#id") + ":" + frame["#row"].cast(pl.String)).alias("#id"))
    return found["#id"]


def _attribute(frame: pl.DataFrame, name: str, column: ReleasedColumn | None, layer: Layer) -> pl.Expr:
    """The text of one attribute in each row, with its comma; nothing where there is no value."""
    kind = frame.schema[name]
    after: list[Any] = [pl.lit("}")]
    if (unit := recommendation_20(column.unit) if column is not None and column.unit else None) is not None:
        after.insert(0, pl.lit(f',"unitCode":{json.dumps(unit)}'))
    if layer.latest is not None and name not in (layer.latest, *layer.key):
        after[-1:-1] = [pl.lit(',"observedAt":"'), _instant(frame, layer.latest), pl.lit('"')]
    text = pl.concat_str(pl.lit(f',"{name}":{{"type":"Property","value":'), _value(name, kind), *after)
    return pl.when(pl.col(name).is_null()).then(pl.lit("")).otherwise(text)


def _value(name: str, kind: pl.DataType) -> pl.Expr:
    """A value as JSON."""
    if isinstance(kind, pl.Datetime):
        text = pl.col(name).dt.convert_time_zone("UTC").dt.strftime(_INSTANT)
        return pl.concat_str(pl.lit('{"@type":"DateTime","@value":"'), text, pl.lit('"}'))
    if kind == pl.Date:
        return pl.concat_str(pl.lit('{"@type":"Date","@value":"'), pl.col(name).dt.strftime("%Y-%m-%d"), pl.lit('"}'))
    whole = pl.struct(pl.col(name).alias("v")).struct.json_encode()  # {"v":…}
    return whole.str.slice(5).str.strip_suffix("}")


def _instant(frame: pl.DataFrame, name: str) -> pl.Expr:
    if frame.schema[name] == pl.Date:
        return pl.col(name).dt.strftime("%Y-%m-%dT00:00:00Z")
    return pl.col(name).dt.convert_time_zone("UTC").dt.strftime(_INSTANT)
