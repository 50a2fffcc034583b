"""JSON documents in bounded memory: one that is too large to hold is cut into several small ones that say the same.

A delivery's document holds its records in one array, at a known place. A small document is handed over as it is. Of a
large one, what stands before the array (its head) is kept and put before each cut, and brackets are closed behind it,
so whoever reads the pieces needs not know that they were one.

1. Find the array: walk through the head, key by key.
2. Take blocks of a few megabytes; mark quotes, brackets and commas as numpy masks; leave out what is inside texts.
3. Cut at the last comma of the array itself. What is left begins the next block, always at a record, so no state is
   carried from block to block.
4. Behind the array, what is left of the document must close it.

Nothing here judges the records: a piece is as well or as badly formed as the document was.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import msgspec
import numpy as np

from policies.contract import Contract
from sources.batches import refused
from sources.errors import PayloadError
from sources.protocol import PayloadPart

WHOLE_BYTES = 16 * 1024 * 1024  # a document up to here is read in one go
_BLOCK_BYTES = 8 * 1024 * 1024
_EDGE_BYTES = 1024 * 1024  # of what stands before the array, or behind it
_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(  # pairs, then halves (the group), then any other escape, so that none begins inside another
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s"{}\[\]:,]+', re.DOTALL)

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
Positions = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Document:
    """A complete JSON document, maybe made of a piece of a larger one."""

    content: bytes
    shift: int = 0  # bytes from a position in `content` to the same in what the operator sent

    def in_array(self) -> Document:
        """The document as the only element of an array."""
        return Document(b"[" + self.content + b"]", self.shift - 1)


def mended(content: bytes) -> bytes:
    """Halves of a surrogate pair that stand alone are no text (RFC 8259, 8.2): each becomes U+FFFD, as long."""
    return _ESCAPE.sub(lambda found: b"\\ufffd" if found[1] else found[0], content)


def documents(
    part: PayloadPart, contract: Contract, places: Sequence[tuple[str, ...]], needed: Collection[str] = ()
) -> Iterator[Document]:
    """Yield `part` as complete JSON documents of some megabytes.

    `places`: keys to the array of records, () if it is the document; `needed`: keys beside it that rows are made of.

    Raises:
        PayloadError: a large document has no array of records at any of the places, a record of it is larger than
            :data:`WHOLE_BYTES`, or something follows it.
    """
    content = _read(part.stream, WHOLE_BYTES + 1)
    mark = len(_BOM) if content.startswith(_BOM) else 0
    content = content[mark:]
    if len(content) <= WHOLE_BYTES:
        yield Document(content, mark)
        return
    start, depth = _array(part, contract, content[:_EDGE_BYTES], places)
    yield from _pieces(part, contract, content, (start, depth), needed, mark)


def malformed(contract: Contract, part: str, error: Exception, document: Document) -> PayloadError:
    """What msgspec says about a document that is not JSON, without its values: at most a position."""
    found = re.search(r"\(byte ([0-9]+)\)$", str(error))
    byte = int(found[1]) if found else len(document.content) if "truncated" in str(error) else None
    reason = "nested too deeply" if isinstance(error, RecursionError) else "not JSON"
    return refused(
        contract,
        part,
        f"the payload is {reason}; ask the operator, or wait for the next delivery",
        None if byte is None else max(byte + document.shift, 0),
    )


def _read(stream: IO[bytes], size: int) -> bytes:
    """`size` bytes, fewer only at the end."""
    chunks = []
    while size and (chunk := stream.read(size)):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _array(part: PayloadPart, contract: Contract, head: bytes, places: Sequence[tuple[str, ...]]) -> tuple[int, int]:
    """Step 1: where the array's first record may begin, and how many objects the array is inside of."""
    keys: list[str | None] = []  # of each open bracket: its key in the object around it
    key: str | None = None
    named = False
    for token in _TOKEN.finditer(head):
        match token[0]:
            case b"[" | b"{" as bracket:
                path = tuple(one for one in (*keys[1:], key) if one is not None) if keys else ()
                if bracket == b"[" and path in places and len(path) == len(keys):
                    return token.end(), len(path)
                keys.append(key)
                key = None if bracket == b"{" else ""
                named = False
            case b"]" | b"}":
                if keys:
                    keys.pop()
                key, named = None, False
            case b":":
                named = True
            case b",":
                key, named = None, False
            case text:
                if not named and text.startswith(b'"'):
                    key = text[1:-1].decode("utf-8", "replace")
    raise refused(contract, part.name, f"larger than {WHOLE_BYTES} bytes, without an array of records at its beginning")


def _pieces(
    part: PayloadPart, contract: Contract, content: bytes, array: tuple[int, int], needed: Collection[str], mark: int
) -> Iterator[Document]:
    start, depth = array
    head, closing = content[:start], b"]" + b"}" * depth
    waiting, ended, shift = content[start:], False, mark
    while True:
        cut, end = _cut(waiting[:_BLOCK_BYTES])
        if cut is None and end is None and len(waiting) > _BLOCK_BYTES:
            cut, end = _cut(waiting)
        if end is not None:
            yield Document(head + waiting[:end] + closing, shift)
            _check_tail(part, contract, depth, waiting[end:], needed)
            return
        if cut is not None:
            yield Document(head + waiting[:cut] + closing, shift)
            waiting, shift = waiting[cut + 1 :], shift + cut + 1
            if len(waiting) > _BLOCK_BYTES:
                continue
        elif len(waiting) > WHOLE_BYTES:
            raise refused(contract, part.name, f"a record is larger than {WHOLE_BYTES} bytes", shift + start)
        if ended:
            raise refused(
                contract, part.name, "the payload is not JSON: its array of records does not end", shift + start
            )
        more = _read(part.stream, _BLOCK_BYTES)
        ended = not more
        waiting += more


def _cut(block: bytes) -> tuple[int | None, int | None]:
    """Steps 2 and 3: position of the last comma between records, or of the bracket that ends their array."""
    data = np.frombuffer(block, np.uint8)
    quotes = _quotes(data, b"\\" in block)
    folded = data | 32  # [ and { differ by this bit alone, so do ] and }
    opening, ending = _outside(folded == ord("{"), quotes), _outside(folded == ord("}"), quotes)
    brackets = np.concatenate([opening, ending])
    order = np.argsort(brackets, kind="stable")
    brackets = brackets[order]
    depth = np.cumsum(np.where(order < len(opening), 1, -1))
    over = np.flatnonzero(depth < 0)
    if len(over):
        return None, int(brackets[over[0]])
    commas = _outside(data == ord(","), quotes)
    before = np.searchsorted(brackets, commas)
    level = np.concatenate([[0], depth])[before]
    own = commas[level == 0]
    return (int(own[-1]) if len(own) else None), None


def _quotes(data: Bytes, escapes: bool) -> Positions:
    """Positions of the quotes that open or close a text."""
    quotes: Positions = np.flatnonzero(data == ord('"'))
    if not escapes:
        return quotes
    slashes = np.flatnonzero(data == ord("\\"))
    # Of a run of backslashes, those at even places escape what follows: number each within its run.
    first = np.concatenate([[True], np.diff(slashes) != 1])
    within = np.arange(len(slashes)) - np.maximum.accumulate(np.where(first, np.arange(len(slashes)), 0))
    escaped = slashes[within % 2 == 0] + 1
    free: Positions = quotes[~np.isin(quotes, escaped, assume_unique=True)]
    return free


def _outside(mask: np.ndarray[tuple[int], np.dtype[np.bool_]], quotes: Positions) -> Positions:
    """Positions of `mask` that are not inside a text: an even number of quotes stands before them."""
    positions = np.flatnonzero(mask)
    outside: Positions = positions[np.searchsorted(quotes, positions) % 2 == 0]
    return outside


def _check_tail(part: PayloadPart, contract: Contract, depth: int, rest: bytes, needed: Collection[str]) -> None:
    """Step 4. What stands behind the array came too late for the pieces: it must be of no use to them."""
    tail = rest + _read(part.stream, _EDGE_BYTES + 1)
    if len(tail) > _EDGE_BYTES:
        raise refused(contract, part.name, f"more than {_EDGE_BYTES} bytes follow the array of records")
    try:
        around = msgspec.json.decode(b'{"":' * depth + b"[" + tail)
    except (ValueError, RecursionError) as error:
        raise malformed(contract, part.name, error, Document(b"")) from None
    for _ in range(depth - 1):
        around = around[""]
    late = sorted(set(around) & set(needed)) if depth else []
    if late:
        raise refused(contract, part.name, f"« {late[0]} » stands behind the records of a large document")
