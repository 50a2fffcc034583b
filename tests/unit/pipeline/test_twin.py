"""The digital twin in memory: what it shows of each dataset, again and again, and once something was taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.publication.withdrawal import withdraw
from pipeline.twin import refresh_twin
from policies.contract import DatasetId
from stack.operators import reports, traffic, waste
from storage import DigestMismatchError
from tests.journey_world import World

SEED = 49007
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
LANES = traffic.lanes(4, SEED)
PLACED = waste.containers(12, SEED)


@pytest.fixture
def twinned(world: World) -> World:
    """Two geographic datasets are open, for a day; nothing else."""
    observed = traffic.observations(LANES, NOON, NOON + timedelta(hours=1), SEED)
    world.take_in("traffic-flow", json.dumps(observed).encode())
    world.take_in("waste-containers", json.dumps(waste.levels(PLACED, NOON, NOON + timedelta(hours=8), SEED)).encode())
    for dataset in ("traffic-flow", "waste-containers"):
        world.publish_approved(dataset, "2026-11-03")
    return world


def opened(world: World) -> dict[str, bytes]:
    """The twin's files, by name."""
    store = world.hub.open
    return {one.key.removeprefix("digital-twin/v1/latest/"): store.get(one.key) for one in store.list("digital-twin/")}


def entities(world: World, dataset: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(opened(world)[f"{dataset}.jsonld"])
    return found


def page(world: World) -> dict[str, Any]:
    found = world.catalogue.show("digital-twin")
    assert found is not None
    return dict(found)


def test_a_layer_is_the_last_state_of_each_object(twinned: World) -> None:
    done = refresh_twin(twinned.as_role("publish"), "test")
    assert done.layers == {"traffic-flow": len(LANES), "waste-containers": len(PLACED)}
    assert set(opened(twinned)) == {
        f"{dataset}.{ending}" for dataset in done.layers for ending in ("geo.parquet", "jsonld")
    }
    table = pq.read_table(pa.BufferReader(opened(twinned)["traffic-flow.geo.parquet"]))
    assert set(table["debut"].to_pylist()) == {NOON + timedelta(minutes=45)}
    geo = json.loads(table.schema.metadata[b"geo"])
    assert geo["columns"]["geometry"]["geometry_types"] == ["Point"]
    assert {b"title", b"period", b"license", b"geo"} == set(table.schema.metadata)


def test_entities_are_normalised_with_units_and_instants(twinned: World) -> None:
    refresh_twin(twinned.as_role("publish"), "test")
    one = entities(twinned, "traffic-flow")[0]
    row = pq.read_table(pa.BufferReader(opened(twinned)["traffic-flow.geo.parquet"])).to_pylist()[0]
    assert one["id"] == f"urn:ngsi-ld:TrafficFlowObserved:angers:traffic-flow:{row['troncon'].replace(':', '-')}:1"
    assert one["type"] == "TrafficFlowObserved"
    assert one["location"] == {
        "type": "GeoProperty",
        "value": {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]},
    }
    assert one["vitesse_moyenne"] == {
        "type": "Property",
        "value": pytest.approx(row["vitesse_moyenne"]),
        "observedAt": "2026-11-03T12:45:00Z",
        "unitCode": "KMH",
    }
    assert one["debut"] == {"type": "Property", "value": {"@type": "DateTime", "@value": "2026-11-03T12:45:00Z"}}
    assert one["rue"]["value"] == row["rue"]
    assert one["source"]["value"].endswith("/dataset/traffic-flow")
    assert len({each["id"] for each in entities(twinned, "traffic-flow")}) == len(LANES)


def test_what_is_missing_is_not_there(twinned: World) -> None:
    night = datetime(2026, 11, 2, 23, tzinfo=UTC)
    observed = traffic.observations(LANES, night, night + timedelta(minutes=15), SEED)
    for each in observed:
        each.pop("averageVehicleSpeed", None)
        each.pop("name")
    twinned.catalogue.datasets.clear()
    twinned.take_in("traffic-flow", json.dumps(observed).encode())
    contract = twinned.hub.contract("traffic-flow")
    declared = twinned.hub.territory.twin
    assert declared is not None
    layers = {**declared.layers, DatasetId("traffic-flow"): replace(declared.layers[contract.id], key=(), latest=None)}
    twinned.publish_approved("traffic-flow", "2026-11-03")
    hub = replace(twinned.hub, territory=replace(twinned.hub.territory, twin=replace(declared, layers=layers)))
    assert refresh_twin(hub, "test").layers["traffic-flow"] == 5 * len(LANES)  # every row is an entity
    found = entities(twinned, "traffic-flow")
    assert sum("rue" not in one for one in found) == len(LANES)
    assert all(value is not None for one in found for value in one.values())


def test_a_second_run_changes_nothing(twinned: World) -> None:
    first = refresh_twin(twinned.as_role("publish"), "first")
    files, shown = opened(twinned), page(twinned)
    twinned.clock.forward(timedelta(days=2))
    assert refresh_twin(twinned.as_role("publish"), "second") == first
    assert (opened(twinned), page(twinned)) == (files, shown)


def test_the_page_names_layers_and_where_they_come_from(twinned: World) -> None:
    refresh_twin(twinned.as_role("publish"), "test")
    shown = page(twinned)
    assert shown["private"] is False
    assert [one["name"] for one in shown["resources"]] == [
        "Trafic des voies comptées, GeoParquet",
        "Trafic des voies comptées, JSON-LD",
        "Conteneurs d'apport volontaire, GeoParquet",
        "Conteneurs d'apport volontaire, JSON-LD",
    ]
    assert "traffic-flow, waste-containers" in shown["provenance"]
    assert shown["hvd_category"] == ["http://data.europa.eu/bna/c_ac64a52d"]
    assert shown["temporal_coverage"] == [{"start": "2026-11-03", "end": "2026-11-03"}]
    for resource in shown["resources"]:
        name = resource["url"].rpartition("/")[2]
        assert (resource["size"], resource["period"]) == (len(opened(twinned)[name]), "2026-11-03")


def test_what_is_taken_back_leaves_the_twin(twinned: World) -> None:
    refresh_twin(twinned.as_role("publish"), "first")
    before = {one["id"]: one["name"] for one in page(twinned)["resources"]}
    withdraw(twinned.hub, twinned.hub.contract("traffic-flow"), "test", "2026-11-03", "personal_rows")
    done = refresh_twin(twinned.as_role("publish"), "second")
    assert (set(done.layers), done.removed) == ({"waste-containers"}, 2)
    assert set(opened(twinned)) == {"waste-containers.geo.parquet", "waste-containers.jsonld"}
    left = {one["id"]: one["name"] for one in page(twinned)["resources"]}
    assert left.items() < before.items()  # links to what stays are the same
    withdraw(twinned.hub, twinned.hub.contract("waste-containers"), "test", "2026-11-03", "personal_rows")
    assert refresh_twin(twinned.as_role("publish"), "third").layers == {}
    assert (opened(twinned), page(twinned)["private"], page(twinned)["resources"]) == ({}, True, [])


def test_reports_of_residents_are_shown_as_they_were_published_and_no_closer(world: World) -> None:
    month = reports.month_of_reports(NOON.date().replace(month=10, day=1), 300, SEED, NOON)
    world.take_in("citizen-reports", json.dumps(month).encode(), part="requests/0001.json")
    _, table = world.publish_approved("citizen-reports", "2026-10")
    refresh_twin(world.as_role("publish"), "test")
    shown = pq.read_table(pa.BufferReader(opened(world)["citizen-reports.geo.parquet"]))
    assert shown.num_rows == table.num_rows - table["longitude"].null_count
    assert set(shown.column_names) == {*table.column_names, "geometry"}


def test_a_territory_without_a_twin_has_none(world: World) -> None:
    hub = replace(world.hub, territory=replace(world.hub.territory, twin=None))
    assert refresh_twin(hub, "test").layers == {}
    assert world.catalogue.show("digital-twin") is None


def test_an_altered_file_is_not_shown(twinned: World) -> None:
    (release,) = twinned.hub.journal.releases("traffic-flow")
    key = next(str(file["key"]) for file in release.files if file["format"] == "parquet" and not file["latest"])
    twinned.hub.open.put(key, b"something else", media_type="application/octet-stream")
    with pytest.raises(DigestMismatchError):
        refresh_twin(twinned.as_role("publish"), "test")
