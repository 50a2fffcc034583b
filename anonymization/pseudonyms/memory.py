"""Custody without a process: the same rules as the service, its keys in this object's memory.

For tests, and for trying a contract on a developer's machine. Nothing is kept when the process ends.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import SecretStr

from anonymization.pseudonyms.answers import Pseudonyms
from anonymization.pseudonyms.coverage import Subjects
from anonymization.pseudonyms.custodian import (
    CONSENT_DOMAIN,
    MAX_IDENTIFIER_BYTES,
    MAX_RUN_SECONDS,
    MAX_SUBJECTS,
    Action,
    ClientScope,
    check_coverage,
)
from anonymization.pseudonyms.errors import CustodyRefusedError
from anonymization.pseudonyms.kinds import Kind
from anonymization.pseudonyms.memory_domains import Domain

if TYPE_CHECKING:  # the storage room is not needed inside custody, nor quick to import
    from storage.sealing import DataKey

EVERYTHING = ClientScope(
    frozenset(Action), frozenset({"*", CONSENT_DOMAIN}), frozenset({"landing", "quarantine", "known"})
)


@dataclass(slots=True)
class _Key:
    key: bytes | None  # None once destroyed
    creator: str
    zone: str


@dataclass(slots=True)
class _Run:
    """A run, or an operator's client, which is one that pseudonymizes without end of its own keys."""

    client: ClientScope
    domains: frozenset[str]
    key_ids: frozenset[str]
    new_keys: int
    quota: int
    expires_at: datetime | None


@dataclass(slots=True)
class _Vault:
    """What every view of one memory custodian shares."""

    domains: dict[str, Domain]
    clients: dict[str, ClientScope] = field(default_factory=dict)  # by token
    operators: dict[str, _Run] = field(default_factory=dict)  # by token: what clients may pseudonymize themselves
    runs: dict[str, _Run] = field(default_factory=dict)  # by token
    keys: dict[str, _Key] = field(default_factory=dict)
    fingerprint_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))


class MemoryCustodian:
    """An in-memory :class:`~anonymization.pseudonyms.custodian.Custodian`."""

    def __init__(
        self,
        domains: Iterable[str] = (),
        *,
        scope: ClientScope = EVERYTHING,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Make a custodian with these domains (and ``consent``), seen by a client of this scope."""
        self._vault = _Vault({name: Domain(name) for name in {*domains, CONSENT_DOMAIN}})
        self._now = now
        self._token = self.add_client(scope).get_secret_value()

    def add_client(self, scope: ClientScope, quota: int = 0, expires_at: datetime | None = None) -> SecretStr:
        """Return the token of a new client; an operator's has a quota and an end."""
        token = secrets.token_hex(16)
        self._vault.clients[token] = scope
        if Action.PSEUDONYMIZE in scope.actions:
            self._vault.operators[token] = _Run(scope, scope.domains, frozenset(), 0, quota, expires_at)
        return SecretStr(token)

    def declare(self, name: str, kind: Kind, *, padded_length: int = 0, alphabet: str = "") -> None:
        """Declare a domain of another kind than one-way."""
        self._vault.domains[name] = Domain(name, kind, padded_length, alphabet)

    def domain(self, name: str) -> Domain:
        """Return a domain's keys: for what stands in for other parts of custody."""
        self._check_domain(name, True)
        return self._vault.domains[name]

    def with_token(self, token: SecretStr) -> MemoryCustodian:
        """See :class:`Custodian`."""
        view = object.__new__(MemoryCustodian)
        view._vault, view._now, view._token = self._vault, self._now, token.get_secret_value()
        return view

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
        """See :class:`Custodian`."""
        scope = self._client(Action.CREATE_RUNS)
        wanted, granted = frozenset(domains), frozenset(key_ids)
        if not 0 < expires_in.total_seconds() <= MAX_RUN_SECONDS or quota < 0 or new_keys < 0:
            raise CustodyRefusedError("bad_request", "a run has a quota, and lasts at most a day", 422)
        for domain in wanted:
            self._check_domain(domain, scope.may_use(domain))
        if granted and Action.GRANT_KEYS not in scope.actions:
            raise CustodyRefusedError("action_not_in_scope", "this client may not name data keys in a run", 403)
        if new_keys and Action.CREATE_KEYS not in scope.actions:
            raise CustodyRefusedError("action_not_in_scope", "this client may not create data keys", 403)
        for key_id in granted:
            self._key(key_id)
        token = secrets.token_hex(16)
        self._vault.runs[token] = _Run(scope, wanted, granted, new_keys, quota, self._now() + expires_in)
        return SecretStr(token)

    def create_key(self, zone: str, dataset: str) -> DataKey:
        """See :class:`Custodian`."""
        from storage.sealing import DataKey

        run = self._run_or_none()
        scope = run.client if run else self._client(Action.CREATE_KEYS)
        if zone not in scope.zones:
            raise CustodyRefusedError("zone_not_in_scope", f"no data key may be made here for zone {zone}", 403)
        if run:
            if run.new_keys < 1:
                raise CustodyRefusedError("new_keys_spent", "this run has created all the data keys it may", 409)
            run.new_keys -= 1
        key = DataKey(secrets.token_hex(16), secrets.token_bytes(32))
        self._vault.keys[key.id] = _Key(key.key, self._token, zone)
        return key

    def release_key(self, key_id: str) -> bytes:
        """See :class:`Custodian`."""
        run = self._run_or_none()
        scope = self._client() if run is None else None
        entry = self._key(key_id)
        of_zone = scope is not None and Action.RELEASE_KEYS in scope.actions and entry.zone in scope.zones
        if entry.creator != self._token and not of_zone and not (run and key_id in run.key_ids):
            raise CustodyRefusedError("key_not_in_scope", "this token neither created nor names this data key", 403)
        if entry.key is None:
            raise CustodyRefusedError("key_destroyed", "this data key was destroyed", 410)
        return entry.key

    def destroy_key(self, key_id: str) -> None:
        """See :class:`Custodian`."""
        scope = self._client()
        entry = self._key(key_id, destroyed=True)
        if entry.creator != self._token and Action.DESTROY_KEYS not in scope.actions:
            raise CustodyRefusedError("key_not_in_scope", "this client may not destroy this data key", 403)
        entry.key = None

    def fingerprint(self, dataset: str, digest: str) -> str:
        """See :class:`Custodian`."""
        self._client(Action.FINGERPRINT)
        mac = hmac.digest(self._vault.fingerprint_key, f"{dataset}\0{digest}".encode(), hashlib.sha256)
        return base64.b32encode(mac[:20]).decode().lower()

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
        """See :class:`Custodian`."""
        check_coverage(subjects, purpose, objecting)
        opened: list[pa.Field] = []
        return Pseudonyms(self._pseudonyms(domain, identifiers, subjects, objecting, column, opened), opened)

    def _pseudonyms(
        self,
        domain: str,
        identifiers: Iterable[pa.Array],
        subjects: pa.Array | None,
        objecting: bool,
        column: str | None,
        opened: list[pa.Field],
    ) -> Generator[pa.Array]:
        run = self._pseudonymizing(domain, covering=subjects is not None)
        if subjects is not None and len(subjects) > MAX_SUBJECTS:
            raise CustodyRefusedError("too_many_subjects", f"at most {MAX_SUBJECTS} subjects", 413)
        covering = None if subjects is None else Subjects(subjects, objecting=objecting)
        made_in = self._vault.domains[domain]
        made_in.mint(pa.array([], pa.string()), column)
        opened.append(made_in.field())
        for array in identifiers:
            self._pay(run, array)
            pseudonyms = made_in.mint(array, column)
            if covering is not None:
                pseudonyms = covering.keep(self._vault.domains[CONSENT_DOMAIN].mint(array), pseudonyms)
            yield pseudonyms

    def _pseudonymizing(self, domain: str, *, covering: bool) -> _Run:
        """Return who pseudonymizes; an operator learns nothing of who consents."""
        run = self._run_or_none()
        if run is None:
            self._client()
            run = self._vault.operators.get(self._token)
            if run is None:
                raise CustodyRefusedError("action_not_in_scope", "only a run's token pseudonymizes", 403)
            self._check_domain(domain, True)
            if covering:
                raise CustodyRefusedError("action_not_in_scope", "only a run's token asks who is covered", 403)
        self._check_domain(domain, domain in run.domains and not (covering and domain == CONSENT_DOMAIN))
        return run

    def _pay(self, run: _Run, array: pa.Array) -> None:
        plain = array.cast(pa.string())
        if (pc.max(pc.binary_length(plain)).as_py() or 0) > MAX_IDENTIFIER_BYTES:
            raise CustodyRefusedError("identifier_too_long", f"at most {MAX_IDENTIFIER_BYTES} bytes", 413)
        self._fresh(run)
        count = len(plain) - plain.null_count
        if count > run.quota:
            raise CustodyRefusedError("quota_spent", "this token may send no more identifiers", 429)
        run.quota -= count

    def _fresh(self, run: _Run) -> _Run:
        if run.expires_at is not None and self._now() >= run.expires_at:
            raise CustodyRefusedError("token_expired", "this token has expired: ask for another", 401)
        return run

    def _run_or_none(self) -> _Run | None:
        run = self._vault.runs.get(self._token)
        return self._fresh(run) if run else None

    def _client(self, action: Action | None = None) -> ClientScope:
        scope = self._vault.clients.get(self._token)
        if scope is not None and self._token in self._vault.operators:
            self._fresh(self._vault.operators[self._token])
        if scope is None and self._run_or_none() is None:
            raise CustodyRefusedError("token_unknown", "custody does not know this token", 401)
        if scope is None or (action and action not in scope.actions):
            raise CustodyRefusedError("action_not_in_scope", "this token does not allow that", 403)
        return scope

    def _check_domain(self, domain: str, allowed: bool) -> None:
        if domain not in self._vault.domains:
            raise CustodyRefusedError("domain_unknown", f"no domain is called « {domain} »", 404)
        if not allowed:
            raise CustodyRefusedError("domain_not_in_scope", f"domain « {domain} » is not in this scope", 403)

    def _key(self, key_id: str, *, destroyed: bool = False) -> _Key:
        entry = self._vault.keys.get(key_id)
        if entry is None:
            raise CustodyRefusedError("key_unknown", "no data key has this id", 404)
        if entry.key is None and not destroyed:
            raise CustodyRefusedError("key_destroyed", "this data key was destroyed", 410)
        return entry
