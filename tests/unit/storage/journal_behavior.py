"""What the journal does: one suite, run in memory by the unit tests and on PostgreSQL by integration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from storage import DatasetRef, DeliveryId, Journal, Reading, RecordError, RejectCount, Zone

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
REF = DatasetRef(Zone.LANDING, "parking", "1.0.0", None, "landing/parking/abc.manifest", "0" * 64)
DELIVERY = DeliveryId("abc")


def verdict(**changes: Any) -> dict[str, Any]:
    return {
        "candidate_digest": "c" * 64,
        "dataset": "parking",
        "period": "2026-10",
        "run_id": "run-1",
        "verdict": "publishable",
        "reasons": ["Aucune donnée personnelle."],
        "measures": {"k": 12, "prosecutor_risk": 0.08},
        "contract_version": "1.0.0",
        "strategy_version": "1",
        "consent_root": None,
        "judged_at": NOW,
    } | changes


def decision(**changes: Any) -> dict[str, Any]:
    return {
        "candidate_digest": "c" * 64,
        "contract_version": "1.0.0",
        "strategy_version": "1",
        "approved": True,
        "decided_by": "steward",
        "triggered_by": "scheduler",
        "comment": "",
        "decided_at": NOW,
    } | changes


def release(**changes: Any) -> dict[str, Any]:
    return {
        "dataset": "parking",
        "major": 1,
        "period": "2026-10",
        "candidate_digest": "c" * 64,
        "content": "d" * 64,
        "rows": 42,
        "url": "http://127.0.0.1:5000/dataset/parking",
        "run_id": "run-2",
        "files": [{"format": "csv", "size": 10}],
        "released_at": NOW,
    } | changes


class JournalBehavior:
    """Subclass it with a fixture `journal`: an empty one."""

    def test_a_cursor_is_what_the_last_delivery_left_repeated_or_not(self, journal: Journal) -> None:
        assert journal.cursor("parking") is None
        assert journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW, {"offset": 1})
        assert not journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW, {"offset": 2, "since": "2026-10-31"})
        assert not journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW)
        assert journal.cursor("parking") == {"offset": 2, "since": "2026-10-31"}
        assert journal.cursor("water-meters") is None

    def test_a_delivery_and_its_cursor_are_written_together_or_not_at_all(self, journal: Journal) -> None:
        with pytest.raises((RecordError, TypeError)):  # as the database driver tells what is no JSON
            journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW, {"offset": object()})
        assert journal.delivery_ref(DELIVERY) is None
        assert journal.cursor("parking") is None

    def test_a_delivery_is_recorded_once(self, journal: Journal) -> None:
        assert journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW)
        assert not journal.record_delivery(DELIVERY, "parking", "run-2", REF, NOW + DAY)
        assert journal.delivery_ref(DELIVERY) == REF
        assert journal.delivery_ref(DeliveryId("none")) is None
        assert [(found.run_id, found.received_at) for found in journal.deliveries("parking")] == [("run-1", NOW)]
        assert journal.deliveries("other") == []

    def test_a_delivery_is_pending_until_processed(self, journal: Journal) -> None:
        journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW)
        journal.record_delivery(DeliveryId("older"), "parking", "run-1", REF, NOW - DAY)
        assert [found.delivery_id for found in journal.pending_deliveries("parking")] == ["older", "abc"]
        for moment in (NOW, NOW + DAY):
            journal.mark_processed(DELIVERY, moment)
        journal.mark_erased(DeliveryId("older"), NOW)
        assert journal.pending_deliveries("parking") == []
        assert [found.processed_at for found in journal.deliveries("parking")] == [None, NOW]

    def test_a_delivery_expires_until_it_is_erased(self, journal: Journal) -> None:
        journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW)
        assert journal.expired_deliveries("parking", NOW) == []
        assert [found.ref for found in journal.expired_deliveries("parking", NOW + DAY)] == [REF]
        journal.mark_erased(DELIVERY, NOW)
        assert journal.expired_deliveries("parking", NOW + DAY) == []

    def test_a_delivery_that_lands_again_after_its_erasure_is_pending_again(self, journal: Journal) -> None:
        journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW)
        journal.mark_processed(DELIVERY, NOW)
        journal.mark_erased(DELIVERY, NOW)
        again = DatasetRef(Zone.LANDING, "parking", "1.0.0", None, REF.key, "1" * 64)
        assert journal.record_delivery(DELIVERY, "parking", "run-2", again, NOW + DAY)
        assert [found.ref for found in journal.pending_deliveries("parking")] == [again]

    def test_a_period_is_dirty_while_closed_and_not_released_as_it_is(self, journal: Journal) -> None:
        def mark(content: str, closed_at: datetime = NOW) -> bool:
            return journal.mark_partition("parking", 1, "2026-10", content, "run-1", closed_at, NOW)

        assert mark("c1", NOW + DAY)
        assert journal.dirty_periods("parking", 1, NOW) == []
        assert journal.open_periods("parking", 1, NOW) == ["2026-10"]
        assert journal.dirty_periods("parking", 1, NOW + DAY) == ["2026-10"]
        assert journal.open_periods("parking", 1, NOW + DAY) == []
        journal.mark_released("parking", 1, "2026-10", "c1")
        assert not mark("c1")
        assert journal.dirty_periods("parking", 1, NOW + DAY) == []
        assert mark("c2")
        assert journal.dirty_periods("parking", 1, NOW) == ["2026-10"]
        journal.mark_released("parking", 1, "2026-10", "c1")  # a slow release of what it was before
        assert journal.dirty_periods("parking", 1, NOW) == ["2026-10"]
        assert mark("c1")
        assert journal.dirty_periods("parking", 1, NOW) == []

    def test_periods_are_in_order_and_of_one_major(self, journal: Journal) -> None:
        for period in ("2026-11", "2026-09", "2026-10"):
            journal.mark_partition("parking", 1, period, "c", "run-1", NOW, NOW)
        journal.mark_partition("parking", 2, "2026-08", "c", "run-1", NOW, NOW)
        journal.mark_partition("water-meters", 1, "2026-08", "c", "run-1", NOW, NOW)
        assert journal.dirty_periods("parking", 1, NOW) == ["2026-09", "2026-10", "2026-11"]
        assert journal.dirty_periods("parking", 2, NOW) == ["2026-08"]
        assert journal.periods("parking", 1) == ["2026-09", "2026-10", "2026-11"]
        assert journal.periods("parking", 3) == []

    def test_what_is_recorded_of_a_period(self, journal: Journal) -> None:
        journal.mark_partition("parking", 1, "2026-10", "c1", "run-1", NOW, NOW)
        journal.mark_partition("parking", 1, "2026-10", "c1", "run-2", NOW + DAY, NOW + DAY)
        found = journal.partition("parking", 1, "2026-10")
        assert found is not None
        assert (found.content, found.released_content, found.run_id) == ("c1", None, "run-1")
        assert (found.closed_at, found.changed_at) == (NOW + DAY, NOW)
        assert journal.partition("parking", 1, "2026-11") is None

    def test_a_period_that_is_carried_over_is_as_clean_or_dirty_as_it_was(self, journal: Journal) -> None:
        for period, released in (("2026-08", "c1"), ("2026-09", "c0"), ("2026-10", None)):
            journal.mark_partition("parking", 1, period, "c1", "run-1", NOW, NOW)
            if released:
                journal.mark_released("parking", 1, period, released)
        for _ in range(2):  # a rotation that was killed says it again
            for period in ("2026-08", "2026-09", "2026-10", "2026-11"):
                journal.carry_partition("parking", 1, period, "c1", "r1")
        found = [journal.partition("parking", 1, period) for period in ("2026-08", "2026-09", "2026-10")]
        contents = [(one.content, one.released_content) for one in found if one]
        assert contents == [("r1", "r1"), ("r1", "c0"), ("r1", None)]
        assert journal.dirty_periods("parking", 1, NOW) == ["2026-09", "2026-10"]
        assert journal.partition("parking", 1, "2026-11") is None

    def test_a_stage_that_runs_again_is_one_line(self, journal: Journal) -> None:
        journal.start_stage("run-1", "parking", None, "ingest", NOW)
        journal.finish_stage("run-1", "parking", None, "ingest", {"rows_in": 1}, 1.5, "failed", "SourceUnavailable")
        failed = journal.runs("parking")[0]
        assert (failed.status, failed.error_code) == ("failed", "SourceUnavailable")
        journal.start_stage("run-1", "parking", None, "ingest", NOW + DAY)
        running = journal.runs("parking")[0]
        assert (running.status, running.error_code, running.counts) == ("running", None, {})
        journal.finish_stage("run-1", "parking", None, "ingest", {"rows_in": 3}, 2.0, "succeeded")
        detail = journal.run("run-1")
        assert detail is not None
        assert [(stage.attempts, stage.status, stage.counts) for stage in detail.stages] == [
            (2, "succeeded", {"rows_in": 3})
        ]
        assert (detail.overview.status, detail.overview.seconds, detail.overview.period) == ("succeeded", 2.0, None)

    def test_runs_are_latest_first_and_add_up_their_periods(self, journal: Journal) -> None:
        for number in range(3):
            moment = NOW + number * DAY
            for period in ("2026-09", "2026-10"):
                journal.start_stage(f"run-{number}", "parking", period, "publish", moment)
                journal.finish_stage(f"run-{number}", "parking", period, "publish", {"published": 5}, 1.0, "succeeded")
        journal.start_stage("run-0", "water-meters", "2026-10", "publish", NOW)
        assert [run.run_id for run in journal.runs("parking")] == ["run-2", "run-1", "run-0"]
        assert [run.run_id for run in journal.runs("parking", 1)] == ["run-2"]
        assert journal.runs("parking")[0].counts == {"published": 10}
        of_one = journal.run("run-0", "water-meters")
        assert of_one is not None
        assert (of_one.overview.dataset, of_one.overview.status) == ("water-meters", "running")
        assert journal.run("none") is None

    def test_a_verdict_is_kept_with_its_circumstances(self, journal: Journal) -> None:
        journal.record_verdict(**verdict())
        journal.record_verdict(**verdict(judged_at=NOW + DAY, run_id="run-2"))
        found = journal.verdict("c" * 64)
        assert found is not None
        assert (found.judged_at, found.run_id) == (NOW + DAY, "run-2")
        assert found.measures == {"k": 12, "prosecutor_risk": 0.08}
        assert found.reasons == ("Aucune donnée personnelle.",)
        journal.record_verdict(**verdict(verdict="refused", strategy_version="2", judged_at=NOW + 2 * DAY))
        latest = journal.verdict("c" * 64)
        assert latest is not None
        assert (latest.verdict, latest.strategy_version) == ("refused", "2")
        assert journal.verdict("none") is None

    def test_the_latest_decision_counts(self, journal: Journal) -> None:
        for _ in range(2):
            journal.record_decision(**decision())
        found = journal.decision("c" * 64)
        assert found is not None
        assert (found.approved, found.decided_by, found.triggered_by) == (True, "steward", "scheduler")
        journal.record_decision(**decision(approved=False, decided_at=NOW + DAY, comment="Trop fin."))
        refused = journal.decision("c" * 64)
        assert refused is not None
        assert (refused.approved, refused.comment) == (False, "Trop fin.")
        assert journal.decision("none") is None

    def test_a_decision_can_not_be_rewritten(self, journal: Journal) -> None:
        journal.record_decision(**decision(approved=False))
        journal.record_decision(**decision(approved=True))
        found = journal.decision("c" * 64)
        assert found is not None
        assert not found.approved

    def test_a_release_is_one_line_and_the_last_of_a_period_is_current(self, journal: Journal) -> None:
        for _ in range(2):
            journal.record_release(**release())
        journal.record_release(**release(period="2026-09", released_at=NOW + DAY))
        journal.record_release(**release(candidate_digest="e" * 64, rows=43, released_at=NOW + 2 * DAY))
        journal.record_release(**release(major=2))
        found = journal.releases("parking", 1)
        assert [(item.period, item.rows) for item in found] == [("2026-09", 42), ("2026-10", 43)]
        assert found[0].files == ({"format": "csv", "size": 10},)
        assert len(journal.releases("parking")) == 3
        assert len(journal.release_history("parking")) == 4
        assert journal.releases("other") == []

    def test_what_the_console_shows(self, journal: Journal) -> None:
        journal.start_stage("run-1", "parking", None, "ingest", NOW)
        journal.finish_stage("run-1", "parking", None, "ingest", {"rows_in": 3}, 1.0, "succeeded")
        journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW)
        journal.mark_partition("parking", 1, "2026-10", "c1", "run-1", NOW, NOW)
        journal.mark_partition("parking", 1, "2026-11", "c1", "run-1", NOW + DAY, NOW)
        journal.mark_released("parking", 1, "2026-10", "c1")
        journal.start_stage("run-2", "parking", "2026-10", "publish", NOW + DAY)
        journal.record_verdict(**verdict(run_id="run-2"))
        journal.record_decision(**decision())
        journal.record_release(**release())
        journal.start_stage("run-3", "water-meters", None, "ingest", NOW)
        parking, water = journal.dataset_overviews()
        assert (parking.dataset, water.dataset) == ("parking", "water-meters")
        assert parking.last_run is not None
        assert (parking.last_run.run_id, parking.last_run.period) == ("run-2", "2026-10")
        assert parking.last_verdict is not None
        assert parking.last_release is not None
        assert (parking.released_periods, parking.changed_periods, parking.deliveries) == (1, 1, 1)
        assert (water.last_verdict, water.last_release, water.deliveries) == (None, None, 0)
        detail = journal.run("run-2")
        assert detail is not None
        assert [len(part) for part in (detail.verdicts, detail.decisions, detail.releases)] == [1, 1, 1]
        assert detail.deliveries == ()
        empty = journal.dataset_overview("never-seen")
        assert (empty.last_run, empty.deliveries) == (None, 0)

    def test_every_moment_is_in_utc(self, journal: Journal) -> None:
        paris = timezone(timedelta(hours=1))
        journal.start_stage("run-1", "parking", None, "ingest", NOW.astimezone(paris))
        started = journal.runs("parking")[0].started_at
        assert (started, started.utcoffset()) == (NOW, timedelta(0))

    def test_a_moment_without_zone_is_refused_and_quoted_nowhere(self, journal: Journal) -> None:
        with pytest.raises(RecordError) as caught:
            journal.start_stage("run-1", "parking", None, "ingest", NOW.replace(tzinfo=None))
        assert "2026" not in str(caught.value)
        assert caught.value.__suppress_context__


def reading(**changes: Any) -> Reading:
    reasons = (RejectCount("badDate", "date", 2, 7), RejectCount("columnCount", None, 1, 3))
    values: dict[str, Any] = {
        "delivery_id": "abc",
        "dataset": "parking",
        "run_id": "run-1",
        "contract_version": "1.0.0",
        "read_at": NOW,
        "received_at": NOW - DAY,
        "rows": 100,
        "rejected": 3,
        "unreadable": False,
        "unknown_columns": 1,
        "filled": ("date", "nom"),
        "reasons": reasons,
    }
    return Reading(**(values | changes))


class FeedBehavior:
    """Readings and alerts: run by both suites."""

    def test_the_last_reading_of_a_delivery_counts(self, journal: Journal) -> None:
        journal.record_reading(reading())
        journal.record_reading(reading(rejected=1, reasons=(RejectCount("columnCount", None, 1, 3),)))
        (found,) = journal.readings("parking")
        assert found == reading(rejected=1, reasons=(RejectCount("columnCount", None, 1, 3),))
        assert journal.readings("water-meters") == []

    def test_readings_come_latest_first_and_from_a_moment_on(self, journal: Journal) -> None:
        for number in range(4):
            journal.record_reading(reading(delivery_id=f"d{number}", received_at=NOW - number * DAY))
        assert [one.delivery_id for one in journal.readings("parking")] == ["d0", "d1", "d2", "d3"]
        assert [one.delivery_id for one in journal.readings("parking", NOW - 2 * DAY, limit=2)] == ["d0", "d1"]
        assert [one.delivery_id for one in journal.readings("parking", before=NOW - DAY)] == ["d2", "d3"]
        assert journal.first_received("parking") == NOW - 3 * DAY
        assert journal.first_received("water-meters") is None
        assert journal.rows_received("parking", NOW - 2 * DAY, NOW) == 200
        assert journal.rows_received("parking", NOW, NOW + DAY) == 0

    def test_when_a_feed_last_delivered(self, journal: Journal) -> None:
        assert journal.last_delivery("parking") is None
        assert journal.received_at(DELIVERY) is None
        journal.record_delivery(DELIVERY, "parking", "run-1", REF, NOW)
        journal.record_delivery(DeliveryId("before"), "parking", "run-1", REF, NOW - DAY)
        assert journal.last_delivery("parking") == NOW
        assert journal.received_at(DELIVERY) == NOW

    def test_an_alert_is_raised_once_and_may_come_again_after_it_was_over(self, journal: Journal) -> None:
        assert journal.raise_alert("parking", "stopped", {"hours": 3}, NOW)
        assert not journal.raise_alert("parking", "stopped", {"hours": 4}, NOW + DAY)
        (standing,) = journal.alerts("parking")
        assert (standing.raised_at, standing.seen_at, standing.details) == (NOW, NOW + DAY, {"hours": 4})
        assert journal.resolve_alert("parking", "stopped", NOW + 2 * DAY)
        assert not journal.resolve_alert("parking", "stopped", NOW + 3 * DAY)
        assert journal.alerts() == []
        assert [one.resolved_at for one in journal.past_alerts("parking", 5)] == [NOW + 2 * DAY]
        assert journal.raise_alert("parking", "stopped", {}, NOW + 3 * DAY)

    def test_alerts_of_other_kinds_and_datasets_stand_side_by_side(self, journal: Journal) -> None:
        for dataset, kind in (("parking", "stopped"), ("parking", "shrunk"), ("water-meters", "stopped")):
            assert journal.raise_alert(dataset, kind, {}, NOW)
        assert len(journal.alerts()) == 3
        assert {one.kind for one in journal.alerts("parking")} == {"stopped", "shrunk"}
