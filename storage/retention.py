"""Retention: what is past its time is erased, key first; what nobody finished is cleared away.

Erasing may stop anywhere and be run again: an object whose key is gone is deleted the next time, and the journal is
told last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.journal import Journal
from storage.landing import erase_delivery, sweep
from storage.objects import ObjectStore
from storage.quarantine import erase_rejects
from storage.references import DatasetRef, DeliveryId
from storage.sealing import KeyCustodian
from storage.zones import Zone, landing_prefix, quarantine_prefix

LONGEST_WRITE = timedelta(days=1)  # no writer is still at work after this


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased of a dataset."""

    deliveries: int
    abandoned: int  # payloads that no manifest names


def expire_landing(
    store: ObjectStore, journal: Journal, custodian: KeyCustodian, dataset: str, retention: timedelta, now: datetime
) -> Erased:
    """Erase deliveries received more than `retention` before `now`, and what dead writers left in landing.

    Raises:
        StoreUnavailableError: some are erased, and recorded as such; run it again.
    """
    expired = journal.expired_deliveries(dataset, now - retention)
    for delivery in expired:
        erase_delivery(store, delivery.ref, custodian)
        journal.mark_erased(delivery.delivery_id, now)
    _erase_unrecorded(store, journal, custodian, dataset, now - max(retention, LONGEST_WRITE))
    return Erased(len(expired), sweep(store, custodian, dataset, now - LONGEST_WRITE))


def _erase_unrecorded(
    store: ObjectStore, journal: Journal, custodian: KeyCustodian, dataset: str, before: datetime
) -> None:
    """Erase what landed before `before` and was never recorded: its writer died in between."""
    prefix = landing_prefix(dataset)
    for found in list(store.list(prefix)):
        if not found.key.endswith(".manifest") or found.modified >= before:
            continue
        name = DeliveryId(found.key.removeprefix(prefix).removesuffix(".manifest"))
        if journal.delivery_ref(name) is None:
            ref = DatasetRef(Zone.LANDING, dataset, "", None, found.key, found.digest or "")
            erase_delivery(store, ref, custodian)


def expire_quarantine(
    store: ObjectStore, custodian: KeyCustodian, dataset: str, retention: timedelta, now: datetime
) -> int:
    """Erase rejects written more than `retention` before `now`; return how many objects that was."""
    prefix = quarantine_prefix(dataset)
    store.discard_unfinished(prefix, now - LONGEST_WRITE)
    expired = [found.key for found in store.list(prefix) if found.modified < now - retention]
    for key in expired:
        erase_rejects(store, key, custodian)
    return len(expired)
