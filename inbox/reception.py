"""From a body to a delivery that landed: sealed as every other, recorded in the journal, only then answered.

The order makes it safe to be killed anywhere. Before the journal has the delivery, the operator has no answer and sends
again; the same bytes at the same path land on the same delivery, recognised by custody's fingerprint, however often
they come. Whoever reads landing never sees half of one (see :mod:`storage.landing`).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from anonymization.pseudonyms import CustodyRefusedError, CustodyUnavailableError
from inbox.errors import OutageError
from policies.contract import Contract
from sources import PayloadPart
from storage import Journal, KeyCustodian, Landed, ObjectStore, PreconditionFailedError, StorageError, write_delivery

RUN_ID = "inbox"
_ENDINGS = {"application/json": "json", "application/x-ndjson": "ndjson", "text/csv": "csv", "application/xml": "xml"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the operator gets: the delivery's name, which tells nothing, and whether it was already there."""

    delivery: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class Reception:
    """What receiving works with. Safe to share between threads."""

    store: ObjectStore
    custodian: KeyCustodian
    journal: Journal
    clock: Callable[[], datetime]

    def take(self, contract: Contract, path: str, media_type: str, body: bytes) -> Receipt:
        """Land a body.

        Raises:
            OutageError: it has not landed, or nobody knows: to be sent again.
        """
        try:
            try:
                landed = self._land(contract, path, media_type, body)
            except PreconditionFailedError:  # the same bytes landed a moment ago, by another request
                landed = self._land(contract, path, media_type, body)
            self.journal.record_delivery(landed.delivery, str(contract.id), RUN_ID, landed.ref, self.clock())
        except (StorageError, CustodyUnavailableError, CustodyRefusedError) as error:
            raise OutageError(f"dépôt impossible pour l'instant ({type(error).__name__}) : renvoyez") from None
        return Receipt(str(landed.delivery), landed.repeated)

    def _land(self, contract: Contract, path: str, media_type: str, body: bytes) -> Landed:
        # The part's name is among what the fingerprint covers: the same for the same request, whenever it comes.
        name = f"{path}/0001.{_ENDINGS.get(media_type, 'bin')}"
        return write_delivery(
            self.store,
            self.custodian,
            [PayloadPart(name, io.BytesIO(body))],
            dataset=str(contract.id),
            version=str(contract.version),
            source=f"inbox/{contract.feed.operator}/{path}",
            fetched_at=self.clock(),
        )
