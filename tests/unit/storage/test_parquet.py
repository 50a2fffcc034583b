import math
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage import (
    DigestMismatchError,
    MemoryObjectStore,
    content_digest,
    parquet_schema,
    read_parquet,
    write_parquet,
)
from storage import parquet as parquet_module

SCHEMA = pa.schema(
    [
        pa.field("id", pa.binary(16), nullable=False, metadata={"ardoise.domain": "water", "ardoise.epoch": "1"}),
        pa.field("day", pa.date32()),
        pa.field("at", pa.timestamp("us", "UTC")),
        pa.field("liters", pa.float64()),
        pa.field("commune", pa.string()),
        pa.field("open", pa.bool_()),
        pa.field("count", pa.int32()),
    ],
    metadata={"ardoise.dataset": "water-meters"},
)


def table(rows: int = 1_000) -> pa.Table:
    columns = {
        "id": [number.to_bytes(16, "big") for number in range(rows)],
        "day": [None if number % 7 == 0 else date(2026, 10, 1 + number % 31) for number in range(rows)],
        "at": [datetime(2026, 10, 1, number % 24, tzinfo=UTC) for number in range(rows)],
        "liters": [None if number % 5 == 0 else number / 3 for number in range(rows)],
        "commune": [None if number % 3 == 0 else f"490{number % 29:02d}é" for number in range(rows)],
        "open": [None if number % 4 == 0 else number % 2 == 0 for number in range(rows)],
        "count": [None if number % 6 == 0 else -number for number in range(rows)],
    }
    return pa.table(columns, schema=SCHEMA)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryObjectStore:
    monkeypatch.setattr(parquet_module, "ROW_GROUP_ROWS", 300)
    return MemoryObjectStore()


@pytest.mark.parametrize("batch_rows", [1_000, 7, 299, 300, 301, 700])
def test_the_bytes_depend_on_the_rows_alone(store: MemoryObjectStore, batch_rows: int) -> None:
    reference = write_parquet(store, "trusted/a", [table()], SCHEMA)
    written = write_parquet(store, "trusted/b", table().to_batches(batch_rows), SCHEMA)
    assert (written.part.digest, written.part.size) == (reference.part.digest, reference.part.size)
    assert written.content == reference.content == content_digest(table())
    assert written.part.rows == 1_000


def test_sliced_batches_are_like_any_other(store: MemoryObjectStore) -> None:
    whole = write_parquet(store, "trusted/a", [table().slice(13, 500).combine_chunks()], SCHEMA)
    copied = pa.Table.from_pylist(table().slice(13, 500).to_pylist(), SCHEMA)
    assert write_parquet(store, "trusted/b", [copied], SCHEMA).part.digest == whole.part.digest
    sliced = [batch.slice(3) for batch in pa.concat_tables([table().slice(10, 3), table().slice(13, 500)]).to_batches()]
    assert content_digest(pa.Table.from_batches(sliced[1:])) == content_digest(copied.slice(3))


def test_rows_and_metadata_come_back(store: MemoryObjectStore) -> None:
    part = write_parquet(store, "trusted/a", [table()], SCHEMA).part
    batches = list(read_parquet(store, part))
    assert [batch.num_rows for batch in batches] == [300, 300, 300, 100]
    assert pa.Table.from_batches(batches).equals(table(), check_metadata=True)
    assert parquet_schema(store, part).equals(SCHEMA, check_metadata=True)
    columns = next(read_parquet(store, part, ["commune", "liters"]))
    assert set(columns.schema.names) == {"commune", "liters"}


def test_no_rows_is_a_file_with_a_schema(store: MemoryObjectStore) -> None:
    written = write_parquet(store, "trusted/a", [], SCHEMA)
    assert written.part.rows == 0
    assert list(read_parquet(store, written.part)) == []
    assert parquet_schema(store, written.part).names == SCHEMA.names


def test_nothing_but_the_rows_is_written(store: MemoryObjectStore) -> None:
    write_parquet(store, "trusted/a", [table()], SCHEMA)
    metadata = pq.read_metadata(pa.BufferReader(store.get("trusted/a")))
    assert metadata.created_by == f"parquet-cpp-arrow version {pa.__version__}"
    assert set(metadata.metadata) == {b"ARROW:schema", b"ardoise.dataset"}


def test_an_altered_file_gives_no_row(store: MemoryObjectStore) -> None:
    part = write_parquet(store, "trusted/a", [table()], SCHEMA).part
    store.put("trusted/a", store.get("trusted/a")[:-1] + b"x")
    with pytest.raises(DigestMismatchError):
        next(read_parquet(store, part))


def test_a_batch_of_another_schema_leaves_no_object(store: MemoryObjectStore) -> None:
    with pytest.raises(pa.ArrowInvalid):
        write_parquet(store, "trusted/a", [table(), table().drop_columns(["open"])], SCHEMA)
    assert store.head("trusted/a") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
        (pa.array([None, ""]), pa.array(["", None])),
        (pa.array([0, None]), pa.array([None, 0])),
        (pa.array([1, 2]), pa.array([2, 1])),
        (pa.array([1, 2], pa.int32()), pa.array([1, 2], pa.int64())),
        (pa.array([True, False]), pa.array([False, True])),
        (pa.array([0.0]), pa.array([math.nan])),
        (pa.array([b"a" * 16, None], pa.binary(16)), pa.array([None, b"a" * 16], pa.binary(16))),
        (pa.array([1, 2]), pa.array([1, 2, None])),
    ],
)
def test_different_rows_have_different_digests(first: pa.Array, second: pa.Array) -> None:
    assert content_digest(pa.table({"a": first})) != content_digest(pa.table({"a": second}))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.array(["a", None]), pa.array(["a", None]).dictionary_encode()),
        (pa.array(["a", None]), pa.array(["a", None], pa.large_string())),
        (pa.array(["a", None]), pa.array(["a", None], pa.string_view())),
        (pa.array([b"a", None]), pa.array([b"a", None], pa.large_binary())),
        (pa.array([5, None]), pa.array([9, 5, None]).slice(1)),
        (pa.array([b"a" * 16, None], pa.binary(16)), pa.array([None, b"a" * 16, None], pa.binary(16)).slice(1)),
        (pa.array([math.nan]), pa.array([-math.nan])),
    ],
)
def test_the_same_rows_have_the_same_digest(first: pa.Array, second: pa.Array) -> None:
    assert content_digest(pa.table({"a": first})) == content_digest(pa.table({"a": second}))


def test_names_count_and_metadata_does_not() -> None:
    rows = table(10)
    assert content_digest(rows.rename_columns(["x", *rows.column_names[1:]])) != content_digest(rows)
    assert content_digest(rows.replace_schema_metadata({"x": "y"})) == content_digest(rows)


def test_nested_columns_have_no_digest() -> None:
    with pytest.raises(pa.ArrowNotImplementedError):
        content_digest(pa.table({"a": [[1, 2]]}))
