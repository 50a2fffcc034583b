"""Zones, objects, seals, manifests, Parquet and records."""

from storage.ahead import ahead, side_by_side
from storage.container import PayloadPart
from storage.content import ContentDigest, content_digest
from storage.database import database_engine, memory_engine, upgrade
from storage.errors import (
    AccessRefusedError,
    DigestMismatchError,
    GenerationChangedError,
    ManifestError,
    NewerStateError,
    ObjectNotFoundError,
    PreconditionFailedError,
    RecordError,
    SealError,
    StorageError,
    StoreUnavailableError,
)
from storage.feed_records import FeedAlert, Reading, RejectCount
from storage.generations import Freeze, Generations, read_generations, write_generations
from storage.journal import Journal
from storage.journal_records import (
    DatasetOverview,
    DecisionRecord,
    DeliveryRecord,
    PartitionRecord,
    ReleaseRecord,
    RunDetail,
    RunOverview,
    StageRecord,
    VerdictRecord,
)
from storage.known import KnownSet, erase_known, list_known, read_known, write_known
from storage.landing import (
    Landed,
    LandingManifest,
    OpenedDelivery,
    delivery_key_id,
    erase_delivery,
    open_delivery,
    read_delivery,
    sweep,
    write_delivery,
)
from storage.lineage_events import LineageEvent, LineageEvents
from storage.manifests import canonical_json, published_parts, read_manifest, stage_key, write_manifest
from storage.memory import MemoryKeyCustodian, MemoryObjectStore
from storage.objects import ObjectStore, StoredObject, as_file, chunks_of, copy_object
from storage.parquet import EncodedParquet, WrittenParquet, encode_parquet, parquet_schema, read_parquet, write_parquet
from storage.pointers import read_pointer, swap_pointer
from storage.quarantine import (
    REJECT_SCHEMA,
    Quarantined,
    erase_rejects,
    list_rejects,
    read_rejects,
    rejects_key_id,
    write_rejects,
)
from storage.references import DatasetRef, DeliveryId, Manifest, Part, RunId
from storage.retention import Erased, expire_landing, expire_quarantine
from storage.s3 import S3ObjectStore
from storage.sealing import DataKey, KeyCustodian, SealingKey, open_sealed, seal
from storage.zones import Zone

__all__ = [
    "REJECT_SCHEMA",
    "AccessRefusedError",
    "ContentDigest",
    "DataKey",
    "DatasetOverview",
    "DatasetRef",
    "DecisionRecord",
    "DeliveryId",
    "DeliveryRecord",
    "DigestMismatchError",
    "EncodedParquet",
    "Erased",
    "FeedAlert",
    "Freeze",
    "GenerationChangedError",
    "Generations",
    "Journal",
    "KeyCustodian",
    "KnownSet",
    "Landed",
    "LandingManifest",
    "LineageEvent",
    "LineageEvents",
    "Manifest",
    "ManifestError",
    "MemoryKeyCustodian",
    "MemoryObjectStore",
    "NewerStateError",
    "ObjectNotFoundError",
    "ObjectStore",
    "OpenedDelivery",
    "Part",
    "PartitionRecord",
    "PayloadPart",
    "PreconditionFailedError",
    "Quarantined",
    "Reading",
    "RecordError",
    "RejectCount",
    "ReleaseRecord",
    "RunDetail",
    "RunId",
    "RunOverview",
    "S3ObjectStore",
    "SealError",
    "SealingKey",
    "StageRecord",
    "StorageError",
    "StoreUnavailableError",
    "StoredObject",
    "VerdictRecord",
    "WrittenParquet",
    "Zone",
    "ahead",
    "as_file",
    "canonical_json",
    "chunks_of",
    "content_digest",
    "copy_object",
    "database_engine",
    "delivery_key_id",
    "encode_parquet",
    "erase_delivery",
    "erase_known",
    "erase_rejects",
    "expire_landing",
    "expire_quarantine",
    "list_known",
    "list_rejects",
    "memory_engine",
    "open_delivery",
    "open_sealed",
    "parquet_schema",
    "published_parts",
    "read_delivery",
    "read_generations",
    "read_known",
    "read_manifest",
    "read_parquet",
    "read_pointer",
    "read_rejects",
    "rejects_key_id",
    "seal",
    "side_by_side",
    "stage_key",
    "swap_pointer",
    "sweep",
    "upgrade",
    "write_delivery",
    "write_generations",
    "write_known",
    "write_manifest",
    "write_parquet",
    "write_rejects",
]
