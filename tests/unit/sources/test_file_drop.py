from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sources import Delivery, SourceUnavailableError
from sources.connectors.file_drop import FileDrop
from tests.unit.sources.support import with_options

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


def drop(folder: Path, **options: Any) -> FileDrop:
    return FileDrop(with_options("water-meters", **options), folder)


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
    with pytest.raises(SourceUnavailableError, match="a changé pendant sa lecture") as caught:
        next(delivery.parts)
    assert "releves_a" not in str(caught.value)  # an operator may put anything in a name
    assert delivery.next_cursor == {}


def test_a_file_that_vanishes_while_it_is_read_is_not_taken(folder: Path) -> None:
    path = put(folder, "releves_a.csv")
    (delivery,) = drop(folder).fetch(None, NOW)
    path.unlink()
    with pytest.raises(SourceUnavailableError, match="a changé"):
        read([delivery])
    assert delivery.next_cursor == {}


def test_a_file_taken_away_after_it_was_listed_is_passed_over(folder: Path) -> None:
    put(folder, "releves_a.csv")
    gone = put(folder, "releves_b.csv", at=LONG_AGO + 1)
    source = drop(folder)
    walk = source.fetch(None, NOW)
    first = next(walk)
    gone.unlink()
    assert read([first]) == [("releves_a.csv", b"x")]
    assert (list(walk), source.problems) == ([], [])


def test_a_link_put_in_place_of_a_file_is_not_followed_and_holds_up_no_other(folder: Path) -> None:
    put(folder, "releves_a.csv")
    path = put(folder, "releves_b.csv", at=LONG_AGO + 1)
    put(folder, "releves_c.csv", "c", at=LONG_AGO + 2)
    source = drop(folder)
    walk = source.fetch(None, NOW)
    first = next(walk)
    path.unlink()
    path.symlink_to("/etc/hostname")
    assert read([first, *walk]) == [("releves_a.csv", b"x"), ("releves_c.csv", b"c")]
    (problem,) = source.problems
    assert "2e fichier du motif" in problem
    assert "releves_b" not in problem


def test_a_file_over_the_limit_is_told_and_holds_up_no_other(folder: Path) -> None:
    put(folder, "releves_a.csv", "0123456789")
    put(folder, "releves_b.csv", "b", at=LONG_AGO + 1)
    source = drop(folder, maximumBytes=9)
    assert read(list(source.fetch(None, NOW))) == [("releves_b.csv", b"b")]
    assert "plus de 9 octets" in source.problems[0]


def landing(walk: Iterator[Delivery]) -> list[bytes]:
    """Read each delivery before the next one is asked for, as *ingest* does."""
    return [part.stream.read() for delivery in walk for part in delivery.parts]


def test_nothing_is_deleted_unless_the_contract_says_so(folder: Path) -> None:
    path = put(folder, "releves_a.csv")
    assert landing(drop(folder).fetch(None, NOW)) == [b"x"]
    assert path.exists()
    deleting = drop(folder, afterwards="delete")
    walk = deleting.fetch(None, NOW)
    next(next(walk).parts)
    assert path.exists()  # not before the next one is asked for: the journal has it by then
    list(walk)
    assert path.exists()  # it was not read to its end
    assert landing(deleting.fetch(None, NOW)) == [b"x"]
    assert not path.exists()


def test_a_file_that_landed_before_a_kill_is_deleted_at_the_next_visit_if_it_is_still_the_same(folder: Path) -> None:
    same, other = put(folder, "releves_a.csv"), put(folder, "releves_b.csv", at=LONG_AGO + 1)
    deliveries = list(drop(folder).fetch(None, NOW))
    read(deliveries)
    put(folder, "releves_b.csv", "nouveau", LONG_AGO + 2)
    assert landing(drop(folder, afterwards="delete").fetch(deliveries[-1].next_cursor, NOW)) == [b"nouveau"]
    assert not same.exists()
    assert not other.exists()


def test_a_companion_tells_that_a_file_is_complete_and_goes_with_it(folder: Path) -> None:
    path = put(folder, "releves_a.csv")
    source = drop(folder, complete="done", afterwards="delete")
    assert landing(source.fetch(None, NOW)) == []
    companion = put(folder, "releves_a.csv.done", "", NOW.timestamp())
    assert landing(source.fetch(None, NOW)) == [b"x"]
    assert not path.exists()
    assert not companion.exists()


def test_a_file_that_grows_between_two_looks_waits(folder: Path) -> None:
    put(folder, "releves_a.csv")
    growing = put(folder, "releves_b.csv", at=LONG_AGO + 1)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        growing.write_text("xx", encoding="utf-8")
        os.utime(growing, (LONG_AGO + 1, LONG_AGO + 1))

    source = FileDrop(with_options("water-meters", complete="stable", rest="PT7S"), folder, sleep)
    assert read(list(source.fetch(None, NOW))) == [("releves_a.csv", b"x")]
    assert pauses == [7.0]


def test_a_missing_folder_is_an_outage(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="n'existe pas"):
        list(drop(tmp_path / "nowhere").fetch(None, NOW))
