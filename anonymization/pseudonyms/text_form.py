"""The text form of a pseudonym: base32 (RFC 4648, section 6), upper case, without padding: 26 characters."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms.cmac import PSEUDONYM_BYTES, PSEUDONYM_TYPE
from anonymization.pseudonyms.errors import IdentifierTypeError

TEXT_LENGTH = 26  # characters: 128 bits by five, the last two bits zero

_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)


def to_base32(pseudonyms: pa.Array) -> pa.StringArray:
    """Return the 26-character form of each 16-byte pseudonym, null where it is null."""
    if pseudonyms.type != PSEUDONYM_TYPE:
        raise IdentifierTypeError(f"pseudonyms are {PSEUDONYM_TYPE}, not {pseudonyms.type}")
    rows = len(pseudonyms)
    filled = pc.fill_null(pseudonyms, pa.scalar(bytes(PSEUDONYM_BYTES), PSEUDONYM_TYPE))
    start = filled.offset * PSEUDONYM_BYTES
    bytes_ = np.zeros((rows, PSEUDONYM_BYTES + 1), np.uint16)
    if rows:
        data = np.frombuffer(filled.buffers()[1], np.uint8)[start : start + rows * PSEUDONYM_BYTES]
        bytes_[:, :PSEUDONYM_BYTES] = data.reshape(rows, PSEUDONYM_BYTES)
    characters = np.empty((rows, TEXT_LENGTH), np.uint8)
    for position in range(TEXT_LENGTH):
        byte, bit = divmod(5 * position, 8)
        window = (bytes_[:, byte] << 8) | bytes_[:, min(byte + 1, PSEUDONYM_BYTES)]
        characters[:, position] = _ALPHABET[(window >> (11 - bit)) & 31]
    offsets = pa.py_buffer(np.arange(0, (rows + 1) * TEXT_LENGTH, TEXT_LENGTH, dtype=np.int32).tobytes())
    text = pa.StringArray.from_buffers(rows, offsets, pa.py_buffer(characters.tobytes()))
    return pc.if_else(pseudonyms.is_valid(), text, pa.scalar(None, pa.string())) if pseudonyms.null_count else text
