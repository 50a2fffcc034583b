"""Each identifier is sent once; every row gets its pseudonym back, whatever was forgotten on the way."""

import hashlib

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.deidentification.distinct import Answered, Sent

batches = st.lists(st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh")), max_size=9), max_size=9)


def pseudonym(value: str | None) -> bytes | None:
    return None if value in (None, "h") else hashlib.md5(value.encode(), usedforsecurity=False).digest()


@given(batches, st.integers(0, 12))
def test_rows_get_what_was_answered(values: list[list[str | None]], most: int):
    sent, answered = Sent(most), Answered()
    waiting = [sent.number(pa.array(batch, pa.string())) for batch in values]
    for numbered, plain in zip(waiting, values, strict=True):
        answer = pa.array([pseudonym(value) for value in numbered.fresh.to_pylist()], pa.binary(16))
        assert answered.pseudonyms(numbered, answer).to_pylist() == [pseudonym(value) for value in plain]


@given(batches)
def test_nothing_is_sent_twice(values: list[list[str | None]]):
    sent = Sent()
    asked = [value for batch in values for value in sent.number(pa.array(batch, pa.string())).fresh.to_pylist()]
    assert len(asked) == len(set(asked))
    assert set(asked) == {value for batch in values for value in batch if value is not None}
