"""Every earlier release of a period, from the candidates it was made of: the open files only hold the last one.

Candidates are immutable and kept, with the labels that tell their units apart; whoever kept the open files has seen the
same rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pyarrow as pa

from anonymization.generalized import EarlierRelease
from anonymization.pseudonyms import PseudonymOriginError, pseudonym_origin
from pipeline.candidate import DETAILS
from pipeline.hub import Hub
from policies.contract import Contract
from storage import DatasetRef, Zone, parquet_schema, read_manifest, read_parquet
from storage.zones import manifest_key

UNITS_OF = "units_of"  # in the details of records: the epoch that labels of units were made under


@dataclass(frozen=True, slots=True)
class Published:
    """An earlier release of a period: its candidate's digest, how it was made, and its rows."""

    digest: str
    details: dict[str, Any]
    release: EarlierRelease
    columns: pa.Schema


def earlier_releases(hub: Hub, contract: Contract, period: str, *, but: str | None = None) -> list[Published]:
    """Every release of a period of this major version, oldest first, each candidate once; `but` leaves one out."""
    history = [
        release
        for release in hub.journal.release_history(str(contract.id))
        if (release.major, release.period) == (contract.version.major, period)
    ]
    digests = dict.fromkeys(release.candidate_digest for release in reversed(history))
    return [_published(hub, contract, period, digest) for digest in digests if digest != but]


def unit_epoch(contract: Contract, trusted: pa.Schema) -> str:
    """A name for the epoch of the pseudonyms of the protection unit; the same domain and epoch have the same."""
    if contract.protection_unit is None:
        return ""
    try:
        origin = pseudonym_origin(trusted.field(contract.protection_unit.column))
    except PseudonymOriginError:
        return "unknown"
    return sha256(f"{origin.domain} {origin.algorithm} {origin.epoch}".encode()).hexdigest()[:16]


def _published(hub: Hub, contract: Contract, period: str, digest: str) -> Published:
    dataset, major = str(contract.id), contract.version.major
    key = manifest_key(Zone.CANDIDATE, dataset, major, period, digest)
    manifest = read_manifest(
        hub.private, DatasetRef(Zone.CANDIDATE, dataset, str(contract.version), period, key, digest)
    )
    each = 2 if len(manifest.parts) == 2 else 3
    metadata = parquet_schema(hub.private, manifest.parts[1 - each]).metadata or {}
    details: dict[str, Any] = json.loads(metadata.get(DETAILS, b"{}"))

    def parts() -> Iterable[tuple[pa.Table, pa.Table]]:
        for data, evidence in zip(manifest.parts[0::each], manifest.parts[each - 1 :: each], strict=True):
            yield (
                pa.Table.from_batches(read_parquet(hub.private, data), parquet_schema(hub.private, data)),
                pa.Table.from_batches(read_parquet(hub.private, evidence), parquet_schema(hub.private, evidence)),
            )

    units = str(details.get("records", {}).get(UNITS_OF, "unknown"))
    columns = parquet_schema(hub.private, manifest.parts[0])
    return Published(digest, details, EarlierRelease(parts, units), columns)
