"""The scanner finds what is there, however it is written and wrapped, and nothing else."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import random
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stack.operators.canaries import make_canaries
from tests.e2e.canaries import CHUNK, Needles, TooShortError
from tests.e2e.containers import unpack
from tests.e2e.places import Place, files, scan

VALUES = [
    "Élodie Zébulirac",
    "+33 6 39 98 12 34",
    "zebulirac@mirobolux.example",
    "ITCZEBULIRAC0042",
    "7 rue Mirobolux 49000 Angers",
]
NEEDLES = Needles(VALUES)
NAME = VALUES[0]


def found(data: bytes) -> set[int]:
    return {value for _, part in unpack(data) for value, _ in NEEDLES.find(part)}


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def test_each_value_is_found_as_it_was_planted() -> None:
    for number, value in enumerate(VALUES):
        assert found(noise(1000) + value.encode() + noise(1000)) == {number}


@pytest.mark.parametrize(
    "write",
    [
        str.encode,
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("latin-1"),
        lambda text: text.upper().encode(),
        lambda text: text.lower().encode(),
        lambda text: text.upper().encode("utf-16-le"),
        lambda text: b"Elodie Zebulirac",
        lambda text: b"ELODIEZEBULIRAC",
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.b64encode(b"x" + text.encode() + b"y"),
        lambda text: base64.b64encode(b"xx" + text.encode() + b"yy"),
        lambda text: base64.urlsafe_b64encode(b"\xff\xfe" + text.encode()),
        lambda text: text.encode().hex().encode(),
        lambda text: text.encode().hex().upper().encode(),
        lambda text: urllib.parse.quote(text).encode(),
        lambda text: urllib.parse.quote_plus(text).encode(),
        lambda text: json.dumps(text).encode(),
        lambda text: json.dumps(json.dumps(text)).encode(),
        lambda text: html.escape(text).encode(),
        lambda text: text.encode("ascii", "xmlcharrefreplace"),
        lambda text: repr(text.encode()).encode(),
    ],
)
def test_a_value_is_found_however_it_is_written(write: Callable[[str], bytes]) -> None:
    assert found(b'{"a": "' + write(NAME) + b'", "b"') == {0}


@pytest.mark.parametrize(
    "text",
    [
        "0639981234",
        "06 39 98 12 34",
        "06.39.98.12.34",
        "06-39-98-12-34",
        "+33639981234",
        "33639981234",
        "0033639981234",
    ],
)
def test_a_telephone_number_is_found_in_all_its_forms(text: str) -> None:
    assert found(f"tel {text};".encode()) == {1}
    assert found(base64.b64encode(f"tel {text};".encode())) == {1}


def test_a_run_of_digits_inside_a_longer_one_is_no_telephone_number() -> None:
    assert found(b"17063998123499") == set()


def zipped(data: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member.txt", data)
    return sink.getvalue()


def with_codec(codec: str) -> Callable[[bytes], bytes]:
    def wrap(data: bytes) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(data)
        raw: bytes = sink.getvalue().to_pybytes()
        return raw

    return wrap


@pytest.mark.parametrize(
    "wrap",
    [gzip.compress, zlib.compress, bz2.compress, lzma.compress, zipped, with_codec("zstd"), with_codec("lz4")],
    ids=["gzip", "zlib", "bzip2", "xz", "zip", "zstd", "lz4"],
)
def test_a_value_is_found_inside_a_compressed_member_anywhere(wrap: Callable[[bytes], bytes]) -> None:
    inner = ("text " * 50 + NAME + " more" * 50).encode()
    assert found(noise(777) + wrap(inner) + noise(777)) == {0}
    assert found(noise(10) + wrap(noise(20) + wrap(inner))) == {0}


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "none", "lz4", "brotli"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_a_value_is_found_inside_a_parquet_file_among_other_bytes(compression: str, dictionary: bool) -> None:
    rows = [f"ligne {number}" for number in range(2000)]
    table = pa.table({"text": [*rows, NAME], "number": [*range(2000), 33639981234], "raw": [b"x"] * 2000 + [b"y"]})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression=compression, use_dictionary=dictionary)
    assert found(noise(100) + sink.getvalue() + noise(100)) == {0, 1}


def test_a_value_is_found_inside_a_leveldb_table() -> None:
    """A table of one Snappy block, by table_format.md."""

    def varint(number: int) -> bytes:
        out = b""
        while number >= 0x80:
            out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
        return out + bytes([number])

    def entry(key: bytes, value: bytes) -> bytes:
        return varint(0) + varint(len(key)) + varint(len(value)) + key + value + bytes(4) + (1).to_bytes(4, "little")

    block = entry(b"key", f"Élodie Zéb- ébulirac- {NAME} Élodie".encode() * 3)  # the name is made of two copies
    packed = pa.compress(block, codec="snappy", asbytes=True)
    index = entry(b"key", varint(0) + varint(len(packed)))
    body = packed + b"\x01" + bytes(4) + index + b"\x00" + bytes(4)
    handles = varint(0) + varint(0) + varint(len(packed) + 5) + varint(len(index))
    footer = handles.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")
    assert NAME.encode() not in packed
    assert found(body + footer) == {0}


def test_a_value_across_two_chunks_is_found() -> None:
    for shift in (1, 7, 15):
        assert found(b"\0" * (CHUNK - shift) + NAME.encode() + b"\0" * 50) == {0}


def test_nothing_is_found_in_noise_and_ordinary_text() -> None:
    assert found(noise(3_000_000)) == set()
    assert found(("Élodie Martin, 06 12 34 56 78, 7 rue des Lices 49100 Angers\n" * 2000).encode()) == set()


def test_a_value_too_short_to_be_looked_for_is_refused() -> None:
    with pytest.raises(TooShortError, match="value 1"):
        Needles(["long enough", "short"])


def test_files_are_read_with_their_names_and_what_is_left_out_is_not(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one").write_text(NAME)
    (tmp_path / "in" / f"{VALUES[3]}.txt").write_bytes(b"")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "two").write_text(VALUES[2])
    report = scan(NEEDLES, [Place("tree", lambda: files(tmp_path, [tmp_path / "out"]))])
    assert {hit.value for hit in report.hits} == {0, 3}
    assert report.places_of(0) == {"tree"}
    assert not any(value in str(report.hits) for value in (NAME, VALUES[2]))


def test_many_values_are_told_apart() -> None:
    canaries = make_canaries(60, 7)
    needles = Needles(canaries.every())
    data = noise(4_000_000) + canaries.emails[59].encode() + noise(4_000_000)
    assert {value for value, _ in needles.find(data)} == {canaries.every().index(canaries.emails[59])}
