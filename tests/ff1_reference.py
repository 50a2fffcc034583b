"""FF1 one value at a time, copied from the algorithms of NIST SP 800-38G with Python's whole numbers.

Slow and plain on purpose: what columns compute is compared with it. Shares no code with the project.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB


def _prf(key: bytes, message: bytes) -> bytes:
    return Cipher(AES(key), CBC(bytes(16))).encryptor().update(message)[-16:]


def _number(numerals: list[int], radix: int) -> int:
    value = 0
    for numeral in numerals:
        value = value * radix + numeral
    return value


def _numerals(value: int, radix: int, length: int) -> list[int]:
    made = []
    for _ in range(length):
        value, numeral = divmod(value, radix)
        made.append(numeral)
    return made[::-1]


def _round(key: bytes, radix: int, length: int, tweak: bytes, index: int, half: list[int]) -> int:
    left = length // 2
    right = length - left
    size = 0
    while 256**size < radix**right:
        size += 1
    feedback = 4 * ((size + 3) // 4) + 4
    head = bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([10, left % 256])
    head += length.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")
    query = tweak + bytes((-len(tweak) - size - 1) % 16) + bytes([index]) + _number(half, radix).to_bytes(size, "big")
    start = _prf(key, head + query)
    stream, block = start, 0
    while len(stream) < feedback:
        block += 1
        mixed = bytes(a ^ b for a, b in zip(start, block.to_bytes(16, "big"), strict=True))
        stream += Cipher(AES(key), ECB()).encryptor().update(mixed)
    return int.from_bytes(stream[:feedback], "big")


def ff1(key: bytes, text: str, alphabet: str, tweak: bytes, *, forward: bool = True) -> str:
    """Encrypt, or decrypt, one text."""
    radix, length = len(alphabet), len(text)
    values = [alphabet.index(character) for character in text]
    a, b = values[: length // 2], values[length // 2 :]
    for index in range(10) if forward else range(9, -1, -1):
        size = length // 2 if index % 2 == 0 else length - length // 2
        modulus = radix**size
        if forward:
            value = (_number(a, radix) + _round(key, radix, length, tweak, index, b)) % modulus
            a, b = b, _numerals(value, radix, size)
        else:
            value = (_number(b, radix) - _round(key, radix, length, tweak, index, a)) % modulus
            a, b = _numerals(value, radix, size), a
    return "".join(alphabet[numeral] for numeral in a + b)
