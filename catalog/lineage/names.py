"""Names of lineage datasets and jobs: formed here and nowhere else.

A dataset at rest in the object store follows OpenLineage's naming of S3 (namespace ``s3://{bucket}``, name ``{key}``).
The key is the folder of one dataset's major version, without the period: all periods are one dataset, and the period
and manifest of a run stand in its facets. Operators' feeds lie outside our store: their namespace is the operator.
Jobs are Airflow's ``{dag_id}.{task_id}``, in the namespace of the territory.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from catalog.lineage.errors import LineageNameError
from policies.contract import Contract
from settings.model import S3Settings
from storage.zones import Zone

FEED_SCHEME = "operator://"
STORE_SCHEME = "s3://"
JOB_SCHEME = "ardoise://"
_RUNS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:ardoise:runs")


class Stage(StrEnum):
    """A step of the journey, in order."""

    INGEST = "ingest"
    DEIDENTIFY = "deidentify"
    ANONYMIZE = "anonymize"
    ASSESS = "assess"
    DECIDE = "decide"
    PUBLISH = "publish"
    ROTATE = "rotate"  # beside the journey: trusted again, under other pseudonyms


ROTATION_DAG = "rotate_keys"
COLLECT_STAGES = (Stage.INGEST, Stage.DEIDENTIFY)  # the others belong to the release DAG


@dataclass(frozen=True, slots=True, order=True)
class DatasetName:
    """OpenLineage's pair that identifies a dataset."""

    namespace: str
    name: str

    @property
    def node_id(self) -> str:
        """The address Marquez's API gives to a dataset; namespaces may hold colons."""
        return f"dataset:{self.namespace}:{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class JobName:
    """OpenLineage's pair that identifies a job."""

    namespace: str
    name: str

    @property
    def node_id(self) -> str:
        """The address Marquez's API gives to a job."""
        return f"job:{self.namespace}:{self.name}"


def feed_name(contract: Contract) -> DatasetName:
    """The operator's feed, before anything is fetched."""
    return DatasetName(f"{FEED_SCHEME}{contract.feed.operator}", str(contract.id))


def zone_name(zone: Zone, dataset: str, major: int, buckets: S3Settings) -> DatasetName:
    """The dataset as it stands in a zone, whatever the period.

    Landing and quarantine are keyed by delivery, before any contract version applies: they have no major version.
    The audit zone stands for the verdicts.
    """
    if zone is Zone.OPEN:
        return DatasetName(f"{STORE_SCHEME}{buckets.open_bucket}", f"{dataset}/v{major}")
    if zone is Zone.AUDIT:
        return DatasetName(f"{STORE_SCHEME}{buckets.audit_bucket}", f"verdicts/{dataset}")
    private = f"{STORE_SCHEME}{buckets.private_bucket}"
    if zone in (Zone.LANDING, Zone.QUARANTINE):
        return DatasetName(private, f"{zone.value}/{dataset}")
    return DatasetName(private, f"{zone.value}/{dataset}/v{major}")


def zone_of(name: DatasetName) -> str:
    """The inverse, for pictures: ``feed`` or the zone's value.

    Raises:
        LineageNameError: the name was not formed here.
    """
    if name.namespace.startswith(FEED_SCHEME):
        return "feed"
    if not name.namespace.startswith(STORE_SCHEME):
        raise LineageNameError("a dataset outside of feeds and of the object store has no zone")
    head, _, rest = name.name.partition("/")
    if head == "verdicts":
        return Zone.AUDIT.value
    if head in (Zone.LANDING, Zone.QUARANTINE, Zone.KNOWN, Zone.TRUSTED, Zone.CANDIDATE) and rest:
        return head
    return Zone.OPEN.value


def dag_id(stage: Stage, dataset: str) -> str:
    """The DAG that runs a stage of a dataset."""
    if stage is Stage.ROTATE:
        return ROTATION_DAG
    return dataset if stage in COLLECT_STAGES else f"{dataset}__release"


def job_name(stage: Stage, dataset: str, territory: str) -> JobName:
    """The job of a stage; `territory` is the strategy's slug."""
    task = f"{stage.value}-{dataset}" if stage is Stage.ROTATE else stage.value  # one DAG, and a job a dataset
    return JobName(f"{JOB_SCHEME}{territory}", f"{dag_id(stage, dataset)}.{task}")


def dag_name(stage: Stage, dataset: str, territory: str) -> JobName:
    """The parent job: the DAG itself."""
    return JobName(f"{JOB_SCHEME}{territory}", dag_id(stage, dataset))


def run_uuid(job: JobName, run_id: str, period: str | None) -> uuid.UUID:
    """OpenLineage's run identifier: the same job, run and period always give the same one."""
    return uuid.uuid5(_RUNS, "\n".join((job.namespace, job.name, run_id, period or "")))
