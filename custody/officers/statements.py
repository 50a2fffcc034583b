"""Signed statements: how an enrolled person speaks to custody, and what two officers put their name to.

A statement is canonical JSON (sorted keys, no spaces, UTF-8); its signature (Ed25519, RFC 8032) covers a mark and those
bytes, so that no signature made for anything else fits. The digest of a request is that of the same bytes: an approval
is a statement that names this digest, and therefore every field of the request. Whoever edits a row of custody's
database can not make one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from custody.errors import RefusedError

MARK = b"ardoise custody statement 1\n"
MAX_STATEMENT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement and its signature, as they travel and as they are kept."""

    statement: str
    signature: bytes

    def fields(self) -> dict[str, Any]:
        """Return what the statement says.

        Raises:
            RefusedError: it is not canonical JSON: two readers might understand it differently.
        """
        try:
            found = json.loads(self.statement)
            canonical = canonical_json(found)
        except ValueError:
            raise RefusedError("bad_request", "a statement is a JSON object") from None
        if not isinstance(found, dict) or canonical != self.statement:
            raise RefusedError("bad_request", "a statement is canonical JSON: sorted keys, no spaces")
        return found

    def digest(self) -> str:
        """Return the SHA-256 (hex) of what is signed."""
        return hashlib.sha256(_signed_bytes(self.statement)).hexdigest()

    def check(self, public_key: bytes) -> None:
        """Refuse unless the owner of ``public_key`` (32 bytes) signed this.

        Raises:
            RefusedError: the signature is of another key, or of another statement.
        """
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, _signed_bytes(self.statement))
        except (InvalidSignature, ValueError):
            raise RefusedError("signature_wrong", "the signature is not this person's over this statement") from None

    def to_json(self) -> dict[str, str]:
        """Return the body of a call."""
        return {"statement": self.statement, "signature": base64.b64encode(self.signature).decode()}

    @classmethod
    def from_json(cls, value: dict[str, str]) -> Signed:
        """Return what :meth:`to_json` gave.

        Raises:
            RefusedError: it is something else.
        """
        try:
            statement, signature = value["statement"], base64.b64decode(value["signature"], validate=True)
            size = len(statement.encode())
        except (KeyError, TypeError, ValueError):
            raise RefusedError("bad_request", "a statement comes with its signature in base64") from None
        if size > MAX_STATEMENT_BYTES:
            raise RefusedError("bad_request", f"a statement has at most {MAX_STATEMENT_BYTES} bytes")
        return cls(statement, signature)


def canonical_json(value: Any) -> str:
    """Return the one way ``value`` is written."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sign(key: Ed25519PrivateKey, fields: dict[str, Any]) -> Signed:
    """Return the statement of ``fields``, signed."""
    statement = canonical_json(fields)
    return Signed(statement, key.sign(_signed_bytes(statement)))


def _signed_bytes(statement: str) -> bytes:
    return MARK + statement.encode()
