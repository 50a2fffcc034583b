"""What the journey hands to the catalogue, and what it gets back. Pure data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa

from catalog.certificate import Certificate
from policies import Contract, Territory

FileFormat = Literal["parquet", "csv", "geojson", "geoparquet"]


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
    schema_url: str = ""  # of a CSV: its Table Schema with its dialect, beside it


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """One dataset's page, as it must be once a period is released.

    `files` are those of every released period, newest period first, `latest` ones before the others. `table` gives this
    period's rows, in published order, anew at each iteration. `certificate_url` is the certificate for people, in the
    open bucket; empty, the page shows the certificate's main lines alone.
    """

    contract: Contract
    territory: Territory
    period: str
    periods: tuple[str, ...]  # every released period, newest first
    files: tuple[PublishedFile, ...]
    table: Iterable[pa.RecordBatch]
    certificate: Certificate
    released_at: datetime
    coverage_note: str = ""  # French; not empty where only consenting subjects are counted
    certificate_url: str = ""
    run_id: str = ""

    @property
    def name(self) -> str:
        """The dataset's name in the catalogue."""
        return dataset_name(self.contract.id, self.contract.version.major)


@dataclass(frozen=True, slots=True)
class PublishedPage:
    """Where the page stands now."""

    url: str
    name: str = ""
    table_rows: int | None = None  # rows of the period in the searchable table; None where the contract wants no table


def dataset_name(dataset: str, major: int) -> str:
    """Return the catalogue's name of a major version; the first one keeps the contract's id."""
    return dataset if major <= 1 else f"{dataset}-v{major}"
