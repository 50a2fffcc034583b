"""Sealing: authenticated encryption of streams of any length in bounded memory.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance", CRYPTO 2015, section 7) over AES-256-GCM: the stream is cut into segments, each sealed under the
nonce ``prefix (7) || counter (4) || last (1)``. Nobody can alter, drop, repeat, reorder or cut off segments unnoticed.

    marker "ARDS" | version 1 | algorithm 1 | segment size (4, big endian) | salt (32) | segment + tag | …

Key and nonce prefix are derived (HKDF-SHA-256, RFC 5869) from the data key, the salt, the marker and a context: the
caller's statement of what the bytes are, so that an object can not be passed off as another one.
Plaintext is given out only once its segment is authenticated; the end is reported only after the last segment was seen.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import IO, Protocol, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import SealError

KEY_SIZE = 32  # bytes
SEGMENT_SIZE = 1 << 20  # bytes of plaintext
_MARKER = b"ARDS\x01\x01"
_SALT_SIZE = 32
_HEADER_SIZE = len(_MARKER) + 4 + _SALT_SIZE
_TAG_SIZE = 16
_PREFIX_SIZE = 7
_LARGEST_SEGMENT = 1 << 24
_LARGEST_COUNTER = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class DataKey:
    """The random key of one object. Custody keeps it wrapped under `id`; the hub stores the id only."""

    id: str
    key: bytes = field(repr=False)  # 32 bytes


class SealingKey(Protocol):
    """A data key, as any custodian gives it (:class:`DataKey`, or custody's client's own)."""

    @property
    def id(self) -> str:
        """Fit for the clear."""
        ...

    @property
    def key(self) -> bytes:
        """32 random bytes."""
        ...


class KeyCustodian(Protocol):
    """Who keeps data keys: the custody service."""

    def create_key(self, zone: str, dataset: str) -> SealingKey:
        """A new random key, kept wrapped by custody."""
        ...

    def release_key(self, key_id: str) -> bytes:
        """The key of that id, if this client or run may have it and it was not destroyed."""
        ...

    def destroy_key(self, key_id: str) -> None:
        """Destroy the key: what it sealed can never be opened again."""
        ...

    def fingerprint(self, dataset: str, digest: str) -> str:
        """A keyed fingerprint of a payload's digest: it recognises a repeat, and tells nothing without the key."""
        ...


def seal(chunks: Iterable[bytes], key: bytes, context: bytes) -> Iterator[bytes]:
    """Seal a stream.

    Args:
        chunks: plaintext, in chunks of any size.
        key: 32 random bytes, from :class:`KeyCustodian`.
        context: what these bytes are; opening needs the same.
    """
    header = _MARKER + SEGMENT_SIZE.to_bytes(4, "big") + os.urandom(_SALT_SIZE)
    cipher, prefix = _derive(key, header, context)
    yield header
    for counter, (segment, last) in enumerate(_segments(chunks)):
        yield cipher.encrypt(_nonce(prefix, counter, last), segment, None)


def open_sealed(stream: IO[bytes], key: bytes, context: bytes) -> Iterator[bytes]:
    """Open what :func:`seal` made, segment by segment.

    Raises:
        SealError: altered, truncated, reordered, extended, or sealed under another key or context.
    """
    header = stream.read(_HEADER_SIZE)
    if len(header) < _HEADER_SIZE or not header.startswith(_MARKER):
        raise SealError("these bytes do not start as a sealed stream of version 1: wrong object, or damaged")
    size = int.from_bytes(header[len(_MARKER) : len(_MARKER) + 4], "big")
    if not 0 < size <= _LARGEST_SEGMENT:
        raise SealError("the sealed stream names an impossible segment size: damaged")
    cipher, prefix = _derive(key, header, context)
    buffer = memoryview(bytearray(size + _TAG_SIZE + 1))  # a segment, and a byte of the next if there is one
    counter, filled = 0, 0
    while True:
        filled = _fill(stream, buffer, filled)
        last = filled < len(buffer)
        try:
            yield cipher.decrypt(_nonce(prefix, counter, last), buffer[: min(filled, len(buffer) - 1)], None)
        except InvalidTag:
            raise SealError(
                f"segment {counter} of a sealed stream is not authentic: altered, truncated or reordered, "
                "or its key or context is another one. Nothing of it was used; restore the object"
            ) from None
        if last:
            return
        buffer[0] = buffer[-1]
        counter, filled = counter + 1, 1


def _segments(chunks: Iterable[bytes]) -> Iterator[tuple[memoryview, bool]]:
    """Cut chunks into full segments and a last one (empty only if all is). Each is to be used before the next."""
    held = memoryview(bytearray(SEGMENT_SIZE))  # what is too short to be a segment, completed by what follows
    size = 0
    for chunk in chunks:
        view = memoryview(chunk)
        while view:
            if size == SEGMENT_SIZE:
                yield held, False
                size = 0
            if size == 0 and len(view) > SEGMENT_SIZE:
                yield view[:SEGMENT_SIZE], False  # no copy
                view = view[SEGMENT_SIZE:]
                continue
            taken = view[: SEGMENT_SIZE - size]
            held[size : size + len(taken)] = taken
            size += len(taken)
            view = view[len(taken) :]
    yield held[:size], True


def _derive(key: bytes, header: bytes, context: bytes) -> tuple[AESGCM, bytes]:
    if len(key) != KEY_SIZE:
        raise SealError(f"a data key has {KEY_SIZE} bytes, this one has {len(key)}")
    salt = header[-_SALT_SIZE:]
    info = header[:-_SALT_SIZE] + len(context).to_bytes(4, "big") + context
    derived = HKDF(SHA256(), KEY_SIZE + _PREFIX_SIZE, salt, info).derive(key)
    return AESGCM(derived[:KEY_SIZE]), derived[KEY_SIZE:]


def _nonce(prefix: bytes, counter: int, last: bool) -> bytes:
    if counter > _LARGEST_COUNTER:
        raise SealError("a sealed stream holds at most 2^32 segments")
    return prefix + counter.to_bytes(4, "big") + bytes([last])


def _fill(stream: IO[bytes], buffer: memoryview, filled: int) -> int:
    """Read until `buffer` is full or the stream ends; return how much of it is filled."""
    source = cast(BufferedIOBase, stream)
    while filled < len(buffer) and (count := source.readinto(buffer[filled:])):
        filled += count
    return filled
