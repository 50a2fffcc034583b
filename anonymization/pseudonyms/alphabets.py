"""Texts as numerals of an alphabet, a column at a time, and back.

The place of a character in the alphabet is its numeral. A text of ASCII is read byte by byte; any other is decoded and
encoded a slice at once, never a row. Refusals count rows and name none of their characters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anonymization.pseudonyms.errors import AlphabetError, CharacterError
from anonymization.pseudonyms.limbs import Numerals
from anonymization.pseudonyms.windows import SPARE, Lengths, Rows

MIN_RADIX, MAX_RADIX = 2, 65_536  # SP 800-38G, 5.2: 2 to 2^16

_UNKNOWN = {1: 0xFF, 4: 0xFFFF_FFFF}  # the numeral of no character, by its bytes


class Alphabet:
    """The characters that texts are written with, each once, in order."""

    def __init__(self, characters: str) -> None:
        """Take them as they come: no case, no normal form is assumed.

        Raises:
            AlphabetError: fewer than 2 characters, more than 65 536, one twice, or half a character.
        """
        if not isinstance(characters, str) or not MIN_RADIX <= len(characters) <= MAX_RADIX:
            raise AlphabetError(f"an alphabet is a text of {MIN_RADIX} to {MAX_RADIX} characters")
        if len(set(characters)) != len(characters):
            raise AlphabetError("an alphabet has each of its characters once")
        if any("\ud800" <= character <= "\udfff" for character in characters):
            raise AlphabetError("an alphabet has no surrogates: they are half a character")
        self.radix = len(characters)
        self.narrow = characters.isascii()  # one byte a character
        self._points = np.frombuffer(characters.encode("utf-32-le"), np.uint32)
        self._bytes = self._points.astype(np.uint8)
        self._widths = np.array([len(character.encode()) for character in characters], np.int64)
        self._kind = np.dtype(np.uint8 if self.radix < _UNKNOWN[1] else np.uint32)
        self._unknown = _UNKNOWN[self._kind.itemsize]
        self._numerals = np.full(max(256, int(self._points.max()) + 2), self._unknown, self._kind)
        self._numerals[self._points] = np.arange(self.radix)

    def read(self, rows: Rows) -> tuple[NDArray[np.unsignedinteger], Lengths, Lengths]:
        """Return the numerals of a slice, one after the other, and where each row's start and how many they are.

        Raises:
            CharacterError: the bytes are no UTF-8.
        """
        data = rows.data[:-SPARE]
        if self.narrow:
            numerals = data.tobytes().translate(self._numerals[:256].tobytes())
            return np.frombuffer(numerals, np.uint8), rows.starts, rows.lengths
        try:
            text = data.tobytes().decode("utf-8")
        except UnicodeDecodeError:
            raise CharacterError("a column of text is not in UTF-8") from None
        points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        before = np.zeros(len(data) + 1, np.int64)  # characters that begin before each byte
        np.cumsum((data & 0xC0) != 0x80, out=before[1:])
        starts, ends = before[rows.starts], before[rows.starts + rows.lengths]
        return self._numerals[np.minimum(points, len(self._numerals) - 1)], starts, ends - starts

    def check(self, numerals: Numerals, which: NDArray[np.int64]) -> None:
        """Refuse characters that are not of the alphabet, in rows of the column with these numbers.

        Raises:
            CharacterError: some are not.
        """
        if int(numerals.max(initial=0)) == self._unknown:
            wrong = (numerals == self._unknown).any(axis=1)
            raise CharacterError(
                f"{int(wrong.sum())} values have a character that is not of the alphabet, "
                f"the first one in row {int(which[wrong].min())}"
            )

    def write(self, numerals: NDArray[np.unsignedinteger], lengths: Lengths) -> tuple[bytes, Lengths]:
        """Return the text of a slice in UTF-8, and the bytes of each row; ``lengths`` are their numerals."""
        if self.narrow:
            return numerals.tobytes().translate(self._bytes.tobytes().ljust(256)), lengths
        text = self._points[numerals].tobytes().decode("utf-32-le").encode()
        before = np.zeros(len(numerals) + 1, np.int64)
        np.cumsum(self._widths[numerals], out=before[1:])
        ends = np.cumsum(lengths)
        return text, before[ends] - before[ends - lengths]
