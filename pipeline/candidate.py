"""A candidate at rest: the table that may become public, and beside it what only *assess* may see.

Parts, in order: the published rows; the number of protection units behind each (its schema metadata has the release's
counts); and, where somebody is protected, the evidence that joins rows to numbered units.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from anonymization import ReleaseCounts, Released
from storage import (
    DatasetRef,
    Manifest,
    ObjectStore,
    Zone,
    canonical_json,
    parquet_schema,
    read_manifest,
    read_parquet,
    write_manifest,
    write_parquet,
)
from storage.zones import part_key

COUNTS = b"ardoise.counts"
TRUSTED = b"ardoise.trusted"  # content digest of the period it was made from
DETAILS = b"ardoise.details"  # how it was made
UNITS = "units"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate as read back."""

    manifest: Manifest
    table: pa.Table
    units: pa.Array  # int64, distinct protection units behind each row
    evidence: pa.Table | None
    counts: ReleaseCounts
    trusted_content: str  # what of the period was released, once this is
    details: Mapping[str, Any] = field(default_factory=dict)  # JSON, by kind: how it was made


def write_candidate(
    store: ObjectStore,
    released: Released,
    trusted: Manifest,
    trusted_ref: DatasetRef,
    *,
    name: str,
    version: str,
    code: str,
) -> DatasetRef:
    """Write a candidate; the same release under the same name gives the same ref."""
    major = int(version.partition(".")[0])
    keys = [part_key(Zone.CANDIDATE, trusted.dataset, major, trusted.period, name, index) for index in range(3)]
    units_schema = pa.schema(
        [pa.field(UNITS, pa.int64(), nullable=False)],
        {
            COUNTS: json.dumps(released.counts.to_json()).encode(),
            TRUSTED: trusted.content.encode(),
            DETAILS: canonical_json(dict(released.details)),
        },
    )
    units = pa.table([released.unit_counts.cast(pa.int64())], schema=units_schema)
    data = write_parquet(store, keys[0], [released.table], released.table.schema)
    parts = [data.part, write_parquet(store, keys[1], [units], units_schema).part]
    if released.evidence is not None:
        parts.append(write_parquet(store, keys[2], [released.evidence], released.evidence.schema).part)
    manifest = Manifest(
        zone=Zone.CANDIDATE,
        dataset=trusted.dataset,
        version=version,
        period=trusted.period,
        parts=tuple(parts),
        content=data.content,
        inputs=(trusted_ref.digest,),
        consent_root=trusted.consent_root,
        code_version=code,
    )
    return write_manifest(store, manifest)


def read_candidate(store: ObjectStore, ref: DatasetRef, *, evidence: bool) -> Candidate:
    """Read a candidate back; without `evidence`, the part that joins rows to units is left where it is."""
    manifest = read_manifest(store, ref)
    data, units, *rest = manifest.parts
    said = parquet_schema(store, units).metadata or {}
    return Candidate(
        manifest,
        pa.Table.from_batches(read_parquet(store, data), parquet_schema(store, data)),
        pa.Table.from_batches(read_parquet(store, units)).column(UNITS).combine_chunks()
        if units.rows
        else pa.array([], pa.int64()),
        pa.Table.from_batches(read_parquet(store, rest[0]), parquet_schema(store, rest[0]))
        if evidence and rest
        else None,
        ReleaseCounts(**json.loads(said[COUNTS])),
        said[TRUSTED].decode(),
        json.loads(said.get(DETAILS, b"{}")),
    )
