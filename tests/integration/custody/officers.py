"""People for the tests of what nobody does alone: keys, statements, and a home where they are enrolled."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from custody.commands.command import Now
from custody.officers.answers import open_answer
from custody.officers.keyfiles import PrivateKeys, new_keys
from custody.officers.people import PersonRole, dismiss, enroll
from custody.officers.place import Folder, Place
from custody.officers.statements import Signed, sign
from custody.vault import Vault

ROLES = {
    "anne": ("officer",),
    "bruno": ("officer",),
    "chloe": ("officer",),
    "diane": ("requester",),
    "emile": ("recipient", "officer"),
}
REASON = "Une fuite est soupçonnée sur le réseau d'eau."
BASIS = "RGPD, article 6, paragraphe 1, point d : intérêts vitaux."


@dataclass(slots=True)
class People:
    """Enrolled people and where they find custody."""

    place: Place
    keys: dict[str, PrivateKeys] = field(default_factory=dict)
    now: Now = lambda: datetime.now(UTC)

    def enroll(self, vault: Vault, name: str) -> None:
        """Enroll one of them, or enroll them again with fresh keys."""
        if name in self.keys:
            dismiss(vault, name)
        self.keys[name] = new_keys(receives="recipient" in ROLES[name])
        enroll(vault, name, map(PersonRole, ROLES[name]), self.keys[name].card)

    def statement(self, name: str, act: str, **fields: Any) -> Signed:
        """A statement of theirs, signed."""
        said = {"act": act, "by": name, "at": self.now().isoformat()} | fields
        return sign(self.keys[name].signing_key, said)

    def say(self, name: str, act: str, **fields: Any) -> dict[str, Any]:
        """Bring it to custody."""
        return self.place.hear(self.statement(name, act, **fields))

    def ask(self, name: str, **fields: Any) -> str:
        """Make a request; return its digest."""
        common = {
            "reason": REASON,
            "expires_at": (self.now() + timedelta(days=1)).isoformat(),
            "nonce": os.urandom(16).hex(),
        }
        return str(self.say(name, "request", **(common | fields))["request"])

    def ask_rotation(self, domain: str, name: str = "diane", from_epoch: int = 0, **fields: Any) -> str:
        return self.ask(name, kind="rotate", domain=domain, from_epoch=from_epoch, **fields)

    def ask_identity(self, made: list[bytes], name: str = "diane", **fields: Any) -> str:
        key = self.keys["emile"].card.encryption_key or b""
        common = {
            "kind": "reidentify",
            "domain": "leaks",
            "column": "contrat",
            "epoch": 0,
            "pseudonyms": [value.hex() for value in made],
            "legal_basis": BASIS,
            "recipient": "emile",
            "recipient_key": hashlib.sha256(key).hexdigest(),
        }
        return self.ask(name, **(common | fields))

    def approve(self, digest: str, *names: str) -> dict[str, Any]:
        """Approve it, one after the other; return the last answer."""
        answer: dict[str, Any] = {}
        for name in names:
            answer = self.say(name, "approve", request=digest)
        return answer

    def collect(self, digest: str, name: str = "emile") -> list[str]:
        """Read the answer and open it."""
        answer = self.say(name, "collect", request=digest)
        key = self.keys[name].encryption_key
        assert key is not None
        return open_answer(key, digest, base64.b64decode(answer["answer"]))


def at_home(folder: Folder) -> People:
    """People who act on custody's own machine."""
    return People(folder, now=folder.now)
