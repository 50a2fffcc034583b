"""Rejected rows, sealed: only who may replay them opens them; why they were rejected is counted without opening.

One object a delivery and contract version, an Arrow IPC stream under a data key of its own. Writing it again replaces
it as a whole, so a re-run doubles nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from storage.envelope import disclose, enclose, read_key_id
from storage.errors import ManifestError, ObjectNotFoundError
from storage.objects import ObjectStore, as_file
from storage.sealing import KeyCustodian
from storage.sink import ChunkSink
from storage.zones import Zone, quarantine_key, quarantine_prefix

_MEDIA_TYPE = "application/vnd.ardoise.sealed"
REJECT_SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),  # 0-based row of the delivery
        pa.field("code", pa.string(), nullable=False),
        pa.field("column", pa.string()),
        pa.field("record", pa.string(), nullable=False),  # the raw record
    ]
)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Where rejects lie, and how many of each code.

    `replaced_key_id` is the data key of the object this one replaced, to be destroyed by whoever may.
    """

    key: str
    key_id: str
    rows: int
    codes: dict[str, int]
    replaced_key_id: str | None = None


def write_rejects(
    store: ObjectStore,
    custodian: KeyCustodian,
    rejects: Iterable[pa.RecordBatch],
    *,
    dataset: str,
    delivery: str,
    version: str,
) -> Quarantined | None:
    """Seal the rejects of a delivery (batches of REJECT_SCHEMA), in place of those of an earlier run.

    None, with no key asked for and nothing kept, if there are none.
    """
    batches = (batch for batch in rejects if batch.num_rows)
    first = next(batches, None)
    key = quarantine_key(dataset, delivery, f"{version}.rejects")
    replaced = _key_id_at(store, key)
    if first is None:
        store.delete(key)
        return None
    codes: Counter[str] = Counter()

    def counted() -> Iterator[pa.RecordBatch]:
        for batch in _chain(first, batches):
            for count in batch.column("code").value_counts().to_pylist():
                codes[count["values"]] += count["counts"]
            yield batch

    data_key = custodian.create_key(Zone.QUARANTINE.value, dataset)
    store.put(key, enclose(_stream(counted()), data_key, _context(key)), media_type=_MEDIA_TYPE)
    return Quarantined(key, data_key.id, sum(codes.values()), dict(sorted(codes.items())), replaced)


def read_rejects(store: ObjectStore, key: str, custodian: KeyCustodian) -> Iterator[pa.RecordBatch]:
    """Open rejects, streaming.

    Raises:
        ObjectNotFoundError, SealError: they are gone, altered, or their key was destroyed.
    """
    with store.open(key) as sealed, as_file(disclose(sealed, custodian.release_key, _context(key))) as opened:
        try:
            yield from pa.ipc.open_stream(opened)
        except pa.ArrowInvalid:
            raise ManifestError(f"the rejects at {key} open, but do not read as an Arrow stream") from None
        while opened.read(1 << 16):  # to the authenticated end
            pass


def list_rejects(store: ObjectStore, dataset: str, delivery: str | None = None) -> list[str]:
    """The keys of a dataset's rejects, or of one delivery's."""
    return [found.key for found in store.list(quarantine_prefix(dataset, delivery))]


def rejects_key_id(store: ObjectStore, key: str) -> str:
    """Which data key opens these rejects: what a run that replays them must be allowed to have released."""
    with store.open(key) as stream:
        return read_key_id(stream)


def erase_rejects(store: ObjectStore, key: str, custodian: KeyCustodian) -> None:
    """Erase rejects for ever: their key first, then the object. May be repeated."""
    key_id = _key_id_at(store, key)
    if key_id is not None:
        custodian.destroy_key(key_id)
        store.delete(key)


def _stream(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    sink = ChunkSink()
    with pa.ipc.new_stream(sink, REJECT_SCHEMA, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.take()
    yield sink.take()


def _key_id_at(store: ObjectStore, key: str) -> str | None:
    try:
        return rejects_key_id(store, key)
    except ObjectNotFoundError:
        return None


def _chain(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _context(key: str) -> bytes:
    return b"ardoise quarantine\0" + key.encode()
