"""Second stage: a sealed delivery becomes pseudonymised rows of the periods it touches.

Each delivery is taken by itself (:mod:`pipeline.deidentification.taking`: opened, decoded, checked, pseudonymised,
redacted, in one stream); their rows are then merged into the periods (:mod:`pipeline.deidentification.partition`).

Invariants: nothing is written before the delivery verified to its last byte; a period's pointer moves once, by a
conditional write, from one complete manifest to the next; the same deliveries give the same content in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.lineage import Stage
from pipeline.deidentification.aside import set_delivery_aside
from pipeline.deidentification.partition import PartitionWriter
from pipeline.deidentification.reading import unreadable as unreadable_reading
from pipeline.deidentification.remember import expire_known
from pipeline.deidentification.surprises import Surprises
from pipeline.deidentification.taking import Taking, delivery_id
from pipeline.errors import BadInputError, BadPayloadError
from pipeline.hub import Hub
from pipeline.periods import closes_at
from pipeline.stage import StageReport, stage
from policies.contract import Contract
from sources import PayloadError
from storage import DatasetRef, DeliveryId, expire_quarantine


@dataclass(frozen=True, slots=True)
class Deidentified:
    """What is to be released, and what will be once it closes."""

    dirty: tuple[str, ...]  # closed periods whose content differs from their last release
    still_open: tuple[str, ...]  # touched by this run, not closed yet
    counts: dict[str, int]


def deidentify(
    hub: Hub, contract: Contract, run_id: str, deliveries: list[DatasetRef], *, force: bool = False
) -> Deidentified:
    """Take the deliveries into trusted, oldest first; with `force`, also those that were taken in before.

    Raises:
        BadPayloadError: some could not be read. They are set aside, the others are in, and the periods that these
            changed are told by the next run: no delivery holds up another for ever.
    """
    with stage(hub, Stage.DEIDENTIFY, contract, run_id, None, deliveries) as report:
        _expire_rejects(hub, contract, report)
        writer = PartitionWriter(hub, contract, run_id, force=force)
        taking = Taking(hub, contract, run_id, writer, report, Surprises(contract, hub.territory))
        unreadable: list[PayloadError] = []
        try:
            for ref in deliveries:
                try:
                    writer.gather(taking.take(ref))
                except PayloadError as error:
                    set_delivery_aside(hub, contract, run_id, delivery_id(ref))
                    hub.journal.record_reading(unreadable_reading(hub, contract, run_id, delivery_id(ref)))
                    hub.journal.mark_processed(delivery_id(ref), hub.now())
                    unreadable.append(error)
                if writer.full:
                    _settle(hub, writer, report)
        finally:  # whatever ends the run, what was read before it is in
            _settle(hub, writer, report)
        if unreadable:
            raise _all_told(contract, unreadable, len(deliveries))
        now = hub.now()
        touched = sorted(writer.touched)
        report.outputs.extend(writer.touched[period] for period in touched)
        dirty = tuple(hub.journal.dirty_periods(str(contract.id), contract.version.major, now))
        still_open = tuple(period for period in touched if now < closes_at(contract, period, hub.timezone))
        return Deidentified(dirty, still_open, report.counts)


def _all_told(contract: Contract, unreadable: list[PayloadError], deliveries: int) -> BadPayloadError:
    return BadPayloadError(
        f"{unreadable[0]} — {len(unreadable)} of {deliveries} deliveries of {contract.id} set aside; the others are in."
        f" Once the contract is mended, « ardoise replay {contract.id} » reads them again"
    )


def _expire_rejects(hub: Hub, contract: Contract, report: StageReport) -> None:
    """Rejects and known identifiers live no longer than the deliveries they come from."""
    custody, retention = hub.erasing_custody(), contract.landing_retention
    if expired := expire_quarantine(hub.private, custody, str(contract.id), retention, hub.now()):
        report.add(erased_rejects=expired)
    expire_known(hub, contract)


def rebuild(hub: Hub, contract: Contract, run_id: str, period: str, deliveries: Sequence[str]) -> None:
    """Make a period again from its deliveries, under the consent of now; rows no longer covered are gone.

    Raises:
        BadInputError: a delivery is no longer in landing, so that it can not be told whose rows are still covered.
    """
    refs = [hub.journal.delivery_ref(DeliveryId(name)) for name in deliveries]
    known = [ref for ref in refs if ref is not None and hub.private.head(ref.key) is not None]
    with stage(hub, Stage.DEIDENTIFY, contract, run_id, period, known) as report:
        if len(known) < len(refs):
            raise BadInputError(
                f"{contract.id} {period}: consent changed and {len(refs) - len(known)} of its deliveries left landing; "
                "the period can not be made again, so it is not released"
            )
        writer = PartitionWriter(hub, contract, run_id, replace=period)
        taking = Taking(hub, contract, run_id, writer, report, Surprises(contract, hub.territory))
        for ref in known:
            writer.gather(taking.take(ref))
        report.add(stored=writer.finish_replacement())
        report.outputs.append(writer.touched[period])


def _settle(hub: Hub, writer: PartitionWriter, report: StageReport) -> None:
    """Bring what was gathered into trusted, and then tell the journal that these deliveries are in."""
    added = writer.settle()
    if not added.deliveries:
        return
    report.add(duplicates=added.replaced, stored=added.stored)
    for delivery in added.deliveries:
        hub.journal.mark_processed(DeliveryId(delivery), hub.now())
