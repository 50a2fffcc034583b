"""The content digest and the Parquet bytes do not know how rows were batched."""

from itertools import pairwise

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import ContentDigest, MemoryObjectStore, content_digest, read_parquet, write_parquet

SCHEMA = pa.schema(
    [
        pa.field("id", pa.binary(4)),
        pa.field("text", pa.string()),
        pa.field("number", pa.int64()),
        pa.field("real", pa.float64()),
        pa.field("flag", pa.bool_()),
    ]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.none() | st.binary(min_size=4, max_size=4),
            "text": st.none() | st.text(max_size=6),
            "number": st.none() | st.integers(-5, 5),
            "real": st.none() | st.floats(allow_nan=False),
            "flag": st.none() | st.booleans(),
        }
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.lists(st.integers(0, 30), max_size=5))
def test_batches_leave_no_trace(rows: list[dict[str, object]], cuts: list[int]) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    batches = [table.slice(start, stop - start) for start, stop in pairwise(bounds)]
    digest = ContentDigest(SCHEMA)
    for batch in batches:
        digest.update(batch)
    store = MemoryObjectStore()
    whole, pieces = write_parquet(store, "a", [table], SCHEMA), write_parquet(store, "b", batches, SCHEMA)
    assert digest.hexdigest() == whole.content == pieces.content
    assert whole.part.digest == pieces.part.digest
    assert pa.Table.from_batches(read_parquet(store, whole.part), SCHEMA).equals(table)


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS)
def test_other_rows_have_another_digest(first: list[dict[str, object]], second: list[dict[str, object]]) -> None:
    one, other = pa.Table.from_pylist(first, SCHEMA), pa.Table.from_pylist(second, SCHEMA)
    assert (content_digest(one) == content_digest(other)) == (repr(first) == repr(second))
