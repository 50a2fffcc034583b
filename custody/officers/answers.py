"""The answer to a re-identification: closed for one recipient, for one request, before it leaves custody's memory.

HPKE in base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. The digest of the request is
its ``info``: an answer moved to another request does not open.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from custody.errors import TamperedError

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_MARK = b"ardoise re-identification 1\n"


def close_answer(recipient: bytes, request: str, identifiers: Sequence[str]) -> bytes:
    """Return the identifiers, readable by the owner of the X25519 key ``recipient`` alone.

    Args:
        recipient: 32 bytes.
        request: digest of the request they answer.
        identifiers: in the order of the request's pseudonyms.
    """
    plain = json.dumps({"identifiers": list(identifiers)}, ensure_ascii=False).encode()
    closed: bytes = _SUITE.encrypt(plain, X25519PublicKey.from_public_bytes(recipient), info=_MARK + request.encode())
    return closed


def open_answer(key: X25519PrivateKey, request: str, closed: bytes) -> list[str]:
    """Return the identifiers of an answer.

    Raises:
        TamperedError: it was altered, answers another request, or is for somebody else.
    """
    try:
        plain = _SUITE.decrypt(closed, key, info=_MARK + request.encode())
        return [str(value) for value in json.loads(plain)["identifiers"]]
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise TamperedError("this answer does not open: altered, of another request, or for somebody else") from None
