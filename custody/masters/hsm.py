"""Master keys in a hardware security module, over PKCS#11 (OASIS, v2.40 and later: CKM_AES_GCM).

The key is made inside the module, sensitive and not extractable: it wraps there, and custody's process never has it. A
wrap is

    marker (1 byte: 2) | nonce (12) | AES-256-GCM of the key | tag (16)

The module is spoken to in one session, one call at a time: sessions are not for sharing by threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.exceptions import (
    DeviceError,
    DeviceRemoved,
    KeyHandleInvalid,
    MultipleObjectsReturned,
    NoSuchKey,
    ObjectHandleInvalid,
    PKCS11Error,
    SessionClosed,
    SessionHandleInvalid,
    UserAlreadyLoggedIn,
    UserNotLoggedIn,
)
from pydantic import SecretStr

from custody.errors import MasterKeyError, TamperedError
from custody.keyring import fields
from custody.settings import HsmSettings

_MARK = b"\x02"
_NONCE_BYTES, _TAG_BYTES = 12, 16
_LOST = (
    DeviceError,
    DeviceRemoved,
    KeyHandleInvalid,
    ObjectHandleInvalid,
    SessionClosed,
    SessionHandleInvalid,
    UserNotLoggedIn,
)
_Result = TypeVar("_Result")


class HsmKeeper:
    """See :class:`~custody.masters.keepers.Keeper`."""

    def __init__(self, settings: HsmSettings, secret: Callable[[str], SecretStr]) -> None:
        """Speak to the module that the settings name.

        Args:
            secret: reads the PIN, each time a session is opened.
        """
        self._settings, self._secret = settings, secret
        self._session: pkcs11.Session | None = None
        self._lock = Lock()

    def open(self, name: str) -> HsmMaster:
        """See :class:`~custody.masters.keepers.Keeper`."""
        master = HsmMaster(self, name)
        self.use(name, lambda key: key.label)
        return master

    def create(self, name: str) -> HsmMaster:
        """See :class:`~custody.masters.keepers.Keeper`."""
        try:
            return self.open(name)
        except MissingMasterError:
            self._in_session(lambda session: _generate(session, self._label(name)))
        return self.open(name)

    def destroy(self, name: str) -> None:
        """See :class:`~custody.masters.keepers.Keeper`."""
        try:
            self.use(name, lambda key: key.destroy())
        except MissingMasterError:
            return

    def use(self, name: str, work: Callable[[Any], _Result]) -> _Result:
        """Return what ``work`` makes of a master key; it may be called twice.

        Raises:
            MissingMasterError: there is no such key.
            MasterKeyError: the module does not answer, or has several keys of this name.
            PKCS11Error: the module refuses the work itself.
        """
        label = self._label(name)

        def found(session: pkcs11.Session) -> _Result:
            try:
                key = session.get_key(ObjectClass.SECRET_KEY, KeyType.AES, label)
            except NoSuchKey:
                raise MissingMasterError(f"the HSM has no key « {label} »: restore it from its own backup") from None
            except MultipleObjectsReturned:
                raise MasterKeyError(f"the HSM has several keys « {label} »: remove the wrong ones") from None
            return work(key)

        return self._in_session(found)

    def _in_session(self, work: Callable[[pkcs11.Session], _Result]) -> _Result:
        """Once more in a new session if the one there was is gone: a module may be restarted."""
        with self._lock:
            try:
                return work(self._session or self._login())
            except _LOST:
                self._session = None
            return work(self._login())

    def _login(self) -> pkcs11.Session:
        settings = self._settings
        pin = self._secret(settings.pin).get_secret_value()
        try:
            token = pkcs11.lib(str(settings.module)).get_token(token_label=settings.token)
            try:
                self._session = token.open(rw=True, user_pin=pin)
            except UserAlreadyLoggedIn:
                self._session = token.open(rw=True)
        except (PKCS11Error, RuntimeError, OSError) as error:
            raise MasterKeyError(f"the HSM does not open a session ({type(error).__name__}): see [pkcs11]") from None
        return self._session

    def _label(self, name: str) -> str:
        return self._settings.prefix + name


class MissingMasterError(MasterKeyError):
    """The module has no key of this name."""


class HsmMaster:
    """A master key in an HSM. See :class:`~custody.keyring.Wrapper`."""

    def __init__(self, keeper: HsmKeeper, name: str) -> None:
        self._keeper = keeper
        self.name = name

    def __repr__(self) -> str:
        return f"HsmMaster({self.name!r})"

    def wrap(self, key: bytes, *context: str) -> bytes:
        """See :class:`~custody.keyring.Wrapper`."""
        nonce = os.urandom(_NONCE_BYTES)
        parameters = pkcs11.GCMParams(nonce, _MARK + fields(*context))
        try:
            sealed = self._keeper.use(
                self.name, lambda master: master.encrypt(key, mechanism=Mechanism.AES_GCM, mechanism_param=parameters)
            )
        except PKCS11Error as error:
            raise MasterKeyError(f"the HSM does not wrap ({type(error).__name__})") from None
        return _MARK + nonce + bytes(sealed)

    def unwrap(self, wrapped: bytes, *context: str) -> bytes:
        """See :class:`~custody.keyring.Wrapper`.

        Modules do not agree on the error of a wrong tag, and some give the same one when they fail: whether this one
        works is asked by a wrap of its own.
        """
        mark, nonce, sealed = wrapped[:1], wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
        if mark != _MARK or len(nonce) < _NONCE_BYTES or len(sealed) < _TAG_BYTES:
            raise TamperedError("a wrapped key is not one that an HSM made")
        parameters = pkcs11.GCMParams(nonce, mark + fields(*context))
        try:
            return bytes(
                self._keeper.use(
                    self.name,
                    lambda master: master.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=parameters),
                )
            )
        except PKCS11Error:
            self.wrap(bytes(32), "probe")
            raise TamperedError("a wrapped key does not open: altered, moved, or under another master key") from None


def _generate(session: pkcs11.Session, label: str) -> None:
    try:
        session.generate_key(
            KeyType.AES,
            256,
            label=label,
            store=True,
            capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
            template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )
    except PKCS11Error as error:
        raise MasterKeyError(f"the HSM does not make a key ({type(error).__name__})") from None
