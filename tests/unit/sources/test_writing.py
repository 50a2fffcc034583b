"""How operators write values, whatever the format: dialects, units, INSEE codes, zones, repeated hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from policies.contract import Column
from sources import FeedError, PayloadError
from sources.places import insee_codes
from sources.units import NOTATIONS, conversion
from tests.unit.sources.support import codes, made, read

COLUMNS = (
    Column("nom", "NOM", "string", primary_key=True),
    Column("insee", "INSEE", "string"),
    Column("volume", "VOLUME", "number", unit="m3"),
    Column("nombre", "NOMBRE", "integer"),
    Column("jour", "JOUR", "date", format="%d/%m/%Y"),
    Column("instant", "INSTANT", "timestamp", format="%d/%m/%Y %H:%M"),
)
HEADER = "NOM;INSEE;VOLUME;NOMBRE;JOUR;INSTANT"
LINE = "Été;49007;1234,5;12;05/10/2026;05/10/2026 14:30"
FRENCH: dict[str, Any] = {"delimiter": ";", "decimal": ","}
ROW = {
    "nom": "Été", "insee": "49007", "volume": 1234.5, "nombre": 12, "jour": date(2026, 10, 5),
    "instant": datetime(2026, 10, 5, 12, 30, tzinfo=UTC),
}  # fmt: skip
BAD = "x;;;;;;;"  # too many columns: sends the block to the careful reading


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "iso8859-15", "cp1252", "cp850", "mac-roman"])
def test_encodings(encoding: str) -> None:
    table, rejects, _ = read(made("csv", *COLUMNS, **FRENCH, encoding=encoding), f"{HEADER}\n{LINE}\n".encode(encoding))
    assert (table.to_pylist(), rejects) == ([ROW], [])


def test_a_byte_that_the_encoding_does_not_have_spoils_its_line() -> None:
    text = f"{HEADER}\n{LINE}\n{LINE.replace('Été', '#')}\n".encode("cp1252").replace(b"#", b"a\x81b")
    table, rejects, positions = read(made("csv", *COLUMNS, **FRENCH, encoding="cp1252"), text)
    assert codes(rejects) == [(1, "badEncoding", None)]
    assert (table.num_rows, positions) == (1, [0])


@pytest.mark.parametrize("careful", [False, True])
def test_grouped_digits_and_words_for_nothing(careful: bool) -> None:
    dialect = made("csv", *COLUMNS, **FRENCH, thousands=" \u00a0\u202f", nulls=["n/c", "-"])
    lines = [
        LINE.replace("1234,5", "1 234,5").replace(";12;", ";1\u00a0200;"),
        LINE.replace("1234,5", "1\u202f234\u202f567"),
        LINE.replace("1234,5", "-").replace("Été", "n/c"),
        LINE.replace("1234,5", "1 23,5"),
        LINE.replace("1234,5", "12 34,5"),
        LINE.replace(";12;", ";1 2;"),
    ]
    table, rejects, _ = read(dialect, "\n".join([HEADER, *lines, *[BAD] * careful]))
    assert table["volume"].to_pylist() == [1234.5, 1234567.0, None]
    assert table["nombre"].to_pylist() == [1200, 12, 12]
    assert table["nom"].to_pylist() == ["Été", "Été", None]
    assert codes(rejects)[:3] == [(3, "badNumber", "VOLUME"), (4, "badNumber", "VOLUME"), (5, "badInteger", "NOMBRE")]


def test_a_file_without_a_header_and_with_a_preamble() -> None:
    named = made("csv", *COLUMNS, **FRENCH, header=HEADER.split(";"), skipLines=2)
    table, rejects, positions = read(named, f"Relevés\n\n{LINE}\n{LINE}\n")
    assert (table.to_pylist(), rejects, positions) == ([ROW, ROW], [], [0, 1])


@pytest.mark.parametrize("careful", [False, True])
def test_insee_codes_and_units(careful: bool) -> None:
    rules = made("csv", *COLUMNS, **FRENCH, insee=["INSEE"], units={"VOLUME": "L"})
    lines = [LINE, LINE.replace("49007", "1004"), LINE.replace("49007", " 2a004 "), LINE.replace("49007", "Angers")]
    table, rejects, _ = read(rules, "\n".join([HEADER, *lines, *[BAD] * careful]))
    assert table["insee"].to_pylist() == ["49007", "01004", "2A004"]
    assert table["volume"].to_pylist() == pytest.approx([1.2345] * 3)
    assert codes(rejects)[0] == (3, "badInsee", "INSEE")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("49007", "49007"), ("49007.0", "49007"), ("4 9007", "49007"), ("1004", "01004"), ("2B033", "2B033"),
        ("97411", "97411"), ("99100", None), ("00123", None), ("490070", None), ("2C001", None), ("", None),
        ("４９００７", None),
    ],
)  # fmt: skip
def test_insee_grammar(text: str, code: str | None) -> None:
    assert insee_codes(pa.array([text, None])).to_pylist() == [code, None]


@pytest.mark.parametrize(
    ("given", "wanted", "value", "expected"),
    [
        ("Wh", "kW.h", 540, 0.54), ("KWH", "W.h", 1, 1000), ("MTQ", "L", 2, 2000), ("P1", "1", 35, 0.35),
        ("CEL", "K", 0, 273.15), ("FAH", "Cel", 212, 100), ("K", "Cel", 273.15, 0), ("MTS", "km/h", 10, 36),
        ("m³/h", "L/s", 36, 10), ("GQ", "mg/m3", 1500, 1.5), ("lx", "lx", 3, 3),
    ],
)  # fmt: skip
def test_conversions(given: str, wanted: str, value: float, expected: float) -> None:
    found = conversion(given, wanted)
    assert found is not None
    assert value * found.factor + found.offset == pytest.approx(expected)


@pytest.mark.parametrize(("given", "wanted"), [("W", "kW.h"), ("XYZ", "m3"), ("m3", "XYZ"), ("CEL", "m3"), ("", "L")])
def test_what_nobody_can_convert(given: str, wanted: str) -> None:
    assert conversion(given, wanted) is None


def test_every_notation_means_a_unit_that_converts() -> None:
    assert all(conversion(notation, unit) is not None for notation, unit in NOTATIONS.items())


@pytest.mark.parametrize(
    "options",
    [
        {"insee": ["AUTRE"]}, {"insee": ["VOLUME"]}, {"units": {"AUTRE": "L"}}, {"units": {"NOM": "L"}},
        {"units": {"VOLUME": "Wh"}}, {"timezone": "Europe/Angers"}, {"repeatedHour": "last"}, {"encoding": "utf-7"},
        {"thousands": ","}, {"thousands": "x"}, {"delimiter": '"'}, {"skipLines": -1}, {"unknown": 1},
    ],
)  # fmt: skip
def test_options_without_effect_or_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(FeedError):
        read(made("csv", *COLUMNS, **FRENCH | options), HEADER)


def test_an_operator_of_another_zone() -> None:
    table, _, _ = read(made("csv", *COLUMNS, **FRENCH, timezone="UTC"), f"{HEADER}\n{LINE}")
    assert table["instant"].to_pylist() == [datetime(2026, 10, 5, 14, 30, tzinfo=UTC)]


@pytest.mark.parametrize("careful", [False, True])
def test_the_hour_that_comes_twice_by_series(careful: bool) -> None:
    columns = tuple(replace(one, primary_key=one.name in ("nom", "instant")) for one in COLUMNS)
    ordered = made("csv", *columns, **FRENCH, repeatedHour="order")
    lines = [
        LINE.replace("Été", name).replace("05/10/2026 14:30", f"25/10/2026 {clock}")
        for clock in ("01:50", "02:10", "02:10", "03:00")
        for name in ("a", "b")
    ]
    table, _, _ = read(ordered, "\n".join([HEADER, *lines, *[BAD] * careful]))
    assert [at.strftime("%d %H:%M") for at in table["instant"].to_pylist()] == [
        at for at in ("24 23:50", "25 00:10", "25 01:10", "25 02:00") for _ in "ab"
    ]


@pytest.mark.parametrize("text", ["", '\ncc";lle', "A;B\n1;2\n"])
def test_a_file_without_any_column_of_the_contract_is_refused(text: str) -> None:
    with pytest.raises(PayloadError, match="part-0: the header names no column"):
        read(made("csv", *COLUMNS, **FRENCH), text)
