"""What the hub may ask of custody, and what a caller may be allowed.

:class:`Custodian` has two implementations with one behaviour: :class:`~anonymization.pseudonyms.client.CustodyClient`
speaks to the service, :class:`~anonymization.pseudonyms.memory.MemoryCustodian` stands in for it where no process is
wanted.

There are two kinds of token. A *client* token is long-lived and belongs to a part of the hub; it can not pseudonymize,
except an operator's, which does so at the source, in the domains and up to the quota and the end that it was given.
A *run* token is made by a client for one run; it pseudonymizes in the domains it names, up to its quota, and releases
the data keys it names, until it expires.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, Self

import pyarrow as pa
from pydantic import SecretStr

from anonymization.pseudonyms.answers import Pseudonyms

if TYPE_CHECKING:  # the storage room is not needed inside custody, nor quick to import
    from storage.sealing import DataKey

CONSENT_DOMAIN = "consent"
"""The domain of consent records. Only a client that names it may use it: who holds data never sees its pseudonyms."""

MAX_IDENTIFIER_BYTES = 1_024  # UTF-8, canonical
MAX_SUBJECTS = 4_000_000  # active subjects of one purpose: 64 MB in custody's memory for the time of a request
MAX_RUN_SECONDS = 24 * 3600


class Action(StrEnum):
    """What a client may be allowed."""

    CREATE_RUNS = "runs:create"
    CREATE_KEYS = "keys:create"  # directly, or by a run through `new_keys`
    GRANT_KEYS = "keys:grant"  # name existing data keys in a run
    RELEASE_KEYS = "keys:release"  # without a run, any data key of its zones
    DESTROY_KEYS = "keys:destroy"  # any key; without it, only those the client created
    FINGERPRINT = "fingerprint"
    ROTATE = "epochs:rotate"  # carry pseudonyms of a domain to the epoch that two officers lead it to
    PSEUDONYMIZE = "pseudonymize"  # without a run, in its own domains, up to its own quota, until its own end
    SIGN_HEADS = "heads:sign"  # have heads of a ledger signed


@dataclass(frozen=True, slots=True)
class ClientScope:
    """What one client may do.

    Attributes:
        domains: those its runs may pseudonymize in; ``*`` stands for all but :data:`CONSENT_DOMAIN`.
        zones: those it, and its runs, may create data keys for; with RELEASE_KEYS, those whose keys it may have.
    """

    actions: frozenset[Action] = frozenset()
    domains: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()

    def may_use(self, domain: str) -> bool:
        """Tell whether a run of this client may pseudonymize in ``domain``."""
        return domain in self.domains or ("*" in self.domains and domain != CONSENT_DOMAIN)


ROLES: dict[str, ClientScope] = {
    "ingest": ClientScope(frozenset({Action.CREATE_KEYS, Action.FINGERPRINT}), zones=frozenset({"landing"})),
    "orchestrator": ClientScope(
        frozenset({Action.CREATE_RUNS, Action.CREATE_KEYS, Action.GRANT_KEYS, Action.DESTROY_KEYS, Action.FINGERPRINT}),
        domains=frozenset({"*"}),
        zones=frozenset({"quarantine", "known"}),
    ),
    "assess": ClientScope(frozenset({Action.RELEASE_KEYS}), zones=frozenset({"known"})),
    "rotation": ClientScope(frozenset({Action.ROTATE}), domains=frozenset({"*"})),
    "consent": ClientScope(frozenset({Action.CREATE_RUNS, Action.SIGN_HEADS}), domains=frozenset({CONSENT_DOMAIN})),
    "operator": ClientScope(frozenset({Action.PSEUDONYMIZE})),
}
"""Who speaks to custody, and what each may do. An operator's domains are named when its token is made."""


class Custodian(Protocol):
    """The trusted third party, as seen with one token."""

    def with_token(self, token: SecretStr) -> Self:
        """Return the same custodian, spoken to with another token (a run's)."""
        ...

    def create_run(
        self,
        run_id: str,
        dataset: str,
        *,
        domains: Iterable[str] = (),
        key_ids: Iterable[str] = (),
        new_keys: int = 0,
        quota: int = 0,
        expires_in: timedelta = timedelta(hours=2),
    ) -> SecretStr:
        """Return a token for one run: these domains, these data keys, ``quota`` identifiers, ``new_keys`` new keys.

        A run that is tried again asks again: each call makes a token of its own.
        """
        ...

    def create_key(self, zone: str, dataset: str) -> DataKey:
        """Return a new random data key; custody keeps it wrapped."""
        ...

    def release_key(self, key_id: str) -> bytes:
        """Return a data key that this token created or names."""
        ...

    def destroy_key(self, key_id: str) -> None:
        """Forget a data key: what it seals can never be opened again. Quiet if that was done before."""
        ...

    def fingerprint(self, dataset: str, digest: str) -> str:
        """Return the opaque name of a payload: a keyed hash, 32 lower-case characters, of its SHA-256 (hex)."""
        ...

    def pseudonymize(
        self,
        domain: str,
        identifiers: Iterable[pa.Array],
        *,
        subjects: pa.Array | None = None,
        purpose: str | None = None,
        objecting: bool = False,
        column: str | None = None,
    ) -> Pseudonyms:
        """Yield one array of pseudonyms for each array of canonical identifiers, of the same length.

        Nulls stay null. `identifiers` is read ahead, from another thread. What was yielded must not be kept if the
        iterator raises.

        Args:
            subjects: 16-byte pseudonyms of the consent domain. Whoever is not among them comes back null too.
            purpose: what these subjects consent, or object, to.
            objecting: the subjects are those who object: whoever is among them comes back null, and nobody else.
            column: what pseudonyms that can be turned back are bound to; of no use in a one-way domain.

        Returns:
            16 bytes (one-way), bytes of one length (reversible), text (format-preserving).
        """
        ...


def check_coverage(subjects: pa.Array | None, purpose: str | None, objecting: bool) -> None:
    """Refuse half a question of who is covered.

    Raises:
        ValueError: subjects without a purpose, a purpose without subjects, or nobody to object.
    """
    if (subjects is None) != (purpose is None) or (objecting and subjects is None):
        raise ValueError("subjects and their purpose go together")
