"""Objects by key: the one interface through which bytes are stored and read.

Invariants that every implementation keeps, and that one behaviour suite checks on all of them:

1. A key shows either a whole object or none: a writer that dies leaves the earlier state.
2. Where a digest is asked for, bytes that do not match it raise before the end of the object is reported.
3. A conditional write that finds another version raises and changes nothing.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from storage.errors import DigestMismatchError

OCTETS = "application/octet-stream"
READ_SIZE = 1 << 20  # bytes asked of the store at a time
_BUFFER_SIZE = 1 << 16  # bytes; larger reads pass it by


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What is known of an object. `digest` is its sha256 in hex, where the writer or the store could tell it."""

    key: str
    size: int  # bytes
    etag: str  # opaque, changes with every version
    digest: str | None
    modified: datetime  # UTC


class ObjectStore(Protocol):
    """One bucket, seen with one credential."""

    def put(
        self,
        key: str,
        data: bytes | Iterable[bytes],
        *,
        media_type: str = OCTETS,
        if_absent: bool = False,
        if_match: str | None = None,
    ) -> StoredObject:
        """Write an object whole; an iterable is streamed in bounded memory and nothing is visible before its end.

        Args:
            key: where.
            data: all the bytes, or chunks of any size. An exception of the iterable leaves nothing behind.
            media_type: sent to whoever downloads it.
            if_absent: only if no object has this key. Of several writers, exactly one succeeds.
            if_match: only if the object now there has this etag. Likewise.

        Conditions are for whole objects (``bytes``): not every store checks and completes a multipart upload at once.

        Raises:
            PreconditionFailedError: `if_absent` or `if_match` does not hold.
            ValueError: a condition on a stream.
            StoreUnavailableError, AccessRefusedError: nothing was written.
        """
        ...

    def get(self, key: str, digest: str | None = None) -> bytes:
        """Return the whole object, checked against the sha256 `digest` when given.

        Raises:
            ObjectNotFoundError, DigestMismatchError, StoreUnavailableError, AccessRefusedError: as named.
        """
        ...

    def open(self, key: str, digest: str | None = None) -> IO[bytes]:
        """Stream the object. With `digest`, the read that reaches the end raises if the bytes were not those."""
        ...

    def head(self, key: str) -> StoredObject | None:
        """What stands at `key`, or None."""
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Objects whose key starts with `prefix`, in order of their keys."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens if there is none."""
        ...

    def discard_unfinished(self, prefix: str, before: datetime) -> int:
        """Drop what writers that died before `before` had sent and nobody ever saw; return how many."""
        ...


class _ChunkFile(io.RawIOBase):
    """Chunks read as a file, without keeping more than one of them."""

    def __init__(self, chunks: Iterator[bytes], close: Callable[[], None]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = memoryview(b"")
        self._close = close

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` as far as the chunk at hand goes; 0 once there are no more."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Give back what the chunks come from."""
        if not self.closed:
            self._close()
        super().close()


def as_file(chunks: Iterator[bytes], close: Callable[[], None] = lambda: None) -> IO[bytes]:
    """A readable file over chunks; an exception they raise comes out of the read that meets it."""
    return io.BufferedReader(_ChunkFile(chunks, close), _BUFFER_SIZE)


def chunks_of(stream: IO[bytes], size: int = READ_SIZE) -> Iterator[bytes]:
    """The stream's bytes, `size` at a time."""
    while chunk := stream.read(size):
        yield chunk


def verified(chunks: Iterable[bytes], key: str, digest: str | None) -> Iterator[bytes]:
    """Pass chunks on, and raise DigestMismatchError in place of their end if they were not the expected ones."""
    if digest is None:
        yield from chunks
        return
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(chunk)
        yield chunk
    check_digest(key, found.hexdigest(), digest)


def copy_object(
    source: ObjectStore, part_key: str, digest: str, target: ObjectStore, key: str, media_type: str
) -> StoredObject:
    """Copy a verified object to another key or bucket, streaming; nothing appears there if the source is damaged."""
    with source.open(part_key, digest) as stream:
        return target.put(key, chunks_of(stream), media_type=media_type)


def check_condition(data: bytes | Iterable[bytes], if_absent: bool, if_match: str | None) -> None:
    """Refuse a conditional write that could not be one step."""
    if not isinstance(data, bytes) and (if_absent or if_match is not None):
        raise ValueError("only a whole object can be written under a condition: give its bytes, not a stream")


def check_digest(key: str, found: str, expected: str | None) -> None:
    """Raise DigestMismatchError unless `found` is what was expected."""
    if expected is not None and found != expected:
        raise DigestMismatchError(
            f"object {key} does not have the digest its manifest gives: it was altered or damaged; "
            "nothing was made from it. Restore it or run the stage that writes it again"
        )
