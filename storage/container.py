"""The parts of a delivery as one stream and back: a POSIX ustar archive, made and read without ever being whole.

For part number n, a member ``<n>.name`` holds its name (UTF-8), then ``<n>.<i>`` hold its bytes, at most 1 MiB each,
since the size of a stream is not known before its end. Owner, mode and time are fixed: same parts, same bytes.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO

import numpy as np

from storage.errors import SealError
from storage.objects import as_file

_MEMBER_SIZE = 1 << 20  # bytes
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)


@dataclass(frozen=True, slots=True)
class PayloadPart:
    """One document of a delivery, byte for byte as the operator gave it. `name` tells decoders what it is."""

    name: str  # "live/0001.json", "reference/0001.json", "releves_2026-10.csv"
    stream: IO[bytes]


@dataclass(slots=True)
class Tally:
    """What went by: names, sizes, and a digest that depends on nothing else."""

    names: list[str] = field(default_factory=list)
    size: int = 0  # bytes
    lines: int = 0  # line feeds
    _parts: list[bytes] = field(default_factory=list)

    def add(self, name: str, size: int, digest: bytes) -> None:
        """Count a finished part."""
        self.names.append(name)
        self.size += size
        self._parts.append(sha256(name.encode()).digest() + digest)

    def digest(self) -> str:
        """The sha256 (hex) of the digests of the names and of the bytes of all parts, in order."""
        return sha256(b"".join(self._parts)).hexdigest()


def pack(parts: Iterable[PayloadPart], tally: Tally) -> Iterator[bytes]:
    """The archive of `parts`, which are read once, in order; `tally` counts them as they go by."""
    for number, part in enumerate(parts):
        name = part.name.encode()
        yield from _member(f"{number:06d}.name", name)
        digest, size, index = sha256(), 0, 0
        while data := _read(part.stream, _MEMBER_SIZE):
            digest.update(data)
            size += len(data)
            tally.lines += int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))
            yield from _member(f"{number:06d}.{index:08d}", data)
            index += 1
        tally.add(part.name, size, digest.digest())
    yield _END


def unpack(archive: IO[bytes]) -> Iterator[PayloadPart]:
    """The parts of an archive, each to be read before the next is asked for; what is left unread is passed over.

    That these are the bytes that were packed is for the seal around them to tell.

    Raises:
        SealError: this is no archive made by :func:`pack`.
    """
    reader = _Members(archive)
    while reader.following is not None:
        if not reader.following.name.endswith(".name"):
            raise SealError(f"the archive of a delivery is damaged at member {reader.following.name}")
        name = b"".join(reader.take()).decode()

        def chunks() -> Iterator[bytes]:
            while reader.following is not None and not reader.following.name.endswith(".name"):
                yield from reader.take()

        flow = chunks()
        yield PayloadPart(name, as_file(flow))
        for _ in flow:  # what the reader left
            pass


class _Members:
    """The members of an archive, one header ahead."""

    def __init__(self, archive: IO[bytes]) -> None:
        self._archive = archive
        self.following: tarfile.TarInfo | None = None
        self._advance()

    def take(self) -> Iterator[bytes]:
        """The bytes of the member at hand (one piece: members are small), then look at the next header."""
        if self.following is None:
            return
        padded = -(-self.following.size // _BLOCK) * _BLOCK
        data = _read(self._archive, padded)
        if len(data) < padded:
            raise SealError("the archive of a delivery ends in the middle of a member")
        data = data[: self.following.size]
        self._advance()
        yield data

    def _advance(self) -> None:
        header = _read(self._archive, _BLOCK)
        if header == bytes(_BLOCK):
            self._finish()
            return
        try:
            self.following = tarfile.TarInfo.frombuf(header, "ascii", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError):
            raise SealError("the archive of a delivery is damaged: a member has no valid header") from None

    def _finish(self) -> None:
        """Read to the very end, so that whatever authenticates the stream below sees its last bytes."""
        self.following = None
        if _read(self._archive, _BLOCK + 1) != bytes(_BLOCK):
            raise SealError("the archive of a delivery does not end as it should")


def _member(name: str, data: bytes) -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    yield info.tobuf(tarfile.USTAR_FORMAT)
    yield data
    yield bytes(-len(data) % _BLOCK)


def _read(stream: IO[bytes], size: int) -> bytes:
    """Up to `size` bytes, fewer only at the end."""
    data = stream.read(size)
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data
