"""Every earlier release of a period's protected table, from the candidates it was made of, and what they were made of.

Candidates are immutable and kept; the open files only hold the last one. What a table was made of, by pseudonym, stands
in the memory zone, which *assess* and *publish* can not read. It is forgotten once the period can no longer be
corrected, and when its pseudonyms' epoch ends: from then on the period's table stays as it was published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from anonymization.candidate import Released
from anonymization.pseudonyms.metadata import pseudonym_origin
from anonymization.secrecy.release import MEMORY, EarlierTable
from pipeline.candidate import Candidate, read_candidate
from pipeline.hub import Hub
from pipeline.periods import last_correction_at
from policies.contract import Contract
from storage import DatasetRef, Part, Zone, parquet_schema, read_generations, read_parquet, write_parquet
from storage.zones import manifest_key, memory_key, memory_prefix, parse_memory_key

LINES = "lines"  # of a candidate's details: where its memory stands


@dataclass(frozen=True, slots=True)
class EarlierCandidate:
    """A candidate of the period that was published."""

    ref: DatasetRef
    candidate: Candidate


def earlier_candidates(hub: Hub, contract: Contract, period: str) -> list[EarlierCandidate]:
    """Every release of a period of this major version, last first."""
    dataset, major = str(contract.id), contract.version.major
    found: list[EarlierCandidate] = []
    for release in hub.journal.release_history(dataset):
        if (release.major, release.period) == (major, period):
            digest = release.candidate_digest
            key = manifest_key(Zone.CANDIDATE, dataset, major, period, digest)
            ref = DatasetRef(Zone.CANDIDATE, dataset, str(contract.version), period, key, digest)
            found.append(EarlierCandidate(ref, read_candidate(hub.private, ref, evidence=True)))
    return found


def distinct(candidates: list[EarlierCandidate]) -> list[EarlierCandidate]:
    """The candidates, of those with the same published rows the last one."""
    found: dict[str, EarlierCandidate] = {}
    for one in candidates:
        found.setdefault(one.candidate.manifest.content, one)
    return list(found.values())


def with_memory(hub: Hub, contract: Contract, one: Candidate, trusted: pa.Schema) -> EarlierTable:
    """A candidate with what it was made of, where that is still there and bears pseudonyms of the present epoch."""
    lines = _lines(hub, one)
    released = Released(one.table, one.counts, one.units, one.evidence, one.details, lines)
    unit = contract.protection_unit
    if lines is None or unit is None:
        return EarlierTable(released, comparable=False)
    same = pseudonym_origin(lines.schema.field("unit")) == pseudonym_origin(trusted.field(unit.column))
    readable = lines.set_column(lines.schema.get_field_index("unit"), "unit", lines["unit"].cast(pa.binary()))
    kept = readable.replace_schema_metadata(lines.schema.metadata)
    return EarlierTable(Released(one.table, one.counts, one.units, one.evidence, one.details, kept), comparable=same)


def remember(hub: Hub, contract: Contract, period: str, name: str, lines: pa.Table, trusted: pa.Schema) -> Part:
    """Keep what a candidate is made of; the same lines under the same name are the same object."""
    unit = contract.protection_unit
    origin = trusted.field(unit.column).metadata if unit else None
    fields = [pa.field("unit", pa.binary(16), metadata=origin) if one.name == "unit" else one for one in lines.schema]
    schema = pa.schema(fields, {MEMORY: lines.schema.metadata[MEMORY]})
    generation = read_generations(hub.private).of(str(contract.id))
    key = memory_key(str(contract.id), generation, contract.version.major, period, name)
    return write_parquet(hub.private, key, [lines.cast(schema)], schema, compact=True).part


def forget(hub: Hub, contract: Contract) -> int:
    """Remove what is remembered of periods that can no longer be corrected; return how many objects."""
    past = [
        stored.key
        for stored in hub.private.list(memory_prefix(str(contract.id)))
        if (place := parse_memory_key(stored.key)) is not None
        and last_correction_at(contract, place[2], hub.timezone) < hub.now()
    ]
    for key in past:
        hub.private.delete(key)
    return len(past)


def _lines(hub: Hub, one: Candidate) -> pa.Table | None:
    said = one.details.get(LINES)
    if said is None:
        return None
    part = Part(**said)
    if hub.private.head(part.key) is None:
        return None

    def batches() -> Iterator[pa.RecordBatch]:
        yield from read_parquet(hub.private, part)

    return pa.Table.from_batches(batches(), parquet_schema(hub.private, part))
