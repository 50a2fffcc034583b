"""Bring pseudonymised rows into the periods of trusted, one atomic step a period.

Invariants:
1. A period's pointer names a complete manifest at every moment; a writer that lost the race merges again on top.
2. A delivery whose rows are in a period already (same contract, same consent) is not merged twice.
3. The journal is told after the pointer moved: a writer that died in between tells it on its re-run.
4. A period made under several states of consent keeps the oldest root, so that its release makes it again first.
5. Deliveries of one run are gathered, up to :data:`TOGETHER` rows, and merged into a period at once: a feed that posts
   hundreds of small bodies a day would else have its day rewritten for each. What a merge gives is the same either way.
6. Pseudonyms are written to the generation whose epoch they have. If the dataset is switched to another meanwhile, what
   was written does not count: the run ends as an outage, and its re-run mints anew (:mod:`storage.generations`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

import pyarrow as pa

from consent import consent_root
from pipeline.deidentification.merge import BOOKKEEPING, Merged, merge, working_schema
from pipeline.deidentification.origins import check_same_origins, pseudonym_epochs
from pipeline.errors import OutageError
from pipeline.hub import Hub, code_version
from pipeline.periods import closes_at
from policies.contract import Contract
from storage import (
    DatasetRef,
    Generations,
    Manifest,
    PreconditionFailedError,
    Zone,
    encode_parquet,
    read_generations,
    read_manifest,
    read_parquet,
    read_pointer,
    stage_key,
    swap_pointer,
    write_manifest,
)
from storage.zones import part_key

ATTEMPTS = 8  # of the conditional write, when another run changes the same period
TOGETHER = 1 << 20  # rows; one delivery may have more by itself


@dataclass(frozen=True, slots=True)
class Addition:
    """The rows of one delivery, by period; all have this schema, which says the origin of their pseudonyms."""

    delivery: str
    schema: pa.Schema
    by_period: dict[str, list[pa.RecordBatch]]

    @property
    def rows(self) -> int:
        """In all its periods."""
        return sum(batch.num_rows for batches in self.by_period.values() for batch in batches)


@dataclass(slots=True)
class Added:
    """What came of the deliveries that were gathered."""

    deliveries: list[str] = field(default_factory=list)
    stored: int = 0
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A period as a writer found it: the marker it read, the epochs it brings, and the pointer it may replace."""

    period: str
    generations: Generations
    epochs: dict[str, int]
    ref: DatasetRef | None
    etag: str | None


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

    @property
    def full(self) -> bool:
        """Whether what is gathered should be merged now."""
        return sum(addition.rows for addition in self._gathered) >= TOGETHER

    def gather(self, addition: Addition) -> None:
        """Keep a delivery's rows until they are merged."""
        if self.replace is not None:
            kept = addition.by_period.get(self.replace, [])
            addition = Addition(addition.delivery, addition.schema, {self.replace: kept})
        self._gathered.append(addition)

    def settle(self) -> Added:
        """Merge what was gathered into every period it touches; those deliveries are in once this returns."""
        added = Added(deliveries=[addition.delivery for addition in self._gathered])
        for _, alike in groupby(self._gathered, lambda addition: _origin(addition.schema)):
            additions = list(alike)
            for period in sorted({period for addition in additions for period in addition.by_period}):
                concerned = [addition for addition in additions if period in addition.by_period]
                added.replaced += self._merge_into(period, concerned)
            added.stored += sum(addition.rows for addition in additions)
        self._gathered.clear()
        return added

    def finish_replacement(self) -> int:
        """Put what was gathered in the place of the period; return how many rows that is."""
        if self.replace is None:
            return 0
        check_same_origins(item.schema for item in self._gathered)
        schema = self._gathered[-1].schema
        batches = [batch for item in self._gathered for batch in item.by_period[self.replace or ""]]
        parts = [pa.Table.from_batches(batches, working_schema(schema))]
        deliveries = tuple(sorted(item.delivery for item in self._gathered))
        for _ in range(ATTEMPTS):
            place = self._place(self.replace, schema)
            merged = merge(parts, schema, self.contract.key)
            if self._commit(place, merged, deliveries, self.consent_root()):
                return sum(item.rows for item in self._gathered)
        raise self._contended(self.replace)

    def _merge_into(self, period: str, additions: Sequence[Addition]) -> int:
        schema = additions[-1].schema
        for _ in range(ATTEMPTS):
            place = self._place(period, schema)
            manifest = read_manifest(self.hub.private, place.ref) if place.ref else None
            new = [one for one in additions if not (manifest and self._holds(manifest, one.delivery))]
            if manifest and place.ref and not new:
                self._done(place, place.ref, manifest.content)
                return 0
            older = list(read_parquet(self.hub.private, manifest.parts[0])) if manifest else []
            parts = [pa.Table.from_batches(older)] if older else []
            parts += [pa.Table.from_batches(one.by_period[period], working_schema(schema)) for one in new]
            merged = merge(parts, schema, self.contract.key)
            deliveries = tuple(sorted({*(manifest.deliveries if manifest else ()), *(one.delivery for one in new)}))
            root = manifest.consent_root if manifest and manifest.consent_root else self.consent_root()
            if self._commit(place, merged, deliveries, root):
                return merged.replaced
        raise self._contended(period)

    def _place(self, period: str, schema: pa.Schema) -> _Place:
        """Where rows of this schema go in a period now.

        Raises:
            GenerationChangedError: nowhere: the dataset is being switched, or they are of an epoch that has ended.
        """
        dataset, epochs = str(self.contract.id), pseudonym_epochs(schema)
        generations = read_generations(self.hub.private)
        generations.check(dataset, epochs)
        major, generation = self.contract.version.major, generations.of(dataset)
        found = read_pointer(self.hub.private, dataset, major, period, generation=generation)
        return _Place(period, generations, epochs, *(found or (None, None)))

    def _holds(self, manifest: Manifest, delivery: str) -> bool:
        return not self.force and delivery in manifest.deliveries and manifest.version == str(self.contract.version)

    def _commit(self, place: _Place, merged: Merged, deliveries: tuple[str, ...], root: str | None) -> bool:
        """Write part, manifest and pointer; False if another writer moved the pointer meanwhile."""
        contract, hub, period = self.contract, self.hub, place.period
        encoded = encode_parquet(merged.batches(), merged.schema, compact=True)
        content, whole = encoded.digest.hexdigest(without=BOOKKEEPING), encoded.digest.hexdigest()
        name = stage_key(
            dataset=str(contract.id),
            period=period,
            inputs=(*deliveries, whole, *_marks(place.epochs)),
            contract=contract.digest,
            strategy=hub.territory.strategy.digest,
            consent=root,
            code=code_version(),
        )
        key = part_key(Zone.TRUSTED, str(contract.id), contract.version.major, period, name)
        manifest = Manifest(
            zone=Zone.TRUSTED,
            dataset=str(contract.id),
            version=str(contract.version),
            period=period,
            parts=(encoded.store(hub.private, key),),
            content=content,
            inputs=deliveries,
            deliveries=deliveries,
            consent_root=root,
            code_version=code_version(),
        )
        ref = write_manifest(hub.private, manifest)
        generation = place.generations.of(str(contract.id))
        try:
            swap_pointer(hub.private, ref, expected_etag=place.etag, generation=generation)
        except PreconditionFailedError:
            return False
        self._done(place, ref, content)
        return True

    def _done(self, place: _Place, ref: DatasetRef, content: str) -> None:
        """Tell the journal what a period holds, and then make sure that this is what it holds."""
        self._tell_journal(place.period, content)
        place.generations.confirm(self.hub.private, str(self.contract.id), place.epochs)
        self.touched[place.period] = ref

    def _contended(self, period: str) -> OutageError:
        return OutageError(f"{self.contract.id} {period}: other runs keep changing this period; run this one again")

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


def _origin(schema: pa.Schema) -> bytes:
    """Rows of the same origin may be merged in one step."""
    return bytes(schema.serialize())


def _marks(epochs: dict[str, int]) -> list[str]:
    """What tells parts of two epochs apart even where they have no row; nothing at first epochs."""
    return [f"{domain}@{epoch}" for domain, epoch in sorted(epochs.items()) if epoch]
