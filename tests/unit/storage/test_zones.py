from datetime import date

import pytest

from storage import Zone, zones


def test_each_zone_keeps_to_its_prefix() -> None:
    assert zones.landing_manifest_key("d", "abc") == "landing/d/abc.manifest"
    assert zones.landing_payload_key("d", "key-1") == "landing/d/key-1.payload"
    assert zones.quarantine_key("d", "abc", "1.0.0.rejects") == "quarantine/d/abc/1.0.0.rejects"
    assert zones.part_key(Zone.TRUSTED, "d", 1, "2026-10", "k") == "trusted/d/v1/2026-10/k-0000.parquet"
    assert zones.part_key(Zone.CANDIDATE, "d", 1, "2026-10", "k", 3) == "candidate/d/v1/2026-10/k-0003.parquet"
    assert zones.pointer_key(Zone.TRUSTED, "d", 2, "2026-10-31") == "trusted/d/v2/2026-10-31/current.json"
    assert zones.open_key("d", 1, "latest", "d.csv") == "d/v1/latest/d.csv"
    assert zones.verdict_key("d", "2026-10", "0a").startswith("verdicts/")
    assert zones.certificate_key("d", "2026-10", "0a").startswith("certificates/")


def test_run_ids_of_an_orchestrator_fit_in_a_key() -> None:
    key = zones.lineage_key(date(2026, 11, 3), "manual__2026-11-03T06:00:00+00:00", "d.ingest", "COMPLETE")
    assert key == "lineage/2026/11/03/manual__2026-11-03T06-00-00-00-00-d.ingest-COMPLETE.json"


@pytest.mark.parametrize("name", ["", "..", "a/b", "../a", "a..b", "é", "a b", ".a", "a\n", "x" * 300])
def test_a_name_can_not_leave_its_prefix(name: str) -> None:
    with pytest.raises(ValueError, match="object key"):
        zones.landing_prefix(name)
    with pytest.raises(ValueError, match="object key"):
        zones.pointer_key(Zone.TRUSTED, "d", 1, name)


@pytest.mark.parametrize("zone", [Zone.LANDING, Zone.QUARANTINE, Zone.OPEN, Zone.AUDIT])
def test_only_trusted_and_candidate_have_periods(zone: Zone) -> None:
    with pytest.raises(ValueError, match="period"):
        zones.partition_prefix(zone, "d", 1, "2026-10")
