"""First stage: fetch what is new from the operator and seal it in landing, byte for byte; erase what is past its time.

The cursor moves only once a delivery has landed and the journal has it: a worker that dies in between fetches again,
and the bytes are recognised by their fingerprint.
"""

from __future__ import annotations

from catalog.lineage import Stage
from pipeline.hub import Hub
from pipeline.stage import stage
from policies.contract import Contract
from sources import connector
from storage import DatasetRef, expire_landing, write_delivery


def ingest(hub: Hub, contract: Contract, run_id: str) -> list[DatasetRef]:
    """Bring new deliveries to landing; return those whose rows are not all in trusted yet, oldest first."""
    dataset = str(contract.id)
    with stage(hub, Stage.INGEST, contract, run_id, None) as report:
        custody = hub.landing_custody()
        for delivery in connector(contract, hub.settings).fetch(hub.journal.cursor(dataset), hub.now()):
            landed = write_delivery(
                hub.private,
                custody,
                delivery.parts,
                dataset=dataset,
                version=str(contract.version),
                source=delivery.source,
                fetched_at=delivery.fetched_at,
            )
            hub.journal.record_delivery(landed.delivery, dataset, run_id, landed.ref, hub.now())
            hub.journal.save_cursor(dataset, delivery.next_cursor)
            report.add(deliveries=1, repeated=int(landed.repeated), bytes=landed.size)
        erased = expire_landing(hub.private, hub.journal, custody, dataset, contract.landing_retention, hub.now())
        report.add(erased=erased.deliveries)
        refs = [record.ref for record in hub.journal.pending_deliveries(dataset)]
        report.outputs.extend(refs)
        return refs
