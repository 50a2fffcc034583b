"""Pages of small releases, for whoever tests a catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from catalog import DatasetPage, PublishedFile, certify
from catalog.view import ViewFile, ViewPage
from policies import Contract, DatasetId, PeriodUnit, Territory, Version, load_territory
from policies.tabulated import PUBLISHED

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
DIGEST = "ab" * 32
COVERAGE = "Les 12 foyers qui ont donné leur accord."
_LARGE, _MIDDLE = "100 000 habitants et plus", "10 000 à 99 999 habitants"
ROWS = [
    {"mois": "2026-10", "taille": size, "code_commune": code, "commune": name, "foyers_participants": count}
    for size, code, name, count in (
        (_LARGE, "49007", "Angers", 120),
        (_MIDDLE, "49015", "Avrillé", 31),
        (_MIDDLE, "49353", "Trélazé", 12),
    )
]


@cache
def territory() -> Territory:
    """The territory that is shipped."""
    return load_territory(Path(__file__).parent.parent / "policies" / "angers")


def water(name: str = "water-meters", major: int = 1) -> Contract:
    """The contract of water meters, under another name and version where a test wants its own."""
    contract = territory().contracts[DatasetId("water-meters")]
    return replace(contract, id=DatasetId(name), version=Version(major, 0, 0))


def table(contract: Contract, rows: Sequence[dict[str, Any]]) -> list[pa.RecordBatch]:
    """Published rows of ``contract`` as batches of two; measures that a row leaves out are 1.5."""
    measures: dict[str, Any] = {measure.name: 1.5 for measure in contract.release.measures}
    if contract.release.status:
        measures[contract.release.status] = PUBLISHED
    whole = pa.Table.from_pylist([{**measures, **row} for row in rows])
    return whole.to_batches(max_chunksize=2)


def page(
    contract: Contract,
    period: str = "2026-10",
    rows: Sequence[dict[str, Any]] = ROWS,
    periods: tuple[str, ...] | None = None,
    released_at: datetime = NOON,
) -> DatasetPage:
    """The page of a release, with the files of every period of ``periods``, the newest one under « latest » too."""
    periods = periods or (period,)
    base = f"http://open.example/{contract.id}/v{contract.version.major}"
    files = [_file(form, f"{base}/latest/{contract.id}.{form}", periods[0], True) for form in contract.release.formats]
    files += [
        _file(form, f"{base}/{each}/{contract.id}-{each}.{form}", each, False)
        for each in periods
        for form in contract.release.formats
    ]
    certificate = certify(
        contract,
        territory(),
        period,
        candidate_digest=hashlib.sha256(repr((period, rows)).encode()).hexdigest(),
        counts={"rows_in": 4200, "suppressed_rows": 17, "published_rows": len(rows)},
        measures={"k": 12.0, "prosecutor_risk": 1 / 12},
        judged_at=NOON,
        coverage=COVERAGE,
    )
    return DatasetPage(
        contract=contract,
        territory=territory(),
        period=period,
        periods=periods,
        files=tuple(files),
        table=table(contract, rows),
        certificate=certificate,
        released_at=released_at,
        coverage_note=COVERAGE,
        certificate_url=f"{base}/{period}/certificat.html",
        run_id="run-1",
    )


def _file(form: Any, url: str, period: str, latest: bool) -> PublishedFile:
    return PublishedFile(form, url, 1234, DIGEST, 3, period, latest)


def sample_page(dataset: DatasetId, name: str, tag: str) -> DatasetPage:
    """The page of a shipped contract under another name, with rows of made-up values."""
    contract = replace(territory().contracts[dataset], id=DatasetId(name), tags=(tag,))
    values = {"string": "x", "integer": 1, "number": 1.5, "boolean": True, "date": NOON.date(), "timestamp": NOON}
    row = {column.name: values[column.logical_type] for column in contract.release.columns}
    shown = page(contract, "2026-10-03" if contract.period is PeriodUnit.DAY else "2026-10", [row] * 3)
    return replace(shown, coverage_note=COVERAGE if contract.coverage else "")


def twin(name: str, files: tuple[ViewFile, ...]) -> ViewPage:
    """A view of several datasets, under another name."""
    declared = territory().twin
    assert declared is not None
    return ViewPage(replace(declared, id=DatasetId(name)), territory(), files)


def layer(dataset: str, kind: Literal["geoparquet", "ngsi_ld"]) -> ViewFile:
    """A file of a layer."""
    ending = "geo.parquet" if kind == "geoparquet" else "jsonld"
    url = f"https://open.example/digital-twin/v1/latest/{dataset}.{ending}"
    return ViewFile(dataset, f"Couche {dataset}", dataset, kind, url, 1234, "d" * 64, 7, "2026-10-31", NOON)
