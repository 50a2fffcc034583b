"""The files that the simulated operators drop, from the drop folder to typed rows."""

from __future__ import annotations

import os
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc

from settings import Settings
from sources import PayloadPart, connector, decoder
from stack.operators import water
from stack.operators.canaries import make_canaries
from stack.operators.defects import Defects
from tests.integration.sources.conftest import Operators
from tests.unit.sources.support import TERRITORY, Whole, contract, whole

WATER = contract("water-meters")


def read(path: Path) -> Whole:
    with path.open("rb") as stream:
        return whole(decoder(WATER, TERRITORY).decode(iter([PayloadPart(path.name, stream)])), "water-meters")


def test_drops_come_one_delivery_each_and_once(operators: Operators, tmp_path: Path) -> None:
    operators.control("drop", correction="2026-10-15", share=0.2)
    settings = Settings(home=tmp_path, territory=TERRITORY.folder, drop_folder=operators.drop)
    source, now = connector(WATER, settings), datetime.now(UTC) + timedelta(seconds=5)
    deliveries = list(source.fetch(None, now))
    rows = {}
    for delivery in deliveries:
        table, rejects, _ = whole(decoder(WATER, TERRITORY).decode(delivery.parts), "water-meters")
        rows[delivery.source] = (table, rejects)
    assert list(rows) == ["water-meters/releves_2026-10.csv", "water-meters/releves_2026-10-15_correction_2.csv"]
    month, rejects = rows["water-meters/releves_2026-10.csv"]
    assert month.num_rows + len(rejects) >= 120 * 31
    assert pc.min_max(month["date"]).as_py()["max"] == date(2026, 10, 31)
    correction, _ = rows["water-meters/releves_2026-10-15_correction_2.csv"]
    assert correction.num_rows == 24
    assert pc.unique(correction["version"]).to_pylist() == [2]
    assert set(correction["contrat"].to_pylist()) <= set(month["contrat"].to_pylist())
    assert list(source.fetch(deliveries[-1].next_cursor, now)) == []


def test_an_index_agrees_with_its_volumes_however_the_days_are_cut(tmp_path: Path) -> None:
    whole_month, last_days = tmp_path / "a.csv", tmp_path / "b.csv"
    water.write_csv(whole_month, 50, date(2026, 10, 1), 31, seed=3)
    water.write_csv(last_days, 50, date(2026, 10, 30), 2, seed=3)
    assert whole_month.read_text(encoding="utf-8").endswith(last_days.read_text(encoding="utf-8").split("\n", 1)[1])
    with whole_month.open("rb") as stream:
        table, rejects, _ = whole(
            decoder(WATER, TERRITORY).decode(iter([PayloadPart("a.csv", stream)])), "water-meters"
        )
    assert rejects == []
    first = table.filter(pc.equal(table["contrat"], table["contrat"][0])).sort_by("date")
    index, litres = first["index_m3"].to_pylist(), first["consommation_l"].to_pylist()
    assert all(abs((b - a) * 1000 - used) < 0.01 for a, b, used in zip(index, index[1:], litres[1:], strict=False))
    assert pc.min(table["consommation_l"]).as_py() >= 0


def test_everyday_defects_become_rejects_and_never_stop_a_file(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    defects = Defects(
        duplicates=0.05, late=0.05, before=0.05, misspelt=0.05, missing=0.05, unreadable=0.05, truncated=0.05
    )
    lines = water.write_csv(path, 200, date(2026, 10, 1), 5, seed=3, defects=defects)
    with path.open("rb") as stream:
        table, rejects, _ = whole(
            decoder(WATER, TERRITORY).decode(iter([PayloadPart("r.csv", stream)])), "water-meters"
        )
    assert table.num_rows + len(rejects) == lines
    assert {row["code"] for row in rejects} == {"columnCount", "badNumber"}
    assert table["code_insee"].null_count > 0
    assert pc.min_max(table["date"]).as_py()["min"] == date(2026, 9, 30)
    assert pc.any(pc.starts_with(table["contrat"], "alm ")).as_py()


def test_canaries_are_in_the_feed_unique_and_all_consent(tmp_path: Path) -> None:
    canaries = make_canaries(20, seed=1)
    path = tmp_path / "r.csv"
    water.write_csv(path, 100, date(2026, 10, 1), 1, seed=3, canaries=canaries)
    text = path.read_text(encoding="utf-8")
    for value in (*canaries.meters, *canaries.contracts, *canaries.addresses):
        assert text.count(value) >= 1
    consents = water.consents(100, 3, canaries)
    assert set(canaries.contracts) <= set(consents.filter(consents["consent"])["contrat"].to_pylist())
    assert len(set(canaries.every())) == 20 * len(fields(canaries))


def test_about_two_thirds_of_households_consent_and_every_one_reports_a_commune() -> None:
    consents = water.consents(5_000, 3)
    assert 0.6 < pc.mean(consents["consent"].cast("int8")).as_py() < 0.7
    assert len(pc.unique(water.make_meters(45_000, 3).insee)) == 29


def test_a_file_being_written_is_left_alone(operators: Operators, tmp_path: Path) -> None:
    drop = tmp_path / "drop" / "water-meters"
    water.write_csv(drop / "releves_a.csv", 5, date(2026, 10, 1), 1, seed=3)
    (drop / "releves_b.csv.part").write_text("CONTRAT", encoding="utf-8")
    (drop / "releves_c.csv").symlink_to("/etc/hostname")
    os.utime(drop / "releves_a.csv", (0, 0))
    settings = Settings(home=tmp_path, territory=TERRITORY.folder, drop_folder=tmp_path / "drop")
    found = list(connector(WATER, settings).fetch(None, datetime.now(UTC)))
    assert [delivery.source for delivery in found] == ["water-meters/releves_a.csv"]
