"""The names that a payload gives its columns, read from its first bytes, whatever the contract describes.

Two uses: to tell that a feed has columns it did not have, and to propose a contract for a feed that has none. Names
found here may be data themselves (a file without its header, an object keyed by people), so they are counted, or shown
to the person who writes a contract, and never stored or logged.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from policies.contract import Contract
from storage import PayloadPart

HEAD_BYTES = 256 * 1024  # of a part, enough for hundreds of records
PARTS = 3  # of a delivery, whose names are looked at
_KEY = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"\s*+:')  # runs are never read twice: this is done for every body
_LONGEST = 200  # bytes of a name


def watched_parts(
    parts: Iterator[PayloadPart], contract: Contract, unknown: Callable[[int], None]
) -> Iterator[PayloadPart]:
    """Let parts pass untouched; tell of the first ones how many names the contract does not describe, in all so far."""
    found: set[str] = set()
    for number, part in enumerate(parts):
        if number >= PARTS:
            yield part
            continue
        head = read_head(part.stream)
        found |= unknown_names(head, contract)
        unknown(len(found))
        yield PayloadPart(part.name, io.BufferedReader(_Rejoined(head, part.stream), HEAD_BYTES))


def unknown_names(head: bytes, contract: Contract) -> frozenset[str]:
    """Names in the first bytes of a part that no column of the contract has."""
    physical = [column.physical_name for column in contract.columns]
    if contract.feed.decoder == "csv":
        options = contract.feed.options
        names: Sequence[str] = options.get("header", ())  # the contract's own: the file has none
        if not names:
            text = head.split(b"\n", options.get("skipLines", 0))[-1]
            names = header_names(text, str(options.get("delimiter", ",")), str(options.get("encoding", "utf-8")))
        return frozenset(names) - frozenset(physical)
    return json_keys(head) - frozenset(name for full in physical for name in full.split("."))


def header_names(head: bytes, delimiter: str, encoding: str = "utf-8") -> tuple[str, ...]:
    """The names on the first line of delimited text; none if it is not text."""
    line = head.partition(b"\n")[0].rstrip(b"\r")
    try:
        text = line.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        return tuple(next(csv.reader([text], delimiter=delimiter), ()))
    except (UnicodeDecodeError, LookupError, TypeError, csv.Error):
        return ()


def json_keys(head: bytes) -> frozenset[str]:
    """Every key that stands in the first bytes of JSON text, at any depth."""
    return frozenset(key.decode("utf-8", "replace") for key in set(_KEY.findall(head)) if 0 < len(key) <= _LONGEST)


def read_head(stream: IO[bytes]) -> bytes:
    """At most `HEAD_BYTES` from the beginning of a stream; less only if there is no more."""
    chunks, size = [], 0
    while size < HEAD_BYTES and (chunk := stream.read(HEAD_BYTES - size)):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


class _Rejoined(io.RawIOBase):
    """What was read ahead, then the rest."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill `buffer`."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data: memoryview | bytes = self._head[: len(view)] if self._head else self._rest.read(len(view))
        self._head = self._head[len(data) :] if self._head else self._head
        view[: len(data)] = data
        return len(data)
