"""The places a master key may be kept in, behind one small interface; custody's settings choose.

A place knows its master keys by the names that the database gives them (``master``, ``master-2``…). Nothing above this
package knows where a master key is: it wraps and unwraps.
"""

from __future__ import annotations

from typing import Protocol

from custody.errors import SettingsError
from custody.keyring import Wrapper
from custody.settings import CustodySettings


class Keeper(Protocol):
    """A place that keeps master keys."""

    def open(self, name: str) -> Wrapper:
        """Return a master key.

        Raises:
            MasterKeyError: it is not there, not private, damaged, or the place does not answer.
        """
        ...

    def create(self, name: str) -> Wrapper:
        """Make a random master key that lasts before this returns; one that is there already is opened.

        Raises:
            MasterKeyError: the place does not do it.
        """
        ...

    def destroy(self, name: str) -> None:
        """Make what is wrapped under a master key unreadable for ever. Quiet if it is gone.

        Raises:
            MasterKeyError: the place does not do it.
        """
        ...


def keeper(provider: str, settings: CustodySettings) -> Keeper:
    """Return the place called ``provider`` (``file``, ``pkcs11`` or ``vault``) as the settings describe it.

    Imports what speaks to it only now: most custodies need neither an HSM's library nor an HTTP client.

    Raises:
        SettingsError: the settings do not describe it.
    """
    if provider == "file":
        from custody.masters.files import FileKeeper

        return FileKeeper(settings.secrets)
    if provider == "pkcs11":
        if settings.pkcs11 is None:
            raise SettingsError("the master key is in an HSM: the settings need a table [pkcs11]")
        from custody.masters.hsm import HsmKeeper

        return HsmKeeper(settings.pkcs11, settings.secret)
    if provider == "vault":
        if settings.vault is None:
            raise SettingsError("the master key is in Vault: the settings need a table [vault]")
        from custody.masters.transit import TransitKeeper

        return TransitKeeper(settings.vault, settings.secret)
    raise SettingsError(f"there is no place « {provider} » for a master key: file, pkcs11, vault")
