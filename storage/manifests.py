"""Manifests and pointers: how a period's content appears all at once.

A manifest is immutable and named by the digest of its own bytes (canonical JSON: sorted keys, no spaces, UTF-8), so
writing it twice is writing it once. A pointer is the one mutable object of a period; it is replaced by a conditional
PUT, so that of two writers who read the same state one is told to read again.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from storage.errors import ManifestError, ObjectNotFoundError
from storage.objects import ObjectStore
from storage.references import DatasetRef, Manifest, Part
from storage.zones import Zone, manifest_key, pointer_key

_FORMAT = 1
_MEDIA_TYPE = "application/json"


def canonical_json(value: dict[str, Any]) -> bytes:
    """The one way a value is written down, so that its digest can be compared. Raises ValueError on a NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def stage_key(
    *, dataset: str, period: str, inputs: tuple[str, ...], contract: str, strategy: str, consent: str | None, code: str
) -> str:
    """Name what a stage makes by all it is made from: same key, same output, whatever the run.

    Args:
        dataset: the contract's id.
        period: the period key.
        inputs: digests of the input manifests; their order does not count.
        contract: digest or version of the contract.
        strategy: digest or version of the strategy.
        consent: consent root, where coverage applies.
        code: version of the code.
    """
    parts = {
        "dataset": dataset,
        "period": period,
        "inputs": sorted(inputs),
        "contract": contract,
        "strategy": strategy,
        "consent": consent,
        "code": code,
    }
    return sha256(canonical_json(parts)).hexdigest()[:40]


def write_manifest(store: ObjectStore, manifest: Manifest) -> DatasetRef:
    """Write a manifest of the trusted or candidate zone; it is not current until a pointer names it."""
    data = canonical_json(asdict(manifest) | {"format": _FORMAT})
    digest = sha256(data).hexdigest()
    key = manifest_key(manifest.zone, manifest.dataset, _major(manifest.version), manifest.period, digest)
    store.put(key, data, media_type=_MEDIA_TYPE)
    return DatasetRef(manifest.zone, manifest.dataset, manifest.version, manifest.period, key, digest)


def read_manifest(store: ObjectStore, ref: DatasetRef) -> Manifest:
    """Read the manifest a ref names, checked against the ref's digest.

    Raises:
        ObjectNotFoundError, DigestMismatchError, ManifestError: it is gone, altered or of another format.
    """
    try:
        fields = json.loads(store.get(ref.key, ref.digest))
        if fields.pop("format") != _FORMAT:
            raise ManifestError(f"manifest {ref.key} has a format this version does not know: upgrade the hub")
        fields["zone"] = Zone(fields["zone"])
        fields["parts"] = tuple(Part(**part) for part in fields["parts"])
        for name in ("inputs", "deliveries"):
            fields[name] = tuple(fields[name])
        return Manifest(**fields)
    except (ValueError, KeyError, TypeError):
        raise ManifestError(f"manifest {ref.key} does not read as a manifest: run the stage that makes it") from None


def read_pointer(
    store: ObjectStore, dataset: str, major: int, period: str, *, zone: Zone = Zone.TRUSTED
) -> tuple[DatasetRef, str] | None:
    """The current manifest of a period and the etag to swap the pointer with; None if the period has none."""
    key = pointer_key(zone, dataset, major, period)
    before = store.head(key)
    while before is not None:
        try:
            data = store.get(key)
        except ObjectNotFoundError:
            return None
        after = store.head(key)
        if after is not None and after.etag == before.etag:  # the bytes read are those of this version
            return _parse_pointer(key, data), after.etag
        before = after
    return None


def swap_pointer(store: ObjectStore, ref: DatasetRef, *, expected_etag: str | None) -> str:
    """Make `ref` the current content of its period; return the pointer's new etag.

    Args:
        store: of the ref's zone.
        ref: a manifest of the trusted or candidate zone, already written.
        expected_etag: from :func:`read_pointer`; None if the period had no pointer.

    Raises:
        PreconditionFailedError: another writer was faster. Read the pointer again and merge with what it names.
    """
    if ref.period is None:
        raise ManifestError(f"{ref.key} has no period, so no pointer: only trusted and candidate manifests have one")
    key = pointer_key(ref.zone, ref.dataset, _major(ref.version), ref.period)
    data = canonical_json(ref.to_json() | {"format": _FORMAT})
    stored = store.put(key, data, media_type=_MEDIA_TYPE, if_absent=expected_etag is None, if_match=expected_etag)
    return stored.etag


def _parse_pointer(key: str, data: bytes) -> DatasetRef:
    try:
        fields = json.loads(data)
        if fields.pop("format") != _FORMAT:
            raise ManifestError(f"pointer {key} has a format this version does not know: upgrade the hub")
        return DatasetRef.from_json(fields)
    except (ValueError, KeyError, TypeError):
        raise ManifestError(f"pointer {key} does not read as a pointer: run the stage that makes it") from None


def _major(version: str) -> int:
    return int(version.partition(".")[0])
