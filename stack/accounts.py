"""The operating-system users that the stack's processes run as, when it is started as root.

PostgreSQL refuses to run as root, and custody's files belong to a user of its own whom the hub's cluster can not
impersonate. An ordinary user starts everything as himself: then the separation is a demonstration, not a boundary.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from stack.errors import MissingPieceError

HUB_USER = "ardoise-hub"
CUSTODY_USER = "ardoise-custody"


def is_root() -> bool:
    """Tell whether the stack is started as root."""
    return os.geteuid() == 0


def account(name: str) -> str | None:
    """Return ``name`` when processes must change user, else ``None``."""
    return name if is_root() else None


def ensure_accounts() -> None:
    """Create the operating-system users, as root; nothing to do for an ordinary user.

    Raises:
        MissingPieceError: ``useradd`` is absent or refuses.
    """
    if not is_root():
        return
    for name in (HUB_USER, CUSTODY_USER):
        if exists(name):
            continue
        if (program := useradd()) is None:
            raise MissingPieceError(
                f"l'utilisateur système « {name} » n'existe pas et useradd est absent : créez-le, "
                "ou démarrez la pile en utilisateur ordinaire"
            )
        command = [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        result = subprocess.run([*command, "--shell", "/usr/sbin/nologin", name], capture_output=True, text=True)
        if result.returncode != 0 and not exists(name):
            raise MissingPieceError(f"useradd n'a pas créé « {name} » : {result.stderr.strip()}")


def useradd() -> str | None:
    """Return the program that creates operating-system users, if this machine has it."""
    return shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")


def exists(name: str) -> bool:
    """Tell whether the operating-system user ``name`` exists."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def own_folder(folder: Path, user: str | None, mode: int = 0o700) -> None:
    """Create ``folder`` with ``mode``, belonging to ``user`` (to whoever runs this when ``None``)."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)
    if user is not None:
        shutil.chown(folder, user, user)


def give_tree(folder: Path, user: str | None) -> None:
    """Give everything in ``folder`` to ``user``; links are not followed."""
    if user is None:
        return
    entry = pwd.getpwnam(user)
    for parent, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            os.chown(os.path.join(parent, name), entry.pw_uid, entry.pw_gid, follow_symlinks=False)
