"""Objects that an operator puts in a bucket of its own (see :mod:`sources.connectors.drops`).

An object appears whole, so ``rename`` is enough to know that it is complete. Its ETag tells a version from the next.
The bucket is the operator's, with a credential the operator gave: never the hub's own store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from pydantic import SecretStr

from policies.contract import Contract
from settings import Credential, S3Settings
from sources.connectors.drops import DONE, Dropped, Drops, FileRefusedError
from sources.connectors.loop import patiently
from sources.connectors.options import S3Options
from sources.credentials import OperatorCredential, check_private
from sources.errors import FeedError, SourceUnavailableError
from sources.limits import place
from sources.options import read_options
from sources.protocol import Cursor, Delivery
from storage import (
    AccessRefusedError,
    ObjectNotFoundError,
    S3ObjectStore,
    StorageError,
    StoredObject,
    StoreUnavailableError,
    as_file,
    chunks_of,
)

PATIENCE = 120.0  # seconds for each mebibyte


class S3Drop:
    """Watches one pattern of keys of one bucket."""

    def __init__(self, contract: Contract, credential: OperatorCredential) -> None:
        options = read_options(contract, S3Options)
        where = f"{contract.source}: feed.options"
        endpoint = (options.endpoint or credential.extra.get("endpoint", "")).rstrip("/")
        address = urlsplit(endpoint)
        if not address.hostname:
            raise FeedError(f"{where}.endpoint : ni le contrat ni les identifiants ne disent l'adresse du magasin")
        check_private(address.scheme == "https", address.hostname, where)
        credential.check_host(address.hostname, where)
        identity = Credential(credential.login, SecretStr(credential.password))
        settings = S3Settings(endpoint=endpoint, region=options.region)
        path = PurePosixPath(options.pattern)
        self._folder = "" if str(path.parent) == "." else f"{path.parent}/"
        self._pattern = path.name
        self._where = place(contract, f"magasin {address.netloc}, seau {options.bucket}")
        self._store = S3ObjectStore(settings, options.bucket, identity)
        self._drops = Drops(contract, options.pattern, options, self)

    @property
    def problems(self) -> list[str]:
        """Objects that could not be taken."""
        return self._drops.problems

    def fetch(self, cursor: Cursor | None, now: datetime) -> Iterator[Delivery]:
        """Yield a delivery for each object not seen yet. See :class:`sources.protocol.Connector`."""
        return self._drops.deliveries(cursor, now)

    def look(self, now: datetime) -> list[Dropped]:
        """See :class:`~sources.connectors.drops.Place`."""
        prefix = self._folder + self._pattern[: _literal(self._pattern)]
        with self._translated():
            return [_file(found) for found in self._store.list(prefix) if self._matches(found.key)]

    def read(self, file: Dropped) -> IO[bytes]:
        """See :class:`~sources.connectors.drops.Place`."""
        try:
            opened = self._store.open(file.name)
        except ObjectNotFoundError:
            raise FileNotFoundError from None
        except AccessRefusedError:
            raise FileRefusedError("le magasin refuse de le laisser lire") from None
        except StorageError:
            raise self._unavailable() from None

        def chunks() -> Iterator[bytes]:
            with self._translated():
                yield from patiently(chunks_of(opened), PATIENCE)

        return as_file(chunks(), opened.close)

    def now_there(self, file: Dropped) -> Dropped | None:
        """See :class:`~sources.connectors.drops.Place`."""
        with self._translated():
            found = self._store.head(file.name)
        return None if found is None else _file(found)

    def remove(self, name: str) -> None:
        """See :class:`~sources.connectors.drops.Place`."""
        with self._translated():
            self._store.delete(name)

    def _matches(self, key: str) -> bool:
        name = key.removeprefix(self._folder)
        return "/" not in name and (fnmatchcase(name, self._pattern) or fnmatchcase(name, self._pattern + DONE))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except AccessRefusedError:
            raise SourceUnavailableError(f"{self._where} : il refuse nos identifiants") from None
        except (StoreUnavailableError, TimeoutError):
            raise self._unavailable() from None
        except StorageError:
            raise SourceUnavailableError(f"{self._where} : il refuse la demande") from None

    def _unavailable(self) -> SourceUnavailableError:
        return SourceUnavailableError(f"{self._where} : il ne répond pas")


def _literal(pattern: str) -> int:
    """How many characters stand before the first wildcard."""
    return min((pattern.index(sign) for sign in "*?[" if sign in pattern), default=len(pattern))


def _file(found: StoredObject) -> Dropped:
    return Dropped(found.key, found.size, found.etag.strip('"'), found.modified.timestamp())
