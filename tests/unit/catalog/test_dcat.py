"""A contract told in DCAT-AP's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog import PageError, dataset_name
from catalog.dcat import HVD_REGULATION, dataset, tags, title
from catalog.periods import last_day
from policies import DatasetId, PeriodUnit
from tests.catalog_pages import page, territory, water


def test_a_high_value_dataset_names_its_category_and_the_regulation_everywhere() -> None:
    described = dataset(page(water()))
    assert described["hvd_category"] == ["http://data.europa.eu/bna/c_dd313021"]
    assert described["applicable_legislation"] == [HVD_REGULATION]
    assert all(each["applicable_legislation"] == [HVD_REGULATION] for each in described["resources"])


def test_another_dataset_claims_no_regulation() -> None:
    contract = replace(water(), dcat={key: value for key, value in water().dcat.items() if key != "hvd_category"})
    described = dataset(page(contract))
    assert described["hvd_category"] == []
    assert described["applicable_legislation"] == []


def test_every_distribution_has_the_licence_its_digest_and_its_size() -> None:
    files = [each for each in dataset(page(water()))["resources"] if each["role"] in ("latest", "period")]
    assert {each["license"] for each in files} == {"https://spdx.org/licenses/etalab-2.0"}
    assert all(len(each["hash"]) == 64 and each["size"] == 1234 for each in files)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Consommation d'eau", "Consommation d'eau (foyers participants)"),
        ("Consommation des foyers participants", "Consommation des foyers participants"),
    ],
)
def test_an_aggregate_over_consenting_subjects_says_so_in_its_title(said: str, shown: str) -> None:
    assert title(replace(water(), title=said)) == shown


def test_a_title_over_everyone_stays_as_it_is() -> None:
    parking = territory().contracts[DatasetId("parking")]
    assert title(parking) == parking.title


def test_a_page_of_consenting_subjects_must_say_whom_it_covers() -> None:
    with pytest.raises(PageError, match="consent"):
        dataset(replace(page(water()), coverage_note=""))


@pytest.mark.parametrize("period", ["2026", "2026-10-03", "2026-W44", "octobre"])
def test_a_period_of_another_kind_is_refused(period: str) -> None:
    with pytest.raises(PageError, match="is not a month"):
        dataset(replace(page(water()), period=period))


def test_a_weeks_page_covers_its_seven_days() -> None:
    weekly = replace(water(), period=PeriodUnit.WEEK)
    described = dataset(page(weekly, "2026-W44"))
    assert described["temporal_coverage"] == [{"start": "2026-10-26", "end": "2026-11-01"}]
    assert described["temporal_resolution"] == "P7D"


def test_a_certificate_of_another_release_is_refused() -> None:
    other = page(water(), "2026-09").certificate
    with pytest.raises(PageError, match="another release"):
        dataset(replace(page(water()), certificate=other))


def test_no_page_without_a_file() -> None:
    with pytest.raises(PageError, match="without a file"):
        dataset(replace(page(water()), files=()))


def test_a_release_that_is_not_searchable_has_no_table() -> None:
    contract = replace(water(), release=replace(water().release, searchable=False))
    assert "table" not in {each["role"] for each in dataset(page(contract))["resources"]}


def test_what_people_added_by_hand_stays() -> None:
    added = {"id": "r1", "name": "Notice", "url": "http://notice.example", "format": "PDF"}
    kept = dataset(page(water()), {"id": "d1", "resources": [added]})["resources"]
    assert added in kept


def test_files_of_a_period_that_is_gone_go_too() -> None:
    before = dataset(page(water(), "2026-10", periods=("2026-10", "2026-09")))
    after = dataset(page(water(), "2026-10"), before)
    assert {each["period"] for each in after["resources"] if each["role"] == "period"} == {"2026-10"}


def test_tags_keep_to_the_characters_ckan_allows() -> None:
    assert tags(["télérelève", "c'est l'eau", "x", "eau", "eau"]) == ["télérelève", "c est l eau", "eau"]


@pytest.mark.parametrize(
    ("period", "day"),
    [("2024-02", "2024-02-29"), ("2026-12", "2026-12-31"), ("2026-10-03", "2026-10-03"), ("2026-W53", "2027-01-03")],
)
def test_last_day(period: str, day: str) -> None:
    assert last_day(period).isoformat() == day


def test_names_of_versions() -> None:
    assert [dataset_name("eau", major) for major in (0, 1, 2, 11)] == ["eau", "eau", "eau-v2", "eau-v11"]
