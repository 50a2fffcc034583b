"""Write a release's files to the open bucket: one per format under its period and release, and again under `latest`.

A release's own files are never written over: whoever follows a link of the page finds the bytes whose digest stands
beside it, while the next release is being written too. Those of `latest` are replaced whole, each by one PUT. The last
releases of a period stay (`keepVersions`); older ones are deleted once the new one is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

import pyarrow as pa

from anonymization.secrecy.audit import shape_of
from anonymization.secrecy.check import METADATA, described
from catalog.table_schema import csv_resource
from pipeline.publication.formats import CSV_TYPE, GEOJSON_TYPE, csv_chunks, geojson_chunks, geoparquet_table
from policies.contract import Contract
from storage import ObjectStore, write_parquet
from storage.journal_records import ReleaseRecord
from storage.manifests import canonical_json
from storage.parquet import MEDIA_TYPE
from storage.zones import open_key, open_prefix

LATEST = "latest"
Format = Literal["parquet", "csv", "geojson", "geoparquet"]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that anyone may now read."""

    format: Format
    key: str
    size: int
    digest: str  # sha256, hex
    rows: int
    period: str
    latest: bool

    def to_json(self) -> dict[str, object]:
        """For the journal."""
        return {
            "format": self.format,
            "key": self.key,
            "size": self.size,
            "digest": self.digest,
            "rows": self.rows,
            "period": self.period,
            "latest": self.latest,
        }


def release_name(contract: Contract, content: str) -> str:
    """Name a release after its rows and the contract that tells them: the same release, the same name."""
    return sha256(f"{content}:{contract.digest}".encode()).hexdigest()[:16]


def write_files(
    store: ObjectStore, contract: Contract, period: str, release: str, table: pa.Table, *, newest: bool
) -> list[OpenFile]:
    """Write every format of the contract; under `latest` too if no newer period was released."""
    public = table.replace_schema_metadata(_white_list(contract, period))
    places = [(period, False), (LATEST, True)] if newest else [(period, False)]
    files = []
    for folder, latest in places:
        for kind in contract.release.formats:
            name = file_name(contract, kind, None if latest else period)
            version = None if latest else release
            key = open_key(str(contract.id), contract.version.major, folder, name, version)
            size, digest = _WRITERS[kind](store, key, public, contract)
            files.append(OpenFile(kind, key, size, digest, table.num_rows, period, latest))
            if kind == "csv":
                described = canonical_json(csv_resource(contract, name))
                store.put(schema_key(key), described, media_type="application/json")
    return files


def file_name(contract: Contract, kind: Format, period: str | None) -> str:
    """Name a file: of a period, or the stable name under `latest`."""
    place = "" if period is None else f"_{period}"
    return f"{contract.id}{place}{_SUFFIXES[kind]}"


def schema_key(csv_key: str) -> str:
    """Where the Table Schema and dialect of a CSV stand: beside it."""
    return f"{csv_key}-metadata.json"


def _white_list(contract: Contract, period: str) -> dict[str, str]:
    """All that a published Parquet file says beside its rows."""
    said = {
        "title": contract.title,
        "version": str(contract.version),
        "period": period,
        "license": str(contract.dcat.get("licence", "")),
    }
    if contract.release.kind == "protected_table":  # all it takes to check the file: see anonymization.secrecy.check
        said[METADATA.decode()] = described(shape_of(contract.release))
    return said


def _parquet(store: ObjectStore, key: str, table: pa.Table, contract: Contract) -> tuple[int, str]:
    part = write_parquet(store, key, [table], table.schema).part
    return part.size, part.digest


def _csv(store: ObjectStore, key: str, table: pa.Table, contract: Contract) -> tuple[int, str]:
    return _put(store, key, csv_chunks(table), CSV_TYPE)


def _geojson(store: ObjectStore, key: str, table: pa.Table, contract: Contract) -> tuple[int, str]:
    longitude, latitude = contract.release.longitude, contract.release.latitude
    return _put(store, key, geojson_chunks(table, str(longitude), str(latitude)), GEOJSON_TYPE)


def _geoparquet(store: ObjectStore, key: str, table: pa.Table, contract: Contract) -> tuple[int, str]:
    longitude, latitude = contract.release.longitude, contract.release.latitude
    located = geoparquet_table(table, str(longitude), str(latitude))
    return _parquet(store, key, located, contract)


def _put(store: ObjectStore, key: str, chunks: Iterable[bytes], media_type: str) -> tuple[int, str]:
    stored = store.put(key, chunks, media_type=media_type)
    return stored.size, stored.digest or ""


MEDIA_TYPES = {"parquet": MEDIA_TYPE, "csv": CSV_TYPE, "geojson": GEOJSON_TYPE, "geoparquet": MEDIA_TYPE}
_SUFFIXES = {"parquet": ".parquet", "csv": ".csv", "geojson": ".geojson", "geoparquet": ".geo.parquet"}
_WRITERS: dict[str, Callable[[ObjectStore, str, pa.Table, Contract], tuple[int, str]]] = {
    "parquet": _parquet,
    "csv": _csv,
    "geojson": _geojson,
    "geoparquet": _geoparquet,
}


def delete_superseded(store: ObjectStore, releases: Sequence[ReleaseRecord], current: ReleaseRecord, keep: int) -> int:
    """Delete the files of a period's older releases, and of those that were never recorded; return their number.

    Args:
        store: the open bucket.
        releases: of the dataset, latest first; those of other periods stay as they are.
        current: the period's release.
        keep: releases of the period that stay, the current one included.
    """
    of_period = (each for each in releases if (each.major, each.period) == (current.major, current.period))
    folders = (_folder(str(file["key"])) for each in of_period for file in each.files if not file["latest"])
    kept = list(dict.fromkeys(folders))
    prefix = open_prefix(current.dataset, current.major, current.period)
    left = [found.key for found in store.list(prefix) if _folder(found.key) not in kept[:keep]]
    for key in left:
        store.delete(key)
    return len(left)


def _folder(key: str) -> str:
    return key.rpartition("/")[0]
