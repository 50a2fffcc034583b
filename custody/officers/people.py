"""Enrolled people: who may ask, who may approve, who may be told.

The administrator enrolls them on custody's own machine, from the card of public keys that each person makes. What a
person may do and the keys that prove it are sealed together, so that a row written by another hand is refused; taking
somebody off the list takes effect at once, also for what they approved before.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects.postgresql import insert

from custody.database.officer_tables import people
from custody.errors import RefusedError
from custody.journal import ADMINISTRATOR
from custody.officers.acts import PERSON_NAME
from custody.officers.keyfiles import Card
from custody.officers.sealing import ensure_key, seal, unseal
from custody.officers.statements import canonical_json
from custody.vault import Vault


class PersonRole(StrEnum):
    """What a person may do."""

    REQUESTER = "requester"  # ask
    OFFICER = "officer"  # approve, refuse, look; ask, too, what others approve
    RECIPIENT = "recipient"  # be told who pseudonyms stand for


@dataclass(frozen=True, slots=True)
class Person:
    """An enrolled person."""

    name: str
    roles: frozenset[PersonRole]
    card: Card
    enrolled_at: datetime

    @property
    def logged(self) -> str:
        """How the log names this person; a client may not bear such a name, which has a colon."""
        return f"person:{self.name}"

    @property
    def encryption_fingerprint(self) -> str:
        """SHA-256 (hex) of the key that answers are closed for.

        Raises:
            RefusedError: the person has none.
        """
        if self.card.encryption_key is None or PersonRole.RECIPIENT not in self.roles:
            raise RefusedError("recipient_unknown", f"« {self.name} » is not enrolled as a recipient")
        return hashlib.sha256(self.card.encryption_key).hexdigest()

    def require(self, *roles: PersonRole) -> None:
        """Refuse unless the person has one of these roles."""
        if not self.roles.intersection(roles):
            wanted = " or ".join(role.value for role in roles)
            raise RefusedError("role_missing", f"« {self.name} » is not enrolled as {wanted}")


def enroll(vault: Vault, name: str, roles: Iterable[PersonRole], card: Card) -> Person:
    """Enroll a person, or change their roles.

    Raises:
        RefusedError: the name is not valid, a recipient's card has no key to open answers with, or somebody is enrolled
            with one of these keys under another name, or under this name with other keys.
    """
    person = Person(name, frozenset(roles), card, vault.now())
    _check(person)
    with vault.transaction() as connection:
        ensure_key(vault, connection)
        for other in all_people(vault, connection):
            if other.name == name and other.card != card:
                raise RefusedError("person_enrolled", f"« {name} » has other keys: remove them from the list first")
            if other.name != name and _keys(other.card) & _keys(card):
                raise RefusedError("person_enrolled", f"these are the keys of « {other.name} »: one person, one name")
        row = {
            "name": name,
            "sealed": seal(vault, connection, _to_bytes(person), "person", name),
            "enrolled_at": person.enrolled_at,
        }
        statement = insert(people).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"sealed": row["sealed"]}))
        vault.note(connection, ADMINISTRATOR, "people:enroll", person.enrolled_at, reference=name)
    return person


def dismiss(vault: Vault, name: str) -> None:
    """Take a person off the list; whatever they approved and was not carried out lacks their approval from now on.

    Raises:
        RefusedError: nobody of this name is enrolled.
    """
    with vault.transaction() as connection:
        if connection.execute(delete(people).where(people.c.name == name).returning(people.c.name)).first() is None:
            raise RefusedError("person_unknown", f"nobody is enrolled as « {name} »")
        vault.note(connection, ADMINISTRATOR, "people:dismiss", vault.now(), reference=name)


def all_people(vault: Vault, connection: Connection) -> list[Person]:
    """Return everybody enrolled, by name.

    Raises:
        TamperedError: a row was written by another hand.
    """
    return [_open(vault, connection, row) for row in connection.execute(select(people).order_by(people.c.name))]


def find_person(vault: Vault, connection: Connection, name: str) -> Person:
    """Return an enrolled person.

    Raises:
        RefusedError: nobody of this name is enrolled.
        TamperedError: the row was written by another hand.
    """
    row = connection.execute(select(people).where(people.c.name == name)).first()
    if row is None:
        raise RefusedError("person_unknown", f"nobody is enrolled as « {name} »")
    return _open(vault, connection, row)


def _check(person: Person) -> None:
    if not re.fullmatch(PERSON_NAME, person.name):
        raise RefusedError("bad_request", "a person's name is lower-case letters, digits, « . _ - », a letter first")
    if not person.roles:
        raise RefusedError("bad_request", "a person is enrolled for one role at least")
    if PersonRole.RECIPIENT in person.roles and person.card.encryption_key is None:
        raise RefusedError("bad_request", "a recipient's card has a second key, to open answers with")


def _keys(card: Card) -> set[bytes]:
    return {key for key in (card.signing_key, card.encryption_key) if key}


def _to_bytes(person: Person) -> bytes:
    return canonical_json(
        {
            "name": person.name,
            "roles": sorted(person.roles),
            "card": person.card.to_text(),
            "enrolled_at": person.enrolled_at.isoformat(),
        }
    ).encode()


def _open(vault: Vault, connection: Connection, row: Row[Any]) -> Person:
    value = json.loads(unseal(vault, connection, row.sealed, "person", row.name))
    return Person(
        name=value["name"],
        roles=frozenset(map(PersonRole, value["roles"])),
        card=Card.from_text(value["card"]),
        enrolled_at=datetime.fromisoformat(value["enrolled_at"]),
    )
