"""Deliveries at rest: the operator's bytes, sealed, under an opaque name.

A delivery is two objects sealed under one data key: the payload, named after the key's id, and the manifest, under the
delivery's own name. That name is custody's fingerprint of the payload's digest, known only once all bytes went by; as
plaintext may be spooled on no disk, the payload goes out sealed while it is being read, and the manifest, written last
and only if absent, is what makes the delivery exist. A writer that dies leaves a sealed payload that no manifest names:
:func:`sweep` removes it and destroys its key.

Inside the seal the payload is an archive of the parts (:mod:`storage.container`), compressed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO

from storage.ahead import ahead
from storage.compression import compress, decompress
from storage.container import PayloadPart, Tally, pack, unpack
from storage.envelope import disclose, enclose, read_key_id
from storage.errors import ManifestError, ObjectNotFoundError, SealError
from storage.objects import ObjectStore, as_file
from storage.references import DatasetRef, DeliveryId
from storage.sealing import KeyCustodian, SealingKey
from storage.zones import Zone, landing_manifest_key, landing_payload_key, landing_prefix

_FORMAT = 1
_PIECES_AHEAD = 16  # of a mebibyte
_MEDIA_TYPE = "application/vnd.ardoise.sealed"


@dataclass(frozen=True, slots=True)
class LandingManifest:
    """What is known of a delivery. It lies sealed: names, sizes and sources can tell who it is about."""

    dataset: str
    version: str  # of the contract it landed under
    source: str  # address or file name
    fetched_at: str  # ISO 8601, UTC
    digest: str  # sha256 (hex) of the parts' names and bytes
    size: int  # bytes of all parts
    lines: int  # line feeds in all parts: more rows than that no text format holds
    parts: tuple[str, ...]  # their original names
    hints: tuple[str, ...]  # periods the connector believes it touches
    payload_digest: str  # sha256 (hex) of its bytes as stored


@dataclass(frozen=True, slots=True)
class Landed:
    """Outcome of :func:`write_delivery`. `repeated`: these bytes had landed before, and `ref` is that landing.

    A repeat is not yet a reason to do nothing: the run that landed it may have died since. The journal knows.
    """

    ref: DatasetRef
    delivery: DeliveryId
    key_id: str
    size: int  # bytes of all parts
    lines: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class OpenedDelivery:
    """A delivery being read: its manifest, and its parts once, in order, in bounded memory.

    The end of `parts` is only reached if every byte was authentic: commit nothing before.
    """

    manifest: LandingManifest
    parts: Iterator[PayloadPart]


def write_delivery(
    store: ObjectStore,
    custodian: KeyCustodian,
    parts: Iterable[PayloadPart],
    *,
    dataset: str,
    version: str,
    source: str,
    fetched_at: datetime,
    hints: tuple[str, ...] = (),
) -> Landed:
    """Seal a delivery into landing, or recognise that it is already there.

    Raises:
        StoreUnavailableError, AccessRefusedError: it has not landed.
    """
    key = custodian.create_key(Zone.LANDING.value, dataset)
    payload = landing_payload_key(dataset, key.id)
    tally = Tally()
    try:
        sealed = enclose(compress(pack(parts, tally)), key, _payload_context(payload))
        stored = store.put(payload, sealed, media_type=_MEDIA_TYPE)
        digest = tally.digest()
        delivery = DeliveryId(custodian.fingerprint(dataset, digest))
        known = _known(store, dataset, version, delivery, tally)
    except BaseException:
        _withdraw(store, custodian, payload, key.id)
        raise
    if known is not None:
        _withdraw(store, custodian, payload, key.id)
        return known
    manifest = LandingManifest(
        dataset=dataset,
        version=version,
        source=source,
        fetched_at=fetched_at.isoformat(),
        digest=digest,
        size=tally.size,
        lines=tally.lines,
        parts=tuple(tally.names),
        hints=hints,
        payload_digest=stored.digest or "",
    )
    return _commit(store, manifest, delivery, key)


def open_delivery(store: ObjectStore, ref: DatasetRef, custodian: KeyCustodian) -> OpenedDelivery:
    """Open a delivery: one key release, then a stream.

    Raises:
        ObjectNotFoundError, DigestMismatchError, SealError: it is gone, altered, or its key was destroyed.
    """
    sealed = store.get(ref.key, ref.digest)
    key_id = read_key_id(BytesIO(sealed))
    key = custodian.release_key(key_id)

    def release(found: str) -> bytes:
        if found != key_id:
            raise SealError(f"the payload of delivery {ref.key} is sealed under another key than its manifest")
        return key

    opened = b"".join(disclose(BytesIO(sealed), release, _manifest_context(ref.key)))
    manifest = _parse(opened, ref.key)

    def parts() -> Iterator[PayloadPart]:
        payload = landing_payload_key(ref.dataset, key_id)
        with store.open(payload, manifest.payload_digest) as stream:
            opened = ahead(decompress(disclose(stream, release, _payload_context(payload))), _PIECES_AHEAD)
            yield from unpack(as_file(opened))

    return OpenedDelivery(manifest, parts())


def read_delivery(store: ObjectStore, ref: DatasetRef, custodian: KeyCustodian) -> Iterator[PayloadPart]:
    """The parts of a delivery (see :class:`OpenedDelivery`)."""
    return open_delivery(store, ref, custodian).parts


def delivery_key_id(store: ObjectStore, ref: DatasetRef) -> str:
    """Which data key opens the delivery: what a run must be allowed to have released."""
    return _key_id_at(store, ref.key)


def erase_delivery(store: ObjectStore, ref: DatasetRef, custodian: KeyCustodian) -> None:
    """Erase a delivery for ever: its key first, so that no copy of its bytes can be opened, then its objects.

    May be repeated: what is already gone is passed over.
    """
    try:
        key_id = delivery_key_id(store, ref)
    except ObjectNotFoundError:
        return
    custodian.destroy_key(key_id)
    store.delete(landing_payload_key(ref.dataset, key_id))
    store.delete(ref.key)


def sweep(store: ObjectStore, custodian: KeyCustodian, dataset: str, before: datetime) -> int:
    """Remove payloads older than `before` that no manifest names (their writer died), keys first; return how many.

    `before` must be further back than any writer can still be at work.
    """
    prefix = landing_prefix(dataset)
    store.discard_unfinished(prefix, before)
    present = list(store.list(prefix))
    manifests = [found.key for found in present if found.key.endswith(".manifest")]
    payloads = [found for found in present if found.key.endswith(".payload")]
    if len(payloads) <= len(manifests):  # each manifest has its payload: nothing is over
        return 0
    named = {landing_payload_key(dataset, _key_id_at(store, key)) for key in manifests}
    orphans = [found.key for found in payloads if found.modified < before and found.key not in named]
    for key in orphans:
        custodian.destroy_key(_key_id_at(store, key))
        store.delete(key)
    return len(orphans)


def _commit(store: ObjectStore, manifest: LandingManifest, delivery: DeliveryId, key: SealingKey) -> Landed:
    """Write the manifest: the delivery has landed from here on.

    An error here leaves the payload where it is: the manifest may have been written even if no answer came.
    """
    name = landing_manifest_key(manifest.dataset, delivery)
    text = json.dumps(asdict(manifest) | {"format": _FORMAT}, sort_keys=True, ensure_ascii=False).encode()
    sealed = b"".join(enclose([text], key, _manifest_context(name)))
    stored = store.put(name, sealed, media_type=_MEDIA_TYPE, if_absent=True)
    ref = DatasetRef(Zone.LANDING, manifest.dataset, manifest.version, None, name, stored.digest or "")
    return Landed(ref, delivery, key.id, manifest.size, manifest.lines, repeated=False)


def _known(store: ObjectStore, dataset: str, version: str, delivery: DeliveryId, tally: Tally) -> Landed | None:
    """The landing of the same bytes, if there is one."""
    name = landing_manifest_key(dataset, delivery)
    try:
        sealed = store.get(name)
    except ObjectNotFoundError:
        return None
    ref = DatasetRef(Zone.LANDING, dataset, version, None, name, sha256(sealed).hexdigest())
    return Landed(ref, delivery, read_key_id(BytesIO(sealed)), tally.size, tally.lines, repeated=True)


def _withdraw(store: ObjectStore, custodian: KeyCustodian, payload: str, key_id: str) -> None:
    """Undo an upload that will not be named. Best effort, as another error may be under way: `sweep` ends it."""
    with suppress(Exception):
        custodian.destroy_key(key_id)
        store.delete(payload)


def _key_id_at(store: ObjectStore, key: str) -> str:
    with store.open(key) as stream:
        return read_key_id(stream)


def _parse(opened: bytes, key: str) -> LandingManifest:
    try:
        fields = json.loads(opened)
        if fields.pop("format") != _FORMAT:
            raise ManifestError(f"the manifest {key} has a format this version does not know: upgrade the hub")
        for name in ("parts", "hints"):
            fields[name] = tuple(fields[name])
        return LandingManifest(**fields)
    except (ValueError, KeyError, TypeError):
        raise ManifestError(f"the manifest {key} opens, but does not read as a delivery's manifest") from None


def _payload_context(key: str) -> bytes:
    return b"ardoise landing payload\0" + key.encode()


def _manifest_context(key: str) -> bytes:
    return b"ardoise landing manifest\0" + key.encode()
