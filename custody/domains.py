"""Pseudonymisation domains: declared once, with random keys that never leave this process.

A domain says who works with its pseudonyms, what for, and of which kind they are. It has a lasting key, and one key for
each epoch; both are random and wrapped under the master key, and each is split by HKDF into the keys that the
algorithms take. A one-way pseudonym is E_Rn(CMAC_K(identifier)): K comes from the lasting key, Rn from the epoch's. In
the other kinds the epoch's key does the work, and the lasting key only counts distinct inputs.

What makes a pseudonym (kind, length, alphabet) never changes once declared; the rest may be declared again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, any_, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from anonymization.pseudonyms import Kind
from custody.database.tables import domain_keys, domains
from custody.errors import RefusedError
from custody.keyring import Wrapper, split

FIRST_EPOCH = 0
UNDECLARED = "undeclared"
EXPECTED_INPUTS = 1_000_000  # distinct identifiers of a domain that says nothing of it
MAX_PADDED_LENGTH = 1_024  # bytes
LEAST_DOMAIN = 1_000_000  # values a format-preserving pseudonym is hidden among (SP 800-38G Rev. 1 draft, 5.1)

_KEY_BYTES = 32
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_FIXED = ("kind", "padded_length", "alphabet")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is said of a domain; of one that exists, what is None stays as it was said before.

    Attributes:
        recipient: who works with its pseudonyms.
        purpose: what for.
        epoch_days: how long an epoch may last, None if officers alone end it.
        padded_length: bytes that identifiers are padded to before they are enciphered; reversible domains only.
        alphabet: the characters of its identifiers, each once; format-preserving domains only.
        expected_inputs: how many distinct identifiers it will ever see; more of them alert.
    """

    name: str
    kind: Kind = Kind.ONE_WAY
    recipient: str | None = None
    purpose: str | None = None
    epoch_days: int | None = None
    padded_length: int | None = None
    alphabet: str | None = None
    expected_inputs: int | None = None

    def check(self) -> None:
        """Refuse what can not be declared.

        Raises:
            RefusedError: a name, length, alphabet or number that is not valid, or not of this kind.
        """
        for problem in self._problems():
            raise RefusedError("bad_request", problem)

    def _problems(self) -> Iterator[str]:
        if not _NAME.fullmatch(self.name):
            yield "a domain's name is 1 to 63 lower-case letters, digits, dashes, underscores"
        if any(words is not None and not words.strip() for words in (self.recipient, self.purpose)):
            yield "a domain names its recipient and its purpose"
        if any(number is not None and number < 1 for number in (self.expected_inputs, self.epoch_days)):
            yield "expected inputs and days of an epoch are at least one"
        if (self.padded_length is not None) != (self.kind is Kind.REVERSIBLE):
            yield "reversible domains, and they alone, declare the length that identifiers are padded to"
        if self.padded_length is not None and not 0 < self.padded_length <= MAX_PADDED_LENGTH:
            yield f"identifiers are padded to at most {MAX_PADDED_LENGTH} bytes"
        if (self.alphabet is not None) != (self.kind is Kind.FORMAT_PRESERVING):
            yield "format-preserving domains, and they alone, declare an alphabet"
        if self.alphabet is not None and not 2 <= len(set(self.alphabet)) == len(self.alphabet) <= 65_536:
            yield "an alphabet has 2 to 65 536 characters, each once"


@dataclass(frozen=True, slots=True)
class OpenDomain:
    """A domain at one epoch, its keys opened. Not to be kept longer than a request.

    Attributes:
        key: what the algorithm takes first: the CMAC key (one-way), the SIV key (reversible), the FF1 key.
        epoch_key: of the block cipher that closes a one-way pseudonym; empty in other kinds.
        counting_key: for the tags that distinct inputs are counted by; of a one-way domain it is ``key``.
    """

    name: str
    kind: Kind
    epoch: int
    key: bytes = field(repr=False)
    epoch_key: bytes = field(repr=False)
    counting_key: bytes = field(repr=False)
    padded_length: int | None
    alphabet: str | None
    expected_inputs: int


def declare_domain(connection: Connection, master: Wrapper, declaration: Declaration, now: datetime) -> bool:
    """Declare a domain with fresh keys; if it was there, take over what may change and return False.

    Raises:
        RefusedError: what is declared is not valid, or would change what makes the pseudonyms of a known domain.
    """
    declaration.check()
    name = declaration.name
    values: dict[str, Any] = {
        "kind": declaration.kind.value,
        "recipient": declaration.recipient,
        "purpose": declaration.purpose,
        "epoch_days": declaration.epoch_days,
        "padded_length": declaration.padded_length,
        "alphabet": declaration.alphabet,
        "expected_inputs": declaration.expected_inputs,
    }
    known = connection.execute(select(domains).where(domains.c.name == name).with_for_update()).first()
    if known is not None:
        if any(getattr(known, field) != values[field] for field in _FIXED):
            raise RefusedError("domain_declared", f"domain « {name} » exists: its kind, length and alphabet stay")
        said = {field: value for field, value in values.items() if value is not None}
        connection.execute(update(domains).where(domains.c.name == name).values(said))
        return False
    wrapped = master.wrap(os.urandom(_KEY_BYTES), "domain", name)
    unsaid = {"recipient": UNDECLARED, "purpose": UNDECLARED, "expected_inputs": EXPECTED_INPUTS}
    values |= {field: value for field, value in unsaid.items() if values[field] is None}
    row = values | {"name": name, "epoch": FIRST_EPOCH, "wrapped": wrapped, "created_at": now}
    connection.execute(insert(domains).values(row))
    _add_epoch_key(connection, master, name, FIRST_EPOCH, now)
    return True


def complete(connection: Connection, master: Wrapper, now: datetime) -> None:
    """Give domains of state 0001 what they lack: their key moved to its new context, and the key of epoch 0."""
    without = select(domains).where(~select(domain_keys.c.epoch).where(domain_keys.c.domain == domains.c.name).exists())
    for row in connection.execute(without.with_for_update()).all():
        key = master.unwrap(row.wrapped, "domain", row.name, str(FIRST_EPOCH))
        wrapped = master.wrap(key, "domain", row.name)
        connection.execute(update(domains).where(domains.c.name == row.name).values(wrapped=wrapped))
        _add_epoch_key(connection, master, row.name, FIRST_EPOCH, now)


def add_epoch(connection: Connection, master: Wrapper, name: str, now: datetime) -> int:
    """Make the key of a domain's next epoch and return its number; pseudonyms are still made in the current one.

    Asked again before :func:`enter_epoch`, it returns the same number and changes nothing.

    Raises:
        RefusedError: there is no such domain.
    """
    current = _find(connection, name, lock=True).epoch
    known = (domain_keys.c.domain == name) & (domain_keys.c.epoch == current + 1)
    if connection.execute(select(domain_keys.c.epoch).where(known)).first() is None:
        _add_epoch_key(connection, master, name, current + 1, now)
    return int(current) + 1


def enter_epoch(connection: Connection, name: str, epoch: int) -> None:
    """From now on, make pseudonyms in ``epoch``, the current one or the next. Quiet if that is so already.

    Raises:
        RefusedError: there is no such domain, or that epoch does not follow, or its key is not there.
    """
    current = _find(connection, name, lock=True).epoch
    _key_row(connection, name, epoch)
    if epoch not in (current, current + 1):
        raise RefusedError("epoch_unknown", f"domain « {name} » is in epoch {current}: {epoch} does not follow")
    connection.execute(update(domains).where(domains.c.name == name).values(epoch=epoch))


def destroy_epoch(connection: Connection, name: str, epoch: int, now: datetime) -> None:
    """Forget the key of a past epoch. Quiet if that was done before.

    Raises:
        RefusedError: there is no such epoch, or pseudonyms are still made in it.
    """
    if epoch >= _find(connection, name, lock=True).epoch:
        raise RefusedError("epoch_in_use", f"domain « {name} » still makes pseudonyms in epoch {epoch}, or will")
    found = (domain_keys.c.domain == name) & (domain_keys.c.epoch == epoch)
    changes = {"wrapped": None, "destroyed_at": now}
    connection.execute(update(domain_keys).where(found, domain_keys.c.wrapped.is_not(None)).values(changes))


def domain_names(connection: Connection) -> list[str]:
    """Return the names of all domains, sorted."""
    return list(connection.scalars(select(domains.c.name).order_by(domains.c.name)))


def open_domain(connection: Connection, master: Wrapper, name: str, epoch: int | None = None) -> OpenDomain:
    """Return a domain with its keys, at its current epoch or at the one that is named.

    Raises:
        RefusedError: there is no such domain or epoch, or the epoch's key was destroyed.
        TamperedError: a key does not open: altered, moved, or under another master key.
    """
    row = _find(connection, name)
    at = row.epoch if epoch is None else epoch
    return _open(master, row, at, _key_row(connection, name, at).wrapped)


CURRENT_DOMAINS = (
    select(domains, domain_keys.c.wrapped.label("of_epoch"))
    .join(domain_keys, (domain_keys.c.domain == domains.c.name) & (domain_keys.c.epoch == domains.c.epoch))
    .where(domains.c.name == any_(bindparam("names", type_=ARRAY(Text))))
)
"""Those of the domains with these names that there are, with the wrapped keys of their current epochs."""


class OpenDomains:
    """Domains at their current epochs, opened once as long as their rows stay as they are. For one thread."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Any, OpenDomain]] = {}

    def open(self, master: Wrapper, rows: Iterable[Any]) -> dict[str, OpenDomain]:
        """Return the domains that these rows of :data:`CURRENT_DOMAINS` tell.

        Raises:
            TamperedError: see :func:`open_domain`.
        """
        found = {}
        for row in rows:
            if row.name not in self._open or self._open[row.name][0] != row:
                self._open[row.name] = row, _open(master, row, row.epoch, row.of_epoch)
            found[row.name] = self._open[row.name][1]
        return found

    def forget(self) -> None:
        """Close all of them: nothing may be kept longer than there is work."""
        self._open.clear()


def _open(master: Wrapper, row: Any, epoch: int, wrapped: bytes) -> OpenDomain:
    kind = Kind(row.kind)
    lasting = master.unwrap(row.wrapped, "domain", row.name)
    of_epoch = master.unwrap(wrapped, "domain", row.name, "epoch", str(epoch))
    one_way = kind is Kind.ONE_WAY
    counting = split(lasting, "cmac" if one_way else "counting")
    return OpenDomain(
        name=row.name,
        kind=kind,
        epoch=epoch,
        key=counting if one_way else split(of_epoch, kind.value, length=kind.key_bytes),
        epoch_key=split(of_epoch, "epoch") if one_way else b"",
        counting_key=counting,
        padded_length=row.padded_length,
        alphabet=row.alphabet,
        expected_inputs=row.expected_inputs,
    )


def _find(connection: Connection, name: str, *, lock: bool = False) -> Row[Any]:
    query = select(domains).where(domains.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise RefusedError("domain_unknown", "custody has no such domain")
    return row


def _key_row(connection: Connection, name: str, epoch: int) -> Row[Any]:
    found = (domain_keys.c.domain == name) & (domain_keys.c.epoch == epoch)
    row = connection.execute(select(domain_keys).where(found)).first()
    if row is None:
        raise RefusedError("epoch_unknown", f"domain « {name} » has no epoch {epoch}")
    if row.wrapped is None:
        raise RefusedError("epoch_destroyed", f"the key of epoch {epoch} of domain « {name} » was destroyed")
    return row


def _add_epoch_key(connection: Connection, master: Wrapper, name: str, epoch: int, now: datetime) -> None:
    wrapped = master.wrap(os.urandom(_KEY_BYTES), "domain", name, "epoch", str(epoch))
    row = {"domain": name, "epoch": epoch, "wrapped": wrapped, "created_at": now}
    connection.execute(insert(domain_keys).values(row))
