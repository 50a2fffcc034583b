from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sources import PayloadError, SchemaDriftError, decoder
from tests.unit.sources.support import TERRITORY, contract, decode

PARKING = decoder(contract("parking"), TERRITORY)
REPORTS = decoder(contract("citizen-reports"), TERRITORY)


def page(*results: Any) -> str:
    return json.dumps({"total_count": len(results), "results": results})


def live(nom: str = "Mail", at: str = "2026-07-14T12:00:00+00:00", free: Any = 12) -> dict[str, Any]:
    return {"nom": nom, "disponible": free, "horodatage": at}


STATIC = {
    "id": "49007-P-010", "id_parking": "Mail", "nom": "Parking Mail", "nb_places": 350, "adresse": "Rue du Mail",
    "ylat": 47.47, "xlong": -0.55,
}  # fmt: skip


DESCRIBED = ("reference/0001.json", page(STATIC))


def codes(rejects: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(row["position"], row["code"], row["column"]) for row in rejects]


def parking(*pages: tuple[str, str]) -> Any:
    return decode(PARKING, "parking", *(text for _, text in pages), names=tuple(name for name, _ in pages))


def test_a_row_is_joined_through_the_territory_s_own_pairing() -> None:
    table, rejects, _ = parking(DESCRIBED, ("live/0001.json", page(live(), live("Chateau"))))
    mail, chateau = table.to_pylist()
    assert (mail["id_stationnement"], mail["capacite"], mail["nom"]) == ("49007-P-010", 350, "Parking Mail")
    assert chateau["parking"] == "Chateau"
    assert (chateau["id_stationnement"], chateau["capacite"], chateau["latitude"]) == (None, None, None)
    assert rejects == []


def test_paris_time_labelled_utc_is_mended_and_a_true_offset_believed() -> None:
    rows = [
        live(at="2026-07-14T12:00:00+00:00"),
        live(at="2026-01-14T12:00:00+00:00"),
        live(at="2026-07-14T12:00:00+02:00"),
    ]
    table, _, _ = parking(DESCRIBED, ("live/0001.json", page(*rows)))
    assert table["horodatage"].to_pylist() == [
        datetime(2026, 7, 14, 10, tzinfo=UTC),
        datetime(2026, 1, 14, 11, tzinfo=UTC),
        datetime(2026, 7, 14, 10, tzinfo=UTC),
    ]


def test_an_hour_that_does_not_exist_is_rejected() -> None:
    table, rejects, _ = parking(DESCRIBED, ("live/0001.json", page(live(at="2026-03-29T02:30:00+00:00"), live())))
    assert codes(rejects) == [(0, "badTimestamp", "live.horodatage")]
    assert table.num_rows == 1


def test_rows_before_their_description_are_refused() -> None:
    with pytest.raises(PayloadError, match="before any description"):
        parking(("live/0001.json", page(live())), ("reference/0001.json", page(STATIC)))


@pytest.mark.parametrize("text", ["<html>", "[1, 2]", '{"error": 1}', "", "[" * 100_000])
def test_a_page_that_is_not_one_is_named_without_its_content(text: str) -> None:
    with pytest.raises(PayloadError, match=r"live/0001\.json") as caught:
        parking(DESCRIBED, ("live/0001.json", text))
    assert "html" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def report(**other: Any) -> dict[str, Any]:
    return {
        "service_request_id": "S-1", "account_id": "a1", "service_code": "P", "service_name": "Propreté",
        "status": "open",
        "requested_datetime": "2026-10-05T10:00:00+02:00", "updated_datetime": "2026-10-06T10:00:00Z",
        "description": "Dépôt sauvage", "address": "1 rue X, 49000 Angers", "lat": 47.47, "long": "-0.55",
    } | other  # fmt: skip


def test_open311_numbers_may_be_texts_and_fields_may_be_missing() -> None:
    short = report(service_request_id="S-2")
    del short["description"]
    table, rejects, _ = decode(REPORTS, "citizen-reports", json.dumps([report(), short]))
    rows = table.to_pylist()
    assert (rows[0]["latitude"], rows[0]["longitude"]) == (47.47, -0.55)
    assert rows[0]["ouvert_le"] == datetime(2026, 10, 5, 8, tzinfo=UTC)
    assert rows[1]["texte"] is None
    assert rejects == []


def test_bad_values_and_things_that_are_not_records() -> None:
    table, rejects, positions = decode(
        REPORTS, "citizen-reports", json.dumps([report(lat="?"), 7, report(), report(updated_datetime="hier")])
    )
    assert codes(rejects) == [
        (0, "badNumber", "lat"),
        (1, "notObject", None),
        (3, "badTimestamp", "updated_datetime"),
    ]
    assert json.loads(str(rejects[0]["record"]))["lat"] == "?"
    assert positions == [2]
    assert table.num_rows == 1


def test_a_required_field_gone_from_every_record_is_drift() -> None:
    records = [report(service_request_id=f"S-{number}") for number in range(12)]
    for record in records:
        del record["account_id"]
    with pytest.raises(SchemaDriftError, match="« account_id »"):
        decode(REPORTS, "citizen-reports", json.dumps(records))


def test_a_lone_surrogate_does_not_break_a_page() -> None:
    table, _, _ = decode(REPORTS, "citizen-reports", json.dumps([report(description="\ud800")]))
    assert table.num_rows == 1


def test_an_empty_page_has_no_rows() -> None:
    table, rejects, _ = decode(REPORTS, "citizen-reports", "[]")
    assert (table.num_rows, rejects) == (0, [])
