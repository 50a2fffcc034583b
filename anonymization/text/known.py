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

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymization.text.reading import read

_SIZE = 16
SHORTEST = 5  # signs: a shorter identifier is met by chance
LONGEST = 12  # words of one identifier: an address, written in full; of a longer one, its first words
_ABROAD, _AT_HOME = re.compile(r"(?:00)?33([1-9]\d{8})"), re.compile(r"0([1-9]\d{8})")  # one French number, two ways
_TELEPHONE = r"^(?:(?:00)?33|0)[1-9]\d{8}$"
_PLAIN = r"^[^&<]*$"  # an entity or a tag of HTML is read sign by sign
_LATIN = "àâäáãåçéèêëìíîïñòóôõöùúûüýÿ"  # letters that fold to what is left of them without their accents
_ACCENTED = rf"^[\x00-\x7F{_LATIN}{_LATIN.upper()}]*$"
_LONG = rf"(?:[0-9A-Za-z]+[^0-9A-Za-z]+){{{LONGEST}}}[0-9A-Za-z]"


class KnownIdentifiers:
    """A keyed set of identifiers. Growing costs 16 bytes for each; asking costs a table beside."""

    def __init__(self, key: bytes, members: bytes = b"") -> None:
        """`key`: 32 random bytes; `members`: what :meth:`members` gave earlier under the same key."""
        if len(key) != 32 or len(members) % _SIZE:
            raise ValueError("a key has 32 bytes, and members are whole")
        self._key = key
        self._written = bytearray(members)  # in any order, some perhaps twice
        self._sorted: bytes | None = None

    def __repr__(self) -> str:
        return f"KnownIdentifiers({len(self)} members)"

    def __len__(self) -> int:
        return len(self.members()) // _SIZE

    def add(self, identifiers: Iterable[str]) -> None:
        """Remember identifiers, however they are written; too short ones are left out."""
        self.add_folded(fold_column(pa.array(list(identifiers), pa.string())))

    def add_folded(self, signs: pa.Array) -> None:
        """The same, for identifiers that :func:`fold_column` folded."""
        kept = signs.filter(pc.greater_equal(pc.utf8_length(signs), SHORTEST))
        called = kept.filter(pc.match_substring_regex(kept, _TELEPHONE))
        self._add_digests(kept.cast(pa.binary()).to_pylist())
        self._add_digests([_other_way(one).encode() for one in called.to_pylist()])

    def members(self) -> bytes:
        """The set at rest: useless without the key."""
        if self._sorted is None:
            words = np.frombuffer(bytes(self._written), ">u8").astype(np.uint64).reshape(-1, 2)
            ordered = words[np.lexsort((words[:, 1], words[:, 0]))]
            first = np.ones(len(ordered), dtype=bool)
            first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
            self._sorted = ordered[first].astype(">u8").tobytes()
        return self._sorted

    def has(self, signs: str) -> bool:
        """Whether an identifier, :func:`folded`, is in the set. Of a text: :func:`anonymization.text.meeting.meets`."""
        (digest,) = self._digests([signs.encode()])
        members = self.members()
        low, high = 0, len(members) // _SIZE
        while low < high:
            middle = (low + high) // 2
            found = members[middle * _SIZE : (middle + 1) * _SIZE]
            if found == digest:
                return True
            low, high = (middle + 1, high) if found < digest else (low, middle)
        return False

    def _add_digests(self, folded_signs: Iterable[bytes]) -> None:
        self._written += b"".join(self._digests(folded_signs))
        self._sorted = None

    def _digests(self, folded_signs: Iterable[bytes]) -> list[bytes]:
        key = self._key
        return [blake2b(one, digest_size=_SIZE, key=key).digest() for one in folded_signs]


def folded(identifier: str) -> str:
    """The letters and digits that an identifier is known by, however it was written."""
    return "".join(_words(identifier)[:LONGEST])


def fold_column(identifiers: pa.Array) -> pa.Array:
    """:func:`folded`, for a column of strings; each result once, nulls left out. Most are folded all together."""
    distinct = pc.unique(identifiers).drop_null()
    plain = pc.and_(pc.match_substring_regex(distinct, _ACCENTED), pc.match_substring_regex(distinct, _PLAIN))
    slowly, quick = distinct.filter(pc.invert(plain)), distinct.filter(plain)
    accented = pc.invert(pc.string_is_ascii(quick))
    written = pa.concat_arrays([quick.filter(pc.invert(accented)), quick.filter(accented)])
    apart = pc.utf8_normalize(quick.filter(accented), form="NFD")  # accents stand beside their letters
    bare = pa.concat_arrays([quick.filter(pc.invert(accented)), apart])
    long = pc.match_substring_regex(bare, _LONG)
    signs = pc.replace_substring_regex(pc.ascii_lower(bare.filter(pc.invert(long))), "[^0-9a-z]+", "")
    slowly = pa.concat_arrays([slowly, written.filter(long)]).to_pylist()
    return pc.unique(pa.concat_arrays([signs, pa.array(map(folded, slowly), pa.string())]))


def _other_way(telephone: str) -> str:
    """A French number as it is written abroad, or at home."""
    if found := _ABROAD.fullmatch(telephone):
        return f"0{found[1]}"
    return f"33{cast(re.Match[str], _AT_HOME.fullmatch(telephone))[1]}"


def _words(text: str) -> list[str]:
    """Folded letters and digits; signs between them part words, so that spaces and dots do not hide an identifier."""
    return "".join(sign if sign.isalnum() else " " for sign in read(text).plain).split()
