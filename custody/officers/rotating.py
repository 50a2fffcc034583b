"""One answer of a rotation: pseudonyms of epoch n in, pseudonyms of epoch n+1 out, a batch at a time.

The same wire as pseudonymising: the request is pulled as the answer is pulled, every batch is checked whole and paid
for before it is answered, and nothing of it outlives it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from anonymization.pseudonyms import PSEUDONYM_TYPE, pseudonym_metadata, rotate
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
from custody.errors import RefusedError
from custody.messages import PlainReader
from custody.officers.rotation_runs import RotationRun, spend_rotation
from custody.pseudonymizing import Tally
from custody.vault import Vault

COLUMN = "pseudonym"


class RotationAnswer:
    """The bytes of one answer. Iterate once; a refusal is raised from the iterator."""

    def __init__(self, vault: Vault, run: RotationRun, domain: str, source: StreamSource) -> None:
        """Refuse another domain than the run's, before anything is read."""
        if domain != run.domain:
            raise RefusedError("domain_not_in_scope", "this token carries another domain over")
        self._vault, self._run, self._source = vault, run, source
        with vault.engine.connect() as connection:
            self._old = vault.open_domain(connection, domain, run.epoch - 1).epoch_key
            self._new = vault.open_domain(connection, domain, run.epoch).epoch_key
        self._schema = pseudonym_schema(pseudonym_metadata(domain, run.epoch))
        self._writer = IpcWriter(self._schema)
        self.tally = Tally()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the answer in pieces, one a batch, then the end-of-stream marker."""
        for pseudonyms in self._pseudonyms():
            count = len(pseudonyms) - pseudonyms.null_count
            spend_rotation(self._vault, self._run, count)
            carried = rotate(self._old, self._new, pseudonyms)
            self.tally.batches += 1
            self.tally.rows += len(pseudonyms)
            self.tally.identifiers += count
            self.tally.answered += count
            yield self._writer.write(pa.record_batch([carried], schema=self._schema))
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

    def _pseudonyms(self) -> Iterator[pa.Array]:
        """Yield the column of each batch of the body, checked."""
        try:
            reader = PlainReader(self._source)
            if reader.schema.names != [COLUMN] or reader.schema.field(0).type != PSEUDONYM_TYPE:
                raise RefusedError("wrong_column", f"this stream has one column, « {COLUMN} », of {PSEUDONYM_TYPE}")
            while (batch := reader.next_batch()) is not None:
                column = batch.column(0)
                if len(column) > MAX_BATCH_ROWS:
                    raise RefusedError("batch_too_large", f"a batch has at most {MAX_BATCH_ROWS} rows")
                column.validate(full=True)
                yield column
        except StreamEndedError:
            raise RefusedError("stream_truncated", f"the stream of « {COLUMN} » stops before its end") from None
        except MessageTooLargeError:
            raise RefusedError("batch_too_large", "an Arrow message is too large: send smaller batches") from None
        except (pa.ArrowException, OSError):
            raise RefusedError("not_arrow", f"where a stream of « {COLUMN} » should be are other bytes") from None
