"""Make the digital twin again: one layer a geographic open dataset, as GeoParquet and as NGSI-LD entities.

It reads what is open and nothing else, so nothing is judged again. What is published is a function of the current
releases and of the declaration: the same give the same bytes, whatever the run.

1. Of each geographic dataset in force, take the newest release that stands (:meth:`Journal.releases`), in Parquet, and
   check its digest; a dataset without one, or never published as Parquet, has no layer.
2. Keep the latest row of each entity, where the declaration says how; drop rows without a position.
3. Write the files under `latest`; then delete those of layers that are no more, so that what was withdrawn goes.
4. Make or renew the page in the catalogue; without a layer it is hidden.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from catalog import dataset_name
from catalog.view import ViewFile, ViewPage
from pipeline.hub import Hub
from pipeline.publication.files import LATEST
from pipeline.publication.formats import geoparquet_table
from pipeline.publication.ngsi_ld import ENTITIES_TYPE, entities
from policies.contract import Contract
from policies.twin import Layer, Twin, geographic
from storage import write_parquet
from storage.journal_records import ReleaseRecord
from storage.zones import open_key, open_prefix

log = logging.getLogger("ardoise.journey")
_ENDINGS = {"geoparquet": ".geo.parquet", "ngsi_ld": ".jsonld"}


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What the twin now shows."""

    url: str  # of its page; empty where the territory declares no twin
    layers: dict[str, int]  # dataset -> entities
    removed: int  # files of layers that are no more


def refresh_twin(hub: Hub, run_id: str) -> Refreshed:
    """Make every layer again, and the page.

    Raises:
        StorageError, CatalogueError: nothing is wrong with what stands; the same call goes on with it.
    """
    twin = hub.territory.twin
    if twin is None:
        return Refreshed("", {}, 0)
    files: list[ViewFile] = []
    for contract in geographic(hub.territory.contracts):
        released = hub.journal.releases(str(contract.id), contract.version.major)
        if released:
            files += _layer(hub, twin, contract, released[-1])
    kept = {file.url.rpartition("/")[2] for file in files}
    prefix = open_prefix(str(twin.id), twin.version.major, LATEST)
    gone = [found.key for found in hub.open.list(prefix) if found.key.rpartition("/")[2] not in kept]
    for key in gone:
        hub.open.delete(key)
    page = hub.catalogue().publish_view(ViewPage(twin, hub.territory, tuple(files), run_id))
    layers = {file.layer: file.rows for file in files}
    log.info("%s: %d layers, %d files removed", twin.id, len(layers), len(gone), extra={"run_id": run_id})
    return Refreshed(page.url, layers, len(gone))


def curated(table: pa.Table, layer: Layer, contract: Contract) -> pa.Table:
    """The rows that the twin shows: with a position, and the latest of each entity where the layer has a key."""
    frame = pl.DataFrame(pl.from_arrow(table))
    frame = frame.drop_nulls([str(contract.release.longitude), str(contract.release.latitude)])
    if layer.key and layer.latest is not None:
        frame = frame.drop_nulls(layer.latest).sort(layer.latest, maintain_order=True)
    if layer.key:
        frame = frame.unique(layer.key, keep="last", maintain_order=True).sort(layer.key)
    return frame.to_arrow().cast(table.schema.remove_metadata())


def _layer(hub: Hub, twin: Twin, contract: Contract, release: ReleaseRecord) -> Iterator[ViewFile]:
    layer = twin.layer(contract)
    tables = [file for file in release.files if not file["latest"] and file["format"] in ("parquet", "geoparquet")]
    if not tables:
        return
    source = tables[0]
    whole = pq.read_table(pa.BufferReader(hub.open.get(str(source["key"]), str(source["digest"]))))
    names = [name for name in whole.column_names if name != "geometry"]
    table = curated(whole.select(names), layer, contract)
    said = {"title": layer.title, "period": release.period, "license": str(twin.dcat["licence"])}
    located = geoparquet_table(
        table.replace_schema_metadata(said), str(contract.release.longitude), str(contract.release.latitude)
    )
    key = _key(twin, contract, "geoparquet")
    part = write_parquet(hub.open, key, [located], located.schema).part
    yield _file(hub, contract, layer, release, "geoparquet", key, part.size, part.digest, table.num_rows)
    address = json.dumps(f"{hub.settings.ckan_url.rstrip('/')}/dataset/{_name(contract)}")
    key = _key(twin, contract, "ngsi_ld")
    stored = hub.open.put(
        key, entities(table, layer, contract, hub.territory.strategy.slug, address), media_type=ENTITIES_TYPE
    )
    yield _file(hub, contract, layer, release, "ngsi_ld", key, stored.size, stored.digest or "", table.num_rows)


def _key(twin: Twin, contract: Contract, kind: str) -> str:
    return open_key(str(twin.id), twin.version.major, LATEST, f"{contract.id}{_ENDINGS[kind]}")


def _name(contract: Contract) -> str:
    return dataset_name(contract.id, contract.version.major)


def _file(
    hub: Hub,
    contract: Contract,
    layer: Layer,
    release: ReleaseRecord,
    kind: str,
    key: str,
    size: int,
    digest: str,
    rows: int,
) -> ViewFile:
    url = f"{hub.settings.s3.endpoint.rstrip('/')}/{hub.settings.s3.open_bucket}/{key}"
    return ViewFile(
        layer=str(contract.id),
        title=layer.title,
        source=_name(contract),
        format=kind,  # type: ignore[arg-type]
        url=url,
        size=size,
        digest=digest,
        rows=rows,
        period=release.period,
        released_at=release.released_at,
    )
