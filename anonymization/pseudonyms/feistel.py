"""The rounds of FF1 (NIST SP 800-38G, algorithms 7 and 8) over rows of one length, given as numerals.

Steps are numbered as there. What all rows have in common, P and Q but for round and number, is ciphered once: `state`
is what CBC-MAC came to before the blocks that differ. NUM_radix(B) stands at the end of Q, in b bytes, after the
round's.
"""

from __future__ import annotations

import numpy as np

from anonymization.pseudonyms.blocks import BLOCK, BlockCipher, Blocks, exclusive_or
from anonymization.pseudonyms.limbs import Limbs, Number, Numerals

ROUNDS = 10


class Feistel:
    """FF1 with one key, radix, length and tweak."""

    def __init__(self, cipher: BlockCipher, radix: int, length: int, tweak: bytes) -> None:
        self._cipher = cipher
        self._left = length // 2  # 1: u; v is the rest
        self._right = length - self._left
        self._limbs = Limbs(radix, self._right)
        number = -(-(radix**self._right - 1).bit_length() // 8)  # 3: b
        self._feedback = 4 * -(-number // 4) + 4  # 4: d
        head = bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([ROUNDS, self._left % 256])
        head += length.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")  # 5: P
        query = tweak + bytes((-len(tweak) - number - 1) % BLOCK) + bytes(1 + number)  # 6.i: Q without its variables
        differing = BLOCK * -(-(number + 1) // BLOCK)
        message, self._tail = (head + query)[:-differing], (head + query)[-differing:]
        state = bytes(BLOCK)
        for start in range(0, len(message), BLOCK):
            state = cipher.encrypt_one(exclusive_or(state, message[start : start + BLOCK]))
        self._tail = exclusive_or(state, self._tail[:BLOCK]) + self._tail[BLOCK:]
        self._round_at = differing - number - 1

    def encrypt(self, numerals: Numerals) -> Numerals:
        """Return the encryption of each row; shape (rows, length)."""
        a, b = self._halves(numerals)
        for index in range(ROUNDS):
            size = self._left if index % 2 == 0 else self._right  # 6.v: m
            a, b = b, self._limbs.sum(a, self._function(index, b, size), size)  # 6.vi to 6.ix
        return self._joined(a, b, numerals)

    def decrypt(self, numerals: Numerals) -> Numerals:
        """Return the decryption of each row; shape (rows, length)."""
        a, b = self._halves(numerals)
        for index in reversed(range(ROUNDS)):
            size = self._left if index % 2 == 0 else self._right
            a, b = self._limbs.difference(b, self._function(index, a, size), size), a
        return self._joined(a, b, numerals)

    def _halves(self, numerals: Numerals) -> tuple[Number, Number]:  # 2
        columns = np.asfortranarray(numerals)
        return tuple(map(self._limbs.from_numerals, (columns[:, : self._left], columns[:, self._left :])))  # type: ignore[return-value]

    def _joined(self, a: Number, b: Number, numerals: Numerals) -> Numerals:  # 7
        out = np.empty(numerals.shape, numerals.dtype, order="F")
        self._limbs.to_numerals(a, out[:, : self._left])
        self._limbs.to_numerals(b, out[:, self._left :])
        return np.ascontiguousarray(out)

    def _function(self, index: int, number: Number, size: int) -> Number:
        """Steps 6.i to 6.iv: the round function of a half, modulo radix^size."""
        blocks = self._query(index, number)
        made = np.empty((len(blocks[0]) + 1, 2), np.uint64)
        self._cipher.encrypt(blocks[0], made)  # 6.ii: R
        for block in blocks[1:]:
            block ^= made[:-1]
            self._cipher.encrypt(block, made)
        if self._feedback == 8:
            return self._limbs.reduced_once(made[:-1, 0].byteswap(), size)
        words = _words(made[:-1])
        for step in range(1, -(-self._feedback // BLOCK)):  # 6.iii: S
            block = made[:-1].copy()
            block[:, 1] ^= np.uint64(step).byteswap()
            more = np.empty_like(made)
            self._cipher.encrypt(block, more)
            words += _words(more[:-1])
        return self._limbs.reduced(words[: self._feedback // 4], size)  # 6.iv

    def _query(self, index: int, number: Number) -> list[Blocks]:
        """The blocks of P and Q that differ from row to row, the state before them mixed in."""
        tail = bytearray(self._tail)
        tail[self._round_at] ^= index
        fixed = np.frombuffer(bytes(tail), np.uint64)
        words = self._limbs.to_words(number)
        blocks = [np.empty((len(words[0]), 2), np.uint64) for _ in range(len(fixed) // 2)]
        for place, word in enumerate(fixed):
            blocks[place // 2][:, place % 2] = word
        for place in range(0, len(words), 2):  # two words of the number, then the two before
            value = words[place] if place + 1 == len(words) else words[place] | (words[place + 1] << np.uint64(32))
            last = len(fixed) - 1 - place // 2
            blocks[last // 2][:, last % 2] ^= value.byteswap()
        return blocks


def _words(blocks: Blocks) -> Number:
    """The 32-bit words of each block, most significant first."""
    return [blocks.view(">u4")[:, place].astype(np.uint64) for place in range(4)]
