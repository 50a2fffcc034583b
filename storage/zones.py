"""The zones data travels through, and where each stands: prefixes of few buckets.

Keys are made here and nowhere else.

    landing/<dataset>/<delivery>              sealed payload; <delivery> is opaque (custody's fingerprint of its digest)
    landing/<dataset>/<delivery>.manifest     sealed manifest
    quarantine/<dataset>/<delivery>/<digest>  sealed rejects
    trusted/<dataset>/v<major>/<period>/…     pseudonymised Parquet, manifests, and one pointer a period
    candidate/<dataset>/v<major>/<period>/…   what may become public
    open bucket: <dataset>/v<major>/<period>/… and <dataset>/v<major>/latest/…
    audit bucket: lineage/…, verdicts/…, certificates/…
"""

from __future__ import annotations

from enum import StrEnum


class Zone(StrEnum):
    """A step of the journey at rest."""

    LANDING = "landing"
    TRUSTED = "trusted"
    QUARANTINE = "quarantine"
    CANDIDATE = "candidate"
    OPEN = "open"
    AUDIT = "audit"
