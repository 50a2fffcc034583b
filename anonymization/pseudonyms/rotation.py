"""What the hub may ask of custody to carry pseudonyms to another epoch. Two officers start a rotation; this carries it.

:class:`RotationCustodian` has two implementations: :class:`RotationClient` speaks to the service,
:class:`~anonymization.pseudonyms.memory_rotation.MemoryRotationCustodian` stands in for it.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

import pyarrow as pa
from pydantic import SecretStr

from anonymization.pseudonyms.answers import Pseudonyms
from anonymization.pseudonyms.client import CustodyClient
from anonymization.pseudonyms.columns import PSEUDONYM_TYPE
from anonymization.pseudonyms.duplex import exchange

ROTATING, FINISHED = "rotating", "finished"
PSEUDONYM_SCHEMA = pa.schema([pa.field("pseudonym", PSEUDONYM_TYPE)])


@dataclass(frozen=True, slots=True)
class RotationState:
    """The latest rotation of a domain."""

    domain: str
    epoch: int  # the one it leads to, from the one before
    state: str  # ROTATING or FINISHED


@dataclass(frozen=True, slots=True)
class RotationCounts:
    """What a complete snapshot of a domain's columns came to."""

    columns: int = 0  # one for each pseudonymised column of each partition
    rows: int = 0  # their values, nulls left out
    distinct: int = 0  # distinct pseudonyms, added up over columns

    def __add__(self, other: RotationCounts) -> RotationCounts:
        """Both together."""
        return RotationCounts(self.columns + other.columns, self.rows + other.rows, self.distinct + other.distinct)


class RotationCustodian(Protocol):
    """Custody, as seen by the job that rotates."""

    def rotations(self) -> list[RotationState]:
        """Return the latest rotation of each domain that ever had one."""
        ...

    def create_rotation_run(self, run_id: str, domain: str, *, quota: int) -> SecretStr:
        """Return a token that carries ``quota`` pseudonyms of a rotating domain over, and does nothing else."""
        ...

    def with_token(self, token: SecretStr) -> Self:
        """Return the same custodian, spoken to with another token."""
        ...

    def rotate(self, domain: str, pseudonyms: Iterable[pa.Array]) -> Pseudonyms:
        """Yield, for each array of 16-byte pseudonyms of the epoch before, those of the epoch that is led to."""
        ...

    def finish_rotation(self, domain: str, epoch: int, counts: RotationCounts) -> None:
        """Report a complete snapshot: new pseudonyms are of ``epoch`` from now on, and the old epoch's key is gone.

        Quiet if that was done before.
        """
        ...


class RotationClient(CustodyClient):
    """A :class:`RotationCustodian` that is another process."""

    def rotations(self) -> list[RotationState]:
        """See :class:`RotationCustodian`."""
        found = self._call("GET", "/v1/rotations")["rotations"]
        return [RotationState(str(one["domain"]), int(one["epoch"]), str(one["state"])) for one in found]

    def create_rotation_run(self, run_id: str, domain: str, *, quota: int) -> SecretStr:
        """See :class:`RotationCustodian`."""
        answer = self._call("POST", f"{_place(domain)}/runs", {"run_id": run_id, "quota": quota})
        return SecretStr(answer["token"])

    def with_token(self, token: SecretStr) -> RotationClient:
        """See :class:`RotationCustodian`."""
        return RotationClient(self._url, token, timeout_seconds=self._timeout, tls=self._tls)

    def rotate(self, domain: str, pseudonyms: Iterable[pa.Array]) -> Pseudonyms:
        """See :class:`RotationCustodian`."""
        path = f"{_place(domain)}/stream"
        return exchange(self._connection(), path, self._headers(), pseudonyms, None, self._refusal, PSEUDONYM_SCHEMA)

    def finish_rotation(self, domain: str, epoch: int, counts: RotationCounts) -> None:
        """See :class:`RotationCustodian`."""
        body = {"epoch": epoch, "columns": counts.columns, "rows": counts.rows, "distinct": counts.distinct}
        self._call("POST", f"{_place(domain)}/finish", body)


def _place(domain: str) -> str:
    return f"/v1/rotations/{urllib.parse.quote(domain, safe='')}"
