"""Opens what data hides in: compressed streams anywhere in the bytes, archives, Parquet files, LevelDB tables.

Streams are recognised by their first bytes at any position, so that a member inside a volume file, a database page or
another member is found too. What looks like a stream and is none costs one failed attempt.
"""

from __future__ import annotations

import bz2
import itertools
import lzma
import re
import zlib
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

MAXIMUM_DEPTH = 3
MAXIMUM_BYTES = 256 * 1024 * 1024  # out of one member
SHORTEST_MEMBER = 8
_LEVELDB_MAGIC = bytes.fromhex("57fb808b247547db")
_MAGICS = re.compile(
    rb"\x1f\x8b\x08"  # gzip
    rb"|\x78[\x01\x5e\x9c\xda]"  # zlib
    rb"|\x28\xb5\x2f\xfd"  # zstd
    rb"|\x04\x22\x4d\x18"  # lz4
    rb"|BZh[1-9]1AY&SY|\xfd7zXZ\x00"  # bzip2, xz
    rb"|PK\x03\x04"  # zip member
)


def unpack(data: bytes | memoryview, depth: int = 0) -> Iterator[tuple[str, bytes | memoryview]]:
    """The bytes themselves, then everything found inside them, with where it was."""
    yield "", data
    if depth == MAXIMUM_DEPTH:
        return
    for name, part in _members(data):
        for inside, found in unpack(part, depth + 1):
            yield f"{name}{inside}", found


def _members(data: bytes | memoryview) -> Iterator[tuple[str, bytes]]:
    view = memoryview(data)
    for match in _MAGICS.finditer(view):
        opened = _open(match[0], view[match.start() :])
        if len(opened) >= SHORTEST_MEMBER:
            yield f" > {_kind(match[0])}@{match.start()}", opened
    yield from _parquet_files(view)
    if bytes(view[-8:]) == _LEVELDB_MAGIC:
        for at, block in _leveldb_blocks(view):
            yield f" > leveldb@{at}", block


def _kind(magic: bytes) -> str:
    names = {b"\x1f": "gzip", b"\x78": "zlib", b"\x28": "zstd", b"\x04": "lz4", b"B": "bzip2", b"\xfd": "xz"}
    return names.get(magic[:1], "zip")


def _open(magic: bytes, view: memoryview) -> bytes:
    if magic[:1] in (b"\x1f", b"\x78"):
        return _inflated(view, 31 if magic[:1] == b"\x1f" else 15)
    if magic[:1] in (b"\x28", b"\x04"):
        return _streamed(view, "zstd" if magic[:1] == b"\x28" else "lz4")
    if magic == b"PK\x03\x04":
        return _zip_member(view)
    decompressor: bz2.BZ2Decompressor | lzma.LZMADecompressor
    decompressor = bz2.BZ2Decompressor() if magic[:1] == b"B" else lzma.LZMADecompressor()
    return _fed(lambda chunk, room: decompressor.decompress(chunk, room), view)


def _inflated(view: memoryview, window: int) -> bytes:
    decompressor = zlib.decompressobj(window)
    return _fed(decompressor.decompress, view)


def _fed(decompress: Callable[[bytes, int], bytes], view: memoryview) -> bytes:
    """What comes out until the member ends or breaks; a member that was cut gives what it has."""
    out = bytearray()
    for start in range(0, len(view), 65536):
        try:
            out += decompress(bytes(view[start : start + 65536]), MAXIMUM_BYTES - len(out))
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError):
            break
        if len(out) >= MAXIMUM_BYTES or (not out and start >= 65536):
            break
    return bytes(out)


def _streamed(view: memoryview, codec: str) -> bytes:
    out = bytearray()
    try:
        with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(view)), codec) as stream:
            while len(out) < MAXIMUM_BYTES and (chunk := stream.read(1 << 20)):
                out += chunk
    except (OSError, pa.ArrowException):
        pass
    return bytes(out)


def _zip_member(view: memoryview) -> bytes:
    """A member by its local header (APPNOTE 4.3.7); stored members are plain bytes already."""
    if len(view) < 30 or int.from_bytes(view[8:10], "little") != 8:
        return b""
    skipped = 30 + int.from_bytes(view[26:28], "little") + int.from_bytes(view[28:30], "little")
    return _inflated(view[skipped:], -15)


def _parquet_files(view: memoryview) -> Iterator[tuple[str, bytes]]:
    """Parquet files: whole, or lying among other bytes; each column's values, one a line."""
    marks = [match.start() for match in re.finditer(rb"PAR1", view)]
    for first, last in itertools.pairwise(marks):
        footer = int.from_bytes(view[last - 4 : last], "little")
        if last - 4 - footer <= first:
            continue
        try:
            table = pq.read_table(pa.BufferReader(pa.py_buffer(view[first : last + 4])))
        except (OSError, pa.ArrowException):
            continue
        yield f" > parquet@{first}", b"\n".join(_lines(table))


def _lines(table: pa.Table) -> Iterator[bytes]:
    yield str(table.schema.metadata or "").encode()
    for column in table.columns:
        flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if pa.types.is_dictionary(flat.type):
            flat = flat.dictionary_decode()
        for value in flat.unique().to_pylist():
            yield value if isinstance(value, bytes) else str(value).encode()


def _leveldb_blocks(view: memoryview) -> Iterator[tuple[int, bytes]]:
    """The data blocks of a LevelDB table (table_format.md): compressed by Snappy, or plain and thus seen already."""
    footer = view[-48:]
    _, at = _varint(footer, 0)
    _, at = _varint(footer, at)  # the metaindex block's handle is not needed
    offset, at = _varint(footer, at)
    size, _ = _varint(footer, at)
    index = _leveldb_block(view, offset, size)
    for handle in _leveldb_values(index):
        start, after = _varint(memoryview(handle), 0)
        length, _ = _varint(memoryview(handle), after)
        yield start, _leveldb_block(view, start, length)


def _leveldb_block(view: memoryview, offset: int, size: int) -> bytes:
    block = view[offset : offset + size]
    compressed = bytes(view[offset + size : offset + size + 1]) == b"\x01"
    if not compressed:
        return bytes(block)
    length, _ = _varint(block, 0)
    try:
        opened: bytes = pa.decompress(block, decompressed_size=length, codec="snappy", asbytes=True)
    except (OSError, pa.ArrowException):
        return b""
    return opened


def _leveldb_values(block: bytes) -> Iterator[bytes]:
    """The values of a block's entries, in order; keys share prefixes and are not needed."""
    view = memoryview(block)
    restarts = int.from_bytes(view[-4:], "little")
    at, end = 0, len(view) - 4 - 4 * restarts
    while at < end:
        _, at = _varint(view, at)
        unshared, at = _varint(view, at)
        length, at = _varint(view, at)
        yield bytes(view[at + unshared : at + unshared + length])
        at += unshared + length


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    """A little-endian base-128 number, and where it ends."""
    value = shift = 0
    while at < len(view):
        byte = view[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    return value, at
