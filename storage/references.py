"""Addresses of immutable things: what travels between tasks in place of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from storage.zones import Zone

DeliveryId = NewType("DeliveryId", str)  # opaque: custody's keyed fingerprint of the payload's digest
RunId = NewType("RunId", str)  # the run of the DAG (or of `ardoise run`) that a log line or event belongs to


def major_of(version: str) -> int:
    """The major version of a contract version: trusted and open have a folder for each."""
    return int(version.partition(".")[0])


@dataclass(frozen=True, slots=True)
class DatasetRef:
    """The address of an immutable manifest. Small, JSON-friendly, free of personal data: fit for an XCom."""

    zone: Zone
    dataset: str
    version: str  # contract version
    period: str | None  # None in landing: a delivery may touch several periods
    key: str  # object key of the manifest
    digest: str  # sha256 (hex) of the manifest's bytes as stored

    def to_json(self) -> dict[str, str | None]:
        """A plain dict, for an XCom or a database column."""
        return {
            "zone": self.zone.value,
            "dataset": self.dataset,
            "version": self.version,
            "period": self.period,
            "key": self.key,
            "digest": self.digest,
        }

    @classmethod
    def from_json(cls, value: dict[str, str | None]) -> DatasetRef:
        """The inverse of :meth:`to_json`."""
        return cls(
            zone=Zone(str(value["zone"])),
            dataset=str(value["dataset"]),
            version=str(value["version"]),
            period=value["period"],
            key=str(value["key"]),
            digest=str(value["digest"]),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One immutable object of a manifest."""

    key: str
    size: int  # bytes as stored
    digest: str  # sha256 (hex) of the bytes as stored
    rows: int | None = None
    media_type: str = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands at a :class:`DatasetRef` of the trusted and candidate zones.

    `content` is the digest of the logical content (rows in order, noise and encryption left out): two runs over the
    same inputs give the same. `inputs` name the manifests this one was made from.
    """

    zone: Zone
    dataset: str
    version: str
    period: str
    parts: tuple[Part, ...]
    content: str
    inputs: tuple[str, ...] = ()
    deliveries: tuple[str, ...] = ()  # trusted: the deliveries whose rows are in it
    consent_root: str | None = None  # digest of the active subjects used, where coverage applies
    code_version: str = ""
