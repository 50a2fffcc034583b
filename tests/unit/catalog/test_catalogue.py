"""The twin in memory behaves as a catalogue does."""

from __future__ import annotations

from typing import Any

import pytest

from catalog import MemoryCatalogue
from tests.catalogue_behavior import CatalogueBehavior, CatalogueWorld


class TestMemoryCatalogue(CatalogueBehavior):
    @pytest.fixture
    def world(self) -> CatalogueWorld:
        catalogue = MemoryCatalogue()

        def rows(name: str, period: str) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = catalogue.tables[(name, period)].to_pylist()
            return found

        return CatalogueWorld(catalogue, rows, "eau-test")
