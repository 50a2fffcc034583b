from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from openlineage.client.event_v2 import RunState

from catalog.lineage import EventBuilder, LineageContentError, Stage, StageRun
from catalog.lineage.events import file_key, to_json
from catalog.lineage.facets import SCHEMA_FOLDER, SCHEMA_VERSION
from settings.model import S3Settings
from storage.references import DatasetRef
from storage.zones import Zone
from tests.unit.catalog_lineage.contracts import PLAIN, RECORDS, WATER

BUILDER = EventBuilder("angers", S3Settings(), "urn:ardoise:hub:0.1.0")
NOW = datetime(2026, 11, 2, 8, 30, tzinfo=timezone(timedelta(hours=1)))
REF = DatasetRef(Zone.TRUSTED, "water-meters", "1.2.0", "2026-10", "trusted/water-meters/v1/2026-10/m.json", "b" * 64)


def event(stage: Stage = Stage.ANONYMIZE, state: RunState = RunState.COMPLETE, **fields: Any) -> dict[str, Any]:
    run = StageRun(stage, fields.pop("contract", WATER), "manual__1", **fields)
    value: dict[str, Any] = json.loads(to_json(BUILDER.build(state, run, NOW)))
    return value


def facets_of(document: Any) -> list[dict[str, Any]]:
    """Every facet of an event, at any depth."""
    if isinstance(document, list):
        return [facet for item in document for facet in facets_of(item)]
    if not isinstance(document, dict):
        return []
    own = [document] if "_schemaURL" in document else []
    return own + [facet for item in document.values() for facet in facets_of(item)]


@pytest.mark.parametrize("contract", [WATER, RECORDS, PLAIN])
@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_makes_a_valid_run_event(stage: Stage, contract: Any) -> None:
    document = event(stage, contract=contract)
    assert document["schemaURL"].endswith("/2-0-2/OpenLineage.json#/$defs/RunEvent")
    UUID(document["run"]["runId"])
    assert document["eventTime"] == "2026-11-02T07:30:00+00:00"
    assert document["inputs"]
    for facet in facets_of(document):
        assert facet["_producer"] == "urn:ardoise:hub:0.1.0"
        assert facet["_schemaURL"].startswith(("https://openlineage.io/spec/facets/", "urn:ardoise:lineage:"))


def test_own_facets_meet_their_published_schemas() -> None:
    schemas = {path.stem: json.loads(path.read_text()) for path in (SCHEMA_FOLDER / SCHEMA_VERSION).glob("*.json")}
    documents = [
        event(inputs=[REF], counts={"rows_in": 4}, period="2026-10"),
        event(state=RunState.FAIL, error_code="SourceUnavailableError"),
        event(Stage.INGEST),
    ]
    met = set()
    for facet in facets_of(documents):
        if facet["_schemaURL"].startswith("urn:ardoise:"):
            name = facet["_schemaURL"].rpartition(":")[2]
            jsonschema.Draft202012Validator(schemas[name]).validate(facet)
            met.add(name)
    assert met == set(schemas)


def test_column_lineage_is_the_versioned_facet_and_never_the_deprecated_words() -> None:
    (output,) = event()["outputs"]
    facet = output["facets"]["columnLineage"]
    assert "/1-2-0/ColumnLineageDatasetFacet.json" in facet["_schemaURL"]
    (field,) = facet["fields"]["volume"]["inputFields"]
    assert (field["namespace"], field["name"], field["field"]) == (
        "s3://ardoise-private",
        "trusted/water-meters/v1",
        "litres",
    )
    assert field["transformations"][0]["masking"] is True
    assert "transformationType" not in json.dumps(facet)


def test_a_chain_of_stages_shares_its_dataset_names() -> None:
    stages = [Stage.INGEST, Stage.DEIDENTIFY, Stage.ANONYMIZE, Stage.PUBLISH]
    events = [event(stage) for stage in stages]
    for before, after in itertools.pairwise(events):
        made, read = before["outputs"][0], after["inputs"][0]
        assert (made["namespace"], made["name"]) == (read["namespace"], read["name"])
        assert made["facets"]["schema"] == read["facets"]["schema"]


def test_references_and_counts_reach_the_datasets_they_belong_to() -> None:
    document = event(inputs=[REF], counts={"rows_in": 40, "published_rows": 7}, period="2026-10")
    (read,), (made,) = document["inputs"], document["outputs"]
    assert read["facets"]["version"]["datasetVersion"] == "b" * 64
    assert read["facets"]["ardoise_references"]["references"][0]["period"] == "2026-10"
    assert "ardoise_references" not in made["facets"]
    assert read["inputFacets"]["inputStatistics"]["rowCount"] == 40
    assert made["outputFacets"]["outputStatistics"]["rowCount"] == 7
    assert document["run"]["facets"]["ardoise_stage"]["counts"] == {"rows_in": 40, "published_rows": 7}


def test_stages_of_one_run_share_a_parent() -> None:
    parents = [event(stage)["run"]["facets"]["parent"] for stage in (Stage.ANONYMIZE, Stage.PUBLISH)]
    assert parents[0] == parents[1]
    assert parents[0]["job"]["name"] == "water-meters__release"


@pytest.mark.parametrize(
    "fields",
    [
        {"error_code": "no such file: Jean Dupont"},
        {"error_code": ""},
        {"error_code": "é"},
        {"counts": {"Jean Dupont": 1}},
        {"counts": {"rows": 1.5}},
        {"counts": {"rows": True}},
        {"counts": {"rows": "0612345678"}},
    ],
)
def test_nothing_but_codes_and_whole_numbers_enters_an_event(fields: dict[str, Any]) -> None:
    with pytest.raises(LineageContentError) as caught:
        event(**fields)
    assert "Dupont" not in str(caught.value) or "counts" in fields


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(LineageContentError):
        BUILDER.build(RunState.START, StageRun(Stage.INGEST, WATER, "run"), datetime(2026, 11, 2))


def test_the_file_is_named_by_day_run_job_and_state() -> None:
    built = BUILDER.build(RunState.START, StageRun(Stage.INGEST, WATER, "run"), datetime(2026, 1, 2, tzinfo=UTC))
    assert file_key(built) == f"lineage/2026/01/02/{built.run.runId}-water-meters.ingest-START.json"


def test_bytes_are_canonical() -> None:
    run = StageRun(Stage.PUBLISH, WATER, "run")
    assert to_json(BUILDER.build(RunState.START, run, NOW)) == to_json(BUILDER.build(RunState.START, run, NOW))
