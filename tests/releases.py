"""Small releases with real files in the open bucket, for whoever looks at pages in a browser.

Files, certificates and addresses are those that the journey writes; the rows are made up, and hold what the pages must
cope with: secret cells, classes of the least size, points at the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from catalog import DatasetPage, PublishedFile, certify
from pipeline.publication.checkable import certified_files, checkable
from pipeline.publication.files import OpenFile, schema_key, write_files
from policies import Contract, DatasetId, PeriodUnit
from policies.tabulated import PUBLISHED, SECRET
from storage import S3ObjectStore
from storage.zones import open_key
from tests.catalog_pages import COVERAGE, NOON, territory

RELEASE = "0123456789abcdef"
_TYPES = {
    "string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
    "date": pa.date32(), "timestamp": pa.timestamp("us", tz="UTC"),
}  # fmt: skip
_CLASSES = {
    "10 000 à 99 999 habitants": (("49015", "Avrillé", 31), ("49353", "Trélazé", 12)),
    "3 500 à 9 999 habitants": (("49020", "Beaucouzé", None), ("49035", "Bouchemaine", None),
                              ("49278", "Sainte-Gemmes-sur-Loire", 18)),
    "100 000 habitants et plus": (("49007", "Angers", 420),),
}  # fmt: skip


def sample_rows(contract: Contract, period: str) -> list[dict[str, Any]]:
    """Rows of a shipped contract's shape, told apart by its kind of release."""
    return {"protected_table": _water, "records": _reports, "as_is": _parking}[contract.release.kind](period)


def _water(period: str) -> list[dict[str, Any]]:
    def row(size: str, code: str, name: str, count: int | None) -> dict[str, Any]:
        figures = {"foyers_participants": count}
        figures |= {"consommation_totale_l": count and count * 9_000.0, "consommation_moyenne_l": count and 9_000.0}
        return {"mois": period, "taille": size, "code_commune": code, "commune": name, **figures,
                "statut": SECRET if count is None else PUBLISHED}  # fmt: skip

    rows = [row("Ensemble", "Ensemble", "Ensemble", 520)]
    for size, members in _CLASSES.items():
        whole = sum(count or 0 for *_, count in members) + (21 if None in [count for *_, count in members] else 0)
        rows.append(row(size, "Ensemble", "Ensemble", whole))
        rows += [row(size, *member) for member in members]
    return rows


def _reports(period: str) -> list[dict[str, Any]]:
    kinds = ("Propreté", "Voirie", "Éclairage", "Espaces verts", "Mobilier urbain", "Propreté", "Voirie")
    places = [("49007", "Angers", -0.5540, 47.4730), ("49007", "Angers", -0.5632, 47.4671),
              ("49015", "Avrillé", -0.5890, 47.5070),
              ("49353", "Trélazé", -0.4660, 47.4460), ("49020", "Beaucouzé", -0.6290, 47.4740)]  # fmt: skip
    return [
        {"mois": period, "categorie": kinds[(number + place) % 7], "statut": "closed" if number % 3 else "open",
         "delai_jours": number * 2, "code_commune": code, "commune": name, "maille": f"RES400m-{place}",
         "longitude": x, "latitude": y}
        for place, (code, name, x, y) in enumerate(places)
        for number in range(5 + 2 * place)
    ]  # fmt: skip


def _parking(period: str) -> list[dict[str, Any]]:
    begin = datetime.fromisoformat(f"{period}T06:00:00").replace(tzinfo=UTC)
    parks = [
        ("Ralliement", -0.5512, 47.4716, 420),
        ("Mitterrand Rennes", -0.5497, 47.4797, 360),
        ("Chateau", None, None, None),
    ]
    rows = []
    for step in range(12):
        for number, (name, x, y, size) in enumerate(parks):
            rows.append({
                "id_stationnement": size and f"49007-P-00{number}", "parking": name, "nom": size and name,
                "horodatage": begin + timedelta(minutes=5 * step), "places_disponibles": 40 * number + step * 7,
                "capacite": size, "adresse": size and "Angers", "longitude": x, "latitude": y,
            })  # fmt: skip
    return rows


def released(
    store: S3ObjectStore, base: str, dataset: str, period: str, *, name: str | None = None,
    rows: Sequence[dict[str, Any]] | None = None, released_at: datetime = NOON,
) -> DatasetPage:  # fmt: skip
    """Write the files and certificates of a small release; return the page that tells of them.

    Args:
        store: the open bucket.
        base: where anyone reads it.
        dataset: id of a shipped contract.
        name: of the dataset in the catalogue, where a test wants its own.
    """
    contract = replace(territory().contracts[DatasetId(dataset)], id=DatasetId(name or dataset))
    rows = list(sample_rows(contract, period) if rows is None else rows)
    table = table_of(contract, rows)
    files = write_files(store, contract, period, RELEASE, table, newest=True)
    certificate = certify(
        contract,
        territory(),
        period,
        candidate_digest="c4" * 32,
        counts={"rows_in": 4_200, "rejected": 12, "duplicates": 3, "suppressed_rows": 17, "published_rows": len(rows)},
        measures={"k": 5.0, "prosecutor_risk": 0.2, "average_risk": 0.08} if contract.protection_unit else {},
        judged_at=NOON,
        approved_at=NOON if contract.approval else None,
        coverage=COVERAGE if contract.coverage else "",
        verification=checkable(contract, files),
        files=certified_files(files),
    )
    addresses = {}
    for kind, body, media in (
        ("html", certificate.to_html(), "text/html; charset=utf-8"),
        ("pdf", certificate.to_pdf(), "application/pdf"),
        ("json", certificate.to_json(), "application/json"),
    ):
        key = open_key(str(contract.id), contract.version.major, period, f"certificat.{kind}", RELEASE)
        store.put(key, body, media_type=media)
        addresses[kind] = _address(base, key)
    return DatasetPage(
        contract=contract,
        territory=territory(),
        period=period,
        periods=(period,),
        files=tuple(_published(base, file) for file in files),
        table=table.to_batches(),
        certificate=certificate,
        released_at=released_at,
        coverage_note=COVERAGE if contract.coverage else "",
        certificate_url=addresses["html"],
        run_id="run-1",
    )


def a_period(contract: Contract) -> str:
    """A period of the contract's length."""
    return "2026-10-31" if contract.period is PeriodUnit.DAY else "2026-10"


def table_of(contract: Contract, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows of the contract's release as the journey publishes them."""
    kinds = {column.name: _TYPES[column.logical_type] for column in contract.release.columns}
    kinds |= {
        each.name: pa.int64() if each.function in ("units", "rows") else pa.float64()
        for each in contract.release.measures
    }
    if contract.release.status:
        kinds[contract.release.status] = pa.string()
    return pa.Table.from_pylist(list(rows), schema=pa.schema(list(kinds.items())))


def _published(base: str, file: OpenFile) -> PublishedFile:
    schema = _address(base, schema_key(file.key)) if file.format == "csv" else ""
    return PublishedFile(
        file.format, _address(base, file.key), file.size, file.digest, file.rows, file.period, file.latest, schema
    )


def _address(base: str, key: str) -> str:
    return f"{base}/{key}"
