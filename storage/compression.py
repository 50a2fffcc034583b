"""Bytes made smaller before they are sealed (Zstandard, RFC 8878): text that operators send shrinks to a fifth.

Compressing what an attacker could mix with secrets would let sizes speak (CRIME); here a payload is one operator's own,
compressed whole and once, and its size tells no more than it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from storage.errors import SealError
from storage.objects import as_file
from storage.sink import ChunkSink

_CODEC = "zstd"
_READ_SIZE = 1 << 20  # bytes


def compress(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the compressed bytes, as they come."""
    sink = ChunkSink()
    stream = pa.CompressedOutputStream(pa.PythonFile(sink, "w"), _CODEC)
    for chunk in chunks:
        stream.write(chunk)
        if piece := sink.take():
            yield piece
    stream.close()
    yield sink.take()


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
