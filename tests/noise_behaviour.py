"""A table with noise through the journey, whatever it runs on. Collected through subclasses that give a `world`."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import BudgetSpentError
from policies import load_territory
from settings.model import SHIPPED_TERRITORY
from tests.journey_world import World, days, meters, readings

FILE = "contracts/water-meters.odcs.yaml"
RELEASE = """\
          kind: noisy_table
          noise:
            epsilon: 1.0
            budget: 2.0
            values: ["49007", "49020"]
            bounds: [{column: consommation_l, least: 0, most: 20000}]
          columns:
            - {name: mois, sources: [date], logicalType: string, generalization: month, description: Mois}
            - {name: code_commune, sources: [code_insee], logicalType: string, description: Code Insee}
          measures:
            - {name: foyers, function: units, description: Foyers participants}
            - {name: volume_l, function: sum, column: consommation_l, unit: L, decimals: 0, description: Volume}
            - {name: moyenne_l, function: mean, column: consommation_l, unit: L, decimals: 1, description: Moyenne}
"""


def noisy_territory(folder: Path) -> Path:
    """A copy of the territory whose water meters are published with noise."""
    shutil.copytree(SHIPPED_TERRITORY, folder)
    text = (folder / FILE).read_text(encoding="utf-8")
    start, end = text.index("          kind: protected_table"), text.index("          formats: [parquet, csv]")
    (folder / FILE).write_text(text[:start] + RELEASE + text[end:], encoding="utf-8")
    return folder


def with_noise(world: World, folder: Path) -> World:
    """The world, under that territory."""
    territory, before = load_territory(noisy_territory(folder)), world.as_role
    world.hub = dataclasses.replace(world.hub, territory=territory)
    world.as_role = lambda role: dataclasses.replace(before(role), territory=territory)
    return world


class NoiseBehaviour:
    """Drawn once, paid for, told in the certificate, refused when nothing is left."""

    @pytest.fixture
    def noisy(self, world: World, tmp_path: Path) -> World:
        return with_noise(world, tmp_path / "territory")

    def test_a_period_is_drawn_once_and_the_budget_ends(self, noisy: World):
        noisy.consenting.give(meters(40))
        for start in (date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)):
            noisy.drop(f"releves_{start:%m}.csv", readings(meters(40), days(3, start)))
        assert noisy.collect().dirty == ("2026-08", "2026-09", "2026-10")
        first = noisy.judge("2026-08")
        assert noisy.judge("2026-08").candidate == first.candidate
        noisy.publish("2026-08", first.candidate)
        rows = noisy.published("2026-08").to_pylist()
        assert [row["code_commune"] for row in rows] == ["49007", "49020"]  # declared, and nobody is in the second
        assert {row["mois"] for row in rows} == {"2026-08"}
        assert abs(rows[0]["foyers"] - 40) < 100  # noise of scale 3: once in more than ten to the fourteenth
        assert all(type(row["volume_l"]) is int and 0 <= (row["moyenne_l"] or 0) <= 20_000 for row in rows)
        assert first.measures["budget_left"] == 1.0
        key = next(found.key for found in noisy.hub.open.list("water-meters/") if found.key.endswith("certificat.json"))
        (section,) = json.loads(noisy.hub.open.get(key))["sections"]
        told = " ".join(section["sentences"])
        assert "Laplace" in told
        assert "« foyers » est exact à 9 près, 95 fois sur 100" in told  # 3 ln 20, rounded up
        noisy.release("2026-09")
        with pytest.raises(BudgetSpentError, match="le budget de confidentialité est épuisé"):
            noisy.judge("2026-10")
        assert noisy.hub.budgets.left("water-meters", "delivery_point") == 0

    def test_a_late_correction_draws_nothing_new(self, noisy: World):
        noisy.consenting.give(meters(12))
        noisy.drop("releves_a.csv", readings(meters(12), days(3)))
        noisy.collect()
        noisy.release("2026-10")
        before = noisy.published("2026-10")
        noisy.drop("releves_b.csv", readings(meters(12), days(3), litres=900, version=2))
        assert noisy.collect().dirty == ("2026-10",)
        noisy.release("2026-10")
        assert noisy.published("2026-10").equals(before)
        assert noisy.hub.budgets.left("water-meters", "delivery_point") == 1_000_000
