"""Take one delivery: from its sealed payload to pseudonymised rows by period, with all that fails set aside.

One task composes pure streaming steps, so that identifiers live only in this process's memory, between the opening of
the sealed payload and custody's answer:

    decode -> (remember) -> check -> recognize -> look for surprises -> pseudonymize (and coverage) -> redact
    -> split by period

Nothing of a delivery leaves this step before it verified to its last byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.deidentification.aside import set_rows_aside
from pipeline.deidentification.at_source import recognize
from pipeline.deidentification.check import Checked, check
from pipeline.deidentification.merge import ARRIVAL, DELIVERY, POSITION, VERSION, working_schema
from pipeline.deidentification.partition import Addition, PartitionWriter
from pipeline.deidentification.pseudonymize import Outcome, pseudonymize
from pipeline.deidentification.reading import Noted
from pipeline.deidentification.redact import redact
from pipeline.deidentification.remember import Remembered, keep_known
from pipeline.deidentification.schema import trusted_schema
from pipeline.deidentification.surprises import Surprises
from pipeline.hub import Hub, RunCustody, RunRequest
from pipeline.periods import period_keys
from pipeline.stage import StageReport
from policies.contract import Contract, Technique
from sources import decoder
from storage import (
    DatasetRef,
    DeliveryId,
    LandingManifest,
    OpenedDelivery,
    Quarantined,
    ahead,
    delivery_key_id,
    open_delivery,
)

HASHED_IN_A_TEXT = 8  # values of one free text that a run may have pseudonymised, on average
LEAST_RECORD_BYTES = 24  # no JSON record of a feed is shorter: bounds the rows of a payload written on one line


@dataclass(slots=True)
class _Rows:
    """What a delivery came to: rows by period, and rejects."""

    by_period: dict[str, list[pa.RecordBatch]] = field(default_factory=dict)
    rejects: list[pa.RecordBatch] = field(default_factory=list)
    rows_in: int = 0
    rejected: int = 0
    outcome: Outcome = field(default_factory=Outcome)


@dataclass(frozen=True, slots=True)
class Taking:
    """Takes the deliveries of one run, one after another: what they have in common."""

    hub: Hub
    contract: Contract
    run_id: str
    writer: PartitionWriter
    report: StageReport
    surprises: Surprises

    def take(self, ref: DatasetRef) -> Addition:
        """Read one delivery, set aside what does not pass, and return the rest.

        Raises:
            PayloadError: it can not be read; nothing of it was kept.
        """
        hub, contract, delivery = self.hub, self.contract, delivery_id(ref)
        opened = self._open(ref)
        quota = record_bound(contract, opened.manifest) * _identifiers(contract)
        domains = tuple(map(str, contract.domains()))
        custody = hub.run_custody(RunRequest(self.run_id, ref.dataset, domains=domains, quota=quota, new_keys=1))
        noted, remembered = Noted(contract), Remembered(contract, hub.territory)
        rows = self._read(delivery, opened, custody, noted, remembered)
        rejected = set_rows_aside(hub, contract, custody, delivery, rows.rejects)
        schema = trusted_schema(contract, rows.outcome.origins)
        periods = rows.by_period if self.writer.replace is None else (self.writer.replace,)
        keep_known(hub, contract, self.run_id, delivery, periods, remembered)
        hub.journal.record_reading(noted.reading(hub, self.run_id, delivery, rows.rows_in))
        self._tell(rows, rejected)
        return Addition(delivery, schema, rows.by_period)

    def _open(self, ref: DatasetRef) -> OpenedDelivery:
        """With a token that opens this delivery and does nothing else."""
        key_id = delivery_key_id(self.hub.private, ref)
        custody = self.hub.run_custody(RunRequest(self.run_id, ref.dataset, key_ids=(key_id,)))
        return open_delivery(self.hub.private, ref, custody)

    def _read(
        self, delivery: str, opened: OpenedDelivery, custody: RunCustody, noted: Noted, remembered: Remembered
    ) -> _Rows:
        """Stream a delivery through the steps and keep what may be kept, by period."""
        hub, contract = self.hub, self.contract
        fetched_at = datetime.fromisoformat(opened.manifest.fetched_at)
        rows = _Rows()
        decoded = ahead(decoder(contract, hub.territory).decode(noted.parts(opened.parts)), 1)
        first = list(islice(decoded, 1))
        subjects = self.writer.subjects()  # asked while the decoder goes on
        read = remembered.passing(noted.decoded(chain(first, decoded)))
        sound = check(read, contract, hub.timezone, fetched_at)
        checked = _counted(recognize(sound, contract, custody, rows.outcome), rows, noted)
        checked = self.surprises.refuse(checked, delivery)
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

    def _tell(self, rows: _Rows, rejected: Quarantined | None) -> None:
        """Add a delivery to the report of the stage."""
        self.report.add(
            rows_in=rows.rows_in,
            rejected=rejected.rows if rejected else 0,
            not_covered=rows.outcome.not_covered,
        )
        self.report.add(**{f"found_{kind}": count for kind, count in sorted(rows.outcome.found.items())})
        for code, count in (rejected.codes if rejected else {}).items():
            self.report.add(**{f"rejected_{code}": count})


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


def _identifiers(contract: Contract) -> int:
    """How many identifiers of one record a run may have pseudonymised, on average."""
    columns = sum(
        column.privacy.technique is Technique.PSEUDONYMIZE and not column.privacy.at_source
        for column in contract.columns
    )
    texts = sum(
        column.privacy.technique is Technique.REDACT and column.privacy.domain is not None
        for column in contract.columns
    )
    return columns + HASHED_IN_A_TEXT * texts


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
