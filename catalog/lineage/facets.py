"""Our own OpenLineage facets (keys ``ardoise_…``), with immutable schema addresses.

A published schema never changes: a new shape gets a new version, hence a new address. The schemas stand in
``catalog/lineage/schemas/<version>/`` and the console serves them under ``/schemas/lineage/<version>/``.
"""

from __future__ import annotations

from pathlib import Path

import attr
from openlineage.client.facet_v2 import DatasetFacet, RunFacet

SCHEMA_VERSION = "1-0-0"
SCHEMA_FOLDER = Path(__file__).resolve().parent / "schemas"
STAGE_FACET = "ardoise_stage"
REFERENCES_FACET = "ardoise_references"
PROTECTION_FACET = "ardoise_protection"


def schema_address(name: str) -> str:
    """The immutable identifier of a facet's JSON Schema."""
    return f"urn:ardoise:lineage:{SCHEMA_VERSION}:{name}"


@attr.define
class StageRunFacet(RunFacet):
    """What stage of which dataset this run is, under which contract, and its counts."""

    dataset: str
    stage: str
    run: str
    contractVersion: str  # noqa: N815 - OpenLineage's spelling
    contractDigest: str  # noqa: N815
    period: str | None = None
    counts: dict[str, int] = attr.field(factory=dict)
    errorCode: str | None = None  # noqa: N815

    @staticmethod
    def _get_schema() -> str:
        return schema_address("StageRunFacet")


@attr.define
class Reference:
    """The manifest a run read or wrote."""

    key: str
    digest: str
    period: str | None = None


@attr.define
class ReferencesDatasetFacet(DatasetFacet):
    """The immutable manifests behind a dataset in this run."""

    references: list[Reference]

    @staticmethod
    def _get_schema() -> str:
        return schema_address("ReferencesDatasetFacet")


@attr.define
class ProtectionDatasetFacet(DatasetFacet):
    """Why the data may be processed, and what is protected."""

    legalBasis: str  # noqa: N815
    purpose: str
    treatment: str
    protectionUnit: str | None = None  # noqa: N815
    sealed: bool = False

    @staticmethod
    def _get_schema() -> str:
        return schema_address("ProtectionDatasetFacet")
