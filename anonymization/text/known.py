"""The identifiers that a run met, as a keyed set: who has the key can ask whether a text holds one; nobody can list
them.

A detector can not see its own misses; this can. Identifiers are folded and cut into words, and kept as HMAC-SHA-256
under the key, shortened to 16 bytes and sorted: without the key the set says how many there were, and nothing else.
The key is the caller's to keep wrapped and to destroy; with it goes the only way to ask.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from anonymization.text.reading import read

_SIZE = 16
_SHORTEST = 5  # signs: a shorter identifier is met by chance
_LONGEST = 12  # words of one identifier: an address, written in full; of a longer one, its first words
_ABROAD, _AT_HOME = re.compile(r"(?:00)?33([1-9]\d{8})"), re.compile(r"0([1-9]\d{8})")  # one French number, two ways


class KnownIdentifiers:
    """A keyed set of identifiers."""

    def __init__(self, key: bytes, members: bytes = b"") -> None:
        """`key`: 32 random bytes; `members`: what :meth:`members` gave earlier under the same key."""
        if len(key) != 32 or len(members) % _SIZE:
            raise ValueError("a key has 32 bytes, and members are whole")
        self._key = key
        self._members = {members[start : start + _SIZE] for start in range(0, len(members), _SIZE)}

    def __repr__(self) -> str:
        return f"KnownIdentifiers({len(self._members)} members)"

    def __len__(self) -> int:
        return len(self._members)

    def add(self, identifiers: Iterable[str]) -> None:
        """Remember identifiers, however they are written; too short ones are left out."""
        for identifier in identifiers:
            signs = folded(identifier)
            if len(signs) >= _SHORTEST:
                self._members.update(map(self._digest, _ways(signs)))

    def members(self) -> bytes:
        """The set at rest: useless without the key."""
        return b"".join(sorted(self._members))

    def holds(self, text: str) -> bool:
        """Whether an identifier of the set stands in a text, with other words around or without."""
        return any(self._digest(signs) in self._members for signs in _runs(_words(text)))

    def _digest(self, signs: str) -> bytes:
        return hmac.digest(self._key, signs.encode(), sha256)[:_SIZE]


def folded(identifier: str) -> str:
    """The letters and digits that an identifier is known by, however it was written."""
    return "".join(_words(identifier)[:_LONGEST])


def _ways(signs: str) -> Iterator[str]:
    yield signs
    if found := _ABROAD.fullmatch(signs):
        yield f"0{found[1]}"
    elif found := _AT_HOME.fullmatch(signs):
        yield f"33{found[1]}"


def _words(text: str) -> list[str]:
    """Folded letters and digits; signs between them part words, so that spaces and dots do not hide an identifier."""
    return "".join(sign if sign.isalnum() else " " for sign in read(text).plain).split()


def _runs(words: Sequence[str]) -> Iterator[str]:
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + _LONGEST) + 1):
            signs = "".join(words[start:end])
            if len(signs) >= _SHORTEST:
                yield signs
