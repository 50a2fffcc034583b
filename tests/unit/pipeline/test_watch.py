"""Feeds that stop, shrink or drift raise one alert each, which ends by itself."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.entry import watch_all
from pipeline.watch import watch, watch_quietly
from policies.contract import Contract, Expectation, Territory
from sources.feed_alerts import HEADLINES, AlertKind, sentence
from storage import DatasetRef, DeliveryId, Journal, Reading, RejectCount, Zone, memory_engine

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
REF = DatasetRef(Zone.LANDING, "parking", "1.0.0", None, "landing/parking/abc.manifest", "0" * 64)
FILLED = ("parking", "horodatage", "places_disponibles", "capacite")


@pytest.fixture
def journal() -> Journal:
    return Journal(memory_engine())


@pytest.fixture
def daily(shipped_territory: Territory) -> Contract:
    contract = next(one for one in shipped_territory.contracts.values() if one.id == "parking")
    return replace(contract, expected=Expectation(DAY), lateness=timedelta(hours=2))


def deliver(journal: Journal, day: float, rows: int = 1000, **changes: Any) -> datetime:
    """A delivery so many days after the start; returns a moment just after it was read."""
    at = START + day * DAY
    name = f"d{day}"
    journal.record_delivery(DeliveryId(name), "parking", "run", replace(REF, key=f"landing/parking/{name}"), at)
    values: dict[str, Any] = {
        "delivery_id": name,
        "dataset": "parking",
        "run_id": "run",
        "contract_version": "1.0.0",
        "read_at": at + timedelta(minutes=1),
        "received_at": at,
        "rows": rows,
        "rejected": 0,
        "unreadable": False,
        "unknown_columns": 2,
        "filled": FILLED,
        "reasons": (),
    }
    journal.record_reading(Reading(**(values | changes)))
    return at + timedelta(minutes=2)


def ordinary(journal: Journal, days: int = 6) -> datetime:
    return [deliver(journal, day) for day in range(days)][-1]


def kinds(journal: Journal) -> set[str]:
    return {alert.kind for alert in journal.alerts("parking")}


def test_an_ordinary_feed_raises_nothing(journal: Journal, daily: Contract) -> None:
    for day in range(6):
        assert watch(journal, daily, deliver(journal, day)).standing == {}


def test_a_feed_whose_collection_was_never_switched_on_has_not_begun(journal: Journal, daily: Contract) -> None:
    assert watch(journal, daily, START + 90 * DAY).standing == {}


def test_a_feed_that_never_delivered_alerts_until_it_does(journal: Journal, daily: Contract) -> None:
    for number, status in enumerate(("failed", "succeeded")):
        run, at = f"run{number}", START + number * DAY / 2
        journal.start_stage(run, "parking", None, "ingest", at)
        journal.finish_stage(run, "parking", None, "ingest", {}, 1.0, status=status)
    assert watch(journal, daily, START + timedelta(hours=25)).raised == ()
    found = watch(journal, daily, START + timedelta(hours=27))
    assert found.raised == ("never",)
    assert found.standing["never"]["collected_since"] == START.isoformat()
    assert watch(journal, daily, START + timedelta(hours=40)).raised == ()
    assert watch(journal, daily, deliver(journal, 2)).resolved == ("never",)
    assert watch(journal, daily, START + 5 * DAY).raised == ("stopped",)


def test_a_feed_that_stops_alerts_once_and_ends_with_the_next_delivery(journal: Journal, daily: Contract) -> None:
    last = ordinary(journal)
    assert watch(journal, daily, last + timedelta(hours=25)).raised == ()
    assert watch(journal, daily, last + timedelta(hours=27)).raised == ("stopped",)
    again = watch(journal, daily, last + timedelta(hours=40))
    assert (again.raised, set(again.standing)) == ((), {"stopped"})
    assert watch(journal, daily, deliver(journal, 7)).resolved == ("stopped",)
    assert kinds(journal) == set()


def test_nothing_is_expected_of_a_feed_that_declares_no_frequency(journal: Journal, daily: Contract) -> None:
    last = ordinary(journal)
    assert watch(journal, replace(daily, expected=Expectation()), last + 90 * DAY).standing == {}


def test_a_feed_that_shrinks_alerts_until_it_is_back(journal: Journal, daily: Contract) -> None:
    ordinary(journal)
    assert watch(journal, daily, deliver(journal, 6, rows=100)).raised == ("shrunk",)
    assert journal.alerts("parking")[0].details["expected"] == 1000
    for day in range(7, 30):  # what is ill for long does not become the usual
        assert watch(journal, daily, deliver(journal, day, rows=100)).raised == ()
    assert kinds(journal) == {"shrunk"}
    assert watch(journal, daily, deliver(journal, 30)).resolved == ("shrunk",)


def test_a_small_correction_beside_the_whole_is_no_shrinking(journal: Journal, daily: Contract) -> None:
    ordinary(journal)
    assert watch(journal, daily, deliver(journal, 5.1, rows=3)).standing == {}


def test_the_first_delivery_which_catches_up_the_past_is_not_the_usual(journal: Journal, daily: Contract) -> None:
    deliver(journal, 0, rows=100_000)
    for day in range(1, 8):
        assert watch(journal, daily, deliver(journal, day)).standing == {}


def test_a_declared_volume_goes_before_the_usual_one(journal: Journal, daily: Contract) -> None:
    now = ordinary(journal)
    declared = replace(daily, expected=Expectation(DAY, 2000))
    assert watch(journal, declared, now).raised == ("shrunk",)
    assert journal.alerts("parking")[0].details["declared"] is True
    assert watch(journal, replace(daily, expected=Expectation(DAY, 900)), now).resolved == ("shrunk",)
    later = now + timedelta(minutes=1)
    assert watch(journal, replace(daily, expected=Expectation(None, 1001)), later).raised == ("shrunk",)


def test_a_growing_share_of_rejects_alerts(journal: Journal, daily: Contract) -> None:
    for day in range(6):
        deliver(journal, day, rejected=50)
    assert watch(journal, daily, deliver(journal, 6, rejected=149)).standing == {}
    assert watch(journal, daily, deliver(journal, 7, rejected=300)).raised == ("rejects",)
    assert watch(journal, daily, deliver(journal, 8, rejected=40)).resolved == ("rejects",)
    few = (RejectCount("badDate", "horodatage", 3, 0),)
    assert watch(journal, daily, deliver(journal, 8.1, rows=4, rejected=3, reasons=few)).standing == {}


def test_a_delivery_that_can_not_be_read_alerts_and_lets_other_alerts_stand(journal: Journal, daily: Contract) -> None:
    ordinary(journal)
    watch(journal, daily, deliver(journal, 6, rejected=900))
    now = deliver(journal, 7, rows=0, unreadable=True, filled=())
    assert watch(journal, daily, now).raised == ("unreadable",)
    assert kinds(journal) == {"unreadable", "rejects"}
    assert set(watch(journal, daily, deliver(journal, 8)).resolved) == {"unreadable", "rejects"}


def test_columns_that_vanish_or_appear_alert(journal: Journal, daily: Contract) -> None:
    ordinary(journal)
    now = deliver(journal, 6, filled=FILLED[:3], unknown_columns=3)
    assert set(watch(journal, daily, now).raised) == {"columns_gone", "columns_new"}
    details = {alert.kind: alert.details for alert in journal.alerts("parking")}
    assert details["columns_gone"]["columns"] == ["capacite"]
    assert (details["columns_new"]["found"], details["columns_new"]["usual"]) == (3, 2)
    assert watch(journal, daily, deliver(journal, 7, filled=FILLED[:3])).resolved == ("columns_new",)
    assert kinds(journal) == {"columns_gone"}
    assert watch(journal, daily, deliver(journal, 8)).resolved == ("columns_gone",)


def test_columns_are_compared_within_one_version_of_the_contract(journal: Journal, daily: Contract) -> None:
    ordinary(journal)
    newer = replace(daily, version=replace(daily.version, minor=1))
    now = deliver(journal, 6, filled=FILLED[:3], unknown_columns=9, contract_version="1.1.0")
    assert watch(journal, newer, now).standing == {}


def test_a_column_that_is_often_empty_is_not_missed(journal: Journal, daily: Contract) -> None:
    for day in range(6):
        deliver(journal, day, filled=FILLED[: 3 + day % 2])
    assert watch(journal, daily, deliver(journal, 6, filled=FILLED[:3])).standing == {}


def test_the_log_tells_an_alert_once_with_its_figures(
    journal: Journal, daily: Contract, caplog: pytest.LogCaptureFixture
) -> None:
    ordinary(journal)
    now = deliver(journal, 6, rows=10)
    with caplog.at_level(logging.INFO, "ardoise.feeds"):
        watch(journal, daily, now)
        watch(journal, daily, now)
        watch(journal, daily, deliver(journal, 7))
    first, second = caplog.records
    assert (first.levelname, first.dataset, first.alert) == ("WARNING", "parking", "shrunk")  # type: ignore[attr-defined]
    assert first.details["rows"] == 10  # type: ignore[attr-defined]
    assert "resolved: parking shrunk" in second.getMessage()


def test_watching_never_fails_what_calls_it(daily: Contract, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Journal):
        def alerts(self, dataset: str | None = None) -> Any:
            raise RuntimeError("Jean Dupont")

    watch_quietly(Broken(memory_engine()), daily, START)
    assert "RuntimeError" in caplog.text
    assert "Dupont" not in caplog.text


def test_every_feed_in_force_is_watched_and_told_in_french(journal: Journal, shipped_territory: Territory) -> None:
    last = ordinary(journal)
    (alert,) = watch_all(journal, shipped_territory, last + 3 * DAY)
    assert (alert["dataset"], alert["kind"], alert["new"]) == ("parking", "stopped", True)
    assert alert["sentence"].startswith("Aucune livraison depuis le 06/11/2026 à 09:00")
    assert watch_all(journal, shipped_territory, last + 3 * DAY)[0]["new"] is False
    drafts = {name: replace(one, status="draft") for name, one in shipped_territory.contracts.items()}
    assert watch_all(journal, replace(shipped_territory, contracts=drafts), last + 3 * DAY) == []


@pytest.mark.parametrize(
    ("kind", "details", "said"),
    [
        ("never", {"collected_since": "2026-11-01T08:00:00+00:00", "allowed_seconds": 93_600}, "depuis le 01/11/2026"),
        ("stopped", {"last": "2026-11-01T08:00:00+00:00", "allowed_seconds": 93_600}, "26\u00a0heures"),
        ("stopped", {"last": "2026-11-01T08:00:00+00:00", "allowed_seconds": 1_800}, "30\u00a0minutes"),
        ("stopped", {"last": "2026-11-01T08:00:00+00:00", "allowed_seconds": 2_764_800}, "32\u00a0jours"),
        ("shrunk", {"rows": 10, "expected": 1000, "declared": False}, "1\u202f000 habituelles"),
        ("shrunk", {"rows": 10, "expected": 1000, "declared": True}, "1\u202f000 déclarées"),
        ("unreadable", {}, "ardoise replay"),
        ("rejects", {"share": 0.31, "usual": 0.02}, "31,0\u00a0%"),
        ("columns_gone", {"columns": ["capacite", "nom"]}, "« capacite », « nom »"),
        ("columns_new", {"found": 3, "usual": 2}, "ne sont pas conservées"),
    ],
)
def test_each_alert_has_its_sentence(kind: str, details: dict[str, Any], said: str) -> None:
    assert said in sentence(kind, details, "Europe/Paris")
    assert kind in HEADLINES


def test_no_kind_is_without_a_headline() -> None:
    assert set(HEADLINES) == set(AlertKind)
