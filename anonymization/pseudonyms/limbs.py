"""Numbers of any size in any radix, a column at a time.

A number of *m* numerals is a list of limbs, least significant first. A limb is an array of ``uint64``, for each row one
below ``base``, the largest power of the radix that 32 bits hold: a limb times 2^32 plus a carry never leaves 64 bits,
and reducing modulo radix^m is leaving limbs out. Conversions are Horner's rule; loops are over limbs, never over rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.uint64]  # shape (rows,)
Number = list[Column]
Numerals = NDArray[np.unsignedinteger]  # shape (rows, m), most significant first

WORD_BITS = 32
_WORD = np.uint64((1 << WORD_BITS) - 1)
_SHIFT = np.uint64(WORD_BITS)


class Limbs:
    """Arithmetic of numbers of up to ``numerals`` numerals in ``radix``."""

    def __init__(self, radix: int, numerals: int) -> None:
        self.radix = radix
        self.per_limb: int = 1
        while self.per_limb < numerals and radix ** (self.per_limb + 1) <= 1 << WORD_BITS:
            self.per_limb += 1
        self.base: int = radix**self.per_limb

    def count(self, numerals: int) -> int:
        """Return how many limbs a number of so many numerals has."""
        return -(-numerals // self.per_limb)

    def top(self, numerals: int) -> int:
        """Return what the most significant of those limbs is below."""
        return int(self.radix ** (numerals - (self.count(numerals) - 1) * self.per_limb))

    def from_numerals(self, numerals: Numerals) -> Number:
        """Return NUM_radix (SP 800-38G, algorithm 1) of each row."""
        number, end = [], numerals.shape[1]
        for stop in range(end, 0, -self.per_limb):
            limb = numerals[:, max(0, stop - self.per_limb)].astype(np.uint64)
            for position in range(max(0, stop - self.per_limb) + 1, stop):
                limb *= np.uint64(self.radix)
                limb += numerals[:, position]
            number.append(limb)
        return number

    def to_numerals(self, number: Number, out: Numerals) -> None:
        """Put STR^m_radix (SP 800-38G, algorithm 3) of each row in ``out``, m columns wide."""
        position = out.shape[1]
        for limb in number:
            rest = limb
            for _ in range(min(self.per_limb, position)):
                position -= 1
                quotient = rest // np.uint64(self.radix)
                out[:, position] = rest - quotient * np.uint64(self.radix)
                rest = quotient

    def to_words(self, number: Number) -> Number:
        """Return the number in base 2^32, least significant word first."""
        words: Number = []
        for limb in reversed(number):
            carry = limb
            for index, word in enumerate(words):
                total = word * np.uint64(self.base) + carry
                words[index], carry = total & _WORD, total >> _SHIFT
            words.append(carry)
        return words

    def reduced(self, words: Number, numerals: int) -> Number:
        """Return a number given in base 2^32, most significant word first, modulo radix^numerals."""
        count, base = self.count(numerals), np.uint64(self.base)
        number: Number = []
        for word in words:
            carry = word
            for index, limb in enumerate(number):
                total = (limb << _SHIFT) + carry
                carry = total // base
                number[index] = total - carry * base
            if len(number) < count:
                quotient = carry // base
                number.append(carry - quotient * base)
                if len(number) < count:
                    number.append(quotient)
        number += [np.zeros_like(words[0]) for _ in range(count - len(number))]
        top = np.uint64(self.top(numerals))
        number[-1] = number[-1] - number[-1] // top * top
        return number

    def reduced_once(self, value: Column, numerals: int) -> Number:
        """Return 64-bit values modulo radix^numerals, where one limb holds that."""
        top = np.uint64(self.top(numerals))
        return [value - value // top * top]

    def sum(self, one: Number, other: Number, numerals: int) -> Number:
        """Return the sum of two numbers below radix^numerals, modulo it."""
        total: Number = []
        carry: Column | None = None
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            limit = np.uint64(self.top(numerals) if index == len(one) - 1 else self.base)
            limb = a + b if carry is None else a + b + carry
            less = limb - limit  # wraps far above where limb is below the limit
            carry = (limb >= limit).astype(np.uint64) if index < len(one) - 1 else None
            total.append(np.minimum(limb, less))
        return total

    def difference(self, one: Number, other: Number, numerals: int) -> Number:
        """Return the difference of two numbers below radix^numerals, modulo it."""
        total: Number = []
        borrow: Column | None = None
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            limit = np.uint64(self.top(numerals) if index == len(one) - 1 else self.base)
            taken = b if borrow is None else b + borrow
            limb = a - taken  # wraps where a is smaller
            borrow = (a < taken).astype(np.uint64) if index < len(one) - 1 else None
            total.append(np.minimum(limb, limb + limit))
        return total
