"""Start one service as its launch description says: environment, folder, operating-system user, then exec.

Run by supervisord as ``python -I launch.py <description>``; stands on the standard library alone, so that it costs a
few hundredths of a second. The description (mode 600) holds the environment, secrets included: supervisord's own
configuration has none.

A Python service whose user can not read the interpreter's files (they may lie under a mode-700 home) names modules to
import first: they are imported as root, the process then drops to its user for good, and runs the module in-process.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import pwd
import runpy
import sys
from collections.abc import Iterable
from typing import Any


def main(description: str) -> None:
    """Become the service that the file ``description`` describes; returns only if it ends in-process."""
    with open(description, encoding="utf-8") as file:
        service: dict[str, Any] = json.load(file)
    os.umask(0o077)
    os.environ.clear()
    os.environ.update(service["env"])
    if not service["import_first"]:
        os.chdir(service["cwd"])
        if service["user"]:
            drop_privileges(service["user"])
        command = service["command"]
        os.execve(command[0], command, service["env"])  # noqa: S606
    run_in_process(service)


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


def run_in_process(service: dict[str, Any]) -> None:
    """Import what the service needs, drop to its user, and run ``python -m <module> …`` here."""
    _, flag, module, *arguments = service["command"]
    if flag != "-m":
        raise ValueError("only « python -m <module> » can be run in-process")
    sys.path[:0] = [folder for folder in service["env"].get("PYTHONPATH", "").split(os.pathsep) if folder]
    import_all(service["import_first"])
    code = runpy._get_module_details(f"{module}.__main__")[2]  # type: ignore[attr-defined]  # read before the drop
    os.chdir(service["cwd"])
    if service["user"]:
        drop_privileges(service["user"])
    sys.argv = [module, *arguments]
    exec(code, {"__name__": "__main__", "__package__": module, "__builtins__": __builtins__})  # noqa: S102


def import_all(names: Iterable[str]) -> None:
    """Import each module of ``names``; ``package.*`` stands for all modules of a package."""
    for name in names:
        package = importlib.import_module(name.removesuffix(".*"))
        if name.endswith(".*"):
            for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
                if not found.name.endswith("__main__"):
                    importlib.import_module(found.name)


if __name__ == "__main__":
    main(sys.argv[1])
