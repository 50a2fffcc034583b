"""What every catalogue does, whatever it is made of. Subclasses give the ``world`` fixture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from catalog import PageError
from catalog.catalogue import Catalogue
from tests.catalog_pages import COVERAGE, NOON, ROWS, layer, page, twin, water


@dataclass
class CatalogueWorld:
    """A catalogue, a way to look at the rows of a period, and a name nobody uses yet."""

    catalogue: Catalogue
    rows: Callable[[str, str], list[dict[str, Any]]]  # (dataset name, period) -> rows in order
    name: str

    def dataset(self, name: str | None = None) -> dict[str, Any]:
        shown = self.catalogue.show(name or self.name)
        assert shown is not None
        return dict(shown)


def communes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["commune"] for row in rows]


class CatalogueBehavior:
    def test_a_release_has_a_page(self, world: CatalogueWorld) -> None:
        published = world.catalogue.publish(page(water(world.name)))

        dataset = world.dataset()
        assert published.name == world.name
        assert published.url.endswith(world.name)
        assert published.table_rows == 3
        assert dataset["private"] is False
        assert dataset["title"] == "Consommation d'eau des foyers participants, par commune et par mois"
        assert COVERAGE in dataset["notes"]
        assert [group["name"] for group in dataset["groups"]] == ["eau"]
        assert dataset["license_id"] == "lov2"
        roles = [(each["role"], each["format"]) for each in dataset["resources"]]
        assert roles == [
            ("latest", "Parquet"),
            ("latest", "CSV"),
            ("table", "CSV"),
            ("period", "Parquet"),
            ("period", "CSV"),
            ("certificate", "HTML"),
        ]
        assert communes(world.rows(world.name, "2026-10")) == ["Angers", "Avrillé", "Trélazé"]

    def test_publishing_twice_is_publishing_once(self, world: CatalogueWorld) -> None:
        world.catalogue.publish(page(water(world.name)))
        first = world.dataset()
        world.catalogue.publish(page(water(world.name)))

        again = world.dataset()
        assert [each["id"] for each in again["resources"]] == [each["id"] for each in first["resources"]]
        assert again["id"] == first["id"]
        assert len(world.rows(world.name, "2026-10")) == 3

    def test_a_correction_replaces_the_rows_of_its_period_alone(self, world: CatalogueWorld) -> None:
        contract = water(world.name)
        world.catalogue.publish(page(contract, "2026-09"))
        world.catalogue.publish(page(contract, "2026-10", periods=("2026-10", "2026-09")))
        corrected = [{**ROWS[0], "commune": "Beaucouzé"}, ROWS[1]]
        world.catalogue.publish(page(contract, "2026-10", corrected, periods=("2026-10", "2026-09")))

        assert communes(world.rows(world.name, "2026-10")) == ["Beaucouzé", "Avrillé"]
        assert communes(world.rows(world.name, "2026-09")) == ["Angers", "Avrillé", "Trélazé"]

    def test_a_period_grows(self, world: CatalogueWorld) -> None:
        contract = water(world.name)
        world.catalogue.publish(page(contract, rows=ROWS[:1]))
        world.catalogue.publish(page(contract, rows=ROWS))
        assert communes(world.rows(world.name, "2026-10")) == ["Angers", "Avrillé", "Trélazé"]

    def test_periods_are_listed_newest_first_and_latest_follows(self, world: CatalogueWorld) -> None:
        contract = water(world.name)
        world.catalogue.publish(page(contract, "2026-09"))
        latest_before = world.dataset()["resources"][0]["id"]
        world.catalogue.publish(page(contract, "2026-10", periods=("2026-10", "2026-09")))

        dataset = world.dataset()
        kept = [each for each in dataset["resources"] if each["role"] == "period" and each["format"] == "CSV"]
        assert [each["period"] for each in kept] == ["2026-10", "2026-09"]
        assert dataset["resources"][0]["id"] == latest_before
        assert dataset["resources"][0]["period"] == "2026-10"
        assert dataset["temporal_coverage"][0]["start"] == "2026-09-01"
        assert dataset["temporal_coverage"][0]["end"] == "2026-10-31"
        certificates = [each["period"] for each in dataset["resources"] if each["role"] == "certificate"]
        assert certificates == ["2026-10", "2026-09"]

    def test_the_first_publication_stays_dated(self, world: CatalogueWorld) -> None:
        contract = water(world.name)
        world.catalogue.publish(page(contract))
        world.catalogue.publish(page(contract, released_at=NOON + timedelta(days=30)))

        dataset = world.dataset()
        assert dataset["issued"].startswith("2026-11-03")
        assert dataset["modified"].startswith("2026-12-03")

    def test_a_major_version_opens_a_page_and_marks_the_old_one(self, world: CatalogueWorld) -> None:
        world.catalogue.publish(page(water(world.name)))
        published = world.catalogue.publish(page(water(world.name, major=2)))

        old, new = world.dataset(), world.dataset(f"{world.name}-v2")
        assert published.name == f"{world.name}-v2"
        assert new["version"] == "2.0.0"
        assert old["version"] == "1.0.0"
        assert old["successor"] == f"{world.name}-v2"
        assert published.url in old["version_notes"]
        assert [each["text"] for each in new["changes"]] == [
            "Version 2.0.0 : remplace la version 1.0.0, mêmes colonnes.",
            "Octobre 2026 : première publication, 3 lignes.",
        ]
        world.catalogue.publish(page(water(world.name, major=2)))
        assert len(world.dataset(f"{world.name}-v2")["changes"]) == 2
        assert len(world.rows(world.name, "2026-10")) == 3

    def test_a_minor_version_adds_a_column(self, world: CatalogueWorld) -> None:
        contract = water(world.name)
        world.catalogue.publish(page(contract, "2026-09"))
        added = replace(contract.release.columns[1], name="canton", description="Canton de la commune")
        rule = replace(contract.release, columns=(added, *contract.release.columns))
        grown = replace(contract, release=rule, version=replace(contract.version, minor=1))
        rows = [{**row, "canton": "Angers-1"} for row in ROWS]
        world.catalogue.publish(page(grown, "2026-10", rows, periods=("2026-10", "2026-09")))

        assert world.dataset()["version"] == "1.1.0"
        assert {row["canton"] for row in world.rows(world.name, "2026-10")} == {"Angers-1"}
        assert len(world.rows(world.name, "2026-09")) == 3

    def test_rows_that_lack_a_column_are_refused_before_they_show(self, world: CatalogueWorld) -> None:
        short = [{name: value for name, value in row.items() if name != "commune"} for row in ROWS]
        with pytest.raises(PageError, match="commune"):
            world.catalogue.publish(page(water(world.name), rows=short))
        shown = world.catalogue.show(world.name)
        assert shown is None or shown["private"] is True

    def test_an_unknown_dataset_is_none(self, world: CatalogueWorld) -> None:
        assert world.catalogue.show(f"{world.name}-nowhere") is None

    def test_a_view_has_a_page_with_a_resource_a_layer_and_format(self, world: CatalogueWorld) -> None:
        files = (layer("parking", "geoparquet"), layer("parking", "ngsi_ld"), layer("sanitation", "ngsi_ld"))
        published = world.catalogue.publish_view(twin(world.name, files))
        shown = world.dataset()
        assert published.url.endswith(world.name)
        assert (shown["private"], shown["owner_org"] != "") == (False, True)
        assert [(one["format"], one["rows"], one["role"]) for one in shown["resources"]] == [
            ("GeoParquet", 7, "latest"),
            ("JSON-LD", 7, "latest"),
            ("JSON-LD", 7, "latest"),
        ]
        assert [one["name"] for one in shown["groups"]] == ["vues-d-ensemble"]
        world.catalogue.publish_view(twin(world.name, files))
        again = world.dataset()
        assert [one["id"] for one in again["resources"]] == [one["id"] for one in shown["resources"]]
        assert (again["issued"], again["modified"]) == (shown["issued"], shown["modified"])

    def test_a_layer_that_is_no_more_leaves_the_view_and_an_empty_view_is_hidden(self, world: CatalogueWorld) -> None:
        world.catalogue.publish_view(twin(world.name, (layer("parking", "ngsi_ld"), layer("sanitation", "ngsi_ld"))))
        world.catalogue.publish_view(twin(world.name, (layer("sanitation", "ngsi_ld"),)))
        assert [one["url"].rpartition("/")[2] for one in world.dataset()["resources"]] == ["sanitation.jsonld"]
        world.catalogue.publish_view(twin(world.name, ()))
        assert (world.dataset()["private"], world.dataset()["resources"]) == (True, [])
