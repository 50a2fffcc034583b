"""Names are counted from the first bytes of a payload, which passes unchanged."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from policies import load_territory
from policies.contract import Contract, DatasetId
from settings.model import SHIPPED_TERRITORY
from sources.names import HEAD_BYTES, header_names, json_keys, read_head, unknown_names, watched_parts
from storage import PayloadPart


@pytest.fixture(scope="module")
def contracts() -> dict[DatasetId, Contract]:
    return load_territory(Path(SHIPPED_TERRITORY)).contracts


class Dribble(io.BytesIO):
    """A stream that gives little at a time, as sockets and decryption do."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size, 1000) if size is not None and size >= 0 else -1)


def test_a_payload_passes_untouched_however_it_is_read(contracts: dict[DatasetId, Contract]) -> None:
    content = b"CONTRAT;DATE;NEUF\n" + b"a;b;c\n" * 100_000
    assert len(content) > 2 * HEAD_BYTES
    counted: list[int] = []
    given = (PayloadPart(f"{number}.csv", Dribble(content)) for number in range(5))
    for part in watched_parts(given, contracts[DatasetId("water-meters")], counted.append):
        assert part.stream.readline() == b"CONTRAT;DATE;NEUF\n"
        assert part.stream.read(7) == b"a;b;c\na"
        assert part.stream.read() == content[25:]
    assert counted == [1, 1, 1]


def test_nothing_is_lost_of_an_empty_payload(contracts: dict[DatasetId, Contract]) -> None:
    (part,) = watched_parts(iter([PayloadPart("a", io.BytesIO())]), contracts[DatasetId("parking")], lambda _: None)
    assert part.stream.read() == b""


def test_a_head_is_whole_even_from_a_stream_that_gives_little() -> None:
    assert len(read_head(Dribble(b"x" * (HEAD_BYTES + 5)))) == HEAD_BYTES


def test_keys_of_json_at_any_depth() -> None:
    head = b'{"results": [{"nom": "a \\"b\\": c", "\\u00e9tat": {"v": 1}}, {"nom": "tronqu'
    assert json_keys(head) == {"results", "nom", "\\u00e9tat", "v"}


def test_columns_that_a_contract_does_not_describe(contracts: dict[DatasetId, Contract]) -> None:
    page = b'{"total_count": 1, "results": [{"nom": "a", "disponible": 3, "horodatage": "b", "etat": "c"}]}'
    assert unknown_names(page, contracts[DatasetId("parking")]) == {"total_count", "results", "etat"}
    bom = "\ufeffCONTRAT;DATE;CONSO_L\n".encode()
    assert unknown_names(bom, contracts[DatasetId("water-meters")]) == frozenset()


@pytest.mark.parametrize("head", [b"", b"\xff\xfe\n", b'"a\n', b"\x00" * 10])
def test_what_is_no_header_has_no_names_that_matter(head: bytes) -> None:
    assert len(header_names(head, ";")) <= 1


def test_a_name_has_a_length_and_a_text_with_a_colon_is_none() -> None:
    head = b'{"": 1, "a\\\\": 2, "b" : "c: d", "' + b"x" * 201 + b'": {"e\\"f":3}}'
    assert json_keys(head) == {"a\\\\", "b", 'e\\"f'}
