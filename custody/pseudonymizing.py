"""One answer: identifiers in, pseudonyms out, a batch at a time, each paid for before it is answered.

The request is pulled as the answer is pulled, so memory holds one batch (and the subjects, where there are some).
Arrow's bytes come from outside: every batch is validated whole before its offsets are trusted. Nothing of a batch
outlives it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import pyarrow as pa

from anonymization.pseudonyms import CONSENT_DOMAIN, Action, pseudonym_metadata
from anonymization.pseudonyms.columns import PSEUDONYM_TYPE, longest
from anonymization.pseudonyms.coverage import Subjects
from anonymization.pseudonyms.custodian import MAX_IDENTIFIER_BYTES, MAX_SUBJECTS
from anonymization.pseudonyms.errors import SubjectsError
from anonymization.pseudonyms.wire import Piece, StreamSource
from custody.callers import Caller, Run
from custody.counting import Counts
from custody.errors import RefusedError
from custody.incoming import incoming
from custody.metrics import IDENTIFIERS
from custody.outgoing import Outgoing
from custody.runs import check_domain
from custody.spending import Pot, Purses
from custody.tally import Tally
from custody.transforming import Transformer
from custody.vault import Vault


@dataclass(frozen=True, slots=True)
class Asked:
    """What a stream is asked of.

    Attributes:
        purpose: if there is one, subjects come first, and cover identifiers for it.
        objecting: whether the subjects are those who object, so that everybody else is covered.
        column: what pseudonyms that can be turned back are bound to.
    """

    domain: str
    purpose: str | None = None
    objecting: bool = False
    column: str | None = None


class Streaming:
    """What the streams of one service share."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.counts = Counts()
        self.purses = Purses(vault, self.counts)


class Answer:
    """The bytes of one answer. Iterate once; a refusal is raised from the iterator."""

    def __init__(self, streaming: Streaming, caller: Caller, asked: Asked, source: StreamSource) -> None:
        """Refuse a domain that is unknown or not the caller's, before anything is read.

        With a purpose, the run's own domains do not matter for the consent domain: its pseudonyms stay here.
        """
        self._streaming, self._caller, self._asked, self._source = streaming, caller, asked, source
        vault = streaming.vault
        with vault.engine.connect() as connection:
            domain = vault.open_domain(connection, asked.domain)
            check_use(caller, asked)
            self._consent = Transformer(vault.open_domain(connection, CONSENT_DOMAIN)) if asked.purpose else None
            self._inputs = streaming.counts.of(connection, domain.name)
        self._transformer = Transformer(domain, asked.column)
        self._pot = Pot(domain.name, domain.epoch, domain.expected_inputs, asked.purpose)
        self._outgoing = Outgoing(self._transformer.metadata, self._transformer.type)
        self.tally = Tally()

    def __iter__(self) -> Generator[Piece]:
        """Yield the answer in pieces, one a batch, then the end-of-stream marker."""
        purses = self._streaming.purses
        purse = purses.enter(self._caller, self._pot)
        try:
            subjects = self._read_subjects() if self._asked.purpose is not None else None
            for identifiers in incoming(self._source, "identifier", (pa.string(), pa.large_string())):
                refuse_long(identifiers)
                purse.draw(self._pot, len(identifiers) - identifiers.null_count)
                pseudonyms, tags = self._transformer(identifiers)
                self._inputs.add(tags)
                if subjects is not None and self._consent is not None:
                    pseudonyms = subjects.keep(self._consent(identifiers)[0], pseudonyms)
                self._count(identifiers, pseudonyms)
                yield self._outgoing.batch(pseudonyms)
        finally:
            purses.leave(self._caller, purse, self._pot)
        yield self._outgoing.end()

    def error(self, refusal: RefusedError) -> Piece:
        """Return the last bytes of an answer that can not go on."""
        return self._outgoing.error(refusal)

    def _refuse_other_epoch(self, field: pa.Field) -> None:
        """Subjects of another epoch match nobody, and let objections through. Without metadata they are of epoch 0."""
        said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        if self._consent is None or {**pseudonym_metadata(CONSENT_DOMAIN), **said} != self._consent.metadata:
            raise RefusedError("wrong_epoch", "the subjects are not pseudonyms of the consent domain's current epoch")

    def _count(self, identifiers: pa.Array, pseudonyms: pa.Array) -> None:
        present = len(identifiers) - identifiers.null_count
        self.tally.batches += 1
        self.tally.rows += len(identifiers)
        self.tally.identifiers += present
        self.tally.answered += len(pseudonyms) - pseudonyms.null_count
        IDENTIFIERS.labels(self._asked.domain).inc(present)

    def _read_subjects(self) -> Subjects:
        parts: list[pa.Array] = []
        for part in incoming(self._source, "subject", (PSEUDONYM_TYPE,), self._refuse_other_epoch):
            self.tally.subjects += len(part)
            if self.tally.subjects > MAX_SUBJECTS:
                raise RefusedError("too_many_subjects", f"a purpose has at most {MAX_SUBJECTS} subjects here")
            parts.append(part)
        try:
            joined = pa.concat_arrays(parts) if parts else pa.array([], PSEUDONYM_TYPE)
            return Subjects(joined, objecting=self._asked.objecting)
        except SubjectsError:
            raise RefusedError("bad_request", "the subjects are not pseudonyms") from None


def check_use(caller: Caller, asked: Asked) -> None:
    """Refuse a domain that is not the caller's to pseudonymize in; an operator learns nothing of who consents.

    Raises:
        RefusedError: the domain is not in its scope, or what it asks is more than it may.
    """
    covers_itself = asked.purpose is not None and asked.domain == CONSENT_DOMAIN
    if isinstance(caller, Run):
        check_domain(asked.domain, known=True, allowed=asked.domain in caller.domains and not covers_itself)
        return
    if Action.PSEUDONYMIZE not in caller.scope.actions:
        raise RefusedError("action_not_in_scope", "only a run's token pseudonymizes: create a run")
    if asked.purpose is not None:
        raise RefusedError("action_not_in_scope", "only a run's token asks who is covered")
    check_domain(asked.domain, known=True, allowed=caller.scope.may_use(asked.domain))


def refuse_long(column: pa.Array) -> None:
    """Refuse a column with an identifier that is too long to be one."""
    if longest(column) > MAX_IDENTIFIER_BYTES:
        raise RefusedError("identifier_too_long", f"an identifier has at most {MAX_IDENTIFIER_BYTES} bytes")
