"""What a catalogue is given to publish, and what it answers: plain data, whatever the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa

from catalog.certificate import Certificate
from policies.contract import Contract, Territory


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file in the open bucket, where anyone can read it."""

    format: Literal["parquet", "csv", "geojson"]
    url: str
    size: int  # bytes
    digest: str  # sha256, hex
    rows: int
    period: str
    latest: bool  # under the stable « latest » address


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """One dataset's page, as it must be once a period is released.

    `files` are those of every released period, newest period first, `latest` ones before the others. `table` gives this
    period's rows for the catalogue's own table, anew at each call's iteration. `released_at` dates the release.
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


@dataclass(frozen=True, slots=True)
class PublishedPage:
    """Where the page stands now."""

    url: str
