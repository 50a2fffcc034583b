"""The identifiers that a run met, as a keyed set: who has the key can ask whether a text holds one; nobody can list
them.

A detector can not see its own misses; this can. Identifiers are folded and cut into words, and kept as keyed BLAKE2b
(RFC 7693, section 2.9) of 16 bytes, sorted: without the key the set says how many there were, and nothing else. The key
is the caller's to keep wrapped and to destroy; with it goes the only way to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.text.reading import read

_SIZE = 16
SHORTEST = 5  # signs: a shorter identifier is met by chance
LONGEST = 12  # words of one identifier: an address, written in full; of a longer one, its first words
_ABROAD, _AT_HOME = re.compile(r"(?:00)?33([1-9]\d{8})"), re.compile(r"0([1-9]\d{8})")  # one French number, two ways
_TELEPHONE = r"^(?:(?:00)?33|0)[1-9]\d{8}$"
_PLAIN = r"^[^&<]*$"  # an entity or a tag of HTML is read sign by sign
_LONG = rf"(?:[0-9A-Za-z]+[^0-9A-Za-z]+){{{LONGEST}}}[0-9A-Za-z]"


class KnownIdentifiers:
    """A keyed set of identifiers. Growing costs 16 bytes for each; asking costs a table beside."""

    def __init__(self, key: bytes, members: bytes = b"") -> None:
        """`key`: 32 random bytes; `members`: what :meth:`members` gave earlier under the same key."""
        if len(key) != 32 or len(members) % _SIZE:
            raise ValueError("a key has 32 bytes, and members are whole")
        self._key = key
        self._written = bytearray(members)  # in any order, some perhaps twice
        self._asked: frozenset[bytes] | None = None

    def __repr__(self) -> str:
        return f"KnownIdentifiers({len(self)} members)"

    def __len__(self) -> int:
        return len(self._table())

    def add(self, identifiers: Iterable[str]) -> None:
        """Remember identifiers, however they are written; too short ones are left out."""
        self.add_folded(fold_column(pa.array(list(identifiers), pa.string())))

    def add_folded(self, signs: pa.Array) -> None:
        """The same, for identifiers that :func:`fold_column` folded."""
        kept = signs.filter(pc.greater_equal(pc.utf8_length(signs), SHORTEST))
        called = pc.match_substring_regex(kept, _TELEPHONE)
        for one in kept.to_pylist():
            self._written += self._digest(one)
        for one in kept.filter(called).to_pylist():
            self._written += self._digest(_other_way(one))
        self._asked = None

    def members(self) -> bytes:
        """The set at rest: useless without the key."""
        if not self._written:
            return b""
        whole = pa.py_buffer(bytes(self._written))
        every = pa.FixedSizeBinaryArray.from_buffers(pa.binary(_SIZE), len(whole) // _SIZE, [None, whole])
        distinct = pc.unique(every)
        return b"".join(distinct.take(pc.sort_indices(distinct)).to_pylist())

    def has(self, signs: str) -> bool:
        """Whether an identifier, :func:`folded`, is in the set. Of a text: :func:`anonymization.text.meeting.meets`."""
        return self._digest(signs) in self._table()

    def _table(self) -> frozenset[bytes]:
        if self._asked is None:
            written = bytes(self._written)
            self._asked = frozenset(written[start : start + _SIZE] for start in range(0, len(written), _SIZE))
        return self._asked

    def _digest(self, signs: str) -> bytes:
        return blake2b(signs.encode(), digest_size=_SIZE, key=self._key).digest()


def folded(identifier: str) -> str:
    """The letters and digits that an identifier is known by, however it was written."""
    return "".join(_words(identifier)[:LONGEST])


def fold_column(identifiers: pa.Array) -> pa.Array:
    """:func:`folded`, for a column of strings; each result once, nulls left out. Most are folded all together."""
    distinct = pc.unique(identifiers).drop_null()
    plain = pc.and_(pc.string_is_ascii(distinct), pc.match_substring_regex(distinct, _PLAIN))
    plain = pc.and_(plain, pc.invert(pc.match_substring_regex(distinct, _LONG)))
    quick = pc.replace_substring_regex(pc.ascii_lower(distinct.filter(plain)), "[^0-9a-z]+", "")
    others = pa.array(map(folded, distinct.filter(pc.invert(plain)).to_pylist()), pa.string())
    return pc.unique(pa.concat_arrays([quick, others]))


def _other_way(telephone: str) -> str:
    """A French number as it is written abroad, or at home."""
    if found := _ABROAD.fullmatch(telephone):
        return f"0{found[1]}"
    return f"33{cast(re.Match[str], _AT_HOME.fullmatch(telephone))[1]}"


def _words(text: str) -> list[str]:
    """Folded letters and digits; signs between them part words, so that spaces and dots do not hide an identifier."""
    return "".join(sign if sign.isalnum() else " " for sign in read(text).plain).split()
