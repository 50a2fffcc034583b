"""Bytes made smaller before they are sealed (Zstandard, RFC 8878): text that operators send shrinks to a fifth.

The bytes are cut into blocks, each compressed for itself, side by side; the frames one after another are a stream like
any other (RFC 8878, section 3.1).

Compressing what an attacker could mix with secrets would let sizes speak (CRIME); here a payload is one operator's own,
compressed whole and once, and its size tells no more than it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from storage.ahead import side_by_side
from storage.errors import SealError
from storage.objects import as_file

_CODEC, _LEVEL = "zstd", 1
_BLOCK_SIZE = 4 << 20  # bytes
_READ_SIZE = 1 << 20  # bytes


def compress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the compressed bytes, as they come; something is yielded even if there is nothing to compress."""
    codec = pa.Codec(_CODEC, _LEVEL)
    yield from side_by_side(lambda block: codec.compress(block, asbytes=True), _blocks(chunks))


def decompress(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the bytes again; all of `chunks` is read, so that whatever authenticates them sees their end.

    Raises:
        SealError: these bytes were not made by :func:`compress`.
    """
    with as_file(chunks) as file, pa.CompressedInputStream(pa.PythonFile(file, "r"), _CODEC) as stream:
        while True:
            try:
                piece = stream.read(_READ_SIZE)
            except OSError as error:
                if type(error) is not OSError:
                    raise
                raise SealError("a sealed payload opens, but is not compressed as it should be") from None
            if not piece:
                return
            yield piece


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks gathered until they make a block; at least one block, that may be empty."""
    pieces: list[bytes] = []
    size, none = 0, True
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size >= _BLOCK_SIZE:
            yield b"".join(pieces)
            pieces, size, none = [], 0, False
    if pieces or none:
        yield b"".join(pieces)
