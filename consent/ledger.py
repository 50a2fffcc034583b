"""The consent ledger: entries are only ever appended, and each seals all before it.

Rules, in the order they are applied:

1. An event's digest is the sha256 of its canonical JSON; an entry's hash is the sha256 of its sequence number, the hash
   before it (64 zeros for the first) and its event's digest. Changing, removing or inserting an entry breaks the chain.
2. The database itself refuses to update, delete or truncate (a trigger of the migration).
3. Appending takes a lock, so sequence numbers have no gap and there is one chain.
4. An event that is appended again is the same entry: nothing is added.

A subject's consent to a purpose is *active* at a moment when an event gave it at or before that moment, its validity
has not ended, the subject has not withdrawn from that purpose since (from any record: whoever withdraws once has
withdrawn), and that record was not declared expired since. An event of the same moment that ends it wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Connection, Engine, Select, Subquery, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by

from consent.errors import InvalidConsentError, LedgerBrokenError
from consent.records import SUBJECT_SIZE, ConsentEvent, ConsentRecord, ConsentTerms, EventState
from storage import canonical_json
from storage.database import append_rows, translated, upsert
from storage.database.tables import consent_ledger, consent_terms

GENESIS = "0" * 64
_LOCK = 0x43_4F_4E_53_45_4E_54  # "CONSENT": one advisory lock for all who append
_SLICE = 1000  # entries asked for at a time
_MANY = 500  # entries after which the database is told to look at the ledger again


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The last entry: its hash stands for all of the ledger."""

    sequence: int  # 0 when empty
    hash: str


class ConsentStore:
    """The ledger in the hub's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def register_terms(self, terms: ConsentTerms) -> str:
        """Keep terms; return their digest. Events can only name terms that are kept."""
        digest = terms.digest()
        values = {"digest": digest, "terms": terms.to_json()}
        with translated("consent terms"), self._engine.begin() as connection:
            connection.execute(upsert(self._engine, consent_terms, values, update=False))
        return digest

    def append(self, event: ConsentEvent) -> bool:
        """Append one event; return whether it was new."""
        return self.append_many([event]) == 1

    def append_many(self, events: Iterable[ConsentEvent]) -> int:
        """Append events in the order given, all or none; return how many were new.

        Raises:
            InvalidConsentError: an event names terms that are not registered, or a purpose they do not have.
            StoreUnavailableError: nothing was appended.
        """
        entries = {_event_digest(event): event for event in events}
        with translated("the consent ledger"), self._engine.begin() as connection:
            self._check_terms(connection, entries.values())
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            head = _head(connection)
            known = _known(connection, list(entries)) if head.sequence else set()
            rows = list(_chained(head, [item for item in entries.items() if item[0] not in known]))
            append_rows(connection, consent_ledger, rows)
            if connection.dialect.name == "postgresql" and len(rows) >= _MANY:
                connection.execute(text("ANALYZE consent_ledger"))  # else the next query is planned for an empty table
        return len(rows)

    def active_subjects(self, purpose: str, at: datetime) -> pa.FixedSizeBinaryArray:
        """The pseudonyms (16 bytes, sorted, distinct) whose consent to `purpose` is active at `at`."""
        given = consent_ledger.alias("given")
        withdrawn = self._last(purpose, EventState.WITHDRAWN, consent_ledger.c.pii_principal_id, at, "withdrawn")
        expired = self._last(purpose, EventState.EXPIRED, consent_ledger.c.record_id, at, "expired")
        statement = (
            select(given.c.pii_principal_id)
            .outerjoin(withdrawn, withdrawn.c.whose == given.c.pii_principal_id)
            .outerjoin(expired, expired.c.whose == given.c.record_id)
            .where(
                given.c.purpose == purpose,
                given.c.event_state == EventState.GIVEN.value,
                given.c.event_time <= at,
                given.c.expires_at > at,
                or_(withdrawn.c.last.is_(None), withdrawn.c.last < given.c.event_time),
                or_(expired.c.last.is_(None), expired.c.last < given.c.event_time),
            )
            .distinct()
            .order_by(given.c.pii_principal_id)
        )
        with translated("active consents"), self._engine.connect() as connection:
            subjects = _joined(connection, statement)
        buffers = [None, pa.py_buffer(subjects)]
        return pa.FixedSizeBinaryArray.from_buffers(pa.binary(SUBJECT_SIZE), len(subjects) // SUBJECT_SIZE, buffers)

    def record(self, record_id: str) -> ConsentRecord | None:
        """A consent with its history and the terms it was given under."""
        where = consent_ledger.c.record_id == record_id
        order = (consent_ledger.c.event_time, consent_ledger.c.sequence)
        with translated("a consent record"), self._engine.connect() as connection:
            rows = connection.execute(select(consent_ledger).where(where).order_by(*order)).mappings().all()
            events = tuple(_event(row) for row in rows)
            terms = tuple(self._terms(connection, digest) for digest in dict.fromkeys(event.terms for event in events))
        return ConsentRecord(record_id, events[0].pii_principal_id, terms, events) if events else None

    def head(self) -> LedgerHead:
        """The last entry."""
        with translated("the consent ledger"), self._engine.connect() as connection:
            return _head(connection)

    def verify_chain(self) -> LedgerHead:
        """Recompute every hash; return the head if all hold.

        Raises:
            LedgerBrokenError: names the first entry that is not what was appended.
        """
        statement = select(consent_ledger).order_by(consent_ledger.c.sequence)
        head = LedgerHead(0, GENESIS)
        with translated("the consent ledger"), self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=_SLICE).execute(statement).mappings()
            for row in rows:
                digest = _event_digest(_event(row))
                expected = (head.sequence + 1, head.hash, digest, _link(head.sequence + 1, head.hash, digest))
                if (row["sequence"], row["previous"], row["event_digest"], row["hash"]) != expected:
                    raise LedgerBrokenError(
                        f"the consent ledger is broken at entry {head.sequence + 1}: an entry was altered, removed or "
                        "inserted behind the hub's back. Keep the database as it is, and tell the DPO"
                    )
                head = LedgerHead(row["sequence"], row["hash"])
        return head

    def _last(self, purpose: str, state: EventState, whose: Column[Any], at: datetime, name: str) -> Subquery:
        """When a consent was last ended in this way: one line a person or record, so that one pass joins them."""
        events = consent_ledger.c
        return (
            select(whose.label("whose"), func.max(events.event_time).label("last"))
            .where(events.purpose == purpose, events.event_state == state.value, events.event_time <= at)
            .group_by(whose)
            .subquery(name)
        )

    def _check_terms(self, connection: Connection, events: Iterable[ConsentEvent]) -> None:
        for digest, purpose in {(event.terms, event.purpose) for event in events}:
            if purpose not in self._terms(connection, digest).purposes:
                raise InvalidConsentError(f"terms {digest[:12]}… have no purpose « {purpose} »")

    def _terms(self, connection: Connection, digest: str) -> ConsentTerms:
        value = connection.execute(select(consent_terms.c.terms).where(consent_terms.c.digest == digest)).scalar()
        if value is None:
            raise InvalidConsentError(f"terms {digest[:12]}… are not registered: register them before the events")
        return ConsentTerms.from_json(value)


def _joined(connection: Connection, statement: Select[Any]) -> bytes:
    """The single column of a query, one value after another; PostgreSQL sends them as one value, many times faster."""
    if connection.dialect.name != "postgresql":
        return b"".join(subject for (subject,) in connection.execute(statement))
    found = statement.subquery()
    subject = found.c.pii_principal_id
    whole = func.string_agg(subject, aggregate_order_by(literal(b""), subject))
    return connection.scalar(select(whole)) or b""


def consent_root(subjects: pa.FixedSizeBinaryArray) -> str:
    """The sha256 (hex) that stands for a set of active subjects, as :meth:`ConsentStore.active_subjects` gives it."""
    if subjects.type != pa.binary(SUBJECT_SIZE) or subjects.null_count:
        raise InvalidConsentError(f"a consent root covers pseudonyms of {SUBJECT_SIZE} bytes, none of them null")
    start = subjects.offset * SUBJECT_SIZE
    values = memoryview(subjects.buffers()[1] or b"")[start : start + len(subjects) * SUBJECT_SIZE]
    digest = sha256(f"ardoise consent root 1\n{len(subjects)}\n".encode())
    digest.update(values)
    return digest.hexdigest()


def _event_digest(event: ConsentEvent) -> str:
    return sha256(canonical_json(_fields(event))).hexdigest()


def _fields(event: ConsentEvent) -> dict[str, Any]:
    """The event in plain values: moments in UTC, so that the same moment has one form."""
    expires_at = event.expires_at
    return {
        "record_id": event.record_id,
        "pii_principal_id": event.pii_principal_id.hex(),
        "purpose": event.purpose,
        "terms": event.terms,
        "event_state": event.event_state.value,
        "event_type": event.event_type,
        "event_time": event.event_time.astimezone(UTC).isoformat(),
        "expires_at": None if expires_at is None else expires_at.astimezone(UTC).isoformat(),
        "entity_id": event.entity_id,
    }


def _entry(head: LedgerHead, event_digest: str, event: ConsentEvent) -> dict[str, Any]:
    """The line that follows `head`."""
    sequence = head.sequence + 1
    return {
        "sequence": sequence,
        "previous": head.hash,
        "hash": _link(sequence, head.hash, event_digest),
        "event_digest": event_digest,
        "record_id": event.record_id,
        "pii_principal_id": event.pii_principal_id,
        "purpose": event.purpose,
        "terms": event.terms,
        "event_state": event.event_state.value,
        "event_type": event.event_type,
        "event_time": event.event_time,
        "expires_at": event.expires_at,
        "entity_id": event.entity_id,
    }


def _link(sequence: int, previous: str, event_digest: str) -> str:
    return sha256(f"{sequence}\n{previous}\n{event_digest}\n".encode()).hexdigest()


def _chained(head: LedgerHead, items: Sequence[tuple[str, ConsentEvent]]) -> Iterator[dict[str, Any]]:
    for digest, event in items:
        entry = _entry(head, digest, event)
        head = LedgerHead(entry["sequence"], entry["hash"])
        yield entry


def _event(row: Mapping[Any, Any]) -> ConsentEvent:
    expires_at = row["expires_at"]
    return ConsentEvent(
        record_id=row["record_id"],
        pii_principal_id=bytes(row["pii_principal_id"]),
        purpose=row["purpose"],
        terms=row["terms"],
        event_state=EventState(row["event_state"]),
        event_time=row["event_time"],
        entity_id=row["entity_id"],
        validity_duration=None if expires_at is None else expires_at - row["event_time"],
        event_type=row["event_type"],
    )


def _head(connection: Connection) -> LedgerHead:
    columns = (consent_ledger.c.sequence, consent_ledger.c.hash)
    row = connection.execute(select(*columns).order_by(consent_ledger.c.sequence.desc()).limit(1)).first()
    return LedgerHead(0, GENESIS) if row is None else LedgerHead(row.sequence, row.hash)


def _known(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Which of these events are in the ledger already."""
    column = consent_ledger.c.event_digest
    return {
        digest
        for start in range(0, len(digests), _SLICE)
        for digest in connection.execute(select(column).where(column.in_(digests[start : start + _SLICE]))).scalars()
    }
