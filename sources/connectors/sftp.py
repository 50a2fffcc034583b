"""Files that appear in an operator's SFTP account (see :mod:`sources.connectors.drops`), through asyncssh.

The server is known by its host key, which the contract or the credential holds: an unknown or changed key ends the
visit before anything of ours, login included, is said. Nothing of the machine's own SSH configuration, agent or keys is
used. Links and whatever is not a plain file are left alone.
"""

from __future__ import annotations

import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from time import monotonic
from typing import IO, Any, TypeVar

import asyncssh

from policies.contract import Contract
from sources.connectors.drops import DONE, Dropped, Drops, FileRefusedError
from sources.connectors.loop import Loop
from sources.connectors.options import SftpOptions
from sources.credentials import OperatorCredential
from sources.errors import FeedError, SourceUnavailableError
from sources.limits import place
from sources.options import read_options
from sources.protocol import Cursor, Delivery
from storage import as_file

_Result = TypeVar("_Result")
READ_SIZE = 1 << 20  # bytes asked for at a time; asyncssh cuts and pipelines them


@dataclass(frozen=True, slots=True)
class SftpLimits:
    """How patient a visit is, in seconds."""

    connect: float = 20.0
    answer: float = 60.0  # to one request
    total: float = 3600.0  # a whole visit


class Sftp:
    """Watches one pattern of one account."""

    def __init__(self, contract: Contract, credential: OperatorCredential, limits: SftpLimits = SftpLimits()) -> None:
        self._options = options = read_options(contract, SftpOptions)
        self._contract = contract
        self._credential = credential
        self._limits = limits
        where = f"{contract.source}: feed.options"
        self._host = options.host or next(iter(credential.hosts), "")
        self._port = options.port or credential.port or 22
        if not self._host:
            raise FeedError(f"{where}.host : ni le contrat ni les identifiants ne disent l'adresse du serveur")
        credential.check_host(self._host, where)
        self._keys = options.host_keys or tuple(filter(None, (credential.extra.get("host_key"),)))
        if not self._keys:
            raise FeedError(f"{where}.hostKeys : la clé du serveur est exigée, pour être sûr que c'est lui")
        self.problems: list[str] = []

    def fetch(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield a delivery for each complete file not seen yet. See :class:`sources.protocol.Connector`."""
        loop = Loop(self._host)
        account = _Account(self._contract, self._options, self._host, loop, self._limits)
        try:
            account.connect(self._connection)
            drops = Drops(self._contract, self._options.pattern, self._options, account)
            self.problems = drops.problems
            yield from drops.deliveries(cursor, now)
        finally:
            account.close()
            loop.close()

    def _connection(self) -> Awaitable[asyncssh.SSHClientConnection]:
        credential = self._credential
        address = f"[{self._host}]:{self._port}" if self._port != 22 else self._host
        try:
            known = asyncssh.import_known_hosts("".join(f"{address} {key}\n" for key in self._keys))
            text = credential.extra.get("private_key")
            keys = [asyncssh.import_private_key(text, credential.extra.get("passphrase"))] if text else None
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
            raise FeedError(
                f"{self._contract.source}: feed.options : une clé SSH (du serveur, ou la nôtre) ne se lit pas"
            ) from None
        connection: Awaitable[asyncssh.SSHClientConnection] = asyncssh.connect(
            self._host,
            self._port,
            known_hosts=known,
            username=credential.login,
            password=credential.password or None,
            client_keys=keys,
            agent_path=None,
            config=[],
            connect_timeout=self._limits.connect,
            login_timeout=self._limits.connect,
            keepalive_interval=15,
        )
        return connection


class _Account:
    """The files of the account, as a :class:`~sources.connectors.drops.Place`."""

    def __init__(self, contract: Contract, options: SftpOptions, host: str, loop: Loop, limits: SftpLimits) -> None:
        self._where = place(contract, f"serveur SFTP {host}")
        path = PurePosixPath(options.pattern)
        self._folder, self._pattern = str(path.parent), path.name
        self._loop = loop
        self._limits = limits
        self._deadline = monotonic() + limits.total
        self._connection: asyncssh.SSHClientConnection | None = None
        self._session: Any = None

    def connect(self, connection: Callable[[], Awaitable[asyncssh.SSHClientConnection]]) -> None:
        """Open the session."""

        async def begin() -> Any:
            self._connection = await connection()
            return await self._connection.start_sftp_client()

        with self._translated():
            self._session = self._loop.call(begin(), self._limits.connect * 2)

    def close(self) -> None:
        """End the session."""
        connection = self._connection
        if connection is None:
            return

        async def end() -> None:
            connection.abort()
            await connection.wait_closed()

        with suppress(Exception):
            self._loop.call(end(), 5.0)

    def look(self, now: datetime) -> list[Dropped]:
        """See :class:`~sources.connectors.drops.Place`."""

        async def listed() -> list[Dropped]:
            found = []
            async for entry in self._session.scandir(self._folder):
                name = str(entry.filename)
                matches = fnmatchcase(name, self._pattern) or fnmatchcase(name, self._pattern + DONE)
                if matches and "/" not in name and (file := _file(self._path(name), entry.attrs)) is not None:
                    found.append(file)
            return found

        with self._translated():
            found: list[Dropped] = self._call(listed())
        return found

    def read(self, file: Dropped) -> IO[bytes]:
        """See :class:`~sources.connectors.drops.Place`."""
        try:
            opened = self._call(self._session.open(file.name, "rb"))
        except asyncssh.SFTPNoSuchFile:
            raise FileNotFoundError from None
        except asyncssh.SFTPPermissionDenied:
            raise FileRefusedError("le serveur refuse de le laisser lire") from None
        except (asyncssh.Error, OSError, TimeoutError) as error:
            raise self._unavailable(error) from None

        def chunks() -> Iterator[bytes]:
            while True:
                with self._translated():
                    chunk = self._call(opened.read(READ_SIZE))
                if not chunk:
                    return
                yield chunk

        def close() -> None:
            with suppress(Exception):
                self._loop.call(opened.close(), 5.0)

        return as_file(chunks(), close)

    def now_there(self, file: Dropped) -> Dropped | None:
        """See :class:`~sources.connectors.drops.Place`."""
        try:
            return _file(file.name, self._call(self._session.lstat(file.name)))
        except asyncssh.SFTPNoSuchFile:
            return None
        except (asyncssh.Error, OSError, TimeoutError) as error:
            raise self._unavailable(error) from None

    def remove(self, name: str) -> None:
        """See :class:`~sources.connectors.drops.Place`."""
        with self._translated(), suppress(asyncssh.SFTPNoSuchFile):
            self._call(self._session.remove(name))

    def _path(self, name: str) -> str:
        return name if self._folder == "." else f"{self._folder}/{name}"

    def _call(self, coroutine: Any) -> Any:
        return self._loop.call(coroutine, min(self._limits.answer, self._deadline - monotonic()))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (asyncssh.Error, OSError, TimeoutError) as error:
            raise self._unavailable(error) from None

    def _unavailable(self, error: Exception) -> SourceUnavailableError:
        """Told by type: a server's own words may hold anything."""
        reason = _REASONS.get(type(error).__name__, f"ne répond pas comme attendu ({type(error).__name__})")
        return SourceUnavailableError(f"{self._where} : {reason}")


_REASONS = {
    "HostKeyNotVerifiable": "sa clé n'est pas celle que le contrat donne ; rien n'a été envoyé, prévenez l'opérateur",
    "PermissionDenied": "il refuse nos identifiants",
    "TimeoutError": "il ne répond pas à temps",
    "ConnectionLost": "la connexion est tombée",
    "ConnectionRefusedError": "personne n'y écoute",
    "SFTPNoSuchFile": "le dossier du motif n'existe pas",
    "SFTPPermissionDenied": "il refuse l'accès au dossier du motif",
}


def _file(name: str, attributes: Any) -> Dropped | None:
    mode, size, modified = attributes.permissions, attributes.size, attributes.mtime
    if mode is None or size is None or modified is None or not stat.S_ISREG(mode):
        return None
    nanoseconds = int(getattr(attributes, "mtime_ns", None) or 0)
    return Dropped(name, int(size), int(modified) * 1_000_000_000 + nanoseconds, float(modified))
