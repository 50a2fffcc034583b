"""Enrolled people: who may ask, who may approve, who may be told.

The administrator enrolls them on custody's own machine, from the card of public keys that each person makes. What a
person may do and the keys that prove it are sealed together, so that a row written by another hand is refused; taking
somebody off the list takes effect at once, also for what they approved before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects.postgresql import insert

from anonymization.pseudonyms import ClientScope
from custody.callers import Client
from custody.database.officer_tables import people
from custody.errors import RefusedError, SettingsError
from custody.journal import note
from custody.officers.acts import Name
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

    def require(self, *roles: PersonRole) -> None:
        """Refuse unless the person has one of these roles."""
        if not self.roles.intersection(roles):
            wanted = " or ".join(role.value for role in roles)
            raise RefusedError("role_missing", f"« {self.name} » is not enrolled as {wanted}")


ADMINISTRATOR = "administrator"
_NAME = Name.__metadata__[0].metadata[0].pattern  # type: ignore[attr-defined]
