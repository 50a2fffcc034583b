"""Manifests: what a period's content is made of, immutable and named by the digest of their own bytes.

Their form is canonical JSON (sorted keys, no spaces, UTF-8), so writing one twice is writing it once.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from storage.errors import ManifestError
from storage.objects import ObjectStore
from storage.references import DatasetRef, Manifest, Part, major_of
from storage.zones import Zone, manifest_key

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
    key = manifest_key(manifest.zone, manifest.dataset, major_of(manifest.version), manifest.period, digest)
    store.put(key, data, media_type=_MEDIA_TYPE)
    return DatasetRef(manifest.zone, manifest.dataset, manifest.version, manifest.period, key, digest)


def published_parts(manifest: Manifest) -> tuple[Part, ...]:
    """Of a candidate's parts, those with the rows that may become public.

    Beside each stand the units behind its rows and, where somebody is protected, the evidence that *assess* alone sees.
    """
    return manifest.parts[0 :: 2 if len(manifest.parts) == 2 else 3]


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
