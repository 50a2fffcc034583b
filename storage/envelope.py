"""The layout of a sealed object: which key opens it, in the clear, and then nothing but ciphertext.

    marker "ARDE" | version 1 | length of the key id (1) | key id (ASCII) | sealed stream (:mod:`storage.sealing`)

The header is part of the sealing context, so an object whose key id was swapped does not open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import IO

from storage.errors import SealError
from storage.sealing import SealingKey, open_sealed, seal

_MARKER = b"ARDE\x01"


def enclose(chunks: Iterable[bytes], key: SealingKey, context: bytes) -> Iterator[bytes]:
    """Seal `chunks` under `key`, after a header that names the key."""
    header = _header(key.id)
    yield header
    yield from seal(chunks, key.key, header + context)


def read_key_id(stream: IO[bytes]) -> str:
    """Read the header of a sealed object and return the id of its key.

    Raises:
        SealError: these bytes are no sealed object of a known version.
    """
    start = stream.read(len(_MARKER) + 1)
    if len(start) <= len(_MARKER) or not start.startswith(_MARKER):
        raise SealError("these bytes do not start as a sealed object of version 1: wrong object, or damaged")
    name = stream.read(start[-1])
    if len(name) < start[-1] or not name.isascii():
        raise SealError("the header of a sealed object is damaged")
    return name.decode("ascii")


def disclose(stream: IO[bytes], release: Callable[[str], bytes], context: bytes) -> Iterator[bytes]:
    """Open a sealed object: `release` gives the key of an id. Raises SealError as :func:`~storage.open_sealed` does."""
    key_id = read_key_id(stream)
    yield from open_sealed(stream, release(key_id), _header(key_id) + context)


def _header(key_id: str) -> bytes:
    name = key_id.encode("ascii")
    if not 0 < len(name) < 256:
        raise SealError("a key id has 1 to 255 ASCII characters")
    return _MARKER + bytes([len(name)]) + name
