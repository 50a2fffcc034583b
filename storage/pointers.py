"""Pointers: how a period's content appears all at once.

A pointer is the one mutable object of a period and generation (:mod:`storage.generations`); it is replaced by a
conditional PUT, so that of two writers who read the same state one is told to read again.
"""

from __future__ import annotations

import json

from storage.errors import ManifestError, ObjectNotFoundError
from storage.generations import read_generations
from storage.manifests import canonical_json
from storage.objects import ObjectStore
from storage.references import DatasetRef, major_of
from storage.zones import Zone, pointer_key

_FORMAT = 1
_MEDIA_TYPE = "application/json"


def read_pointer(
    store: ObjectStore,
    dataset: str,
    major: int,
    period: str,
    *,
    zone: Zone = Zone.TRUSTED,
    generation: int | None = None,
) -> tuple[DatasetRef, str] | None:
    """The current manifest of a period and the etag to swap the pointer with; None if the period has none.

    Args:
        generation: of the dataset; by default the one that is current in the trusted zone.
    """
    if generation is None:
        generation = _current(store, zone, dataset)
    key = pointer_key(zone, dataset, major, period, generation)
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


def swap_pointer(
    store: ObjectStore, ref: DatasetRef, *, expected_etag: str | None, generation: int | None = None
) -> str:
    """Make `ref` the current content of its period; return the pointer's new etag.

    Args:
        store: of the ref's zone.
        ref: a manifest of the trusted or candidate zone, already written.
        expected_etag: from :func:`read_pointer`; None if the period had no pointer.
        generation: the one whose pointer was read; by default the one that is current in the trusted zone.

    Raises:
        PreconditionFailedError: another writer was faster. Read the pointer again and merge with what it names.
    """
    if ref.period is None:
        raise ManifestError(f"{ref.key} has no period, so no pointer: only trusted and candidate manifests have one")
    if generation is None:
        generation = _current(store, ref.zone, ref.dataset)
    key = pointer_key(ref.zone, ref.dataset, major_of(ref.version), ref.period, generation)
    data = canonical_json(ref.to_json() | {"format": _FORMAT})
    stored = store.put(key, data, media_type=_MEDIA_TYPE, if_absent=expected_etag is None, if_match=expected_etag)
    return stored.etag


def _current(store: ObjectStore, zone: Zone, dataset: str) -> int:
    return read_generations(store).of(dataset) if zone is Zone.TRUSTED else 0


def _parse_pointer(key: str, data: bytes) -> DatasetRef:
    try:
        fields = json.loads(data)
        if fields.pop("format") != _FORMAT:
            raise ManifestError(f"pointer {key} has a format this version does not know: upgrade the hub")
        return DatasetRef.from_json(fields)
    except (ValueError, KeyError, TypeError):
        raise ManifestError(f"pointer {key} does not read as a pointer: run the stage that makes it") from None
