"""Master keys in files of mode 600, one each, in custody's folder of secrets. What the embedded stack uses.

Whoever copies the folder has the key: a file is as safe as its disk and its backups. Destroying one overwrites it
before it is removed, which says nothing of what a flash disk or a backup keeps.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from custody.errors import MasterKeyError
from custody.keyring import MASTER_KEY_BYTES, MasterKey

_MARK = "ardoise-master-key-1"


class FileKeeper:
    """See :class:`~custody.masters.keepers.Keeper`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, name: str) -> Path:
        """Return where a master key is."""
        return self._folder / f"{name}.key"

    def open(self, name: str) -> MasterKey:
        """See :class:`~custody.masters.keepers.Keeper`."""
        file = self.file(name)
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
            text = file.read_text(encoding="ascii")
        except FileNotFoundError:
            raise MasterKeyError(f"{file} is missing: restore it; no key of this custody opens without it") from None
        except (OSError, UnicodeDecodeError) as error:
            raise MasterKeyError(f"{file} is not readable ({type(error).__name__}): check its owner and mode") from None
        if mode & 0o077:
            raise MasterKeyError(f"{file} has mode {mode:03o}, others can read it: chmod 600, think of replacing it")
        mark, _, value = text.strip().partition(" ")
        try:
            key = base64.b64decode(value, validate=True)
        except binascii.Error:
            key = b""
        if mark != _MARK or len(key) != MASTER_KEY_BYTES:
            raise MasterKeyError(f"{file} is damaged: restore it from its copy")
        return MasterKey(key, name)

    def create(self, name: str) -> MasterKey:
        """See :class:`~custody.masters.keepers.Keeper`. A file cut short by a kill was never under its final name."""
        file = self.file(name)
        if file.exists():
            return self.open(name)
        partial = file.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        key = os.urandom(MASTER_KEY_BYTES)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(f"{_MARK} {base64.b64encode(key).decode()}\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._own(partial)
        os.replace(partial, file)
        _sync(self._folder)
        return MasterKey(key, name)

    def destroy(self, name: str) -> None:
        """See :class:`~custody.masters.keepers.Keeper`."""
        file = self.file(name)
        if not file.exists():
            return
        with file.open("r+b") as stream:
            stream.write(bytes(file.stat().st_size))
            stream.flush()
            os.fsync(stream.fileno())
        file.unlink()
        _sync(self._folder)

    def _own(self, file: Path) -> None:
        """Made by root in a folder of custody's user: that user must be able to read it."""
        owner = self._folder.stat()
        if os.geteuid() == 0:
            os.chown(file, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
