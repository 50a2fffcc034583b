"""Heads of a ledger are signed by custody only as long as they extend what it has signed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any

import psycopg
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custody.heads import signed_bytes
from tests.integration.custody.conftest import CustodyHome
from tests.unit.custody.test_heads import LEAVES, proof, root


def ask(custody: CustodyHome, body: dict[str, Any], role: str = "consent") -> tuple[int, dict[str, Any]]:
    token = custody.token_file(role).read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{custody.url}/v1/ledger/heads", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def head(size: int, old: int = 0, ledger: str = "consent") -> dict[str, Any]:
    path = proof(old, LEAVES[:size]) if 0 < old < size else []
    return {"ledger": ledger, "size": size, "root": root(LEAVES[:size]).hex(), "proof": [one.hex() for one in path]}


def test_heads_are_signed_as_they_grow(custody: CustodyHome) -> None:
    with urllib.request.urlopen(f"{custody.url}/v1/ledger/key", timeout=20) as answer:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(json.load(answer)["ed25519"]))
    for size, old in ((3, 0), (7, 3), (8, 7), (20, 8)):
        status, signed = ask(custody, head(size, old))
        assert status == 201, signed
        at = datetime.fromisoformat(signed["signed_at"])
        signature = bytes.fromhex(signed["signature"])
        key.verify(signature, signed_bytes("consent", size, root(LEAVES[:size]), at))
        with pytest.raises(InvalidSignature):
            key.verify(signature, signed_bytes("consent", size + 1, root(LEAVES[:size]), at))
    assert ask(custody, head(20, 8)) == (status, signed)  # the same again is the same
    rewritten = [*LEAVES[:19], b"rewritten"]
    for wrong in (
        head(7),  # fewer entries
        {**head(20), "root": "00" * 32},  # as many, others
        {**head(30, 20), "proof": []},
        {**head(30, 8)},  # from another one than the last
        {"ledger": "consent", "size": 20, "root": root(rewritten).hex(), "proof": []},
    ):
        status, refused = ask(custody, wrong)
        assert (status, refused["error"]["code"]) == (409, "head_inconsistent")
    assert ask(custody, head(30, 20))[0] == 201
    assert ask(custody, head(2, ledger="another"))[0] == 201


def test_only_its_keeper_has_heads_signed_and_none_is_forgotten(custody: CustodyHome) -> None:
    for role in ("ingest", "orchestrator"):
        status, refused = ask(custody, head(3, ledger="mine"), role)
        assert (status, refused["error"]["code"]) == (403, "action_not_in_scope")
    for wrong in ({"size": 0}, {"root": "0"}, {"proof": ["x"]}, {"size": 2**70}, {"more": 1}):
        assert ask(custody, head(3, ledger="mine") | wrong)[0] == 422
    assert ask(custody, head(3, ledger="kept"))[0] == 201
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        custody.query("DELETE FROM ledger_head WHERE ledger = 'kept'")
    assert custody.query(
        "SELECT dataset, reference FROM request WHERE action = 'heads:sign' ORDER BY id DESC LIMIT 1"
    ) == [("kept", root(LEAVES[:3]).hex())]
