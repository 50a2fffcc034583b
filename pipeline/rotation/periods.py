"""Which periods of the trusted zone hold pseudonyms of a domain: told by the data itself, not by today's contracts.

A contract may be gone, or another major version of it in force; its rows are still there, and their pseudonyms would
never join again if they were left behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from pipeline.deidentification.origins import pseudonym_origins
from storage import DatasetRef, Generations, Manifest, ObjectStore, parquet_schema, read_manifest, read_pointer
from storage.zones import TrustedPointer, Zone, parse_pointer_key


@dataclass(frozen=True, slots=True)
class Found:
    """A period of the current generation."""

    pointer: TrustedPointer
    ref: DatasetRef
    manifest: Manifest


@dataclass(slots=True)
class Schemas:
    """Reads schemas of parts, each once."""

    store: ObjectStore
    _known: dict[str, pa.Schema] = field(default_factory=dict)

    def of(self, manifest: Manifest) -> pa.Schema:
        """The schema of a period's rows."""
        part = manifest.parts[0]
        if part.digest not in self._known:
            self._known[part.digest] = parquet_schema(self.store, part)
        return self._known[part.digest]


def concerned_periods(
    store: ObjectStore, generations: Generations, domain: str, schemas: Schemas
) -> dict[str, list[Found]]:
    """Every period of each dataset that has pseudonyms of `domain` somewhere, by dataset.

    A dataset's other periods are in, too: all of them change their generation together.
    """
    by_dataset: dict[str, list[Found]] = defaultdict(list)
    for found in current_periods(store, generations):
        by_dataset[found.pointer.dataset].append(found)
    return {
        dataset: periods
        for dataset, periods in by_dataset.items()
        if any(domain in _domains(schemas.of(found.manifest)) for found in periods)
    }


def current_periods(store: ObjectStore, generations: Generations) -> Iterator[Found]:
    """Every period of the trusted zone, in order."""
    for stored in store.list(f"{Zone.TRUSTED.value}/"):
        pointer = parse_pointer_key(stored.key)
        if pointer is None or pointer.generation != generations.of(pointer.dataset):
            continue
        current = read_pointer(store, pointer.dataset, pointer.major, pointer.period, generation=pointer.generation)
        if current is not None:
            yield Found(pointer, current[0], read_manifest(store, current[0]))


def _domains(schema: pa.Schema) -> set[str]:
    return {origin.domain for origin in pseudonym_origins(schema).values()}
