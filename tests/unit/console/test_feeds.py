"""What is in quarantine, and the alerts about feeds, as pages show them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from console.rejects import LINES_SHOWN, rejects_page
from storage import Journal, Reading, RejectCount
from tests.unit.console.test_application import client_of, sign_in
from tests.unit.console.test_contexts import plain
from tests.unit.console.world import NOW, contract, journal, services, territory

HOUR = timedelta(hours=1)


def reading(dataset: str, name: str, *reasons: RejectCount, ago: timedelta = HOUR, **changes: Any) -> Reading:
    values: dict[str, Any] = {
        "delivery_id": f"{name}0123456789abcdef",
        "dataset": dataset,
        "run_id": "scheduled__2026-11-04T09:00:00+00:00",
        "contract_version": "1.0.0",
        "read_at": NOW - ago,
        "received_at": NOW - ago,
        "rows": 5184,
        "rejected": sum(one.rows for one in reasons),
        "unreadable": False,
        "unknown_columns": 0,
        "filled": (),
        "reasons": reasons,
    }
    return Reading(**(values | changes))


@pytest.fixture
def world() -> Journal:
    found = journal()
    late, empty = RejectCount("tooLate", "horodatage", 8, 41), RejectCount("nullValues", "places_disponibles", 1204, 3)
    found.record_reading(reading("parking", "aaa", late, empty))
    found.record_reading(reading("parking", "bbb", RejectCount("columnCount", None, 2, 0), ago=2 * HOUR))
    found.record_reading(reading("parking", "old", late, ago=timedelta(days=8)))  # kept for 7 days
    whole = RejectCount("unreadablePayload", None, 1, 0)
    found.record_reading(reading("water-meters", "ccc", whole, rows=0, unreadable=True))
    found.raise_alert("parking", "columns_gone", {"columns": ["capacite"], "since": NOW.isoformat()}, NOW - 3 * HOUR)
    found.raise_alert("water-meters", "unreadable", {"since": NOW.isoformat()}, NOW - HOUR)
    found.raise_alert("gone", "unreadable", {}, NOW)  # of a contract that is no more
    return found


@pytest.fixture
def client(world: Journal) -> Iterator[TestClient]:
    with client_of(services(journal=world)) as found:
        sign_in(found)
        yield found


def test_rejects_are_counted_by_reason_most_frequent_first(world: Journal) -> None:
    page = rejects_page(territory(), world, NOW)
    assert [(line.code, plain(line.rows), line.deliveries) for line in page.by_reason] == [
        ("nullValues", "1 204", "1"),
        ("tooLate", "8", "1"),
        ("columnCount", "2", "1"),
        ("unreadablePayload", "–", "1"),
    ]
    assert plain(page.summary) == "1 214 lignes rejetées, dans 3 livraisons"
    assert [line.address for line in page.by_reason][1] == "/rejets?motif=tooLate"


def test_a_line_names_operator_feed_delivery_reason_count_and_position(world: Journal) -> None:
    line = rejects_page(territory(), world, NOW, "parking", "tooLate").lines[0]
    assert (line.operator, line.dataset) == ("Stationnement d'Angers", contract("parking").title)
    assert (line.delivery, line.reason) == ("aaa012345678", "la ligne arrive après le délai de correction")
    assert (plain(line.rows), line.column, line.first) == ("8 sur 5 184", "horodatage", "42")
    assert line.run == "/jeux-de-donnees/parking/executions/scheduled__2026-11-04T09%3A00%3A00%2B00%3A00"


def test_a_delivery_set_aside_whole_has_no_line_number(world: Journal) -> None:
    (line,) = rejects_page(territory(), world, NOW, "water-meters").lines
    assert (line.rows, line.first) == ("toute la livraison", "")


def test_what_is_erased_from_quarantine_is_no_longer_counted(world: Journal) -> None:
    assert rejects_page(territory(), world, NOW + timedelta(days=40)).lines == ()
    replayed = reading("parking", "old", RejectCount("tooLate", "horodatage", 7, 1), received_at=NOW - 6 * 24 * HOUR)
    world.record_reading(replayed)
    assert "old012345678" in {line.delivery for line in rejects_page(territory(), world, NOW).lines}


def test_filters_keep_every_reason_on_offer(world: Journal) -> None:
    page = rejects_page(territory(), world, NOW, "parking", "tooLate")
    assert [choice.value for choice in page.reasons if choice.chosen] == ["tooLate"]
    assert {choice.value for choice in page.reasons} == {"tooLate", "nullValues", "columnCount"}
    assert [choice.value for choice in page.datasets if choice.chosen] == ["parking"]
    assert page.by_reason[0].address == "/rejets?jeu=parking&motif=tooLate"


def test_a_long_list_is_cut_and_says_so(world: Journal) -> None:
    for number in range(LINES_SHOWN):
        world.record_reading(reading("parking", f"n{number:03d}", RejectCount("badDate", "horodatage", 1, 0)))
    page = rejects_page(territory(), world, NOW)
    assert (len(page.lines), page.left_out) == (LINES_SHOWN, 4)


def test_the_page_of_rejects_shows_counts_and_can_be_filtered(client: TestClient) -> None:
    everything = client.get("/rejets")
    assert everything.status_code == 200
    for shown in ("une valeur obligatoire manque", "Stationnement d&#39;Angers", "aaa012345678", "columnCount"):
        assert shown in everything.text
    one = client.get("/rejets", params={"jeu": "parking", "motif": "columnCount"}).text
    assert "bbb012345678" in one
    assert "aaa012345678" not in one
    assert "Rien n'est en quarantaine pour ce choix" in client.get("/rejets?motif=badNumber").text


def test_a_filter_takes_known_datasets_and_codes_only(client: TestClient) -> None:
    assert client.get("/rejets", params={"jeu": "ailleurs"}).status_code == 404
    assert client.get("/rejets", params={"motif": "<script>"}).status_code == 422


def test_rejects_are_for_people_who_signed_in(world: Journal) -> None:
    with client_of(services(journal=world)) as nobody:
        assert nobody.get("/rejets").status_code == 303


def test_alerts_stand_at_the_top_of_the_list_and_of_their_dataset(client: TestClient) -> None:
    fragment = client.get("/jeux-de-donnees/fragment").text
    assert fragment.index("Colonnes disparues") < fragment.index("Livraison illisible") < fragment.index("<article")
    assert "2\u00a0alertes" in fragment
    parking = client.get("/jeux-de-donnees/parking").text
    assert "« capacite »" in parking
    assert "il y a 3\u00a0heures" in parking
    assert "Livraison illisible" not in parking
    assert "Flux à regarder" not in client.get("/jeux-de-donnees/citizen-reports").text


def test_without_an_alert_nothing_is_said() -> None:
    page = services().reader.datasets(NOW)
    assert page.alerts == ()
    assert "alerte" not in page.summary
