"""From identifiers to the pseudonyms of one domain, and to the tags by which its distinct inputs are counted."""

from __future__ import annotations

import pyarrow as pa

from anonymization.pseudonyms import Kind, PseudonymError, binding, cmac, pseudonym_metadata, tweak
from anonymization.pseudonyms.blocks import BlockCipher
from anonymization.pseudonyms.columns import blocks_of, validity_of
from anonymization.pseudonyms.errors import ValueTooLongError
from anonymization.pseudonyms.ff1 import ff1_encrypt
from anonymization.pseudonyms.padding import pad
from anonymization.pseudonyms.siv import siv_encrypt
from anonymization.pseudonyms.wire import ANSWER_TYPES
from anonymization.pseudonyms.written import block_column, block_room
from custody.domains import OpenDomain
from custody.errors import RefusedError


class Transformer:
    """Makes the pseudonyms of one domain at one epoch, for one column. Not to be shared by threads.

    Attributes:
        type: of the pseudonyms: 16 bytes; bytes of one length; text.
        metadata: of their Arrow field: domain, algorithm, epoch.
    """

    def __init__(self, domain: OpenDomain, column: str | None = None) -> None:
        """Prepare the keys.

        Args:
            column: the name that pseudonyms which can be turned back are bound to; a one-way domain needs none.

        Raises:
            RefusedError: the domain is of a kind that binds a column, and none is named.
        """
        if column is None and domain.kind is not Kind.ONE_WAY:
            raise RefusedError("column_missing", f"pseudonyms of a {domain.kind} domain are bound to a column: name it")
        self._domain, self._column = domain, column or ""
        self._epoch = BlockCipher(domain.epoch_key) if domain.kind is Kind.ONE_WAY else None
        self.type: pa.DataType = ANSWER_TYPES[domain.kind]
        self.metadata = pseudonym_metadata(domain.name, domain.epoch, domain.kind.algorithm)

    def __call__(self, identifiers: pa.Array) -> tuple[pa.Array, pa.FixedSizeBinaryArray]:
        """Return the pseudonym and the counting tag of each canonical identifier, null where it is null.

        Raises:
            RefusedError: an identifier is not one of this domain (too long, too short, another alphabet).
        """
        tags = cmac(self._domain.counting_key, identifiers)
        try:
            pseudonyms = self._reversible(identifiers) if self._epoch is None else self._one_way(tags, self._epoch)
        except ValueTooLongError as error:
            raise RefusedError("identifier_too_long", str(error)) from None
        except PseudonymError as error:
            raise RefusedError("bad_identifier", str(error)) from None
        return pseudonyms, tags

    @staticmethod
    def _one_way(tags: pa.FixedSizeBinaryArray, epoch: BlockCipher) -> pa.FixedSizeBinaryArray:
        """E_Rn over CMAC_K, as :func:`anonymization.pseudonyms.mint`, whose tags are those that are counted."""
        buffer, blocks = block_room(len(tags))
        epoch.encrypt(blocks_of(tags), blocks)
        return block_column(buffer, blocks, validity_of(tags))

    def _reversible(self, identifiers: pa.Array) -> pa.Array:
        domain, text = self._domain, identifiers.cast(pa.string())
        if domain.kind is Kind.REVERSIBLE:
            bound = binding(domain.name, self._column, domain.epoch)
            return siv_encrypt(domain.key, pad(text, (domain.padded_length or 0,)), bound)
        bound_to = tweak(domain.name, self._column, domain.epoch)
        return ff1_encrypt(domain.key, text, domain.alphabet or "", bound_to)
