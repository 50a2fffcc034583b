"""The catalogue as the journey sees it, and its twin in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from catalog import dcat
from catalog.dictionary import records
from catalog.page import DatasetPage, PublishedPage, dataset_name
from catalog.resources import table

CHUNK_ROWS = 2_000


class Catalogue(Protocol):
    """Where people find datasets."""

    def publish(self, page: DatasetPage) -> PublishedPage:
        """Make or renew the dataset's page for a period.

        Publishing the same page again changes nothing. Until the first publication is whole the dataset is visible to
        nobody but its editors; later ones replace a period's rows so that no reader ever finds fewer than there were.

        Raises:
            CatalogueUnavailableError: it does not answer; the same call may be made again later.
            CatalogueRefusedError: it does not accept the page.
            PageError: the page contradicts its contract.
        """
        ...

    def show(self, name: str) -> Mapping[str, Any] | None:
        """Return the dataset called ``name`` as the catalogue describes it; None if there is none."""
        ...


class MemoryCatalogue:
    """Keeps datasets and rows in two dictionaries; for tests of those who publish."""

    def __init__(self, url: str = "http://catalogue.example") -> None:
        self._url = url
        self._datasets: dict[str, dict[str, Any]] = {}
        self._rows: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def publish(self, page: DatasetPage) -> PublishedPage:
        """See :meth:`Catalogue.publish`."""
        described = dcat.dataset(page, self._datasets.get(page.name))
        described.setdefault("id", f"id-{page.name}")
        for place, resource in enumerate(described["resources"]):
            resource.setdefault("id", f"{described['id']}-{len(self._datasets)}-{resource['role']}-{place}")
        count: int | None = None
        if table(described["resources"]) is not None:
            chunks = records(page.table, page.contract, page.period, CHUNK_ROWS)
            rows = [row for chunk in chunks for row in chunk]
            self._rows.setdefault(page.name, {})[page.period] = rows
            count = len(rows)
        self._datasets[page.name] = described
        url = f"{self._url}/dataset/{page.name}"
        earlier = self._datasets.get(dataset_name(page.contract.id, page.contract.version.major - 1))
        if page.contract.version.major > 1 and earlier is not None:
            earlier.update(dcat.deprecated(earlier, page.name, url))
        return PublishedPage(page.name, url, count)

    def show(self, name: str) -> Mapping[str, Any] | None:
        """See :meth:`Catalogue.show`."""
        return self._datasets.get(name)

    def rows(self, name: str, period: str) -> list[dict[str, Any]]:
        """Return the rows of a period in the searchable table, by rank."""
        return list(self._rows.get(name, {}).get(period, []))
