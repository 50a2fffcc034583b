"""One answer of a rotation: pseudonyms of epoch n in, pseudonyms of epoch n+1 out, a batch at a time.

The same wire as pseudonymising: the request is pulled as the answer is pulled, every batch is checked whole and paid
for before it is answered, and nothing of it outlives it.
"""

from __future__ import annotations

from collections.abc import Generator

from anonymization.pseudonyms import PSEUDONYM_TYPE, pseudonym_metadata, rotate
from anonymization.pseudonyms.wire import Piece, StreamSource
from custody.errors import RefusedError
from custody.incoming import incoming
from custody.officers.rotation_runs import RotationRun, spend_rotation
from custody.outgoing import Outgoing
from custody.tally import Tally
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
        self._outgoing = Outgoing(pseudonym_metadata(domain, run.epoch), PSEUDONYM_TYPE)
        self.tally = Tally()

    def __iter__(self) -> Generator[Piece]:
        """Yield the answer in pieces, one a batch, then the end-of-stream marker."""
        for pseudonyms in incoming(self._source, COLUMN, (PSEUDONYM_TYPE,)):
            count = len(pseudonyms) - pseudonyms.null_count
            spend_rotation(self._vault, self._run, count)
            carried = rotate(self._old, self._new, pseudonyms)
            self.tally.batches += 1
            self.tally.rows += len(pseudonyms)
            self.tally.identifiers += count
            self.tally.answered += count
            yield self._outgoing.batch(carried)
        yield self._outgoing.end()

    def error(self, refusal: RefusedError) -> Piece:
        """Return the last bytes of an answer that can not go on."""
        return self._outgoing.error(refusal)
