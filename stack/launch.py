"""Start one service as its launch description says: environment, folder, operating-system user, then exec.

Run by supervisord as ``python -I launch.py <description>``; stands on the standard library alone, so that it costs a
few hundredths of a second. The description (mode 600) holds the environment, secrets included: supervisord's own
configuration has none.
"""

from __future__ import annotations

import json
import os
import pwd
import sys
from typing import Any


def main(description: str) -> None:
    """Become the service that the file ``description`` describes."""
    with open(description, encoding="utf-8") as file:
        service: dict[str, Any] = json.load(file)
    os.umask(0o077)
    os.chdir(service["cwd"])
    if service["user"]:
        drop_privileges(service["user"])
    os.execve(service["command"][0], service["command"], service["env"])  # noqa: S606


def drop_privileges(user: str) -> None:
    """Become ``user`` for good: groups, real, effective and saved identities.

    Raises:
        RuntimeError: the process could become root again.
    """
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    try:
        os.setuid(0)
    except PermissionError:
        return
    raise RuntimeError("the process can still become root")


if __name__ == "__main__":
    main(sys.argv[1])
