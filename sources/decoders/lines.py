"""Text files cut at line ends: blocks of a few megabytes, and the lines of a block when somebody must look at them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Sequence
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from policies.contract import Contract
from sources.batches import refused

BLOCK_BYTES = 8 * 1024 * 1024


def blocks(stream: IO[bytes], contract: Contract, part: str) -> Iterator[bytes]:
    """Cut what is left of `stream` into blocks that end with a line end.

    Raises:
        PayloadError: a line is larger than two blocks.
    """
    rest = b""
    while chunk := stream.read(BLOCK_BYTES):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join((rest, memoryview(chunk)[:end]))
            rest = chunk[end:]
        else:
            rest += chunk
            if len(rest) > 2 * BLOCK_BYTES:
                raise refused(contract, part, f"a line is longer than {BLOCK_BYTES} bytes: is this a text file?")
    if rest:
        yield rest + b"\n"


def split_lines(block: bytes) -> list[bytes]:
    """The lines of a block, blank ones left out."""
    return [line for line in block.split(b"\n") if line.strip()]


def is_utf8(block: bytes) -> bool:
    """Whether a block is valid UTF-8; as one value of a column, nothing is copied."""
    extent = pa.py_buffer(np.array([0, len(block)], np.int64))
    whole = pa.Array.from_buffers(pa.large_binary(), 1, [None, extent, pa.py_buffer(block)])
    try:
        whole.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def line_feeds(block: bytes) -> int:
    """How many line feeds are in a block: compared as a column, twice as fast as counted by `bytes`."""
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord("\n")))


def as_utf8(stream: IO[bytes], encoding: str) -> IO[bytes]:
    """`stream`, transcoded as it is read if it is not UTF-8 already."""
    if encoding == "utf-8":
        return stream
    return io.BufferedReader(_Transcoded(stream, encoding), BLOCK_BYTES)


class _Transcoded(io.RawIOBase):
    """A single-byte encoding read as UTF-8. A byte that means nothing in it stays, and is no UTF-8 either."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
        self._ready = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill `buffer` with UTF-8."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if not self._ready:
            self._ready = self._decoder.decode(self._stream.read(len(view))).encode("utf-8", "surrogateescape")
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


class Lines:
    """The records of a block as raw lines, blank ones left out. Split only when somebody asks."""

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._split: list[bytes] | None = None

    def _all(self) -> list[bytes]:
        if self._split is None:
            self._split = [line for line in self._block.split(b"\n") if line and line != b"\r"]
        return self._split

    def __len__(self) -> int:
        return len(self._all())

    def texts(self, numbers: Sequence[int]) -> list[str]:
        """These lines, as well as they can be shown."""
        lines = self._all()
        return [lines[number].decode("utf-8", "replace").rstrip("\r") for number in numbers]

    def without(self, numbers: Collection[int]) -> bytes:
        """The block without these lines and without blank ones."""
        if not numbers and len(self) == line_feeds(self._block):
            return self._block
        return b"".join(line + b"\n" for number, line in enumerate(self._all()) if number not in numbers)

    def unclosed(self, delimiter: str) -> list[int]:
        """Lines that end inside a quoted field or hold a stray carriage return: Arrow would read on into the next.

        A field is added behind each suspect; if it is not found again, a quote was still open.
        """
        if b'"' not in self._block and b"\r" not in self._block:
            return []
        lines = pa.array(self._all(), pa.binary())
        suspect = pc.or_(pc.match_substring(lines, b'"'), pc.match_substring_regex(lines, b"\r."))
        numbers = pc.indices_nonzero(suspect).to_pylist()
        texts = [text + delimiter + "#" for text in self.texts(numbers)]
        return [n for n, text in zip(numbers, texts, strict=True) if "\r" in text or _last(text, delimiter) != "#"]

    def undecodable(self) -> list[int]:
        """Lines that are not UTF-8. Looked for one by one only in a block that is not."""
        if is_utf8(self._block):
            return []
        return [number for number, line in enumerate(self._all()) if not is_utf8(line)]


def _last(text: str, delimiter: str) -> str | None:
    try:
        return next(csv.reader([text], delimiter=delimiter))[-1]
    except csv.Error:  # a field over the module's limit
        return None
