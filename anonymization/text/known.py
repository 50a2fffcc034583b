"""The identifiers that a run met, as a keyed set: who has the key can ask whether a text holds one; nobody can list
them.

A detector can not see its own misses; this can. Identifiers are folded and cut into words, and kept as HMAC-SHA-256
under the key, shortened to 16 bytes and sorted: without the key the set says how many there were, and nothing else.
The key is the caller's to keep wrapped and to destroy; with it goes the only way to ask.
"""

from __future__ import annotations

import hmac
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from anonymization.text.reading import read

_SIZE = 16
_SHORTEST = 5  # signs: a shorter identifier is met by chance
_LONGEST = 6  # words of one identifier


class KnownIdentifiers:
    """A keyed set of identifiers."""

    def __init__(self, key: bytes, members: bytes = b"") -> None:
        """`key`: 32 random bytes; `members`: what :meth:`members` gave earlier under the same key."""
        if len(key) != 32 or len(members) % _SIZE:
            raise ValueError("a key has 32 bytes, and members are whole")
        self._key = key
        self._members = [members[start : start + _SIZE] for start in range(0, len(members), _SIZE)]

    def __repr__(self) -> str:
        return f"KnownIdentifiers({len(self._members)} members)"

    def __len__(self) -> int:
        return len(self._members)

    def add(self, identifiers: Iterable[str]) -> None:
        """Remember identifiers, however they are written; too short ones are left out."""
        fresh = {self._digest(words) for words in map(_words, identifiers) if len("".join(words)) >= _SHORTEST}
        self._members = sorted({*self._members, *fresh})

    def members(self) -> bytes:
        """The set at rest: useless without the key."""
        return b"".join(self._members)

    def holds(self, text: str) -> bool:
        """Whether an identifier of the set stands in a text, with other words around or without."""
        return any(self._has(self._digest(words)) for words in _runs(_words(text)))

    def _digest(self, words: Sequence[str]) -> bytes:
        return hmac.new(self._key, "".join(words).encode(), sha256).digest()[:_SIZE]

    def _has(self, digest: bytes) -> bool:
        place = bisect_left(self._members, digest)
        return place < len(self._members) and self._members[place] == digest


def _words(text: str) -> list[str]:
    """Folded letters and digits; signs between them part words, so that spaces and dots do not hide an identifier."""
    return "".join(sign if sign.isalnum() else " " for sign in read(text).plain).split()


def _runs(words: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + _LONGEST) + 1):
            if len("".join(words[start:end])) >= _SHORTEST:
                yield words[start:end]
