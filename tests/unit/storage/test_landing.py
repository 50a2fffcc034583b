from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from storage import (
    DigestMismatchError,
    MemoryKeyCustodian,
    MemoryObjectStore,
    ObjectNotFoundError,
    PayloadPart,
    SealError,
    StoreUnavailableError,
    Zone,
    delivery_key_id,
    erase_delivery,
    open_delivery,
    read_delivery,
    sweep,
    write_delivery,
)
from tests.unit.storage.samples import NOW, PAYLOAD, land, payload


@pytest.fixture
def custodian() -> MemoryKeyCustodian:
    return MemoryKeyCustodian()


@pytest.fixture
def store() -> MemoryObjectStore:
    return MemoryObjectStore(clock=lambda: NOW)


def keys(store: MemoryObjectStore) -> list[str]:
    return [found.key for found in store.list("")]


def test_a_delivery_comes_back_byte_for_byte(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    landed = land(store, custodian)
    assert not landed.repeated
    assert (landed.ref.zone, landed.ref.dataset, landed.ref.version) == (Zone.LANDING, "water-meters", "1.2.0")
    assert (landed.size, landed.lines) == (26 * 60_000, 60_000)
    opened = open_delivery(store, landed.ref, custodian)
    assert {part.name: part.stream.read() for part in opened.parts} == PAYLOAD
    assert opened.manifest.source == "/drop/releves_2026-10.csv"
    assert opened.manifest.parts == tuple(PAYLOAD)
    assert opened.manifest.hints == ("2026-10",)
    assert opened.manifest.fetched_at == NOW.isoformat()


def test_names_and_bytes_tell_nothing(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    land(store, custodian)
    everything = b"".join(store.get(key) for key in keys(store)) + " ".join(keys(store)).encode()
    for told in (b"Lemoine", b"releves", b"drop", b"ustar", b"source", b"1.2.0"):
        assert told not in everything


def test_only_the_key_id_is_in_the_clear(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    landed = land(store, custodian)
    assert delivery_key_id(store, landed.ref) == landed.key_id
    assert list(custodian.keys) == [landed.key_id]


def test_the_same_delivery_again_is_recognized(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    first = land(store, custodian)
    before = keys(store)
    second = land(store, custodian)
    assert second == replace(first, repeated=True)
    assert keys(store) == before
    assert list(custodian.keys) == [first.key_id]


def test_another_dataset_or_payload_is_another_delivery(
    store: MemoryObjectStore, custodian: MemoryKeyCustodian
) -> None:
    names = {land(store, custodian).delivery, land(store, custodian, {"a": b"1"}).delivery}
    other = write_delivery(store, custodian, payload(PAYLOAD), dataset="d", version="1.0.0", source="", fetched_at=NOW)
    assert len(names | {other.delivery}) == 3


def test_a_source_that_fails_midway_leaves_nothing(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    def failing() -> Iterator[PayloadPart]:
        yield from payload(PAYLOAD)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_delivery(store, custodian, failing(), dataset="d", version="1.0.0", source="", fetched_at=NOW)
    assert keys(store) == []
    assert custodian.keys == {}


def test_a_manifest_without_answer_keeps_its_payload(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    """The store wrote the manifest, but its answer was lost: the run fails, and its re-run finds the delivery whole."""

    class Mute(MemoryObjectStore):
        def put(self, key, data, **options):  # type: ignore[no-untyped-def]
            stored = store.put(key, data, **options)
            if key.endswith(".manifest"):
                raise StoreUnavailableError
            return stored

    with pytest.raises(StoreUnavailableError):
        land(Mute(), custodian)
    again = land(store, custodian)
    assert again.repeated
    assert {part.name: part.stream.read() for part in read_delivery(store, again.ref, custodian)} == PAYLOAD


def test_a_payload_or_manifest_that_changed_is_refused(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    landed = land(store, custodian)
    for key in keys(store):
        data = store.get(key)
        store.put(key, data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises((SealError, DigestMismatchError)):
            list(read_delivery(store, landed.ref, custodian))
        store.put(key, data)
    assert len(list(read_delivery(store, landed.ref, custodian))) == 2


def test_a_payload_of_another_delivery_is_refused(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    first, second = land(store, custodian), land(store, custodian, {"a": b"1"})
    mine, other = (f"landing/water-meters/{landed.key_id}.payload" for landed in (first, second))
    store.put(mine, store.get(other))
    with pytest.raises(SealError):
        list(read_delivery(store, first.ref, custodian))


def test_erased_for_ever(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    landed, kept = land(store, custodian), land(store, custodian, {"a": b"1"})
    for _ in range(2):
        erase_delivery(store, landed.ref, custodian)
    assert list(custodian.keys) == [kept.key_id]
    assert len(keys(store)) == 2
    with pytest.raises(ObjectNotFoundError):
        open_delivery(store, landed.ref, custodian)


def test_a_destroyed_key_alone_is_enough(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    landed = land(store, custodian)
    custodian.destroy_key(landed.key_id)
    with pytest.raises(SealError, match="erased"):
        open_delivery(store, landed.ref, custodian)


def test_payloads_without_manifest_are_swept_with_their_keys(
    store: MemoryObjectStore, custodian: MemoryKeyCustodian
) -> None:
    landed, orphan = land(store, custodian), land(store, custodian, {"a": b"1"})
    store.delete(orphan.ref.key)
    assert sweep(store, custodian, "water-meters", NOW) == 0  # perhaps still being written
    assert sweep(store, custodian, "water-meters", NOW + timedelta(hours=1)) == 1
    assert list(custodian.keys) == [landed.key_id]
    assert len(list(read_delivery(store, landed.ref, custodian))) == 2
