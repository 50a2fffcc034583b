"""Signing the heads of ledgers (Merkle trees of RFC 9162, section 2.1), each only if it extends the last one signed.

Whoever keeps a ledger could rewrite it, and hash it anew; but not have a rewritten one signed here. A head is the size
of the ledger and the root of its tree; its signature is Ed25519 (RFC 8032) over :func:`signed_bytes`. Heads that were
signed are never forgotten: their table is only ever added to.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select, text

from anonymization.pseudonyms import Action
from custody.callers import Client
from custody.database.tables import ledger_heads
from custody.errors import RefusedError
from custody.keyring import fields, split
from custody.vault import LEDGER_KEY, Vault

ROOT_BYTES = 32  # SHA-256
MAX_PROOF = 64  # hashes: enough for any size of 64 bits

_LOCK = 0x4152444C


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head, when it was signed, and the signature."""

    ledger: str
    size: int
    root: bytes
    signed_at: datetime
    signature: bytes


def sign_head(vault: Vault, client: Client, ledger: str, size: int, root: bytes, proof: Sequence[bytes]) -> SignedHead:
    """Sign a head of a ledger. The same head again gives the same signature again.

    Args:
        size: entries of the ledger.
        root: of their tree.
        proof: that the last head signed is a prefix of this one (RFC 9162, 2.1.4); empty for the first.

    Raises:
        RefusedError: the client may not, the ledger has shrunk, or the proof does not hold.
    """
    client.require(Action.SIGN_HEADS)
    now = vault.now()
    with vault.transaction() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        mine = ledger_heads.c.ledger == ledger
        last = connection.execute(
            select(ledger_heads).where(mine).order_by(ledger_heads.c.size.desc()).limit(1)
        ).first()
        if last is not None:
            if size < last.size:
                raise RefusedError("head_inconsistent", f"a head of {last.size} entries was signed: none can be gone")
            if size == last.size and hmac.compare_digest(root, last.root):
                return SignedHead(ledger, size, root, last.signed_at, last.signature)
            if size == last.size or not extends(last.size, last.root, size, root, proof):
                raise RefusedError("head_inconsistent", f"it does not extend the head of {last.size} entries")
        key = _key(vault.service_key(connection, LEDGER_KEY))
        signature = key.sign(signed_bytes(ledger, size, root, now))
        row = {"ledger": ledger, "size": size, "root": root, "signed_at": now, "signature": signature}
        connection.execute(insert(ledger_heads).values(row))
        vault.note(
            connection, client, Action.SIGN_HEADS.value, now, dataset=ledger, identifiers=0, reference=root.hex()
        )
    return SignedHead(ledger, size, root, now, signature)


def public_key(vault: Vault) -> bytes:
    """Return the 32 bytes that signatures of heads are verified with."""
    with vault.engine.connect() as connection:
        return _key(vault.service_key(connection, LEDGER_KEY)).public_key().public_bytes_raw()


def signed_bytes(ledger: str, size: int, root: bytes, signed_at: datetime) -> bytes:
    """Return what is signed: length-prefixed fields, so that no other head has the same bytes."""
    at = signed_at.astimezone(UTC).isoformat(timespec="microseconds")
    return fields("ardoise-ledger-head-1", ledger, str(size), root.hex(), at)


def extends(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Verify a consistency proof (RFC 9162, 2.1.4.2): the first ``old_size`` entries of the new tree are the old ones.

    Args:
        old_size: at least 1, less than ``size``.
    """
    if not 0 < old_size < size:
        return False
    # 1. A tree of a power of two is a node of the new one: its root is left out of the proof.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    # 2. Climb from the last entry of the old tree, past what is complete in both.
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    # 3. Fold the proof into both roots.
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = _node(sibling, old), _node(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = _node(new, sibling)
        node, last = node >> 1, last >> 1
    # 4. Both must come out, with nothing left of the new tree.
    return last == 0 and hmac.compare_digest(old, old_root) and hmac.compare_digest(new, root)


def _node(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _key(secret: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(split(secret, "ed25519"))
