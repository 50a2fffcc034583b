from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from policies.contract import Column
from sources import PayloadError, SchemaDriftError
from tests.unit.sources.support import codes, made, read

COLUMNS = (
    Column("texte", "t", "string", primary_key=True),
    Column("entier", "i", "integer"),
    Column("nombre", "n", "number", unit="kW.h"),
    Column("vrai", "b", "boolean"),
    Column("jour", "d", "date"),
    Column("instant", "at", "timestamp"),
)
FILES = made("parquet", *COLUMNS)


def file(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def test_types_of_the_file_are_taken() -> None:
    table = pa.table(
        {
            "t": pa.array(["a", None]).dictionary_encode(),
            "i": pa.array([1, 2], pa.uint8()),
            "n": pa.array([Decimal("1.5"), None], pa.decimal128(9, 2)),
            "b": [True, None],
            "d": pa.array([datetime(2026, 10, 5), None], pa.timestamp("ns")),
            "at": pa.array([datetime(2026, 10, 5, 2, tzinfo=UTC), None], pa.timestamp("ms", "Europe/Paris")),
            "titulaire": ["Jeanne", "Martin"],
        }
    )
    found, rejects, positions = read(FILES, file(table), file(table))
    assert found.slice(0, 2).to_pylist() == [
        {
            "texte": "a",
            "entier": 1,
            "nombre": 1.5,
            "vrai": True,
            "jour": date(2026, 10, 5),
            "instant": datetime(2026, 10, 5, 2, tzinfo=UTC),
        },
        {"texte": None, "entier": 2, "nombre": None, "vrai": None, "jour": None, "instant": None},
    ]
    assert (rejects, positions) == ([], [0, 1, 2, 3])


def test_texts_are_read_by_the_grammars_of_all_decoders() -> None:
    table = pa.table(
        {"t": ["a", "b"], "i": ["12", "x"], "n": ["1.5", ""], "b": ["oui", "non"], "d": ["2026-10-05"] * 2}
    )
    found, rejects, _ = read(FILES, file(table))
    assert found.to_pylist() == [
        {"texte": "a", "entier": 12, "nombre": 1.5, "vrai": True, "jour": date(2026, 10, 5), "instant": None}
    ]
    assert codes(rejects) == [(1, "badInteger", "i")]


def test_values_without_meaning_are_rejected() -> None:
    table = pa.table(
        {
            "t": list("abcde"),
            "i": [1.0, 2.5, None, 4.0, 1e300],
            "n": [1.0, 2.0, float("nan"), float("inf"), None],
            "at": pa.array([0, 1, 2, 3, 2**50], pa.timestamp("s", "UTC")),
        }
    )
    found, rejects, positions = read(FILES, file(table))
    assert codes(rejects) == [
        (1, "badInteger", "i"),
        (2, "badNumber", "n"),
        (3, "badNumber", "n"),
        (4, "badInteger", "i"),
    ]
    assert found["entier"].to_pylist() == [1]
    assert positions == [0]
    assert '"t": "b"' in str(rejects[0]["record"])


def test_clock_times_are_of_the_territory_through_october_and_march() -> None:
    times = pa.array(
        [datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 2, 30), datetime(2026, 3, 29, 2, 30)], pa.timestamp("us")
    )
    ordered = made("parquet", *COLUMNS, repeatedHour="order")
    found, rejects, _ = read(ordered, file(pa.table({"t": ["a", "a", "a"], "at": times})))
    assert found["instant"].to_pylist() == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]
    assert codes(rejects) == [(2, "badTimestamp", "at")]


def test_keys_of_struct_columns() -> None:
    nested = made("parquet", Column("commune", "site.commune", "string"), Column("nom", "site.other.nom", "string"))
    table = pa.table({"site": [{"commune": "49007", "x": 1}, None]})
    assert read(nested, file(table))[0].to_pylist() == [
        {"commune": "49007", "nom": None},
        {"commune": None, "nom": None},
    ]


def test_a_required_column_that_is_gone() -> None:
    needed = made("parquet", Column("texte", "absent", "string", required=True))
    with pytest.raises(SchemaDriftError, match="« absent »"):
        read(needed, file(pa.table({"t": ["a"]})))


@pytest.mark.parametrize("spoil", [slice(0, -1), slice(4, None), slice(0, 40), slice(0, 0)])
def test_a_file_that_is_cut_is_refused(spoil: slice) -> None:
    whole = file(pa.table({"t": ["a"] * 50}))
    with pytest.raises(PayloadError, match=r"^stationnement-angers, parking, part-0: this is not a Parquet file"):
        read(FILES, whole[spoil])


def test_damage_inside_a_page_is_seen() -> None:
    whole = bytearray(file(pa.table({"t": [f"value {n}" for n in range(500)]}), write_page_checksum=True))
    whole[len(whole) // 3] ^= 0x55
    with pytest.raises(PayloadError, match="damaged"):
        read(FILES, bytes(whole))


def test_more_rows_than_bytes_are_refused() -> None:
    bomb = file(pa.table({"t": pa.repeat("a", 2_000_000)}), compression="zstd")
    with pytest.raises(PayloadError, match="more rows than it has bytes"):
        read(FILES, bomb)


def test_types_that_can_not_become_the_contract_s_are_refused() -> None:
    with pytest.raises(PayloadError, match="« t » can not become string"):
        read(FILES, file(pa.table({"t": [[1, 2], [3]]})))
    with pytest.raises(PayloadError, match="can not become string"):
        read(FILES, file(pa.table({"t": pa.array([b"\xff"], pa.binary())})))
