"""Becoming an operating-system user of one's own, when started as root."""

from __future__ import annotations

import os
import pwd
import resource
from pathlib import Path

from custody.errors import PrivilegesError
from custody.settings import FILE


def give(home: Path, user: str) -> None:
    """Make ``user`` the owner of custody's own files (not of what else may lie in the folder).

    Raises:
        PrivilegesError: there is no such user, or this process may not.
    """
    entry = _entry(user)
    secrets = home / "secrets"
    for path in (home, home / FILE, secrets, *sorted(secrets.glob("*"))):
        if path.exists():
            os.chown(path, entry.pw_uid, entry.pw_gid)


def drop_to(user: str) -> None:
    """Become ``user``, for good. Import everything first: the interpreter's folder may be closed to that user.

    Raises:
        PrivilegesError: there is no such user, or this process is neither root nor already that user.
    """
    entry = _entry(user)
    if os.geteuid() == entry.pw_uid:
        return
    if os.geteuid() != 0:
        raise PrivilegesError(f"only root can become « {user} »: start as root, or leave --user out")
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.umask(0o077)


def forbid_core_dumps() -> None:
    """Keep keys and identifiers out of crash dumps, whatever the machine's habits are."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _entry(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise PrivilegesError(f"there is no user « {user} » on this machine") from None
