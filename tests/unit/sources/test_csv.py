from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from sources import PayloadError, SchemaDriftError, decoder
from sources.decoders.lines import BLOCK_BYTES
from tests.unit.sources.support import HEADER, TERRITORY, contract, decode

WATER = contract("water-meters")
GOOD = "ALM-1;IT9;1 rue X 49000 Angers;49007;05/10/2026;1234,567;312,5;1"


def read(*files: str | bytes) -> tuple[pa.Table, list[dict[str, object]], list[int]]:
    return decode(decoder(WATER, TERRITORY), "water-meters", *files)


def codes(rejects: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(row["position"], row["code"], row["column"]) for row in rejects]


def test_a_clean_file() -> None:
    table, rejects, positions = read(f"{HEADER}\n{GOOD}\n{GOOD}")
    assert table.to_pylist()[0] == {
        "contrat": "ALM-1",
        "compteur": "IT9",  # never stored, but to be known again: read
        "adresse": "1 rue X 49000 Angers",
        "code_insee": "49007",
        "date": date(2026, 10, 5),
        "index_m3": 1234.567,
        "consommation_l": 312.5,
        "version": 1,
    }
    assert (rejects, positions) == ([], [0, 1])


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        (GOOD.replace("05/10/2026", "31/09/2026"), "badDate", "DATE"),
        (GOOD.replace("05/10/2026", "2026-10-05"), "badDate", "DATE"),
        (GOOD.replace("05/10/2026", "5/10/2026"), "badDate", "DATE"),
        (GOOD.replace("312,5", "312.5"), "badNumber", "CONSO_L"),
        (GOOD.replace("312,5", "inf"), "badNumber", "CONSO_L"),
        (GOOD.replace("312,5", "nan"), "badNumber", "CONSO_L"),
        (GOOD.replace("312,5", "1e400"), "badNumber", "CONSO_L"),
        (GOOD.removesuffix(";1") + ";0x1F", "badInteger", "VERSION"),
        (GOOD.removesuffix(";1") + ";99999999999999999999", "badInteger", "VERSION"),
        (GOOD + ";encore", "columnCount", None),
        (GOOD.removesuffix(";1"), "columnCount", None),
        ('"' + GOOD, "badQuoting", None),
        (GOOD.replace("ALM-1", "ALM\r-1"), "badQuoting", None),
    ],
)
def test_a_bad_line_is_rejected_with_its_position_and_text(line: str, code: str, column: str | None) -> None:
    table, rejects, positions = read(f"{HEADER}\n{GOOD}\n{line}\n{GOOD}\n")
    assert codes(rejects) == [(1, code, column)]
    assert rejects[0]["record"] == line
    assert positions == [0, 2]
    assert table.num_rows == 2


def test_a_quote_never_swallows_the_next_line() -> None:
    # Opened at the end of one line, closed at the start of the next: together they have the right number of columns.
    first, second = 'ALM-1;IT9;x;49007;05/10/2026;1,0;"2', '";1'
    table, rejects, _ = read(f"{HEADER}\n{GOOD}\n{first}\n{second}\n{GOOD}\n")
    assert codes(rejects) == [(1, "badQuoting", None), (2, "badQuoting", None)]
    assert table.num_rows == 2


def test_a_quote_inside_a_field_is_a_character() -> None:
    line = GOOD.replace("1 rue X", '1 rue "X"').replace("ALM-1", 'ALM"1')
    table, rejects, _ = read(f"{HEADER}\n{line}\n")
    assert table["contrat"].to_pylist() == ['ALM"1']
    assert rejects == []
    again, rejects, _ = read(f"{HEADER}\n{line}\n{GOOD};\n")  # the careful reading agrees
    assert again["contrat"].to_pylist() == ['ALM"1']
    assert codes(rejects) == [(1, "columnCount", None)]


def test_text_that_is_not_utf_8_spoils_its_line_only() -> None:
    bad = GOOD.replace("rue X", "rue É").encode("latin-1")
    table, rejects, positions = read(b"\n".join([HEADER.encode(), GOOD.encode(), bad, GOOD.encode()]))
    assert codes(rejects) == [(1, "badEncoding", None)]
    assert positions == [0, 2]
    assert table.num_rows == 2


def test_blank_lines_carriage_returns_and_a_byte_order_mark() -> None:
    table, rejects, positions = read(b"\xef\xbb\xbf" + f"{HEADER}\r\n{GOOD}\r\n\r\n{GOOD}\r\n".encode())
    assert (table.num_rows, rejects, positions) == (2, [], [0, 1])


def test_empty_cells_are_null_and_unknown_columns_are_never_read() -> None:
    line = GOOD.replace("312,5", "").replace("IT9", "")
    table, rejects, _ = read(f"{HEADER};TITULAIRE;TITULAIRE\n{line};Jeanne Martin;x\n")
    assert table.num_columns == len(WATER.columns)
    row = table.to_pylist()[0]
    assert (row["compteur"], row["consommation_l"]) == (None, None)
    assert rejects == []


def test_columns_come_by_name_whatever_their_order() -> None:
    names, values = HEADER.split(";"), GOOD.split(";")
    table, _, _ = read(";".join(reversed(names)) + "\n" + ";".join(reversed(values)) + "\n")
    assert table["contrat"].to_pylist() == ["ALM-1"]


def test_an_optional_column_may_be_absent() -> None:
    names, values = HEADER.split(";"), GOOD.split(";")
    del names[2], values[2]
    table, rejects, _ = read(";".join(names) + "\n" + ";".join(values) + "\n")
    assert table["adresse"].to_pylist() == [None]
    assert rejects == []


def test_a_required_column_that_vanished_is_named() -> None:
    with pytest.raises(SchemaDriftError, match="« CONSO_L »"):
        read(f"{HEADER.replace('CONSO_L', 'VOLUME')}\n{GOOD}\n")


def test_a_column_that_changed_type_is_named_without_a_value() -> None:
    lines = "\n".join(GOOD.replace("05/10/2026", "octobre") for _ in range(10))
    with pytest.raises(SchemaDriftError, match="« DATE »") as caught:
        read(f"{HEADER}\n{lines}\n")
    assert "octobre" not in str(caught.value)


def test_a_file_without_a_header_tells_none_of_its_first_line() -> None:
    with pytest.raises(SchemaDriftError) as caught:
        read(f"{GOOD}\n{GOOD}\n")
    assert "ALM-1" not in str(caught.value)


def test_a_binary_file_is_refused() -> None:
    with pytest.raises(PayloadError):
        read(b"PK\x03\x04" + bytes(64))


def test_a_first_line_that_is_no_header_is_refused() -> None:
    with pytest.raises(PayloadError, match="not a header"):
        read(b"\r\x00\n")


def test_positions_go_on_across_blocks_and_parts() -> None:
    count = 2 * BLOCK_BYTES // len(GOOD)
    table, rejects, positions = read(f"{HEADER}\n" + f"{GOOD}\n" * count, f"{HEADER}\n{GOOD};\n{GOOD}\n")
    assert table.num_rows == count + 1
    assert positions == [*range(count), count + 1]
    assert codes(rejects) == [(count, "columnCount", None)]


def test_an_empty_file_has_no_rows() -> None:
    table, rejects, _ = read(f"{HEADER}\n")
    assert (table.num_rows, rejects) == (0, [])
