"""The SFTP server of the simulated operators: a folder for each login, which is known by one key and no password."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh


async def serve(port: int, host_key: Path, authorized: Path, accounts: Path) -> asyncssh.SSHAcceptor:
    """Listen on the loopback interface.

    Args:
        port: 0 for any.
        host_key: the server's private key (OpenSSH).
        authorized: folder with `<login>.pub`, the public key of each login.
        accounts: folder with what each login sees, in a folder of its name.
    """
    known = {file.stem: file.read_text(encoding="ascii").split()[:2] for file in sorted(authorized.glob("*.pub"))}
    for login in known:
        (accounts / login).mkdir(mode=0o700, parents=True, exist_ok=True)

    class Account(asyncssh.SSHServer):
        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return key.export_public_key().decode("ascii").split()[:2] == known.get(username)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel[Any]) -> None:
            login = str(channel.get_extra_info("username"))
            super().__init__(channel, chroot=str(accounts / login).encode())

    return await asyncssh.create_server(
        Account, "127.0.0.1", port, server_host_keys=[str(host_key)], sftp_factory=Files, allow_scp=False
    )
