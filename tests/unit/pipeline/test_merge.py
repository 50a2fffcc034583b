"""A period holds one row per primary key, whatever the order and number of deliveries."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from anonymization.pseudonyms import pseudonym_metadata
from pipeline.deidentification.merge import ARRIVAL, DELIVERY, POSITION, VERSION, merge

SCHEMA = pa.schema(
    [
        pa.field("meter", pa.binary(2), metadata=pseudonym_metadata("water")),
        pa.field("day", pa.int64()),
        pa.field("value", pa.float64()),
        pa.field(VERSION, pa.int64(), nullable=False),
        pa.field(ARRIVAL, pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field(DELIVERY, pa.string(), nullable=False),
        pa.field(POSITION, pa.int64(), nullable=False),
    ]
)
START = datetime(2026, 11, 1, tzinfo=UTC)


def delivery(number: int, rows: list[tuple[bytes, int, float, int]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "meter": meter,
                "day": day,
                "value": value,
                VERSION: version,
                ARRIVAL: START + timedelta(days=number),
                DELIVERY: f"d{number}",
                POSITION: position,
            }
            for position, (meter, day, value, version) in enumerate(rows)
        ],
        SCHEMA,
    )


def values(table: pa.Table) -> list[tuple[bytes, int, float]]:
    return list(zip(*(table.column(name).to_pylist() for name in ("meter", "day", "value")), strict=True))


def test_the_highest_version_wins_then_the_latest_arrival_then_the_last_position():
    first = delivery(1, [(b"bb", 1, 1.0, 2), (b"aa", 1, 2.0, 1), (b"aa", 2, 3.0, 0), (b"aa", 2, 4.0, 0)])
    second = delivery(2, [(b"bb", 1, 9.0, 1), (b"aa", 1, 8.0, 1)])
    merged = merge([first, second], SCHEMA, ("meter", "day"))
    assert values(merged.table) == [(b"aa", 1, 8.0), (b"aa", 2, 4.0), (b"bb", 1, 1.0)]
    assert merged.replaced == 3


def test_a_column_gained_by_a_minor_version_is_null_in_older_rows():
    older = delivery(1, [(b"aa", 1, 1.0, 0)])
    newer = pa.schema([*SCHEMA, pa.field("note", pa.string())])
    assert merge([older], newer, ("meter", "day")).table.column("note").to_pylist() == [None]


def test_nothing_merges_to_nothing_with_the_schema_kept():
    assert merge([], SCHEMA, ("meter", "day")).table.schema.equals(SCHEMA, check_metadata=True)


row = st.tuples(st.sampled_from([b"aa", b"ab", b"zz"]), st.integers(-3, 3), st.floats(0, 9), st.integers(0, 2))


@given(st.lists(st.lists(row, max_size=8), max_size=4), st.randoms(use_true_random=False))
def test_order_and_repetition_of_merges_change_nothing(deliveries, random):
    parts = [delivery(number, rows) for number, rows in enumerate(deliveries)]
    at_once = merge(parts, SCHEMA, ("meter", "day")).table
    expected = {}
    for number, rows in enumerate(deliveries):
        for position, (meter, day, value, version) in enumerate(rows):
            best = expected.get((meter, day))
            expected[(meter, day)] = max(best or (-1,), (version, number, position, value))
    assert values(at_once) == [(*key, best[3]) for key, best in sorted(expected.items())]
    shuffled = parts + parts
    random.shuffle(shuffled)
    step_by_step = SCHEMA.empty_table()
    for part in shuffled:
        step_by_step = merge([step_by_step, part], SCHEMA, ("meter", "day")).table
    assert step_by_step.equals(at_once)


def working(chunks: list[tuple[list[int], list[bytes]]]) -> pa.Table:
    """Rows as they come from custody: numbers into a dictionary, one for each batch."""
    batches, position = [], 0
    for numbers, meters in chunks:
        places = list(range(position, position + len(numbers)))
        position += len(numbers)
        rows = delivery(1, [(b"--", place, float(place), 0) for place in places]).to_batches()[0]
        coded = pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32()), pa.array(meters, pa.binary(2)))
        field = pa.field("meter", coded.type, metadata=SCHEMA.field("meter").metadata)
        batches.append(rows.set_column(0, field, coded))
    return pa.Table.from_batches(batches)


def test_batches_whose_dictionaries_grow_or_begin_again_are_joined_alike() -> None:
    growing = [([1, 0], [b"aa", b"cc"]), ([2, 0, 1], [b"aa", b"cc", b"bb"]), ([0], [b"aa"])]
    begun_again = [*growing, ([0, 1], [b"bb", b"aa"])]
    for chunks in (growing, begun_again):
        wanted = sorted(meters[number] for numbers, meters in chunks for number in numbers)
        merged = merge([working(chunks)], SCHEMA, ("meter", "day"))
        assert [meter for meter, _, _ in values(merged.table)] == wanted
        told = {day: meter for meter, day, _ in values(merged.table)}
        assert list(map(told.get, range(2))) == [b"cc", b"aa"]
