"""When known identifiers are destroyed, and when they are met again.

They go once their period was published, or refused: by a verdict, or by a person. A refusal must not open a way round
the check, so that after one
1. a candidate that was refused stays refused while a set of its deliveries is missing (:mod:`pipeline.judging_known`);
2. the period is made again from its deliveries before anything else is made of it, which remembers them again.

Each of these may be repeated: sets that are gone are gone, and a rebuilt period has the same content.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.deidentification.remember import forget, remembered_deliveries, remembers
from pipeline.hub import Hub
from policies.contract import Contract
from storage import DatasetRef, DeliveryId, Manifest, VerdictRecord, read_manifest


def was_refused(hub: Hub, verdict: VerdictRecord) -> bool:
    """Whether a candidate was turned down, by its verdict or by a person."""
    decision = hub.journal.decision(verdict.candidate_digest)
    return verdict.verdict == "refused" or (decision is not None and not decision.approved)


def forget_refused(
    hub: Hub, deidentify: Callable[[], Hub], contract: Contract, period: str, candidate: DatasetRef
) -> int:
    """Destroy what a refused candidate was held against; return how many sets.

    Args:
        hub: may read candidates.
        deidentify: opens the hub of *deidentify*, who alone destroys them.
    """
    if not remembers(contract):
        return 0
    return forget(deidentify(), contract, period, read_manifest(hub.private, candidate).deliveries)


def is_forgotten(hub: Hub, deidentify: Callable[[], Hub], contract: Contract, period: str, trusted: Manifest) -> bool:
    """Whether a refusal destroyed what a period's deliveries are known by, and they are there to be read again."""
    if not remembers(contract):
        return False
    latest = hub.journal.latest_verdict(str(contract.id), period)
    if latest is None or not was_refused(hub, latest):
        return False
    ours = deidentify()
    if set(trusted.deliveries) <= remembered_deliveries(ours, contract, period):
        return False
    refs = [ours.journal.delivery_ref(DeliveryId(name)) for name in trusted.deliveries]
    return all(ref is not None and ours.private.head(ref.key) is not None for ref in refs)
