"""Where pseudonyms come from, kept through Parquet and IPC, and joins that refuse to mix."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymization.pseudonyms import (
    PSEUDONYM_TYPE,
    Kind,
    MixedPseudonymsError,
    Origin,
    PseudonymOriginError,
    anti_join,
    check_joinable,
    join,
    pseudonym_metadata,
    pseudonym_origin,
    semi_join,
)

WATER = pseudonym_metadata("water-meter", 2)


def field(name: str = "meter", metadata: dict[str, str] | None = WATER) -> pa.Field:
    return pa.field(name, PSEUDONYM_TYPE, metadata=metadata)


def table(letters: str, column: pa.Field, **others: list[int]) -> pa.Table:
    pseudonyms = pa.array([letter.encode() * 16 if letter != "." else None for letter in letters], PSEUDONYM_TYPE)
    fields = [column, *(pa.field(name, pa.int64()) for name in others)]
    return pa.table([pseudonyms, *(pa.array(values) for values in others.values())], schema=pa.schema(fields))


def test_the_metadata_says_how_it_was_made() -> None:
    assert WATER == {
        "ardoise.domain": "water-meter",
        "ardoise.algorithm": "aes-cmac+aes-256",
        "ardoise.epoch": "2",
    }
    reversible = pseudonym_metadata("badge", algorithm=Kind.REVERSIBLE.algorithm)
    assert pseudonym_origin(field(metadata=reversible)) == Origin("badge", "aes-siv", 0)


def test_parquet_and_ipc_keep_it() -> None:
    rows, file, stream = table("ab", field()), io.BytesIO(), io.BytesIO()
    pq.write_table(rows, file)
    with pa.ipc.new_stream(stream, rows.schema) as writer:
        writer.write_table(rows)
    read_back = (pq.read_table(io.BytesIO(file.getvalue())), pa.ipc.open_stream(stream.getvalue()).read_all())
    for copy in read_back:
        assert pseudonym_origin(copy.schema.field("meter")) == Origin("water-meter", "aes-cmac+aes-256", 2)


@pytest.mark.parametrize("missing", WATER)
def test_a_column_that_does_not_say_it_has_no_origin(missing: str) -> None:
    silent = field(metadata={key: value for key, value in WATER.items() if key != missing})
    with pytest.raises(PseudonymOriginError, match="meter"):
        pseudonym_origin(silent)
    with pytest.raises(PseudonymOriginError):
        join(table("ab", field()), table("ab", silent), "meter")


@pytest.mark.parametrize("epoch", ["", "-1", "1.0", "²", "one"])
def test_an_epoch_is_a_number(epoch: str) -> None:
    with pytest.raises(PseudonymOriginError):
        pseudonym_origin(field(metadata=WATER | {"ardoise.epoch": epoch}))


@pytest.mark.parametrize(
    ("key", "value"), [("ardoise.domain", "other"), ("ardoise.algorithm", "aes-siv"), ("ardoise.epoch", "3")]
)
def test_what_differs_does_not_join(key: str, value: str) -> None:
    other = field(metadata=WATER | {key: value})
    left, right = table("ab", field()), table("ab", other)
    for attempt in (join, semi_join, anti_join):
        with pytest.raises(MixedPseudonymsError, match=key.removeprefix("ardoise.")):
            attempt(left, right, "meter")
        with pytest.raises(MixedPseudonymsError):
            attempt(right, left, "meter")
    with pytest.raises(MixedPseudonymsError):
        check_joinable(field(), other)


def test_joins() -> None:
    readings = table("aab.c", field(), litres=[1, 2, 3, 4, 5])
    objections = table("bc.", field("subject"))
    kept = anti_join(readings, objections, "meter", "subject")
    assert sorted(kept["litres"].to_pylist()) == [1, 2, 4]
    assert sorted(semi_join(readings, objections, "meter", "subject")["litres"].to_pylist()) == [3, 5]
    homes = table("ac", field("subject"), home=[10, 30])
    both = join(readings, homes, "meter", "subject").sort_by("litres")
    assert both.select(["litres", "home"]).to_pylist() == [
        {"litres": 1, "home": 10},
        {"litres": 2, "home": 10},
        {"litres": 5, "home": 30},
    ]
    for result in (kept, both):
        assert pseudonym_origin(result.schema.field("meter")).epoch == 2
