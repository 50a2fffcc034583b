"""What is set aside of a delivery: its rejected rows, or all of it when it can not be read.

A delivery has one object in quarantine, that of its last reading: when it is read again, under a mended contract, the
older rejects go, with their keys. A delivery that can not be read stands there as one reject without a record, so that
it holds up no other delivery and « ardoise replay » finds it again; its bytes stay sealed in landing.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from pipeline.hub import Hub, RunCustody, RunRequest
from policies.contract import Contract
from storage import REJECT_SCHEMA, Quarantined, erase_rejects, list_rejects, write_rejects

UNREADABLE = "unreadablePayload"


def set_rows_aside(
    hub: Hub, contract: Contract, custody: RunCustody, delivery: str, rejects: Iterable[pa.RecordBatch]
) -> Quarantined | None:
    """Seal the rejects of a delivery in place of those of earlier readings; None if nothing was rejected."""
    dataset = str(contract.id)
    written = write_rejects(
        hub.private, custody, rejects, dataset=dataset, delivery=delivery, version=str(contract.version)
    )
    for key in list_rejects(hub.private, dataset, delivery):
        if written is None or key != written.key:
            erase_rejects(hub.private, key, hub.erasing_custody())
    if written and written.replaced_key_id:
        hub.erasing_custody().destroy_key(written.replaced_key_id)
    return written


def set_delivery_aside(hub: Hub, contract: Contract, run_id: str, delivery: str) -> None:
    """Note that a whole delivery could not be read."""
    custody = hub.run_custody(RunRequest(run_id, str(contract.id), new_keys=1))
    reject = pa.record_batch([[0], [UNREADABLE], [None], [""]], schema=REJECT_SCHEMA)
    set_rows_aside(hub, contract, custody, delivery, [reject])
