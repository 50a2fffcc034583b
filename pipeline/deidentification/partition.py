"""Bring pseudonymised rows into the periods of trusted, one atomic step a period.

Invariants:
1. A period's pointer names a complete manifest at every moment; a writer that lost the race merges again on top.
2. A delivery whose rows are in a period already (same contract, same consent) is not merged twice.
3. The journal is told after the pointer moved: a writer that died in between tells it on its re-run.
4. A period made under several states of consent keeps the oldest root, so that its release makes it again first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from consent import consent_root
from pipeline.deidentification.merge import BOOKKEEPING, Merged, merge, working_schema
from pipeline.deidentification.schema import trusted_schema
from pipeline.errors import OutageError
from pipeline.hub import Hub, code_version
from pipeline.periods import closes_at
from policies.contract import Contract
from storage import (
    ContentDigest,
    DatasetRef,
    Manifest,
    PreconditionFailedError,
    Zone,
    read_manifest,
    read_parquet,
    read_pointer,
    stage_key,
    swap_pointer,
    write_manifest,
    write_parquet,
)
from storage.zones import part_key

ATTEMPTS = 8  # of the conditional write, when another run changes the same period


@dataclass(frozen=True, slots=True)
class Addition:
    """The rows of one delivery, by period."""

    delivery: str
    by_period: dict[str, list[pa.RecordBatch]]


@dataclass(slots=True)
class Added:
    """What an addition came to."""

    stored: int = 0
    replaced: int = 0


@dataclass(slots=True)
class PartitionWriter:
    """Writes the periods of one dataset during one run. With `replace`, that period is made anew from what is added."""

    hub: Hub
    contract: Contract
    run_id: str
    replace: str | None = None
    force: bool = False  # merge even what was merged before: the contract was mended
    touched: dict[str, DatasetRef] = field(default_factory=dict)
    _subjects: pa.Array | None = None
    _gathered: list[Addition] = field(default_factory=list)

    def subjects(self) -> pa.Array | None:
        """The active subjects of the contract's coverage purpose, as they stand when the run first asks."""
        if self.contract.coverage and self._subjects is None:
            self._subjects = self.hub.consent.active_subjects(self.contract.coverage.purpose, self.hub.now())
        return self._subjects

    def consent_root(self) -> str | None:
        """Digest of those subjects; None where no coverage applies."""
        subjects = self.subjects()
        return None if subjects is None else consent_root(subjects)

    def add(self, addition: Addition) -> Added:
        """Merge a delivery's rows into every period it touches."""
        if self.replace is not None:
            kept = addition.by_period.get(self.replace, [])
            self._gathered.append(Addition(addition.delivery, {self.replace: kept}))
            return Added(stored=sum(batch.num_rows for batch in kept))
        added = Added()
        for period in sorted(addition.by_period):
            merged = self._merge_into(period, addition.delivery, addition.by_period[period])
            added.stored += sum(batch.num_rows for batch in addition.by_period[period])
            added.replaced += merged
        return added

    def finish_replacement(self) -> None:
        """Put what was gathered in the place of the period."""
        if self.replace is None:
            return
        schema = trusted_schema(self.contract)
        batches = [batch for item in self._gathered for batch in item.by_period[self.replace or ""]]
        parts = [pa.Table.from_batches(batches, working_schema(schema))]
        deliveries = tuple(sorted(item.delivery for item in self._gathered))
        for _ in range(ATTEMPTS):
            current = self._current(self.replace)
            merged = merge(parts, schema, self.contract.key)
            if self._commit(self.replace, merged, deliveries, self.consent_root(), current):
                return
        raise OutageError(
            f"{self.contract.id} {self.replace}: other runs keep changing this period; run this one again"
        )

    def _merge_into(self, period: str, delivery: str, batches: list[pa.RecordBatch]) -> int:
        schema = trusted_schema(self.contract)
        fresh = pa.Table.from_batches(batches, working_schema(schema))
        for _ in range(ATTEMPTS):
            current = self._current(period)
            manifest = read_manifest(self.hub.private, current[0]) if current else None
            if manifest and current and self._holds(manifest, delivery):
                self.touched[period] = current[0]
                self._tell_journal(period, manifest.content)
                return 0
            older = list(read_parquet(self.hub.private, manifest.parts[0])) if manifest else []
            parts = [pa.Table.from_batches(older)] if older else []
            merged = merge([*parts, fresh], schema, self.contract.key)
            deliveries = tuple(sorted({*(manifest.deliveries if manifest else ()), delivery}))
            root = manifest.consent_root if manifest and manifest.consent_root else self.consent_root()
            if self._commit(period, merged, deliveries, root, current):
                return merged.replaced
        raise OutageError(f"{self.contract.id} {period}: other runs keep changing this period; run this one again")

    def _current(self, period: str) -> tuple[DatasetRef, str] | None:
        return read_pointer(self.hub.private, str(self.contract.id), self.contract.version.major, period)

    def _holds(self, manifest: Manifest, delivery: str) -> bool:
        return not self.force and delivery in manifest.deliveries and manifest.version == str(self.contract.version)

    def _commit(
        self,
        period: str,
        merged: Merged,
        deliveries: tuple[str, ...],
        root: str | None,
        current: tuple[DatasetRef, str] | None,
    ) -> bool:
        """Write part, manifest and pointer; False if another writer moved the pointer meanwhile."""
        contract, hub = self.contract, self.hub
        digest = ContentDigest(merged.table.schema)
        digest.update(merged.table)
        content, whole = digest.hexdigest(without=BOOKKEEPING), digest.hexdigest()
        name = stage_key(
            dataset=str(contract.id),
            period=period,
            inputs=(*deliveries, whole),
            contract=contract.digest,
            strategy=hub.territory.strategy.digest,
            consent=root,
            code=code_version(),
        )
        key = part_key(Zone.TRUSTED, str(contract.id), contract.version.major, period, name)
        written = write_parquet(hub.private, key, [merged.table], merged.table.schema, compact=True, content=whole)
        manifest = Manifest(
            zone=Zone.TRUSTED,
            dataset=str(contract.id),
            version=str(contract.version),
            period=period,
            parts=(written.part,),
            content=content,
            inputs=deliveries,
            deliveries=deliveries,
            consent_root=root,
            code_version=code_version(),
        )
        ref = write_manifest(hub.private, manifest)
        try:
            swap_pointer(hub.private, ref, expected_etag=current[1] if current else None)
        except PreconditionFailedError:
            return False
        self.touched[period] = ref
        self._tell_journal(period, content)
        return True

    def _tell_journal(self, period: str, content: str) -> None:
        closed_at: datetime = closes_at(self.contract, period, self.hub.timezone)
        self.hub.journal.mark_partition(
            str(self.contract.id),
            self.contract.version.major,
            period,
            content,
            self.run_id,
            closed_at=closed_at,
            changed_at=self.hub.now(),
        )
