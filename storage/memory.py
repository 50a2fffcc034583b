"""Twins that keep everything in memory: they implement the real interfaces, so tests need no mocks."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import IO

from storage.errors import ObjectNotFoundError, PreconditionFailedError, SealError
from storage.objects import OCTETS, READ_SIZE, StoredObject, as_file, check_condition, check_digest, verified
from storage.sealing import DataKey


class MemoryObjectStore:
    """An :class:`~storage.ObjectStore` in a dictionary."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._objects: dict[str, tuple[StoredObject, bytes, str]] = {}
        self._versions = 0

    def put(
        self,
        key: str,
        data: bytes | Iterable[bytes],
        *,
        media_type: str = OCTETS,
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> StoredObject:
        """See :class:`~storage.ObjectStore`."""
        check_condition(data, if_absent, if_match)
        body = data if isinstance(data, bytes) else b"".join(data)
        present = self.head(key)
        if (if_absent and present) or (if_match is not None and (present is None or present.etag != if_match)):
            raise PreconditionFailedError(
                f"object {key} is not the version this write expected: read it again and retry"
            )
        self._versions += 1
        stored = StoredObject(key, len(body), f"v{self._versions}", hashlib.sha256(body).hexdigest(), self._clock())
        self._objects[key] = (stored, body, media_type)
        return stored

    def get(self, key: str, digest: str | None = None) -> bytes:
        """See :class:`~storage.ObjectStore`."""
        body = self._body(key)
        if digest is not None:
            check_digest(key, hashlib.sha256(body).hexdigest(), digest)
        return body

    def open(self, key: str, digest: str | None = None) -> IO[bytes]:
        """See :class:`~storage.ObjectStore`."""
        body = self._body(key)
        chunks = (body[start : start + READ_SIZE] for start in range(0, len(body), READ_SIZE))
        return as_file(verified(chunks, key, digest))

    def head(self, key: str) -> StoredObject | None:
        """See :class:`~storage.ObjectStore`."""
        found = self._objects.get(key)
        return found[0] if found else None

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See :class:`~storage.ObjectStore`."""
        for key in sorted(self._objects):
            if key.startswith(prefix):
                yield self._objects[key][0]

    def delete(self, key: str) -> None:
        """See :class:`~storage.ObjectStore`."""
        self._objects.pop(key, None)

    def discard_unfinished(self, prefix: str, before: datetime) -> int:
        """Nothing is ever left unfinished in memory."""
        return 0

    def media_type(self, key: str) -> str:
        """What the object would be served as."""
        return self._objects[key][2]

    def _body(self, key: str) -> bytes:
        try:
            return self._objects[key][1]
        except KeyError:
            raise ObjectNotFoundError(f"no object has the key {key}") from None


class MemoryKeyCustodian:
    """A :class:`~storage.KeyCustodian` that keeps keys in a dictionary."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}
        self._secret = secrets.token_bytes(32)

    def create_key(self, zone: str, dataset: str) -> DataKey:
        """A new random key."""
        key = DataKey(f"key-{secrets.token_hex(12)}", secrets.token_bytes(32))
        self.keys[key.id] = key.key
        return key

    def release_key(self, key_id: str) -> bytes:
        """The key, if it still exists."""
        try:
            return self.keys[key_id]
        except KeyError:
            raise SealError(f"data key {key_id} does not exist any more: what it sealed is erased") from None

    def destroy_key(self, key_id: str) -> None:
        """Forget the key, for ever."""
        self.keys.pop(key_id, None)

    def fingerprint(self, dataset: str, digest: str) -> str:
        """Keyed, so that nobody without the key can test a guess of the payload."""
        return hmac.new(self._secret, f"{dataset}\0{digest}".encode(), hashlib.sha256).hexdigest()
