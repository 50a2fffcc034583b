"""Master keys in Vault's transit engine, over its HTTP API (``keys``, ``encrypt``, ``decrypt``).

The key is of type ``aes256-gcm96`` and not exportable; it wraps inside Vault. A wrap is

    marker (1 byte: 3) | Vault's own ciphertext, « vault:v1:… »

Vault makes a key that does not exist when it is asked to encrypt under it: so a key is looked for before it is used,
and custody's policy in Vault should grant ``update``, not ``create``, on ``transit/encrypt/…``. The token is read from
its file at each call: an agent may renew it there.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import httpx
from pydantic import SecretStr

from custody.errors import MasterKeyError, TamperedError
from custody.keyring import fields
from custody.settings import VaultSettings

_MARK = b"\x03"
_BAD_REQUEST, _NOT_FOUND = 400, 404


class TransitKeeper:
    """See :class:`~custody.masters.keepers.Keeper`."""

    def __init__(self, settings: VaultSettings, secret: Callable[[str], SecretStr]) -> None:
        """Speak to the Vault that the settings name.

        Args:
            secret: reads the token.
        """
        self._settings, self._secret = settings, secret
        verify = str(settings.ca) if settings.ca is not None else True
        base = f"{settings.address.rstrip('/')}/v1/{settings.mount}"
        self._client = httpx.Client(base_url=base, timeout=settings.timeout_seconds, verify=verify, trust_env=False)

    def open(self, name: str) -> TransitMaster:
        """See :class:`~custody.masters.keepers.Keeper`."""
        self.require(name)
        return TransitMaster(self, name)

    def create(self, name: str) -> TransitMaster:
        """See :class:`~custody.masters.keepers.Keeper`."""
        if not self._exists(name):
            self.call("POST", f"keys/{self.label(name)}", {"type": "aes256-gcm96", "exportable": False})
        return self.open(name)

    def destroy(self, name: str) -> None:
        """See :class:`~custody.masters.keepers.Keeper`. Vault wants to be told first that the key may be deleted."""
        if self._exists(name):
            self.call("POST", f"keys/{self.label(name)}/config", {"deletion_allowed": True})
            self.call("DELETE", f"keys/{self.label(name)}")

    def require(self, name: str) -> None:
        """Refuse a key that Vault does not have.

        Raises:
            MasterKeyError: it does not, or does not answer.
        """
        if not self._exists(name):
            raise MasterKeyError(f"Vault has no transit key « {self.label(name)} »: restore it from Vault's own backup")

    def label(self, name: str) -> str:
        """Return what Vault calls a master key."""
        return self._settings.prefix + name

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the data of Vault's answer.

        Raises:
            TransitRefusedError: the status is 400: what was sent is not right.
            MasterKeyError: no answer, or another refusal.
        """
        response = self._ask(method, path, body)
        if response.status_code == _BAD_REQUEST:
            raise TransitRefusedError(f"Vault refuses « {method} {path} »")
        if response.status_code >= _BAD_REQUEST:
            raise MasterKeyError(f"Vault answers {response.status_code} to « {method} {path} »: see its audit log")
        try:
            return dict(response.json()["data"]) if response.content else {}
        except (ValueError, KeyError, TypeError):
            raise MasterKeyError(f"Vault's answer to « {method} {path} » is not Vault's") from None

    def _exists(self, name: str) -> bool:
        response = self._ask("GET", f"keys/{self.label(name)}", None)
        if response.status_code not in (httpx.codes.OK, _NOT_FOUND):
            raise MasterKeyError(f"Vault answers {response.status_code} when asked for its keys: see its audit log")
        return response.status_code == httpx.codes.OK

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
        token = self._secret(self._settings.token).get_secret_value()
        try:
            return self._client.request(method, f"/{path}", json=body, headers={"X-Vault-Token": token})
        except httpx.HTTPError as error:
            raise MasterKeyError(
                f"Vault does not answer at {self._settings.address} ({type(error).__name__})"
            ) from None


class TransitRefusedError(MasterKeyError):
    """Vault does not accept what it was sent: a ciphertext that was altered, for one."""


class TransitMaster:
    """A master key in Vault. See :class:`~custody.keyring.Wrapper`."""

    def __init__(self, keeper: TransitKeeper, name: str) -> None:
        self._keeper = keeper
        self.name = name

    def __repr__(self) -> str:
        return f"TransitMaster({self.name!r})"

    def wrap(self, key: bytes, *context: str) -> bytes:
        """See :class:`~custody.keyring.Wrapper`."""
        self._keeper.require(self.name)
        body = {"plaintext": _text(key), "associated_data": _text(_MARK + fields(*context))}
        try:
            sealed = str(self._keeper.call("POST", f"encrypt/{self._keeper.label(self.name)}", body)["ciphertext"])
        except KeyError:
            raise MasterKeyError("Vault's answer has no ciphertext") from None
        return _MARK + sealed.encode("ascii")

    def unwrap(self, wrapped: bytes, *context: str) -> bytes:
        """See :class:`~custody.keyring.Wrapper`."""
        if wrapped[:1] != _MARK or not wrapped.isascii():
            raise TamperedError("a wrapped key is not one that Vault made")
        body = {"ciphertext": wrapped[1:].decode(), "associated_data": _text(_MARK + fields(*context))}
        try:
            answer = self._keeper.call("POST", f"decrypt/{self._keeper.label(self.name)}", body)
            return base64.b64decode(str(answer["plaintext"]), validate=True)
        except TransitRefusedError:
            self._keeper.require(self.name)
            raise TamperedError("a wrapped key does not open: altered, moved, or under another master key") from None
        except (KeyError, binascii.Error):
            raise MasterKeyError("Vault's answer has no plaintext") from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
