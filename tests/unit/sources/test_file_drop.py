from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sources import Delivery, SourceUnavailableError
from sources.connectors.file_drop import FileDrop
from tests.unit.sources.support import contract

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = NOW.timestamp() - 3600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "water-meters").mkdir()
    return tmp_path


def put(folder: Path, name: str, text: str = "x", at: float = LONG_AGO) -> Path:
    path = folder / "water-meters" / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at, at))
    return path


def drop(folder: Path) -> FileDrop:
    return FileDrop(contract("water-meters"), folder)


def read(deliveries: list[Delivery]) -> list[tuple[str, bytes]]:
    return [(part.name, part.stream.read()) for delivery in deliveries for part in delivery.parts]


def test_oldest_first_and_only_what_matches(folder: Path) -> None:
    put(folder, "releves_b.csv", "deux", LONG_AGO + 1)
    put(folder, "releves_c.csv", "un", LONG_AGO)
    for other in ("releves_d.csv.part", ".releves_e.csv", "autre.csv", "releves_f.txt"):
        put(folder, other)
    (folder / "water-meters" / "releves_g.csv").mkdir()
    found = read(list(drop(folder).fetch(None, NOW)))
    assert found == [("releves_c.csv", b"un"), ("releves_b.csv", b"deux")]


def test_a_file_touched_less_than_a_second_ago_waits(folder: Path) -> None:
    put(folder, "releves_a.csv", at=NOW.timestamp() - 0.5)
    assert list(drop(folder).fetch(None, NOW)) == []


def test_a_cursor_covers_what_was_read_and_no_more(folder: Path) -> None:
    put(folder, "releves_a.csv", at=LONG_AGO)
    put(folder, "releves_b.csv", at=LONG_AGO + 1)
    walk = drop(folder).fetch(None, NOW)
    first = next(walk)
    assert first.next_cursor == {}  # not before its parts were read
    read([first])
    rest = list(drop(folder).fetch(first.next_cursor, NOW))
    assert [delivery.source for delivery in rest] == ["water-meters/releves_b.csv"]


def test_a_file_written_again_comes_again_and_one_taken_away_is_forgotten(folder: Path) -> None:
    put(folder, "releves_a.csv")
    gone = put(folder, "releves_b.csv", at=LONG_AGO + 1)
    deliveries = list(drop(folder).fetch(None, NOW))
    read(deliveries)
    gone.unlink()
    put(folder, "releves_a.csv", "changé", LONG_AGO + 5)
    again = list(drop(folder).fetch(deliveries[-1].next_cursor, NOW))
    assert read(again) == [("releves_a.csv", "changé".encode())]
    assert list(again[-1].next_cursor["files"]) == ["water-meters/releves_a.csv"]


def test_a_file_that_changes_while_it_is_read_is_not_taken(folder: Path) -> None:
    path = put(folder, "releves_a.csv")
    (delivery,) = drop(folder).fetch(None, NOW)
    next(delivery.parts).stream.read()
    path.write_text("plus long", encoding="utf-8")
    with pytest.raises(SourceUnavailableError, match="changed while it was read") as caught:
        next(delivery.parts)
    assert "releves_a" not in str(caught.value)  # an operator may put anything in a name
    assert delivery.next_cursor == {}


def test_a_file_that_vanished_is_an_outage(folder: Path) -> None:
    path = put(folder, "releves_a.csv")
    (delivery,) = drop(folder).fetch(None, NOW)
    path.unlink()
    with pytest.raises(SourceUnavailableError, match="can not be read"):
        read([delivery])


def test_a_link_put_in_place_of_a_file_is_not_followed(folder: Path) -> None:
    path = put(folder, "releves_a.csv")
    (delivery,) = drop(folder).fetch(None, NOW)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(SourceUnavailableError):
        read([delivery])


def test_a_missing_folder_is_an_outage(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="is not there"):
        list(drop(tmp_path / "nowhere").fetch(None, NOW))
