"""Quotas: what a token may still send, taken before what it pays for is answered.

Taking from a quota is a durable row of the log: identifiers granted, in one domain, for one purpose. A row for each
batch would cost more than the pseudonyms; so a stream takes exactly what its first batch needs, then more and more
ahead (at most :data:`AHEAD`), and gives back at its end what it did not use: granted less returned is what was
answered. The streams of one token share one purse, so none is refused while another holds what is left. A kill forfeits
what was ahead. Rows are always locked in the same order (quota, counts, log), so that nobody waits for each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import bindparam, func, select, update

from custody.callers import Caller, Run
from custody.counting import Counts
from custody.database.tables import clients, runs
from custody.errors import RefusedError
from custody.journal import entry
from custody.vault import Vault

AHEAD = 4_000_000  # identifiers
GROWTH = 64  # as many times what a stream has used may it hold ahead

GRANT, RETURN = "pseudonymize", "pseudonymize:return"


@dataclass(slots=True)
class Pot:
    """What was granted to one stream and is not used."""

    domain: str
    epoch: int
    expected: int
    purpose: str | None
    left: int = 0
    used: int = 0


class Purse:
    """The quota of one token, shared by its streams. Safe to share by threads."""

    def __init__(self, vault: Vault, counts: Counts, caller: Caller) -> None:
        self._vault, self._counts, self._caller = vault, counts, caller
        self._lock = Lock()
        self._pots: list[Pot] = []

    def enter(self, pot: Pot) -> None:
        """A stream begins."""
        with self._lock:
            self._pots.append(pot)

    def draw(self, pot: Pot, identifiers: int) -> None:
        """Pay for ``identifiers``.

        Raises:
            RefusedError: so many are not left (none are then taken), or the token has expired meanwhile.
        """
        with self._lock:
            expires_at = self._caller.expires_at
            if expires_at is not None and self._vault.now() >= expires_at:
                raise RefusedError("token_expired", "this token has expired: ask for another")
            if identifiers > pot.left:
                self._grant(pot, identifiers - pot.left)
            pot.left -= identifiers
            pot.used += identifiers

    def leave(self, pot: Pot) -> None:
        """A stream ends: give back what it did not use, write what it counted."""
        with self._lock:
            self._pots.remove(pot)
            if not pot.used and not pot.left:
                return
            with self._vault.transaction() as connection:
                rows: list[dict[str, Any]] = []
                if pot.left:
                    table, row = quota_of(self._caller)
                    changes = {"quota_left": table.c.quota_left + pot.left}
                    connection.execute(update(table).where(row).values(changes))
                    rows.append(self._entry(RETURN, pot, pot.left))
                now = self._vault.now()
                rows += self._counts.write(connection, self._caller, pot.domain, pot.expected, now)
                if rows:
                    self._vault.note_all(connection, rows)

    def idle(self) -> bool:
        """Tell whether no stream is using it."""
        return not self._pots

    def _grant(self, pot: Pot, need: int) -> None:
        """Take ``need`` at least from what is left of the quota, then from what other streams hold ahead."""
        want = max(need, min(AHEAD, GROWTH * pot.used))
        with self._vault.transaction() as connection:
            rows: list[dict[str, Any]] = []
            taken = int(connection.execute(_take(self._caller), {"want": want}).scalar_one())
            donors: list[tuple[Pot, int]] = []
            for other in self._pots:
                if taken < need and other is not pot and other.left:
                    given = min(other.left, need - taken)
                    donors.append((other, given))
                    taken += given
                    rows.append(self._entry(RETURN, other, given))
            if taken < need:
                raise RefusedError("quota_spent", "this token may not send so many identifiers more")
            rows.append(self._entry(GRANT, pot, taken))
            if pot.used:
                now = self._vault.now()
                rows += self._counts.write(connection, self._caller, pot.domain, pot.expected, now)
            self._vault.note_all(connection, rows)
        for other, given in donors:
            other.left -= given
        pot.left += taken

    def _entry(self, action: str, pot: Pot, identifiers: int) -> dict[str, Any]:
        now = self._vault.now()
        return entry(
            self._caller,
            action,
            now,
            domain=pot.domain,
            epoch=pot.epoch,
            purpose=pot.purpose,
            identifiers=identifiers,
        )


class Purses:
    """The purses of the tokens that are streaming. Safe to share by threads."""

    def __init__(self, vault: Vault, counts: Counts) -> None:
        self._vault, self._counts = vault, counts
        self._lock = Lock()
        self._open: dict[object, Purse] = {}

    def enter(self, caller: Caller, pot: Pot) -> Purse:
        """Return the purse of a token for a stream that begins."""
        with self._lock:
            purse = self._open.setdefault(_key(caller), Purse(self._vault, self._counts, caller))
            purse.enter(pot)
            return purse

    def leave(self, caller: Caller, purse: Purse, pot: Pot) -> None:
        """A stream ends."""
        try:
            purse.leave(pot)
        finally:
            with self._lock:
                if purse.idle():
                    self._open.pop(_key(caller), None)


def quota_of(caller: Caller) -> tuple[Any, Any]:
    """Return the table that a token's quota is in, and the condition of its row."""
    if isinstance(caller, Run):
        return runs, runs.c.id == caller.row
    return clients, clients.c.name == caller.name


def _take(caller: Caller) -> Any:
    """The statement that takes as much as is left of what is wanted, and returns how much that is."""
    table, row = quota_of(caller)
    key = next(iter(table.primary_key))
    before = select(key, table.c.quota_left).where(row).with_for_update().cte("before")
    taken = func.least(before.c.quota_left, bindparam("want"))
    statement = update(table).where(key == before.c[key.name]).values(quota_left=table.c.quota_left - taken)
    return statement.returning(taken)


def _key(caller: Caller) -> object:
    return ("run", caller.row) if isinstance(caller, Run) else ("client", caller.name)
