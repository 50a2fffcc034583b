"""Take quarantined rows in again once their contract was mended.

A delivery is read again whole, from landing: rows that passed before win nothing new, rows that pass now are added, and
the quarantine object is replaced by what is still rejected.
"""

from __future__ import annotations

from pipeline.deidentify import Deidentified, deidentify
from pipeline.hub import Hub
from policies.contract import Contract
from storage import DatasetRef, list_rejects


def replay(hub: Hub, contract: Contract, run_id: str) -> Deidentified:
    """Re-run every delivery of the dataset that left rejects and is still in landing."""
    return deidentify(hub, contract, run_id, quarantined_deliveries(hub, contract), force=True)


def quarantined_deliveries(hub: Hub, contract: Contract) -> list[DatasetRef]:
    """The deliveries whose rejects lie in quarantine, oldest first."""
    dataset = str(contract.id)
    names = {key.split("/")[2] for key in list_rejects(hub.private, dataset)}
    return [record.ref for record in hub.journal.deliveries(dataset) if record.delivery_id in names]
