"""The catalogue as the journey sees it, and its twin in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from catalog.page import DatasetPage, PublishedPage


class Catalogue(Protocol):
    """Where published datasets are found."""

    def publish(self, page: DatasetPage) -> PublishedPage:
        """Make or update a dataset's page; the same page twice is the page once.

        Raises:
            CatalogueUnavailableError: it can not be reached; nothing half made is visible.
            CatalogueRefusedError: it does not accept the page, or us.
        """
        ...


@dataclass(slots=True)
class MemoryCatalogue:
    """A :class:`Catalogue` that keeps pages, and the rows of their periods."""

    pages: dict[str, DatasetPage] = field(default_factory=dict)
    tables: dict[tuple[str, str], pa.Table] = field(default_factory=dict)

    def publish(self, page: DatasetPage) -> PublishedPage:
        """See :class:`Catalogue`."""
        name = dataset_name(page)
        batches = list(page.table)
        if batches:
            self.tables[(name, page.period)] = pa.Table.from_batches(batches)
        self.pages[name] = page
        return PublishedPage(f"memory://{name}")


def dataset_name(page: DatasetPage) -> str:
    """The page's name: the contract's id, with the major version from the second on."""
    major = page.contract.version.major
    return str(page.contract.id) if major == 1 else f"{page.contract.id}-v{major}"
