"""Second stage: a sealed delivery becomes pseudonymised rows of the periods it touches.

One task composes pure streaming steps, so that identifiers live only in this process's memory, between the opening of
the sealed payload and custody's answer:

    decode -> (remember) -> check -> recognize -> pseudonymize (and coverage) -> redact -> split by period -> merge

Invariants: nothing is written before the delivery verified to its last byte; a period's pointer moves once, by a
conditional write, from one complete manifest to the next; the same deliveries give the same content in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice

import pyarrow as pa
import pyarrow.compute as pc

from catalog.lineage import Stage
from pipeline.deidentification.aside import set_delivery_aside, set_rows_aside
from pipeline.deidentification.at_source import recognize
from pipeline.deidentification.check import Checked, check
from pipeline.deidentification.merge import ARRIVAL, DELIVERY, POSITION, VERSION, working_schema
from pipeline.deidentification.partition import Addition, PartitionWriter
from pipeline.deidentification.pseudonymize import Outcome, pseudonymize
from pipeline.deidentification.reading import Noted
from pipeline.deidentification.reading import unreadable as unreadable_reading
from pipeline.deidentification.redact import redact
from pipeline.deidentification.remember import Remembered, expire_known, keep_known
from pipeline.deidentification.schema import trusted_schema
from pipeline.deidentification.surprises import refuse_surprises
from pipeline.errors import BadInputError, BadPayloadError
from pipeline.hub import Hub, RunCustody, RunRequest
from pipeline.periods import closes_at, period_keys
from pipeline.stage import StageReport, stage
from policies.contract import Contract, Technique
from sources import PayloadError, decoder
from storage import (
    DatasetRef,
    DeliveryId,
    LandingManifest,
    OpenedDelivery,
    ahead,
    delivery_key_id,
    expire_quarantine,
    open_delivery,
)

HASHED_IN_A_TEXT = 8  # values of one free text that a run may have pseudonymised, on average
LEAST_RECORD_BYTES = 24  # no JSON record of a feed is shorter: bounds the rows of a payload written on one line


@dataclass(frozen=True, slots=True)
class Deidentified:
    """What is to be released, and what will be once it closes."""

    dirty: tuple[str, ...]  # closed periods whose content differs from their last release
    still_open: tuple[str, ...]  # touched by this run, not closed yet
    counts: dict[str, int]


@dataclass(slots=True)
class _Rows:
    """What a delivery came to: rows by period, and rejects."""

    by_period: dict[str, list[pa.RecordBatch]] = field(default_factory=dict)
    rejects: list[pa.RecordBatch] = field(default_factory=list)
    rows_in: int = 0
    rejected: int = 0
    outcome: Outcome = field(default_factory=Outcome)


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
        unreadable: list[PayloadError] = []
        try:
            for ref in deliveries:
                try:
                    writer.gather(_take(hub, contract, run_id, ref, writer, report))
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
        for ref in known:
            writer.gather(_take(hub, contract, run_id, ref, writer, report))
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


def _take(
    hub: Hub, contract: Contract, run_id: str, ref: DatasetRef, writer: PartitionWriter, report: StageReport
) -> Addition:
    """Read one delivery, set aside what does not pass, and return the rest."""
    key_id = delivery_key_id(hub.private, ref)
    identifiers = sum(
        column.privacy.technique is Technique.PSEUDONYMIZE and not column.privacy.at_source
        for column in contract.columns
    )
    identifiers += HASHED_IN_A_TEXT * sum(
        column.privacy.technique is Technique.REDACT and column.privacy.domain is not None
        for column in contract.columns
    )
    opened = open_delivery(hub.private, ref, hub.run_custody(RunRequest(run_id, ref.dataset, key_ids=(key_id,))))
    quota = record_bound(contract, opened.manifest) * identifiers
    domains = tuple(map(str, contract.domains()))
    custody = hub.run_custody(RunRequest(run_id, ref.dataset, domains=domains, quota=quota, new_keys=1))
    noted, remembered = Noted(contract), Remembered(contract, hub.territory)
    rows = _read(hub, contract, delivery_id(ref), opened, custody, writer, noted, remembered)
    rejected = set_rows_aside(hub, contract, custody, delivery_id(ref), rows.rejects)
    schema = trusted_schema(contract, rows.outcome.origins)
    periods = rows.by_period if writer.replace is None else (writer.replace,)
    keep_known(hub, contract, run_id, delivery_id(ref), periods, remembered)
    hub.journal.record_reading(noted.reading(hub, run_id, delivery_id(ref), rows.rows_in))
    report.add(
        rows_in=rows.rows_in,
        rejected=rejected.rows if rejected else 0,
        not_covered=rows.outcome.not_covered,
    )
    report.add(**{f"found_{kind}": count for kind, count in sorted(rows.outcome.found.items())})
    for code, count in (rejected.codes if rejected else {}).items():
        report.add(**{f"rejected_{code}": count})
    return Addition(delivery_id(ref), schema, rows.by_period)


def delivery_id(ref: DatasetRef) -> DeliveryId:
    """The opaque name of a landed delivery."""
    return DeliveryId(ref.key.rsplit("/", 1)[-1].removesuffix(".manifest"))


def record_bound(contract: Contract, manifest: LandingManifest) -> int:
    """No delivery of this manifest has more records than this: the quota its run asks of custody."""
    match contract.feed.decoder:
        case "csv":
            return manifest.lines + 1
        case "parquet":  # its decoder refuses more rows than bytes
            return manifest.size + 1
        case _:
            return manifest.size // LEAST_RECORD_BYTES + 1


def _read(
    hub: Hub,
    contract: Contract,
    delivery: str,
    opened: OpenedDelivery,
    custody: RunCustody,
    writer: PartitionWriter,
    noted: Noted,
    remembered: Remembered,
) -> _Rows:
    """Stream a delivery through the steps and keep what may be kept, by period."""
    fetched_at = datetime.fromisoformat(opened.manifest.fetched_at)
    rows = _Rows()
    decoded = ahead(decoder(contract, hub.territory).decode(noted.parts(opened.parts)), 1)
    first = list(islice(decoded, 1))
    subjects = writer.subjects()  # asked while the decoder goes on
    read = remembered.passing(noted.decoded(chain(first, decoded)))
    sound = check(read, contract, hub.timezone, fetched_at)
    checked = _counted(recognize(sound, contract, custody, rows.outcome), rows, noted)
    checked = refuse_surprises(checked, contract, hub.territory)
    covered = pseudonymize(checked, contract, custody, subjects, rows.outcome)
    schema: pa.Schema | None = None
    for item in redact(covered, contract, hub.territory, custody, rows.outcome, remembered.add):
        if item.batch.num_rows:
            if schema is None:  # where the pseudonyms come from is known once a row came out
                schema = working_schema(trusted_schema(contract, rows.outcome.origins))
            times = item.batch.column(contract.event_time)
            marked = _with_bookkeeping(item, contract, schema, fetched_at, delivery)
            _split(marked, period_keys(times, contract.period, hub.timezone), rows)
    return rows


def _counted(checked: Iterator[Checked], rows: _Rows, noted: Noted) -> Iterator[Checked]:
    """Count what passes and keep the rejects, before anything else sees the rows."""
    for item in checked:
        rows.rows_in += item.batch.num_rows + item.rejects.num_rows
        rows.rejected += item.rejects.num_rows
        if item.rejects.num_rows:
            rows.rejects.append(item.rejects)
            noted.rejected(item.rejects)
        yield item


def _with_bookkeeping(
    item: Checked, contract: Contract, schema: pa.Schema, fetched_at: datetime, delivery: str
) -> pa.RecordBatch:
    count = item.batch.num_rows
    source_version = item.batch.column(contract.source_version) if contract.source_version else None
    extra = {
        VERSION: source_version.fill_null(0) if source_version is not None else pa.repeat(pa.scalar(0), count),
        ARRIVAL: pa.repeat(pa.scalar(fetched_at, pa.timestamp("us", tz="UTC")), count),
        DELIVERY: pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), [delivery]),
        POSITION: item.positions,
    }
    arrays = [extra.get(field.name) for field in schema]
    columns = [
        (item.batch.column(field.name) if array is None else array).cast(field.type)
        for field, array in zip(schema, arrays, strict=True)
    ]
    return pa.record_batch(columns, schema=schema)


def _split(batch: pa.RecordBatch, keys: pa.Array, rows: _Rows) -> None:
    if len(keys.dictionary) == 1:
        rows.by_period.setdefault(keys.dictionary[0].as_py(), []).append(batch)
        return
    for number, period in enumerate(keys.dictionary.to_pylist()):
        rows.by_period.setdefault(period, []).append(batch.filter(pc.equal(keys.indices, number)))
