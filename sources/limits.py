"""Bounds on what operators send: bytes that grow when they are unpacked, streams without an end.

Everything here streams, and stops before the byte too many is used. A compressed stream is inflated a bounded piece at
a time, so that a bomb costs no more memory than anything else.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from policies.contract import Contract
from sources.errors import PayloadError

MEBIBYTE = 1 << 20
PIECE = 1 << 18  # bytes inflated at a time
LARGEST_GROWTH = 200  # times the compressed bytes, once a mebibyte came out: text grows by ten, a bomb by a thousand
_GZIP = 31  # zlib's window bits for gzip (RFC 1952)


def place(contract: Contract, thing: str, position: str | int | None = None) -> str:
    """Where something went wrong, in a steward's words: operator, feed, object and position; never a value."""
    where = f"opérateur {contract.feed.operator}, jeu {contract.id}, {thing}"
    return where if position is None else f"{where}, position {position}"


def described(rank: int, pattern: str, size: int, modified: datetime) -> str:
    """A file told without its name, in which an operator may write anything (a person's, for one)."""
    return f"{rank}e fichier du motif « {pattern} » ({size} octets, du {modified:%d/%m/%Y à %H:%M:%S} UTC)"


def bounded(chunks: Iterable[bytes], limit: int, where: str) -> Iterator[bytes]:
    """Pass on at most `limit` bytes.

    Raises:
        PayloadError: there were more.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise PayloadError(f"{where} : plus de {limit} octets ; relevez la limite du contrat si c'est normal")
        yield chunk


def inflated(chunks: Iterable[bytes], limit: int, where: str) -> Iterator[bytes]:
    """Unpack gzip (RFC 1952), several members one after another included.

    Raises:
        PayloadError: not gzip, cut off, more than `limit` bytes, or growing like a bomb.
    """
    engine, within = zlib.decompressobj(_GZIP), False  # within: a member has begun and not ended
    taken = made = ended = 0
    for chunk in chunks:
        taken += len(chunk)
        rest, full = chunk if within or not ended else chunk.lstrip(b"\0"), False  # zeros may pad the end
        while rest or full:
            try:
                piece = engine.decompress(rest, PIECE)
            except zlib.error:
                raise PayloadError(f"{where}, position {taken} : ces octets ne sont pas du gzip intact") from None
            within, made = True, made + len(piece)
            if made > limit or made > max(MEBIBYTE, LARGEST_GROWTH * taken):
                raise PayloadError(f"{where} : {taken} octets compressés en donnent plus de {made} : refusés")
            if piece:
                yield piece
            rest, full = engine.unconsumed_tail, len(piece) == PIECE  # more may come out without more going in
            if engine.eof:
                rest, full, within, ended = engine.unused_data.lstrip(b"\0"), False, False, ended + 1
                engine = zlib.decompressobj(_GZIP)
    if within:
        raise PayloadError(f"{where}, position {taken} : le flux compressé est coupé")
