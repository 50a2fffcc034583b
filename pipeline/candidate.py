"""A candidate at rest: the table that may become public, and beside it what only *assess* may see.

Parts, in order: the published rows; the number of protection units behind each; and, where somebody is protected, the
evidence that joins rows to numbered units. A release that is streamed has these three as often as it has parts, and its
content is the digest of theirs. The schema metadata of the last units has the release's counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pyarrow as pa

from anonymization import ReleaseCounts, Released
from anonymization.generalized import StreamedRelease
from storage import (
    DatasetRef,
    Manifest,
    ObjectStore,
    Part,
    Zone,
    canonical_json,
    parquet_schema,
    published_parts,
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
_Piece = tuple[pa.Table, pa.Array, pa.Table | None]


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
    released: Released | StreamedRelease,
    trusted: Manifest,
    trusted_ref: DatasetRef,
    *,
    name: str,
    version: str,
    code: str,
) -> DatasetRef:
    """Write a candidate; the same release under the same name gives the same ref."""
    major = int(version.partition(".")[0])
    parts: list[Part] = []
    contents: list[str] = []
    for (table, unit_counts, evidence), is_last in _last_known(_pieces(released)):
        keys = [
            part_key(Zone.CANDIDATE, trusted.dataset, major, trusted.period, name, len(parts) + index)
            for index in range(3)
        ]
        data = write_parquet(store, keys[0], [table], table.schema)
        contents.append(data.content)
        schema = pa.schema([pa.field(UNITS, pa.int64(), nullable=False)], _said(released, trusted) if is_last else None)
        units = pa.table([unit_counts.cast(pa.int64())], schema=schema)
        parts += [data.part, write_parquet(store, keys[1], [units], schema).part]
        if evidence is not None:
            parts.append(write_parquet(store, keys[2], [evidence], evidence.schema).part)
    manifest = Manifest(
        zone=Zone.CANDIDATE,
        dataset=trusted.dataset,
        version=version,
        period=trusted.period,
        parts=tuple(parts),
        content=contents[0] if len(contents) == 1 else sha256("\n".join(contents).encode()).hexdigest(),
        inputs=(trusted_ref.digest,),
        deliveries=trusted.deliveries,
        consent_root=trusted.consent_root,
        code_version=code,
    )
    return write_manifest(store, manifest)


def _said(released: Released | StreamedRelease, trusted: Manifest) -> dict[bytes, bytes]:
    """What is written beside the units of the last part, once all is counted."""
    return {
        COUNTS: json.dumps(released.counts.to_json()).encode(),
        TRUSTED: trusted.content.encode(),
        DETAILS: canonical_json(dict(released.details)),
    }


def _last_known(pieces: Iterator[_Piece]) -> Iterator[tuple[_Piece, bool]]:
    """Each piece, and whether it is the last. A release without a piece has nothing to be known by."""
    waiting = next(pieces, None)
    while waiting is not None:
        following = next(pieces, None)
        yield waiting, following is None
        waiting = following


def _pieces(released: Released | StreamedRelease) -> Iterator[_Piece]:
    """Table, units and evidence of each part."""
    if isinstance(released, Released):
        yield released.table, released.unit_counts, released.evidence
        return
    for part in released.parts:
        yield part.table, part.unit_counts, part.evidence


def read_candidate(store: ObjectStore, ref: DatasetRef, *, evidence: bool) -> Candidate:
    """Read a candidate back; without `evidence`, the part that joins rows to units is left where it is."""
    manifest = read_manifest(store, ref)
    each = 2 if len(manifest.parts) == 2 else 3
    said = parquet_schema(store, manifest.parts[1 - each]).metadata or {}
    return Candidate(
        manifest,
        _whole(store, published_parts(manifest)),
        _whole(store, manifest.parts[1::each]).column(UNITS).combine_chunks(),
        _whole(store, manifest.parts[2::each]) if evidence and each == 3 else None,
        ReleaseCounts.from_json(json.loads(said[COUNTS])),
        said[TRUSTED].decode(),
        json.loads(said.get(DETAILS, b"{}")),
    )


def _whole(store: ObjectStore, parts: tuple[Part, ...]) -> pa.Table:
    schema = parquet_schema(store, parts[0])
    return pa.Table.from_batches([batch for part in parts for batch in read_parquet(store, part)], schema)
