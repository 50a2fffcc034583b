import pyarrow as pa
import pytest

from storage import (
    REJECT_SCHEMA,
    MemoryKeyCustodian,
    MemoryObjectStore,
    SealError,
    erase_rejects,
    list_rejects,
    read_rejects,
    rejects_key_id,
    write_rejects,
)


def batch(*codes: str) -> pa.RecordBatch:
    rows = [
        {"position": number, "code": code, "column": None, "record": f"Lemoine;{number}"}
        for number, code in enumerate(codes)
    ]
    return pa.RecordBatch.from_pylist(rows, REJECT_SCHEMA)


@pytest.fixture
def custodian() -> MemoryKeyCustodian:
    return MemoryKeyCustodian()


@pytest.fixture
def store() -> MemoryObjectStore:
    return MemoryObjectStore()


NAMES = {"dataset": "water-meters", "delivery": "abc", "version": "1.0.0"}


def test_rejects_are_counted_and_come_back(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    batches = [batch("nullValues", "outOfRange"), batch(), batch("nullValues")]
    written = write_rejects(store, custodian, iter(batches), **NAMES)
    assert written is not None
    assert (written.rows, written.codes) == (3, {"nullValues": 2, "outOfRange": 1})
    assert pa.Table.from_batches(read_rejects(store, written.key, custodian)) == pa.Table.from_batches(batches)
    assert list_rejects(store, "water-meters") == list_rejects(store, "water-meters", "abc") == [written.key]
    assert list_rejects(store, "water-meters", "other") == []
    assert rejects_key_id(store, written.key) == written.key_id
    assert b"Lemoine" not in store.get(written.key)


def test_no_reject_no_object_no_key(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    assert write_rejects(store, custodian, iter([batch()]), **NAMES) is None
    assert list(store.list("")) == []
    assert custodian.keys == {}


def test_a_rerun_replaces_and_tells_which_key_seals_nothing_any_more(
    store: MemoryObjectStore, custodian: MemoryKeyCustodian
) -> None:
    first = write_rejects(store, custodian, [batch("nullValues")], **NAMES)
    second = write_rejects(store, custodian, [batch("outOfRange")], **NAMES)
    assert first is not None
    assert second is not None
    assert second.replaced_key_id == first.key_id
    assert list_rejects(store, "water-meters") == [second.key]
    assert next(read_rejects(store, second.key, custodian)).column("code").to_pylist() == ["outOfRange"]
    assert write_rejects(store, custodian, [], **NAMES) is None
    assert list_rejects(store, "water-meters") == []


def test_altered_rejects_are_refused(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    written = write_rejects(store, custodian, [batch("nullValues")], **NAMES)
    assert written is not None
    data = store.get(written.key)
    for wrong in (data[:-1], data[:-20], data[:-1] + b"x", data + b"x"):
        store.put(written.key, wrong)
        with pytest.raises(SealError):
            list(read_rejects(store, written.key, custodian))


def test_erased_rejects_do_not_open(store: MemoryObjectStore, custodian: MemoryKeyCustodian) -> None:
    written = write_rejects(store, custodian, [batch("nullValues")], **NAMES)
    assert written is not None
    for _ in range(2):
        erase_rejects(store, written.key, custodian)
    assert custodian.keys == {}
    assert list(store.list("")) == []
