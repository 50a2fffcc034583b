"""First stage: fetch what is new from the operator and seal it in landing, byte for byte; erase what is past its time.

A delivery counts from the one transaction that writes both its line in the journal and the connector's cursor: a worker
that dies before has brought nothing and fetches again (the same bytes are recognised by their fingerprint); one that
dies after has brought all. Only then is the connector asked for the next delivery, so that it may acknowledge this one.

What a connector could not take while it took the rest is logged, counted as `refused`, and fails the stage only if
there is nothing else to do: one bad file holds up no other.
"""

from __future__ import annotations

import logging
from functools import partial

from catalog.lineage import Stage
from pipeline.errors import BadPayloadError
from pipeline.hub import Hub
from pipeline.stage import stage
from policies.contract import Contract
from sources import Connections, connector
from storage import DatasetRef, expire_landing, write_delivery

log = logging.getLogger("ardoise.journey")


def ingest(hub: Hub, contract: Contract, run_id: str, connections: Connections | None = None) -> list[DatasetRef]:
    """Bring new deliveries to landing; return those whose rows are not all in trusted yet, oldest first.

    Args:
        hub: collaborators of the role *ingest*.
        contract: of the dataset.
        run_id: the orchestrator's.
        connections: credentials that the orchestrator keeps.
    """
    dataset = str(contract.id)
    with stage(hub, Stage.INGEST, contract, run_id, None) as report:
        custody = hub.landing_custody()
        source = connector(contract, hub.settings, connections, partial(custody.fingerprint, dataset))
        for delivery in source.fetch(hub.journal.cursor(dataset), hub.now()):
            landed = write_delivery(
                hub.private,
                custody,
                delivery.parts,
                dataset=dataset,
                version=str(contract.version),
                source=delivery.source,
                fetched_at=delivery.fetched_at,
            )
            cursor = delivery.next_cursor
            hub.journal.record_delivery(landed.delivery, dataset, run_id, landed.ref, hub.now(), cursor)
            report.add(deliveries=1, repeated=int(landed.repeated), bytes=landed.size)
        erased = expire_landing(hub.private, hub.journal, custody, dataset, contract.landing_retention, hub.now())
        report.add(erased=erased.deliveries)
        for problem in source.problems:
            log.error("%s", problem, extra={"run_id": run_id, "dataset": dataset})
        report.add(refused=len(source.problems))
        refs = [record.ref for record in hub.journal.pending_deliveries(dataset)]
        if source.problems and not refs:
            raise BadPayloadError(f"ingest {dataset}: {source.problems[0]}")
        report.outputs.extend(refs)
        return refs
