"""Run events of the journey's stages (OpenLineage 2-0-2), built without any input or output.

A run of a stage is told in two events: START, then COMPLETE or FAIL. They carry names, counts, digests and codes:
anything that looks like a sentence is refused where a code is asked for, because a sentence may quote a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    documentation_job,
    error_message_run,
    job_type_job,
    parent_run,
)
from openlineage.client.serde import Serde

from catalog.lineage.datasets import Counts, Describer
from catalog.lineage.errors import LineageContentError
from catalog.lineage.facets import STAGE_FACET, StageRunFacet
from catalog.lineage.names import JobName, Stage, dag_name, job_name, run_uuid
from policies.contract import Contract
from settings.model import S3Settings
from storage.references import DatasetRef

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,79}")
_DOCUMENTATION = {
    Stage.INGEST: "Collecte : reçoit les données de l'opérateur et les scelle.",
    Stage.DEIDENTIFY: "Dépersonnalisation : contrôle, pseudonymise, caviarde, range par période.",
    Stage.ANONYMIZE: "Anonymisation : généralise, agrège et supprime sous les seuils.",
    Stage.ASSESS: "Évaluation : mesure le risque et rend un verdict.",
    Stage.DECIDE: "Décision : enregistre l'accord ou le refus d'une personne.",
    Stage.ROTATE: "Rotation : remplace les pseudonymes d'une époque par ceux de la suivante, sans identité.",
    Stage.PUBLISH: "Publication : ouvre les données et met à jour le catalogue.",
}


@dataclass(frozen=True, slots=True)
class StageRun:
    """One run of one stage, as events tell it."""

    stage: Stage
    contract: Contract
    run_id: str  # the orchestrator's
    period: str | None = None
    inputs: Sequence[DatasetRef] = ()
    outputs: Sequence[DatasetRef] = ()
    counts: Counts = field(default_factory=dict)
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class EventBuilder:
    """Builds the events of one territory's hub."""

    territory: str  # the strategy's slug
    buckets: S3Settings
    producer: str = "urn:ardoise:hub"

    def build(self, state: RunState, run: StageRun, now: datetime) -> RunEvent:
        """Return the typed event.

        Raises:
            LineageContentError: an error code or the name of a count is no plain code, or a count no whole number.
        """
        if now.tzinfo is None:
            raise LineageContentError("the time of a lineage event needs its offset")
        describer = Describer(run.contract, self.buckets, self.territory, self.producer)
        job = job_name(run.stage, str(run.contract.id), self.territory)
        return RunEvent(
            eventTime=now.astimezone(UTC).isoformat(),
            eventType=state,
            run=Run(str(run_uuid(job, run.run_id, run.period)), self._run_facets(run)),
            job=Job(job.namespace, job.name, self._job_facets(run.stage)),
            inputs=list(describer.inputs(run.stage, run.inputs, run.counts)),
            outputs=list(describer.outputs(run.stage, run.outputs, run.counts)),
            producer=self.producer,
        )

    def _run_facets(self, run: StageRun) -> dict[str, RunFacet]:
        dag = dag_name(run.stage, str(run.contract.id), self.territory)
        facets: dict[str, RunFacet] = {
            "parent": _parent(dag, run, self.producer),
            STAGE_FACET: StageRunFacet(
                dataset=str(run.contract.id),
                stage=run.stage.value,
                run=run.run_id,
                contractVersion=str(run.contract.version),
                contractDigest=run.contract.digest,
                period=run.period,
                counts=_counts(run.counts),
                errorCode=code(run.error_code) if run.error_code is not None else None,
                producer=self.producer,
            ),
        }
        if run.error_code is not None:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
                message=code(run.error_code), programmingLanguage="PYTHON", producer=self.producer
            )
        return facets

    def _job_facets(self, stage: Stage) -> dict[str, JobFacet]:
        return {
            "jobType": job_type_job.JobTypeJobFacet("BATCH", "ARDOISE", "TASK", producer=self.producer),
            "documentation": documentation_job.DocumentationJobFacet(
                _DOCUMENTATION[stage], "text/plain", producer=self.producer
            ),
        }


def code(text: str) -> str:
    """Return `text` if it is a plain code.

    Raises:
        LineageContentError: it is anything else; it is not quoted.
    """
    if not _CODE.fullmatch(text):
        raise LineageContentError("an error code of a lineage event is letters, digits, « _ », « . » and « - » only")
    return text


def to_json(event: RunEvent) -> bytes:
    """Canonical bytes of an event: sorted keys, no nulls, UTF-8."""
    document: dict[str, Any] = Serde.to_dict(event)
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def file_key(event: RunEvent) -> str:
    """Where the audit zone keeps an event: ``lineage/YYYY/MM/DD/<run>-<job>-<state>.json``."""
    moment = datetime.fromisoformat(event.eventTime)
    state = event.eventType.value if event.eventType is not None else RunState.OTHER.value
    return f"lineage/{moment:%Y/%m/%d}/{event.run.runId}-{event.job.name}-{state}.json"


def _counts(counts: Counts) -> dict[str, int]:
    for name, value in counts.items():
        code(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise LineageContentError(f"count « {name} » of a lineage event is not a whole number")
    return dict(counts)


def _parent(dag: JobName, run: StageRun, producer: str) -> parent_run.ParentRunFacet:
    parent = parent_run.Run(str(run_uuid(dag, run.run_id, None)))
    return parent_run.ParentRunFacet(parent, parent_run.Job(dag.namespace, dag.name), producer=producer)
