"""A contract gains a column (minor), then renames one (major): what trusted, open and the catalogue show of it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import BadPayloadError
from pipeline.replay import replay
from policies import load_territory
from policies.changes import check_version
from settings.model import SHIPPED_TERRITORY
from storage import list_rejects, read_manifest, read_parquet, read_pointer
from tests.journey_world import HEADER, World, days, meters, readings

PERIOD = "2026-10"
FILE = "contracts/water-meters.odcs.yaml"
NEW_COLUMN = """\
      - name: diametre_mm
        physicalName: DIAMETRE
        logicalType: number
        description: Diamètre du compteur
        classification: restricted
        customProperties: [{property: privacy, value: {category: quasi_identifier, technique: keep}}]
      - name: version
"""
NEW_MEASURE = """\
          measures:
            - {name: diametre_total_mm, function: sum, column: diametre_mm, unit: mm, description: Somme des diamètres}
            - {name: diametre_moyen_mm, function: mean, column: diametre_mm, unit: mm, description: Diamètre moyen}
"""


def under(world: World, folder: Path, *edits: tuple[str, str]) -> None:
    """Put the world under an edited contract."""
    if not folder.exists():
        shutil.copytree(SHIPPED_TERRITORY, folder)
    text = (folder / FILE).read_text(encoding="utf-8")
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after)
    (folder / FILE).write_text(text, encoding="utf-8")
    known = world.hub.contract("water-meters")
    world.hub = dataclasses.replace(world.hub, territory=load_territory(folder))
    world.as_role = lambda role: world.hub
    check_version(known, world.hub.contract("water-meters"))


def gain(world: World, folder: Path) -> None:
    under(
        world,
        folder,
        ("version: 1.0.0", "version: 1.1.0"),
        ("      - name: version\n", NEW_COLUMN),
        ("          measures:\n", NEW_MEASURE),
    )


def rename(world: World, folder: Path) -> None:
    under(world, folder, ("version: 1.1.0", "version: 2.0.0"), ("consommation_totale_l", "volume_total_l"))


def trusted(world: World, major: int) -> pa.Table:
    found = read_pointer(world.hub.private, "water-meters", major, PERIOD)
    assert found is not None
    return pa.Table.from_batches(read_parquet(world.hub.private, read_manifest(world.hub.private, found[0]).parts[0]))


@pytest.fixture
def released(world: World) -> World:
    """Version 1.0.0 is out."""
    world.consenting.give(meters(12))
    world.drop("releves_a.csv", readings(meters(12), days(2)))
    world.collect()
    world.release(PERIOD)
    return world


def deliver_with_diameters(world: World) -> None:
    lines = [f"{line};20,5" for line in readings(meters(12), days(1), version=2)]
    world.drop("releves_b.csv", lines, header=f"{HEADER};DIAMETRE")


def test_a_column_more_shows_at_both_ends_and_older_rows_have_none(released: World, tmp_path: Path):
    gain(released, tmp_path / "territory")
    deliver_with_diameters(released)
    assert released.collect().dirty == (PERIOD,)
    assert sorted(map(str, set(trusted(released, 1).column("diametre_mm").to_pylist()))) == ["20.5", "None"]
    released.release(PERIOD)
    row = released.commune(PERIOD)
    assert (row["diametre_moyen_mm"], row["foyers_participants"]) == (20.5, 12)
    assert released.catalogue.pages["water-meters"].contract.version.minor == 1


def test_a_delivery_without_the_new_column_is_still_read(released: World, tmp_path: Path):
    gain(released, tmp_path / "territory")
    released.drop("releves_b.csv", readings(meters(12), days(1), litres=50, version=2))
    assert released.collect().counts["stored"] == 12


def test_a_renamed_column_opens_a_new_path_and_deprecates_the_old_page(released: World, tmp_path: Path):
    gain(released, tmp_path / "territory")
    rename(released, tmp_path / "territory")
    deliver_with_diameters(released)
    assert released.collect().dirty == (PERIOD,)
    assert (trusted(released, 1).num_rows, trusted(released, 2).num_rows) == (24, 12)
    released.release(PERIOD)
    assert "volume_total_l" in released.catalogue.tables[("water-meters-v2", PERIOD)].column_names
    assert "consommation_totale_l" in released.published(PERIOD).column_names
    old, new = released.catalogue.datasets["water-meters"], released.catalogue.datasets["water-meters-v2"]
    assert "water-meters-v2" in str(old)
    assert "water-meters-v2" in new["name"]
    keys = {found.key.split("/")[1] for found in released.hub.open.list("water-meters/")}
    assert keys == {"v1", "v2"}


def test_a_delivery_set_aside_comes_in_once_its_contract_is_mended(released: World, tmp_path: Path):
    released.drop("releves_b.csv", readings(meters(12), days(3), version=2), header=HEADER.replace("CONSO_L", "VOLUME"))
    with pytest.raises(BadPayloadError, match="CONSO_L"):
        released.collect()
    under(
        released,
        tmp_path / "territory",
        ("physicalName: CONSO_L", "physicalName: VOLUME"),
        ("version: 1.0.0", "version: 1.1.0"),
    )
    done = replay(released.as_role("deidentify"), released.water, released.run_id())
    assert (done.dirty, done.counts["stored"]) == ((PERIOD,), 36)
    assert list_rejects(released.hub.private, "water-meters") == []
