from catalog.lineage.emitter import ConsoleEndpoint, LineageEmitter, LineageEndpoint, LineageStore
from catalog.lineage.errors import LineageContentError, LineageDeliveryError, LineageError, LineageNameError
from catalog.lineage.events import EventBuilder, StageRun
from catalog.lineage.names import (
    ROTATION_DAG,
    DatasetName,
    JobName,
    Stage,
    dag_id,
    feed_name,
    job_name,
    run_uuid,
    zone_name,
    zone_of,
)

__all__ = [
    "ROTATION_DAG",
    "ConsoleEndpoint",
    "DatasetName",
    "EventBuilder",
    "JobName",
    "LineageContentError",
    "LineageDeliveryError",
    "LineageEmitter",
    "LineageEndpoint",
    "LineageError",
    "LineageNameError",
    "LineageStore",
    "Stage",
    "StageRun",
    "dag_id",
    "feed_name",
    "job_name",
    "run_uuid",
    "zone_name",
    "zone_of",
]
