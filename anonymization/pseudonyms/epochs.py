"""One-way pseudonyms by epoch: made from identifiers, and carried from one epoch to the next without them.

    pseudonym at epoch n = E_Rn(CMAC_K(canonical identifier))

K is the domain's key, Rn the epoch's, E the block cipher AES-256 (FIPS 197) over the one block that a tag is. E is a
permutation of all 16-byte values: rotation is a bijection by construction, equals minting anew, and needs no
identifier. Two epochs of a domain share nothing to whoever has neither of their keys. Once Rn is destroyed, pseudonyms
of epoch n can neither be made nor carried anywhere. Whoever has K and the current Rn can make pseudonyms of candidates:
then rotation heals nothing, and the domain must be minted again, from its sources, under another K.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from anonymization.pseudonyms.blocks import SLICE_ROWS, BlockCipher
from anonymization.pseudonyms.cmac import cmac
from anonymization.pseudonyms.columns import blocks_of, validity_of
from anonymization.pseudonyms.errors import EpochKeyError
from anonymization.pseudonyms.kinds import Kind
from anonymization.pseudonyms.written import block_column, block_room

ALGORITHM = Kind.ONE_WAY.algorithm
EPOCH_KEY_BYTES = 32


def mint(domain_key: bytes, epoch_key: bytes, values: pa.Array) -> pa.FixedSizeBinaryArray:
    """Return the one-way pseudonym of each canonical identifier at one epoch, null where it is null.

    Args:
        domain_key: 16 or 32 bytes.
        epoch_key: 32 bytes.
        values: as for :func:`~anonymization.pseudonyms.cmac.cmac`; each value of a dictionary is treated once.

    Returns:
        16-byte pseudonyms, plain even if the values are dictionary-encoded.

    Raises:
        KeyLengthError: a key has another size.
        IdentifierTypeError: the values are neither text nor bytes.
    """
    epoch = BlockCipher(epoch_key, (EPOCH_KEY_BYTES,))
    if isinstance(values, pa.DictionaryArray):
        return mint(domain_key, epoch_key, values.dictionary).take(values.indices)
    tags = cmac(domain_key, values)
    buffer, blocks = block_room(len(tags))
    epoch.encrypt(blocks_of(tags), blocks)
    return block_column(buffer, blocks, validity_of(tags))


def rotate(old_epoch_key: bytes, new_epoch_key: bytes, pseudonyms: pa.Array) -> pa.Array:
    """Return pseudonyms of one epoch as those of another: E_new(D_old(p)), null where they are null.

    Args:
        old_epoch_key: 32 bytes, the key they were minted or last rotated with.
        new_epoch_key: 32 other bytes.
        pseudonyms: 16-byte values, plain or dictionary-encoded; a dictionary stays one, each value treated once.

    Raises:
        KeyLengthError: a key has another size.
        EpochKeyError: the two keys are the same: nothing would be rotated.
        IdentifierTypeError: the column does not hold 16-byte pseudonyms.
    """
    old, new = (BlockCipher(key, (EPOCH_KEY_BYTES,)) for key in (old_epoch_key, new_epoch_key))
    if old_epoch_key == new_epoch_key:
        raise EpochKeyError("the old and the new epoch have the same key")
    if isinstance(pseudonyms, pa.DictionaryArray):
        rotated = rotate(old_epoch_key, new_epoch_key, pseudonyms.dictionary)
        return pa.DictionaryArray.from_arrays(pseudonyms.indices, rotated)
    given = blocks_of(pseudonyms)
    buffer, blocks = block_room(len(pseudonyms))
    room = np.empty((min(len(given), SLICE_ROWS) + 1, 2), np.uint64)
    for start in range(0, len(given), SLICE_ROWS):
        some = given[start : start + SLICE_ROWS]
        old.decrypt(some, room)
        new.encrypt(room[: len(some)], blocks[start : start + len(some) + 1])
    return block_column(buffer, blocks, validity_of(pseudonyms))
