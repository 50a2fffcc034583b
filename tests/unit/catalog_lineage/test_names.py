from __future__ import annotations

import pytest

from catalog.lineage import (
    DatasetName,
    LineageNameError,
    Stage,
    dag_id,
    feed_name,
    job_name,
    run_uuid,
    zone_name,
    zone_of,
)
from settings.model import S3Settings
from storage.zones import Zone
from tests.unit.catalog_lineage.contracts import WATER

BUCKETS = S3Settings()


def test_datasets_at_rest_are_bucket_and_key() -> None:
    assert zone_name(Zone.TRUSTED, "water-meters", 1, BUCKETS) == DatasetName(
        "s3://ardoise-private", "trusted/water-meters/v1"
    )
    assert zone_name(Zone.LANDING, "water-meters", 1, BUCKETS).name == "landing/water-meters"
    assert zone_name(Zone.OPEN, "water-meters", 1, BUCKETS) == DatasetName("s3://ardoise-open", "water-meters/v1")


def test_every_name_leads_back_to_its_zone() -> None:
    for zone in Zone:
        assert zone_of(zone_name(zone, "water-meters", 3, BUCKETS)) == zone.value
    assert zone_of(feed_name(WATER)) == "feed"


def test_a_foreign_name_has_no_zone() -> None:
    with pytest.raises(LineageNameError):
        zone_of(DatasetName("postgres://elsewhere", "table"))


def test_jobs_are_named_as_airflow_names_its_tasks() -> None:
    assert job_name(Stage.DEIDENTIFY, "parking", "angers").name == "parking.deidentify"
    assert job_name(Stage.PUBLISH, "parking", "angers").name == "parking__release.publish"
    assert job_name(Stage.ROTATE, "parking", "angers").name == "rotate_keys.rotate-parking"
    assert job_name(Stage.PUBLISH, "parking", "angers").namespace == "ardoise://angers"
    assert dag_id(Stage.INGEST, "parking") == "parking"


def test_run_identifiers_are_stable_and_tell_runs_jobs_and_periods_apart() -> None:
    job = job_name(Stage.ANONYMIZE, "parking", "angers")
    other = job_name(Stage.ASSESS, "parking", "angers")
    assert run_uuid(job, "run", "2026-10") == run_uuid(job, "run", "2026-10")
    identifiers = {
        run_uuid(job, "run", "2026-10"),
        run_uuid(job, "run", "2026-11"),
        run_uuid(job, "run", None),
        run_uuid(job, "other", "2026-10"),
        run_uuid(other, "run", "2026-10"),
    }
    assert len(identifiers) == 5
