"""One answer: identifiers in, pseudonyms out, a batch at a time, each paid for before it is answered.

The request is pulled as the answer is pulled, so memory holds one batch (and the active subjects, where there are
some). Arrow's bytes come from outside: every batch is validated whole before its offsets are trusted. Nothing of a
batch outlives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms import CONSENT_DOMAIN, mint, pseudonym_metadata
from anonymization.pseudonyms.cmac import PSEUDONYM_TYPE
from anonymization.pseudonyms.coverage import ActiveSubjects
from anonymization.pseudonyms.custodian import MAX_IDENTIFIER_BYTES, MAX_SUBJECTS
from anonymization.pseudonyms.errors import SubjectsError
from anonymization.pseudonyms.wire import (
    ERROR_CODE,
    ERROR_MESSAGE,
    ERROR_STATUS,
    MAX_BATCH_ROWS,
    IpcWriter,
    MessageTooLargeError,
    StreamEndedError,
    StreamSource,
    pseudonym_schema,
)
from custody.callers import Run
from custody.errors import RefusedError
from custody.messages import PlainReader
from custody.runs import check_domain, spend
from custody.vault import Vault


@dataclass(slots=True)
class Tally:
    """What one answer came to; the only thing that is logged of it."""

    batches: int = 0
    rows: int = 0
    identifiers: int = 0  # rows that are not null
    answered: int = 0  # pseudonyms that are not null
    subjects: int = 0


class Answer:
    """The bytes of one answer. Iterate once; a refusal is raised from the iterator."""

    def __init__(self, vault: Vault, run: Run, domain: str, purpose: str | None, source: StreamSource) -> None:
        """Refuse a domain that is unknown or not the run's, before anything is read.

        With a purpose, the run's own domains do not matter for the consent domain: its pseudonyms stay here.
        """
        self._vault, self._run, self._domain, self._purpose, self._source = vault, run, domain, purpose, source
        with vault.engine.connect() as connection:
            self._open = vault.open_domain(connection, domain)
            self._consent = vault.open_domain(connection, CONSENT_DOMAIN)
        covers_itself = purpose is not None and domain == CONSENT_DOMAIN
        check_domain(domain, known=True, allowed=domain in run.domains and not covers_itself)
        self._schema = pseudonym_schema(pseudonym_metadata(domain, self._open.epoch))
        self._writer = IpcWriter(self._schema)
        self.tally = Tally()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the answer in pieces, one a batch, then the end-of-stream marker."""
        active = self._read_subjects() if self._purpose is not None else None
        for identifiers in self._columns("identifier", (pa.string(), pa.large_string())):
            count = len(identifiers) - identifiers.null_count
            spend(self._vault, self._run, self._domain, self._purpose, count)
            pseudonyms = mint(self._open.key, self._open.epoch_key, identifiers)
            if active is not None:
                pseudonyms = active.keep(mint(self._consent.key, self._consent.epoch_key, identifiers), pseudonyms)
            self._count(identifiers, pseudonyms)
            yield self._writer.write(pa.record_batch([pseudonyms], schema=self._schema))
        yield self._writer.end()

    def error(self, refusal: RefusedError) -> bytes:
        """Return the last bytes of an answer that can not go on: a batch that says why, and no end-of-stream marker."""
        empty = pa.record_batch([pa.array([], PSEUDONYM_TYPE)], schema=self._schema)
        metadata = {
            ERROR_CODE: refusal.code.encode(),
            ERROR_MESSAGE: refusal.message.encode(),
            ERROR_STATUS: str(refusal.status).encode(),
        }
        return self._writer.write(empty, metadata)

    def _count(self, identifiers: pa.Array, pseudonyms: pa.Array) -> None:
        self.tally.batches += 1
        self.tally.rows += len(identifiers)
        self.tally.identifiers += len(identifiers) - identifiers.null_count
        self.tally.answered += len(pseudonyms) - pseudonyms.null_count

    def _read_subjects(self) -> ActiveSubjects:
        parts: list[pa.Array] = []
        for part in self._columns("subject", (PSEUDONYM_TYPE,)):
            self.tally.subjects += len(part)
            if self.tally.subjects > MAX_SUBJECTS:
                raise RefusedError("too_many_subjects", f"a purpose has at most {MAX_SUBJECTS} active subjects here")
            parts.append(part)
        try:
            return ActiveSubjects(pa.concat_arrays(parts) if parts else pa.array([], PSEUDONYM_TYPE))
        except SubjectsError:
            raise RefusedError("bad_request", "the active subjects are not pseudonyms") from None

    def _columns(self, name: str, types: tuple[pa.DataType, ...]) -> Iterator[pa.Array]:
        """Yield the column of each batch of the next Arrow stream of the body, checked."""
        try:
            reader = PlainReader(self._source)
            if reader.schema.names != [name] or reader.schema.field(0).type not in types:
                raise RefusedError("wrong_column", f"this stream must have one column, « {name} », of {types[0]}")
            while (batch := reader.next_batch()) is not None:
                column = batch.column(0)
                if len(column) > MAX_BATCH_ROWS:
                    raise RefusedError("batch_too_large", f"a batch has at most {MAX_BATCH_ROWS} rows")
                column.validate(full=True)
                _refuse_long(column)
                yield column
        except StreamEndedError:
            raise RefusedError("stream_truncated", f"the stream of « {name} » stops before its end") from None
        except MessageTooLargeError:
            raise RefusedError("batch_too_large", "an Arrow message is too large: send smaller batches") from None
        except (pa.ArrowException, OSError):
            raise RefusedError("not_arrow", f"where a stream of « {name} » should be are other bytes") from None


def _refuse_long(column: pa.Array) -> None:
    if column.type == PSEUDONYM_TYPE:
        return
    if (pc.max(pc.binary_length(column)).as_py() or 0) > MAX_IDENTIFIER_BYTES:
        raise RefusedError("identifier_too_long", f"an identifier has at most {MAX_IDENTIFIER_BYTES} bytes")
