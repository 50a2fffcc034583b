"""Both readings of a block accept the same values, and every record comes out once: as a row or as a reject."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from sources import Decoded, PayloadPart, decoder
from sources.errors import SchemaDriftError
from tests.unit.sources.support import HEADER, TERRITORY, contract

WATER = contract("water-meters")
BAD = ";"  # two empty columns: sends the whole block to the careful reading

cell = st.one_of(
    st.sampled_from(
        [
            "",
            "1",
            "1,5",
            "-0",
            "+1",
            "1.5",
            "1e3",
            "1e999",
            "nan",
            "inf",
            "0x1F",
            "007",
            " 2 ",
            ",5",
            "5,",
            "9" * 25,
            "1_0",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters=';\n\r"'), max_size=6),
    st.text("0123456789+-.,eE_ \tinfax", max_size=7),
)
day = st.one_of(
    st.dates().map(lambda value: f"{value.day:02d}/{value.month:02d}/{value.year:04d}"),
    st.sampled_from(
        ["", "31/02/2026", "1/2/2026", "01/02/26", "00/00/0000", "29/02/2025", "29/02/2024", "01/02/2026 "]
    ),
)
row = st.tuples(cell, cell, cell, cell, day, cell, cell, cell).map(";".join)


def run(lines: list[str]) -> Decoded | None:
    text = "\n".join([HEADER, *lines]) + "\n"
    try:
        (decoded,) = decoder(WATER, TERRITORY).decode(iter([PayloadPart("x", io.BytesIO(text.encode()))]))
    except SchemaDriftError:
        return None
    return decoded


@given(st.lists(row, min_size=1, max_size=8))
def test_the_quick_and_the_careful_reading_agree(lines: list[str]) -> None:
    quick, careful = run(lines), run([*lines, BAD])
    assert quick is not None
    assert careful is not None
    assert quick.batch.equals(careful.batch)
    assert quick.positions.equals(careful.positions)
    assert quick.rejects.to_pylist() == careful.rejects.to_pylist()[:-1]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=1, max_size=8))
def test_every_record_comes_out_exactly_once(lines: list[str]) -> None:
    decoded = run(lines)
    assert decoded is not None
    records = [line for line in "\n".join(lines).split("\n") if line not in ("", "\r")]
    found = sorted(decoded.positions.to_pylist() + decoded.rejects["position"].to_pylist())
    assert found == list(range(len(records)))


@given(st.lists(row, min_size=1, max_size=6), st.binary(max_size=30))
def test_bytes_of_any_kind_never_hide_the_other_lines(lines: list[str], noise: bytes) -> None:
    noise = noise.replace(b"\n", b"") or b"x"
    text = "\n".join([HEADER, *lines]).encode() + b"\n" + noise + b"\n"
    (decoded,) = decoder(WATER, TERRITORY).decode(iter([PayloadPart("x", io.BytesIO(text))]))
    alone = run(lines)
    assert alone is not None
    assert decoded.batch.slice(0, alone.batch.num_rows).equals(alone.batch)
