"""The zones data travels through, and where each stands: prefixes of few buckets.

Keys are made here and nowhere else.

    landing/<dataset>/<key id>.payload        sealed payload
    landing/<dataset>/<delivery>.manifest     sealed manifest; <delivery>: custody's fingerprint of the digest
    quarantine/<dataset>/<delivery>/<version>.rejects  sealed rejects, by contract version
    known/<dataset>/v<major>/<period>/<delivery>/<key id>.set  sealed keyed set of the identifiers a delivery brought
    trusted/<dataset>/v<major>/<period>/…     pseudonymised Parquet, manifests, and one pointer a period and generation
    trusted/generations.json                  which generation of pointers is current, for each dataset
    candidate/<dataset>/v<major>/<period>/…   what may become public
    candidate/<dataset>/v<major>/levels/…     levels of generalization that were fixed for a time
    memory/<dataset>/<generation>/v<major>_<period>_… what protected tables were made of, for their revisions
    open bucket: <dataset>/v<major>/<period>/<release>/… and <dataset>/v<major>/latest/…
    audit bucket: lineage/…, verdicts/…, certificates/…
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Zone(StrEnum):
    """A step of the journey at rest."""

    LANDING = "landing"
    TRUSTED = "trusted"
    QUARANTINE = "quarantine"
    KNOWN = "known"
    CANDIDATE = "candidate"
    OPEN = "open"
    AUDIT = "audit"


GENERATIONS_KEY = f"{Zone.TRUSTED.value}/generations.json"
_POINTER = re.compile(r"trusted/([^/]+)/v(\d+)/([^/]+)/current(?:-(\d{4,}))?\.json")
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,199}")


def landing_prefix(dataset: str) -> str:
    """Everything that landed for a dataset."""
    return f"landing/{_safe(dataset)}/"


def landing_manifest_key(dataset: str, delivery: str) -> str:
    """The sealed manifest of a delivery: it exists exactly when the delivery has landed."""
    return f"{landing_prefix(dataset)}{_safe(delivery)}.manifest"


def landing_payload_key(dataset: str, key_id: str) -> str:
    """The sealed payload, named after its data key, since the delivery's name is only known once it has been read."""
    return f"{landing_prefix(dataset)}{_safe(key_id)}.payload"


def quarantine_prefix(dataset: str, delivery: str | None = None) -> str:
    """The rejects of a dataset, or of one of its deliveries."""
    end = "" if delivery is None else f"{_safe(delivery)}/"
    return f"quarantine/{_safe(dataset)}/{end}"


def quarantine_key(dataset: str, delivery: str, name: str) -> str:
    """The sealed rejects of a delivery."""
    return f"{quarantine_prefix(dataset, delivery)}{_safe(name)}"


def known_prefix(dataset: str) -> str:
    """The sets of known identifiers of a dataset."""
    return f"{Zone.KNOWN.value}/{_safe(dataset)}/"


def known_key(dataset: str, major: int, period: str, delivery: str, key_id: str) -> str:
    """A set of known identifiers. It bears its key's name, so that who destroys it need not read it."""
    return f"{known_prefix(dataset)}v{int(major)}/{_safe(period)}/{_safe(delivery)}/{_safe(key_id)}.set"


def partition_prefix(zone: Zone, dataset: str, major: int, period: str) -> str:
    """Where the parts, manifests and pointer of one period stand (trusted and candidate zones)."""
    if zone not in (Zone.TRUSTED, Zone.CANDIDATE):
        raise ValueError(f"zone {zone} is not partitioned by period: use trusted or candidate")
    return f"{zone.value}/{_safe(dataset)}/v{int(major)}/{_safe(period)}/"


def part_key(zone: Zone, dataset: str, major: int, period: str, stage_key: str, index: int = 0) -> str:
    """A Parquet part. `stage_key` names what made it (see :func:`storage.stage_key`): same key, same bytes."""
    return f"{partition_prefix(zone, dataset, major, period)}{_safe(stage_key)}-{index:04d}.parquet"


def manifest_key(zone: Zone, dataset: str, major: int, period: str, digest: str) -> str:
    """A manifest, named by the digest of its own bytes."""
    return f"{partition_prefix(zone, dataset, major, period)}manifest-{_safe(digest)}.json"


def levels_key(dataset: str, major: int, window: str, rule: str) -> str:
    """The levels of generalization fixed for a window of time, under one rule (candidate zone)."""
    return f"{Zone.CANDIDATE.value}/{_safe(dataset)}/v{int(major)}/levels/{_safe(window)}-{_safe(rule)}.json"


def pointer_key(zone: Zone, dataset: str, major: int, period: str, generation: int = 0) -> str:
    """The one mutable object of a period: it names the current manifest. Each generation has its own."""
    name = f"current-{generation:04d}.json" if generation else "current.json"
    return f"{partition_prefix(zone, dataset, major, period)}{name}"


@dataclass(frozen=True, slots=True, order=True)
class TrustedPointer:
    """Whose pointer stands at a key."""

    dataset: str
    major: int
    period: str
    generation: int


def trusted_prefix(dataset: str) -> str:
    """Everything of a dataset in the trusted zone."""
    return f"{Zone.TRUSTED.value}/{_safe(dataset)}/"


def parse_pointer_key(key: str) -> TrustedPointer | None:
    """The inverse of :func:`pointer_key` in the trusted zone; None for any other key."""
    found = _POINTER.fullmatch(key)
    if found is None:
        return None
    dataset, major, period, generation = found.groups()
    return TrustedPointer(dataset, int(major), period, int(generation or 0))


MEMORY = "memory"
_MEMORY = re.compile(r"memory/[^/]+/(\d{4,})/v(\d+)_([0-9W-]+)_[^/]+")


def memory_prefix(dataset: str | None = None) -> str:
    """What is remembered of a dataset's protected tables, or of all datasets'."""
    return f"{MEMORY}/" if dataset is None else f"{MEMORY}/{_safe(dataset)}/"


def memory_key(dataset: str, generation: int, major: int, period: str, name: str) -> str:
    """What one candidate was made of; `generation` is that of the trusted zone whose pseudonyms it bears."""
    return f"{memory_prefix(dataset)}{generation:04d}/v{int(major)}_{_safe(period)}_{_safe(name)}.parquet"


def parse_memory_key(key: str) -> tuple[int, int, str] | None:
    """Generation, major version and period of a memory; None for any other key."""
    found = _MEMORY.fullmatch(key)
    return (int(found[1]), int(found[2]), found[3]) if found else None


def open_key(dataset: str, major: int, period: str, name: str, release: str | None = None) -> str:
    """A published file (open bucket): of one `release` of a period, never written over; or of ``latest``."""
    version = "" if release is None else f"{_safe(release)}/"
    return f"{open_prefix(dataset, major, period)}{version}{_safe(name)}"


def open_prefix(dataset: str, major: int, period: str) -> str:
    """Everything that is public of a period, in all its releases; or what stands under ``latest``."""
    return f"{_safe(dataset)}/v{int(major)}/{_safe(period)}/"


def verdict_key(dataset: str, period: str, candidate_digest: str) -> str:
    """The verdict on a candidate (audit bucket)."""
    return f"verdicts/{_safe(dataset)}/{_safe(period)}/{_safe(candidate_digest)}.json"


def certificate_key(dataset: str, period: str, candidate_digest: str) -> str:
    """The anonymisation certificate of a release (audit bucket)."""
    return f"certificates/{_safe(dataset)}/{_safe(period)}/{_safe(candidate_digest)}.json"


def lineage_key(day: date, run_id: str, job: str, state: str) -> str:
    """A lineage event (audit bucket). Run ids hold colons and plus signs, which are replaced."""
    name = re.sub(r"[^A-Za-z0-9._=-]", "-", f"{run_id}-{job}-{state}")
    return f"lineage/{day:%Y/%m/%d}/{name}.json"


def _safe(name: str) -> str:
    """Refuse what could leave its prefix or break a URL."""
    if not _SAFE_NAME.fullmatch(name) or ".." in name:
        raise ValueError(
            "a name used in an object key may hold letters, digits, « . _ = - » and starts with one of the first"
        )
    return name
