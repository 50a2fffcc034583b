"""The calls of custody's HTTP interface that are JSON both ways and no stream: each asks the operation below it.

The name of a route is what its refusals are called in the log.
"""

from __future__ import annotations

import base64
from typing import Any

from fastapi import FastAPI, Request, Response

from anonymization.pseudonyms import Action
from custody.bodies import (
    FingerprintAnswer,
    FingerprintBody,
    HeadAnswer,
    HeadBody,
    KeyAnswer,
    KeyBody,
    LedgerKeyAnswer,
    NewKeyAnswer,
    RunAnswer,
    RunBody,
)
from custody.callers import Caller, require_client
from custody.database import current
from custody.heads import public_key, sign_head
from custody.keystore import create_key, destroy_key, fingerprint, release_key
from custody.metrics import CONTENT_TYPE, exposition
from custody.request_log import log_fields
from custody.runs import create_run
from custody.vault import Vault


def add_calls(app: FastAPI, vault: Vault, identified: Any) -> None:
    """Add the calls of this file; ``identified`` is the dependency that returns the caller."""
    _add_state(app, vault)
    _add_keys(app, vault, identified)
    _add_heads(app, vault, identified)

    @app.post("/v1/runs", status_code=201, name=Action.CREATE_RUNS.value)
    def runs(request: Request, body: RunBody, caller: Caller = identified) -> RunAnswer:
        """Make the token of one run: its domains, data keys, quota of identifiers and end."""
        log_fields(request.scope).update(run_id=body.run_id, dataset=body.dataset, quota=body.quota)
        return RunAnswer(token=create_run(vault, require_client(caller), body.request()))

    @app.post("/v1/fingerprint", name=Action.FINGERPRINT.value)
    def name(body: FingerprintBody, caller: Caller = identified) -> FingerprintAnswer:
        """Name a payload by a keyed hash of its digest."""
        return FingerprintAnswer(fingerprint=fingerprint(vault, require_client(caller), body.dataset, body.digest))


def _add_state(app: FastAPI, vault: Vault) -> None:
    @app.get("/health")
    def health() -> dict[str, str]:
        """Tell whether the service and its database answer, and the state that the database is in."""
        with vault.engine.connect() as connection:
            return {"status": "ok", "state": current(connection)}

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def metrics() -> Response:
        """Counts by call, code and domain, in Prometheus' text format."""
        return Response(exposition(), media_type=CONTENT_TYPE)


def _add_keys(app: FastAPI, vault: Vault, identified: Any) -> None:
    @app.post("/v1/keys", status_code=201, name=Action.CREATE_KEYS.value)
    def keys(body: KeyBody, caller: Caller = identified) -> NewKeyAnswer:
        """Make a data key; custody keeps it wrapped."""
        key = create_key(vault, caller, body.zone, body.dataset)
        return NewKeyAnswer(key_id=key.id, key=base64.b64encode(key.key).decode())

    @app.post("/v1/keys/{key_id}/release", name=Action.RELEASE_KEYS.value)
    def release(key_id: str, caller: Caller = identified) -> KeyAnswer:
        """Give a data key to who made it, to a run that names it, or to a client that may have its zone's."""
        return KeyAnswer(key=base64.b64encode(release_key(vault, caller, key_id)).decode())

    @app.delete("/v1/keys/{key_id}", status_code=204, name=Action.DESTROY_KEYS.value)
    def destroy(key_id: str, caller: Caller = identified) -> Response:
        """Forget a data key: what it seals can never be opened again."""
        destroy_key(vault, require_client(caller), key_id)
        return Response(status_code=204)


def _add_heads(app: FastAPI, vault: Vault, identified: Any) -> None:
    @app.post("/v1/ledger/heads", status_code=201, name=Action.SIGN_HEADS.value)
    def heads(body: HeadBody, caller: Caller = identified) -> HeadAnswer:
        """Sign the head of a ledger that extends the last one signed (RFC 9162, 2.1.4)."""
        proof = [bytes.fromhex(one) for one in body.proof]
        signed = sign_head(vault, require_client(caller), body.ledger, body.size, bytes.fromhex(body.root), proof)
        return HeadAnswer(
            ledger=signed.ledger,
            size=signed.size,
            root=signed.root.hex(),
            signed_at=signed.signed_at,
            signature=signed.signature.hex(),
        )

    @app.get("/v1/ledger/key")
    def ledger_key() -> LedgerKeyAnswer:
        """The public key that signed heads are verified with."""
        return LedgerKeyAnswer(ed25519=public_key(vault).hex())
