"""The catalogue as the journey sees it, and its twin in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from catalog import dcat
from catalog.dictionary import csv_rows
from catalog.page import DatasetPage, PublishedFile, PublishedPage, dataset_name
from catalog.resources import table
from catalog.view import ViewPage, described_view
from policies import Contract


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

    def publish_view(self, page: ViewPage) -> PublishedPage:
        """Make or renew the page of a view of several datasets; one without files is hidden from everybody.

        Raises:
            CatalogueUnavailableError, CatalogueRefusedError: the same call may be made again.
        """
        ...

    def withdraw(self, contract: Contract, period: str, latest: tuple[PublishedFile, ...], *, run_id: str = "") -> None:
        """Take a period back wholly: its resources, its rows, and whatever the catalogue remembers of them.

        ``latest`` are the files that stand under the stable addresses from now on; none where no period is left, and
        the dataset goes too. Withdrawing again changes nothing; a dataset that is not there is no error.

        Raises:
            CatalogueUnavailableError, CatalogueRefusedError: not everything is gone; call it again.
        """
        ...

    def show(self, name: str) -> Mapping[str, Any] | None:
        """Return the dataset called ``name`` as the catalogue describes it; None if there is none."""
        ...


@dataclass(slots=True)
class MemoryCatalogue:
    """A :class:`Catalogue` that keeps pages, what CKAN would show of them, and the rows of their periods."""

    url: str = "memory:"
    pages: dict[str, DatasetPage] = field(default_factory=dict)
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[tuple[str, str], pa.Table] = field(default_factory=dict)

    def publish(self, page: DatasetPage) -> PublishedPage:
        """See :meth:`Catalogue.publish`."""
        earlier = self.datasets.get(dataset_name(page.contract.id, page.contract.version.major - 1))
        replaced = earlier if page.contract.version.major > 1 else None
        described = dcat.dataset(page, self.datasets.get(page.name), earlier=replaced)
        described.setdefault("id", f"id-{page.name}")
        rows: int | None = None
        if table(described["resources"]) is not None:
            batches = list(page.table)
            rows = sum(batch.num_rows for batch in batches)
            for _ in csv_rows(batches, page.contract, page.period):
                pass  # refuses what a real catalogue would refuse
            if batches:
                self.tables[(page.name, page.period)] = pa.Table.from_batches(batches)
        self.pages[page.name], self.datasets[page.name] = page, described
        url = f"{self.url}//{page.name}"
        if replaced is not None:
            replaced.update(dcat.deprecated(replaced, page.name, url))
        return PublishedPage(url, page.name, rows)

    def publish_view(self, page: ViewPage) -> PublishedPage:
        """See :meth:`Catalogue.publish_view`."""
        self.datasets[page.name] = {"id": f"id-{page.name}", **described_view(page, self.datasets.get(page.name))}
        return PublishedPage(f"{self.url}//{page.name}", page.name)

    def withdraw(self, contract: Contract, period: str, latest: tuple[PublishedFile, ...], *, run_id: str = "") -> None:
        """See :meth:`Catalogue.withdraw`."""
        name = dataset_name(contract.id, contract.version.major)
        self.tables.pop((name, period), None)
        existing = self.datasets.get(name)
        if existing is None:
            return
        if not latest:
            del self.datasets[name], self.pages[name]
            return
        self.datasets[name] = dcat.without(existing, period, latest)

    def show(self, name: str) -> Mapping[str, Any] | None:
        """See :meth:`Catalogue.show`."""
        return self.datasets.get(name)
