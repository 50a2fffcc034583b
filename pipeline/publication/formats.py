"""The open formats of a published table.

* Parquet: written by :mod:`storage.parquet`, metadata from a white list.
* CSV: UTF-8, RFC 4180, header line, ISO 8601 dates, decimal points.
* GeoParquet 1.1: the same Parquet with a WKB point a row and the « geo » metadata that says so.
* GeoJSON: RFC 7946, one Point feature a row, WGS 84 longitude and latitude; a row without a position has no geometry.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa

CSV_TYPE = "text/csv; charset=utf-8; header=present"
GEOJSON_TYPE = "application/geo+json"
GEOMETRY = "geometry"
ROWS_AT_A_TIME = 65_536
INSTANT = "%Y-%m-%dT%H:%M:%SZ"  # times are published in UTC


def csv_chunks(table: pa.Table) -> Iterator[bytes]:
    """Yield the table as CSV."""
    yield (",".join(table.column_names) + "\r\n").encode()
    for batch in table.to_batches(ROWS_AT_A_TIME):
        text = _frame(batch).write_csv(include_header=False, line_terminator="\r\n", datetime_format=INSTANT)
        yield text.encode()


def geojson_chunks(table: pa.Table, longitude: str, latitude: str) -> Iterator[bytes]:
    """Yield the table as a FeatureCollection; the two position columns become the geometry."""
    yield b'{"type":"FeatureCollection","features":['
    first = True
    for batch in table.to_batches(ROWS_AT_A_TIME):
        features = _features(_frame(batch), longitude, latitude)
        if len(features):
            yield (b"" if first else b",\n") + ",\n".join(features.to_list()).encode()
            first = False
    yield b"]}\n"


def geoparquet_table(table: pa.Table, longitude: str, latitude: str) -> pa.Table:
    """Return the table with a last column `geometry`: WKB points of WGS 84, null where a position is missing.

    The metadata follows GeoParquet 1.1.0, « File metadata » and « Column metadata »; without a `crs`, coordinates are
    OGC:CRS84, longitude first.
    """
    place = pl.DataFrame(pl.from_arrow(table.select([longitude, latitude]))).cast(pl.Float64)
    x, y = (place[name].fill_null(0.0).to_numpy() for name in (longitude, latitude))
    points = np.empty(len(x), dtype=[("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
    points["order"], points["kind"], points["x"], points["y"] = 1, 1, x, y  # little endian, Point
    missing = (place[longitude].is_null() | place[latitude].is_null()).to_numpy()
    offsets = pa.py_buffer(np.arange(len(x) + 1, dtype=np.int32) * points.dtype.itemsize)
    validity = pa.array(~missing).buffers()[1] if missing.any() else None
    values = [validity, offsets, pa.py_buffer(points.tobytes())]
    column = pa.Array.from_buffers(pa.binary(), len(x), values, int(missing.sum()))
    said: dict[str, object] = {"encoding": "WKB", "geometry_types": ["Point"]}
    if not missing.all():
        shown = ~missing
        said["bbox"] = [float(v) for v in (x[shown].min(), y[shown].min(), x[shown].max(), y[shown].max())]
    geo = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: said}}
    located = table.append_column(GEOMETRY, column)
    return located.replace_schema_metadata({**(table.schema.metadata or {}), b"geo": json.dumps(geo).encode()})


def _features(frame: pl.DataFrame, longitude: str, latitude: str) -> pl.Series:
    properties = frame.select(pl.all().exclude(longitude, latitude))
    times = [name for name, kind in properties.schema.items() if isinstance(kind, pl.Datetime)]
    properties = properties.with_columns(pl.col(times).dt.convert_time_zone("UTC").dt.strftime(INSTANT))
    missing = pl.col(longitude).is_null() | pl.col(latitude).is_null()
    point = pl.concat_str(
        pl.lit('{"type":"Point","coordinates":['), pl.col(longitude), pl.lit(","), pl.col(latitude), pl.lit("]}")
    )
    return frame.select(
        pl.concat_str(
            pl.lit('{"type":"Feature","geometry":'),
            pl.when(missing).then(pl.lit("null")).otherwise(point),
            pl.lit(',"properties":'),
            properties.select(pl.struct(pl.all()).struct.json_encode()).to_series(),
            pl.lit("}"),
        )
    ).to_series()


def _frame(batch: pa.RecordBatch) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(batch))
