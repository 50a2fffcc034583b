"""What is told of the changes between publications."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from catalog import DatasetPage
from catalog.changes import KEPT
from catalog.dcat import dataset, without
from tests.catalog_pages import NOON, ROWS, page, water


def published(*pages: DatasetPage) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for each in pages:
        shown = dataset(each, shown)
    return shown


def texts(shown: dict[str, Any]) -> list[str]:
    return [each["text"] for each in shown["changes"]]


def with_rows(shown: DatasetPage, rows: int, digest: str) -> DatasetPage:
    files = (replace(each, rows=rows, digest=digest) if each.period == shown.period else each for each in shown.files)
    return replace(shown, files=tuple(files))


def test_periods_and_corrections_are_told_newest_first_and_once() -> None:
    september, october = page(water(), "2026-09"), page(water(), "2026-10", periods=("2026-10", "2026-09"))
    corrected = with_rows(october, 2, "cd" * 32)
    assert texts(published(september, september, october, october, corrected, corrected)) == [
        "Octobre 2026 : correction, 2 lignes au lieu de 3.",
        "Octobre 2026 : première publication, 3 lignes.",
        "Septembre 2026 : première publication, 3 lignes.",
    ]


def test_a_column_more_is_told_with_its_version() -> None:
    contract = water()
    added = replace(contract.release.columns[1], name="canton")
    rule = replace(contract.release, columns=(*contract.release.columns, added))
    grown = replace(contract, release=rule, version=replace(contract.version, minor=1))
    shown = published(page(contract), page(grown, rows=[{**row, "canton": "x"} for row in ROWS]))
    assert shown["changes"][0]["text"] == "Version 1.1.0, colonnes ajoutées : canton."
    assert shown["changes"][0]["version"] == "1.1.0"


def test_a_withdrawal_is_told_once() -> None:
    october = page(water(), "2026-10", periods=("2026-10", "2026-09"))
    shown = published(page(water(), "2026-09"), october)
    latest = [each for each in page(water(), "2026-09").files if each.latest]
    left = without(without(shown, "2026-10", latest), "2026-10", latest)
    assert texts(left)[0] == "Octobre 2026 : publication retirée."
    assert len(left["changes"]) == 3


def test_the_oldest_fall_off() -> None:
    pages = [
        with_rows(page(water(), released_at=NOON + timedelta(days=number)), number, f"{number:064x}")
        for number in range(1, KEPT + 5)
    ]
    shown = published(*pages)
    assert len(shown["changes"]) == KEPT
    assert texts(shown)[0].startswith(f"Octobre 2026 : correction, {KEPT + 4} lignes")


def test_an_ended_contract_says_so() -> None:
    ended = replace(water(), status="deprecated")
    assert "plus mis à jour" in dataset(page(ended))["version_notes"]
    assert dataset(page(water()))["version_notes"] == ""


def test_a_new_version_says_what_it_replaces_and_which_columns_came_and_went() -> None:
    new = page(water(major=2))
    *columns, last = dataset(new)["columns"]
    earlier = {"version": "1.4.0", "columns": ["canton", *columns]}
    shown = dataset(new, None, earlier=earlier)
    assert texts(shown) == [
        f"Version 2.0.0 : remplace la version 1.4.0, colonnes ajoutées : {last} ; retirées : canton.",
        "Octobre 2026 : première publication, 3 lignes.",
    ]
    assert texts(dataset(new, shown, earlier=earlier)) == texts(shown)
