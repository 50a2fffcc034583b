"""The next generation of a dataset's periods, written beside the current one, period by period.

1. A period is done when the next generation's pointer names a manifest whose input is the current manifest, with the
   domain at its new epoch; a period without pseudonyms of the domain is done when both pointers name the same one.
2. Whoever dies in between leaves periods done or not: what was done by another run is read back and checked, the rest
   is carried. A period that changed since is carried again.
3. Same period, same epoch: same part, same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pyarrow as pa

from anonymization.pseudonyms import Origin, RotationCounts, RotationCustodian
from pipeline.deidentification.merge import BOOKKEEPING
from pipeline.deidentification.origins import pseudonym_origins
from pipeline.hub import Hub, code_version
from pipeline.rotation.columns import carry, check_carried, rotating_columns
from pipeline.rotation.periods import Found, Schemas
from policies.contract import DatasetId
from storage import (
    DatasetRef,
    Manifest,
    Zone,
    content_digest,
    read_manifest,
    read_parquet,
    read_pointer,
    stage_key,
    swap_pointer,
    write_manifest,
    write_parquet,
)
from storage.zones import part_key


@dataclass(frozen=True, slots=True)
class Done:
    """A period in both generations."""

    found: Found
    ref: DatasetRef  # its manifest in the next generation
    content: str  # digest of what it holds there
    counts: RotationCounts


@dataclass(slots=True)
class Snapshot:
    """Writes the next generation of the periods it is given, for one rotation."""

    hub: Hub
    custody: RotationCustodian
    run_id: str
    domain: str
    epoch: int  # the one that pseudonyms are carried to
    schemas: Schemas
    _done: dict[str, Done] = field(default_factory=dict)  # by the digest of the current manifest

    def complete(self, periods: Iterable[Found]) -> list[Done]:
        """Bring every period into the next generation; return them all."""
        return [self._one(found) for found in periods]

    def _one(self, found: Found) -> Done:
        known = self._done.get(found.ref.digest)
        if known is None:
            known = self._checked(found) or self._carry(found)
            self._done[found.ref.digest] = known
        return known

    def _next(self, found: Found) -> tuple[DatasetRef, str] | None:
        place = found.pointer
        generation = place.generation + 1
        return read_pointer(self.hub.private, place.dataset, place.major, place.period, generation=generation)

    def _checked(self, found: Found) -> Done | None:
        """What another run did of this period, read back; None if it did nothing, or the period changed since."""
        there = self._next(found)
        if there is None:
            return None
        if there[0] == found.ref:
            return Done(found, found.ref, found.manifest.content, RotationCounts())
        manifest = read_manifest(self.hub.private, there[0])
        if manifest.inputs != (found.ref.digest,) or not self._is_carried(found.manifest, manifest):
            return None
        old, new = (self._table(one) for one in (found.manifest, manifest))
        return Done(found, there[0], manifest.content, check_carried(old, new, self.domain, self.epoch))

    def _is_carried(self, old: Manifest, new: Manifest) -> bool:
        """Whether `new` is of this rotation: one of another domain, not finished, may have left its own."""
        wanted = {
            name: replace(origin, epoch=self.epoch) if origin.domain == self.domain else origin
            for name, origin in pseudonym_origins(self.schemas.of(old)).items()
        }
        return pseudonym_origins(self.schemas.of(new)) == wanted

    def _carry(self, found: Found) -> Done:
        there = self._next(found)
        names = rotating_columns(self.schemas.of(found.manifest), self.domain, self.epoch)
        if names:
            ref, content, counts = self._write(found, names)
        else:
            ref, content, counts = found.ref, found.manifest.content, RotationCounts()
        etag = there[1] if there else None
        swap_pointer(self.hub.private, ref, expected_etag=etag, generation=found.pointer.generation + 1)
        return Done(found, ref, content, counts)

    def _write(self, found: Found, names: list[str]) -> tuple[DatasetRef, str, RotationCounts]:
        place, manifest, store = found.pointer, found.manifest, self.hub.private
        table = self._table(manifest)
        origin = pseudonym_origins(table.schema)[names[0]]
        target = Origin(self.domain, origin.algorithm, self.epoch)
        carried = carry(table, names, self.custody, self.run_id, target, self._key(found))
        name = stage_key(
            dataset=place.dataset,
            period=place.period,
            inputs=(found.ref.digest, f"{self.domain}@{self.epoch}"),
            contract="rotation",
            strategy="rotation",
            consent=manifest.consent_root,
            code=code_version(),
        )
        key = part_key(Zone.TRUSTED, place.dataset, place.major, place.period, name)
        written = write_parquet(store, key, [carried.table], carried.table.schema, compact=True)
        content = content_digest(carried.table.drop_columns(list(BOOKKEEPING)))
        rotated = Manifest(
            zone=Zone.TRUSTED,
            dataset=place.dataset,
            version=manifest.version,
            period=place.period,
            parts=(written.part,),
            content=content,
            inputs=(found.ref.digest,),
            deliveries=manifest.deliveries,
            consent_root=manifest.consent_root,
            code_version=code_version(),
        )
        return write_manifest(store, rotated), content, carried.counts

    def _table(self, manifest: Manifest) -> pa.Table:
        batches = [batch for part in manifest.parts for batch in read_parquet(self.hub.private, part)]
        return pa.Table.from_batches(batches, self.schemas.of(manifest))

    def _key(self, found: Found) -> tuple[str, ...]:
        """The primary key, if the period's contract is still in force."""
        contract = self.hub.territory.contracts.get(DatasetId(found.pointer.dataset))
        same = contract is not None and contract.version.major == found.pointer.major
        return contract.key if contract is not None and same else ()
