"""Rotation without a process: the same rules as custody's, over a memory custodian's domains.

What two officers do there is one call here (:meth:`MemoryRotationCustodian.start`).
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable

import pyarrow as pa
from pydantic import SecretStr

from anonymization.pseudonyms.answers import Pseudonyms
from anonymization.pseudonyms.custodian import CONSENT_DOMAIN
from anonymization.pseudonyms.epochs import EPOCH_KEY_BYTES, rotate
from anonymization.pseudonyms.errors import CustodyRefusedError
from anonymization.pseudonyms.memory import MemoryCustodian
from anonymization.pseudonyms.metadata import pseudonym_metadata
from anonymization.pseudonyms.rotation import FINISHED, ROTATING, RotationCounts, RotationState
from anonymization.pseudonyms.wire import pseudonym_schema


class MemoryRotationCustodian:
    """An in-memory :class:`~anonymization.pseudonyms.rotation.RotationCustodian`."""

    def __init__(self, custodian: MemoryCustodian) -> None:
        """Rotate the domains of ``custodian``."""
        self._custodian = custodian
        self._states: dict[str, RotationState] = {}
        self._quotas: dict[str, tuple[str, int]] = {}  # by token: domain and what is left
        self._token = ""

    def start(self, domain: str) -> int:
        """Begin the rotation of a domain; return the epoch it leads to."""
        if domain == CONSENT_DOMAIN:
            raise CustodyRefusedError("domain_not_rotatable", "the consent domain does not rotate", 409)
        if domain in self._states and self._states[domain].state == ROTATING:
            raise CustodyRefusedError("rotation_under_way", f"domain « {domain} » is rotating", 409)
        keys = self._custodian.domain(domain)
        keys.epochs.append(secrets.token_bytes(EPOCH_KEY_BYTES))
        keys.carried = 0
        self._states[domain] = RotationState(domain, keys.epoch + 1, ROTATING)
        return keys.epoch + 1

    def rotations(self) -> list[RotationState]:
        """See :class:`RotationCustodian`."""
        return [self._states[name] for name in sorted(self._states)]

    def create_rotation_run(self, run_id: str, domain: str, *, quota: int) -> SecretStr:
        """See :class:`RotationCustodian`."""
        self._rotating(domain)
        token = secrets.token_hex(16)
        self._quotas[token] = (domain, quota)
        return SecretStr(token)

    def with_token(self, token: SecretStr) -> MemoryRotationCustodian:
        """See :class:`RotationCustodian`."""
        view = MemoryRotationCustodian(self._custodian)
        view._states, view._quotas, view._token = self._states, self._quotas, token.get_secret_value()
        return view

    def rotate(self, domain: str, pseudonyms: Iterable[pa.Array]) -> Pseudonyms:
        """See :class:`RotationCustodian`."""
        opened: list[pa.Field] = []
        return Pseudonyms(self._rotated(domain, pseudonyms, opened), opened)

    def finish_rotation(self, domain: str, epoch: int, counts: RotationCounts) -> None:
        """See :class:`RotationCustodian`."""
        state = self._states.get(domain)
        if state is None or state.epoch != epoch:
            raise CustodyRefusedError("rotation_unknown", f"domain « {domain} » is not rotating to epoch {epoch}", 404)
        if state.state == FINISHED:
            return
        keys = self._custodian.domain(domain)
        if counts.distinct > min(counts.rows, keys.carried):
            raise CustodyRefusedError("rotation_incomplete", "more is counted than was carried over", 409)
        keys.epoch, keys.epochs[epoch - 1] = epoch, None
        self._states[domain] = RotationState(domain, epoch, FINISHED)

    def _rotated(self, domain: str, pseudonyms: Iterable[pa.Array], opened: list[pa.Field]) -> Generator[pa.Array]:
        if self._token not in self._quotas:
            raise CustodyRefusedError("token_unknown", "this is no token of a rotation", 401)
        if self._quotas[self._token][0] != domain:
            raise CustodyRefusedError("domain_not_in_scope", "this token carries another domain over", 403)
        epoch, keys = self._rotating(domain).epoch, self._custodian.domain(domain)
        opened.append(pseudonym_schema(pseudonym_metadata(domain, epoch)).field(0))
        for array in pseudonyms:
            self._rotating(domain)
            left = self._quotas[self._token][1] - (len(array) - array.null_count)
            if left < 0:
                raise CustodyRefusedError("quota_spent", "this run may not send so many pseudonyms more", 429)
            self._quotas[self._token] = (domain, left)
            keys.carried += len(array) - array.null_count
            yield rotate(keys.epoch_key(epoch - 1), keys.epoch_key(epoch), array)

    def _rotating(self, domain: str) -> RotationState:
        state = self._states.get(domain)
        if state is None:
            raise CustodyRefusedError("rotation_unknown", f"domain « {domain} » is not rotating", 404)
        if state.state != ROTATING:
            raise CustodyRefusedError("rotation_finished", f"the rotation of domain « {domain} » is finished", 409)
        return state
