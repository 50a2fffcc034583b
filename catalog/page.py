"""What the journey hands to the catalogue, and what it gets back. Pure data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import pyarrow as pa

from catalog.certificate import Certificate
from policies import Contract, Territory

FileFormat = Literal["parquet", "csv", "geojson"]


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One object of the open bucket: of a period, or the stable address of the newest one (`latest`)."""

    format: FileFormat
    url: str  # readable by anyone
    size: int  # bytes
    digest: str  # sha256, hex
    rows: int
    period: str  # the period whose rows it holds
    latest: bool = False


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """A release of one period, as its page in the catalogue shall show it."""

    contract: Contract
    territory: Territory
    period: str
    files: tuple[PublishedFile, ...]
    certificate: Certificate
    certificate_url: str  # the certificate for people, in the open bucket
    published_at: datetime  # with a time zone
    table: Iterable[pa.RecordBatch] = field(default=(), compare=False)  # the period's rows, in published order
    coverage_note: str | None = None  # French: whose rows are in it, where only a part of the subjects is covered
    run_id: str = ""

    @property
    def name(self) -> str:
        """The dataset's name in the catalogue: the contract's id, with the major version from the second on."""
        return dataset_name(self.contract.id, self.contract.version.major)


@dataclass(frozen=True, slots=True)
class PublishedPage:
    """What stands in the catalogue after a publication."""

    name: str
    url: str
    table_rows: int | None  # rows of the period in the searchable table; None where the contract wants no table


def dataset_name(dataset: str, major: int) -> str:
    """Return the catalogue's name of a major version; the first one keeps the contract's id."""
    return dataset if major <= 1 else f"{dataset}-v{major}"
