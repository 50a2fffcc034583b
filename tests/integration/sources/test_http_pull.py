from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow.compute as pc
import pytest

from sources import Delivery, PayloadError, PayloadPart, SchemaDriftError, SourceUnavailableError, decoder
from sources.connectors.http_client import HttpLimits
from sources.connectors.http_pull import HttpPull
from tests.integration.sources.conftest import Operators
from tests.unit.sources.support import TERRITORY, contract, whole

NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)
QUICK = HttpLimits(attempts=3, first_pause=0.01, jitter=lambda: 0.0)


def pull(operators: Operators, dataset: str, limits: HttpLimits = QUICK) -> HttpPull:
    return HttpPull(contract(dataset), operators.url, limits)


def landed(delivery: Delivery) -> list[PayloadPart]:
    """Every part, read once and kept, as landing would."""
    return [PayloadPart(part.name, io.BytesIO(part.stream.read())) for part in delivery.parts]


def pulled(operators: Operators, dataset: str) -> tuple[Delivery, list[PayloadPart]]:
    (delivery,) = pull(operators, dataset).fetch(None, NOW)
    return delivery, landed(delivery)


def test_parking_goes_beyond_the_offset_limit_and_decodes(operators: Operators) -> None:
    delivery, parts = pulled(operators, "parking")
    names = [part.name for part in parts]
    assert names[:2] == ["reference/0001.json", "live/0001.json"]
    assert len(names) > 102  # more than 10 000 readings: walked by key
    table, rejects, _ = whole(decoder(contract("parking"), TERRITORY).decode(iter(parts)), "parking")
    keys = set(zip(table["parking"].to_pylist(), table["horodatage"].to_pylist(), strict=True))
    slots = len(pc.unique(table["horodatage"]))
    assert len(keys) + len({row["position"] for row in rejects}) >= 19 * slots
    assert slots == 2 * 288 + 12 * 12 + 1
    chateau = table.filter(pc.equal(table["parking"], "Chateau"))
    assert chateau.num_rows > 500
    assert chateau["capacite"].null_count == chateau.num_rows
    assert table.filter(pc.not_equal(table["parking"], "Chateau"))["capacite"].null_count == 0
    # Noon in Paris, whichever way the row was labelled.
    assert pc.max(table["horodatage"]).as_py() == datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert {row["code"] for row in rejects} <= {"badInteger"}
    assert delivery.next_cursor["since"]["live"].startswith("2026-11-22T12:00:00")


def test_a_second_visit_brings_the_overlap_only(operators: Operators) -> None:
    delivery, parts = pulled(operators, "parking")
    (second,) = pull(operators, "parking").fetch(delivery.next_cursor, NOW)
    assert len(landed(second)) < 10 < len(parts)
    (third,) = pull(operators, "parking").fetch(delivery.next_cursor, NOW)
    (fourth,) = pull(operators, "parking").fetch(delivery.next_cursor, NOW)
    assert [part.stream.read() for part in landed(third)] == [part.stream.read() for part in landed(fourth)]


def test_reports_come_whole_then_nothing_new_but_the_last(operators: Operators) -> None:
    delivery, parts = pulled(operators, "citizen-reports")
    table, rejects, _ = whole(decoder(contract("citizen-reports"), TERRITORY).decode(iter(parts)), "citizen-reports")
    assert len(pc.unique(table["numero"])) > 450  # the month before, and this one so far
    assert {row["code"] for row in rejects} <= {"badTimestamp", "badNumber"}
    assert table["telephone"].null_count < table.num_rows  # never kept, and read: a candidate that held one is known
    (second,) = pull(operators, "citizen-reports").fetch(delivery.next_cursor, NOW)
    assert len(landed(second)) == 1


def test_nothing_new_yields_nothing(operators: Operators) -> None:
    later = {"since": {"requests": "2027-01-01T00:00:00+00:00"}}
    assert list(pull(operators, "citizen-reports").fetch(later, NOW)) == []


def test_a_service_that_recovers_is_waited_for_as_long_as_it_asks(operators: Operators) -> None:
    operators.control("fail", path="/open311", status=429, times=1, retry_after=7)
    operators.control("fail", path="/open311", status=502, times=1)
    pauses: list[float] = []
    limits = HttpLimits(attempts=3, first_pause=0.25, sleep=pauses.append, jitter=lambda: 0.0)
    (delivery,) = pull(operators, "citizen-reports", limits).fetch(None, NOW)
    assert landed(delivery)
    assert pauses == [7.0, 0.5]


def test_a_service_that_stays_down_is_named(operators: Operators) -> None:
    operators.control("fail", path="/open311", status=503, times=3)
    with pytest.raises(SourceUnavailableError, match=r"1:\d+/open311/v2/requests\.json : statut 503, 3 fois"):
        list(pull(operators, "citizen-reports").fetch(None, NOW))


def test_a_refusal_is_not_insisted_on(operators: Operators) -> None:
    operators.control("fail", path="/open311", status=403, times=1)
    with pytest.raises(SourceUnavailableError, match="statut 403"):
        list(pull(operators, "citizen-reports").fetch(None, NOW))


def test_a_failure_in_the_middle_of_a_walk_ends_the_delivery(operators: Operators) -> None:
    (delivery,) = pull(operators, "citizen-reports").fetch(None, NOW)
    next(delivery.parts)
    operators.control("fail", path="/open311", status=500, times=3)
    with pytest.raises(SourceUnavailableError):
        list(delivery.parts)
    assert delivery.next_cursor == {}  # nothing is remembered of a visit cut short


def test_nobody_there() -> None:
    with pytest.raises(SourceUnavailableError, match=r"127\.0\.0\.1:9/open311/v2/requests\.json : ConnectError"):
        list(HttpPull(contract("citizen-reports"), "http://127.0.0.1:9", QUICK).fetch(None, NOW))


def test_a_page_too_large(operators: Operators) -> None:
    with pytest.raises(PayloadError, match="plus de 1000 octets"):
        list(pull(operators, "citizen-reports", HttpLimits(body=1000)).fetch(None, NOW))


def test_a_visit_too_long(operators: Operators) -> None:
    instants: Iterator[float] = iter(range(0, 100_000, 100))
    (delivery,) = pull(operators, "citizen-reports", HttpLimits(clock=lambda: next(instants))).fetch(None, NOW)
    with pytest.raises(SourceUnavailableError, match="a pris plus de 900 s"):
        landed(delivery)


def test_a_maintenance_page_is_not_data(operators: Operators) -> None:
    operators.control("defects", parking_not_json=True)
    with pytest.raises(PayloadError, match="collection « live », page 1") as caught:
        list(pull(operators, "parking").fetch(None, NOW))
    assert "Maintenance" not in str(caught.value)


@pytest.mark.parametrize(
    ("switch", "dataset", "column"),
    [
        ("parking_renamed", "parking", "« live.disponible »"),
        ("reports_without_account", "citizen-reports", "« account_id »"),
        ("reports_retyped", "citizen-reports", "« lat »"),
    ],
)
def test_drift_names_the_column(operators: Operators, switch: str, dataset: str, column: str) -> None:
    operators.control("defects", **{switch: True})
    _, parts = pulled(operators, dataset)
    with pytest.raises(SchemaDriftError, match=column):
        whole(decoder(contract(dataset), TERRITORY).decode(iter(parts)), dataset)
