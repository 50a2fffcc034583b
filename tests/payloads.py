"""For each decoder a contract, and payloads as its operators send them: what round trips and fuzzing start from.

:func:`decoded` is what every test of whatever bytes may rely on: rows, rejects, or a refusal without a value in it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq

from policies.contract import Column, Contract
from sources import Decoded, PayloadPart, decoder
from sources.errors import PayloadError
from tests.unit.sources.support import TERRITORY, made

Row = dict[str, Any]  # cle: text, nombre: finite float, entier: 64-bit integer, vrai, instant: UTC; each may be None
NAMES = ("cle", "nombre", "entier", "vrai", "instant")
_TYPES = ("string", "number", "integer", "boolean", "timestamp")


@dataclass(frozen=True, slots=True)
class Format:
    """One decoder, and how some rows are written for it."""

    contract: Contract
    write: Callable[[Sequence[Row]], bytes]
    marker: str | None = None  # a record that a careful reading alone survives
    part: str = "part"


def _columns(*physical: str) -> tuple[Column, ...]:
    rows = zip(NAMES, physical, _TYPES, strict=True)
    return tuple(Column(name, found, kind, primary_key=name == "cle") for name, found, kind in rows)  # type: ignore[arg-type]


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _keyed(row: Row) -> Row:
    return {name: _json_value(value) for name, value in row.items()}


def _dump(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    """A value as a format of texts writes it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(_json_value(value))


def _csv(rows: Sequence[Row]) -> bytes:
    lines = [";".join('"' + _text(row[name]).replace('"', '""') + '"' for name in NAMES) for row in rows]
    return "\n".join([";".join(NAMES), *lines, ""]).encode()


def _talq(rows: Sequence[Row]) -> bytes:
    entries = [{"cmsRefId": row["cle"], "data": {"type": "AttributeLogData"} | _keyed(row)} for row in rows]
    return _dump({"address": "p", "entries": entries})


def _enedis(rows: Sequence[Row]) -> bytes:
    readings = [
        {name: None if value is None else str(_json_value(value)) for name, value in row.items()} for row in rows
    ]
    return _dump(
        {"meter_reading": {"usage_point_id": "1", "reading_type": {"unit": "Wh"}, "interval_reading": readings}}
    )


def _ngsi(rows: Sequence[Row]) -> bytes:
    def attribute(number: int, value: Any) -> Any:
        return {"type": "Property", "value": value} if number % 2 else value

    return _dump(
        [
            {"id": f"urn:{n}", "type": "T"} | {name: attribute(n, value) for name, value in _keyed(row).items()}
            for n, row in enumerate(rows)
        ]
    )


def _geojson(rows: Sequence[Row]) -> bytes:
    features = [{"type": "Feature", "properties": _keyed(row), "geometry": None} for row in rows]
    return _dump({"type": "FeatureCollection", "features": features})


def _parquet(rows: Sequence[Row]) -> bytes:
    types = (pa.string(), pa.float64(), pa.int64(), pa.bool_(), pa.timestamp("us", "UTC"))
    fields = zip(NAMES, types, strict=True)
    sink = io.BytesIO()
    pq.write_table(pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in fields}), sink)
    return sink.getvalue()


def _datex(rows: Sequence[Row]) -> bytes:
    def element(name: str, value: Any) -> str:
        return "" if value is None else f"<{name}>{escape(_text(value))}</{name}>"

    values = "".join(
        f'<measuredValue index="1">{"".join(element(name, row[name]) for name in NAMES)}</measuredValue>'
        for row in rows
    )
    return f"<d2LogicalModel><siteMeasurements>{values}</siteMeasurements></d2LogicalModel>".encode()


def _lines(rows: Sequence[Row]) -> bytes:
    return b"".join(_dump(_keyed(row)) + b"\n" for row in rows)


def _grdf(rows: Sequence[Row]) -> bytes:
    return b"".join(_dump({"consommation": _keyed(row)}) + b"\n" for row in rows)


def _within(prefix: str) -> tuple[Column, ...]:
    return _columns(*(prefix + name for name in NAMES))


FORMATS: dict[str, Format] = {
    "csv": Format(made("csv", *_columns(*NAMES), delimiter=";"), _csv, ";;;;;;;"),
    "datex2": Format(made("datex2", *_columns(*NAMES)), _datex),
    "enedis": Format(made("enedis", *_within("interval_reading.")), _enedis, "7"),
    "geojson": Format(made("geojson", *_within("properties.")), _geojson, "7"),
    "grdf": Format(made("grdf", *_within("consommation.")), _grdf, "7"),
    "json": Format(made("json", *_columns(*NAMES)), lambda rows: _dump([_keyed(row) for row in rows]), "7"),
    "ndjson": Format(made("ndjson", *_columns(*NAMES)), _lines, "7"),
    "ngsi_ld": Format(made("ngsi_ld", *_columns(*NAMES)), _ngsi, "7"),
    "open311": Format(made("open311", *_columns(*NAMES)), lambda rows: _dump([_keyed(row) for row in rows])),
    "opendatasoft": Format(
        made("opendatasoft", *_within("live.")),
        lambda rows: _dump({"total_count": len(rows), "results": [_keyed(row) for row in rows]}),
        part="live/0001.json",
    ),
    "parquet": Format(made("parquet", *_columns(*NAMES)), _parquet),
    "talq": Format(made("talq", *_within("data.")), _talq, "7"),
}
SAMPLE: tuple[Row, ...] = tuple(
    {
        "cle": f"clé {n}",
        "nombre": n / 4,
        "entier": -n,
        "vrai": n % 2 == 0,
        "instant": datetime(2026, 10, 5, n, tzinfo=UTC),
    }
    for n in range(6)
)


def run(format: Format, payload: bytes) -> list[Decoded]:
    """Decode one part."""
    part = PayloadPart(format.part, io.BytesIO(payload))
    return list(decoder(format.contract, TERRITORY).decode(iter([part])))


def judged(format: Format, payload: bytes) -> list[Decoded] | None:
    """Decode whatever bytes; None if they are refused. Anything else than rows, rejects or a refusal fails.

    Each record comes out at most once. A refusal holds no piece of the payload, and no error of a library, which would
    quote it, hangs behind it.
    """
    try:
        batches = run(format, payload)
    except PayloadError as error:
        refusal: PayloadError = error
    else:
        _check_rows(batches)
        return batches
    assert refusal.__cause__ is None
    assert refusal.__suppress_context__ or refusal.__context__ is None
    assert not any(piece in str(refusal) for piece in ("clé", "urn:", "CANARI"))
    return None


def _check_rows(batches: Sequence[Decoded]) -> None:
    positions: list[int] = []
    for one in batches:
        assert one.batch.num_rows == len(one.positions)
        one.batch.validate(full=True)
        one.rejects.validate(full=True)
        positions += one.positions.to_pylist() + one.rejects["position"].to_pylist()
    assert len(positions) == len(set(positions))
    assert all(position >= 0 for position in positions)
