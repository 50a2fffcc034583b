"""A twin of Vault's transit engine over HTTP: the few calls that custody makes, answered as Vault documents them.

Vault is on no registry that tests reach. The twin keeps what matters here: keys that never leave it, AES-256-GCM with
associated data, ciphertexts « vault:v1:… », 400 for what does not open, 403 for a wrong token, 404 for no such key, a
key that must be marked before it is deleted, and an encryption that makes a key that does not exist.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_PREFIX = "/v1/transit/"


@dataclass(slots=True)
class Transit:
    """The engine's state, and how it misbehaves when a test wants it to."""

    token: str = "s.test"
    keys: dict[str, bytes] = field(default_factory=dict)
    deletable: set[str] = field(default_factory=set)
    sealed: bool = False
    address: str = ""

    def answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of an answer."""
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != self.token:
            return 403, {"errors": ["permission denied"]}
        action, _, name = path.removeprefix(_PREFIX).partition("/")
        if action == "keys":
            return self._keys(method, name, body)
        if action == "encrypt":
            key = AESGCM(self.keys.setdefault(name, os.urandom(32)))
            nonce = os.urandom(12)
            sealed = nonce + key.encrypt(nonce, _bytes(body["plaintext"]), _bytes(body["associated_data"]))
            return 200, {"data": {"ciphertext": "vault:v1:" + base64.b64encode(sealed).decode(), "key_version": 1}}
        return self._decrypt(name, body)

    def _keys(self, method: str, name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name, _, config = name.partition("/")
        if method == "POST" and not config:
            self.keys.setdefault(name, os.urandom(32))
            return 200, {"data": {"name": name, "type": body["type"], "exportable": False}}
        if name not in self.keys:
            return 404, {"errors": []}
        if method == "GET":
            return 200, {"data": {"name": name, "type": "aes256-gcm96", "latest_version": 1}}
        if method == "POST":
            if body.get("deletion_allowed"):
                self.deletable.add(name)
            return 204, {}
        if name not in self.deletable:
            return 400, {"errors": [f"error deleting policy {name}: deletion is not allowed for this key"]}
        del self.keys[name]
        return 204, {}

    def _decrypt(self, name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if name not in self.keys:
            return 400, {"errors": ["encryption key not found"]}
        try:
            sealed = base64.b64decode(str(body["ciphertext"]).removeprefix("vault:v1:"), validate=True)
            opened = AESGCM(self.keys[name]).decrypt(sealed[:12], sealed[12:], _bytes(body["associated_data"]))
        except (InvalidTag, ValueError):
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(opened).decode()}}


@contextmanager
def serve_transit() -> Iterator[Transit]:
    """Serve a twin on a free port of 127.0.0.1."""
    transit = Transit()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            data = self.rfile.read(int(self.headers.get("content-length", 0)))
            token = self.headers.get("x-vault-token", "")
            status, body = transit.answer(self.command, self.path, token, json.loads(data or b"{}"))
            content = json.dumps(body).encode() if status != 204 else b""
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _handle

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    transit.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield transit
    finally:
        server.shutdown()
        server.server_close()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
