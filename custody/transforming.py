"""From identifiers to the pseudonyms of one domain, and to the tags by which its distinct inputs are counted."""

from __future__ import annotations

import pyarrow as pa

from anonymization.pseudonyms import PSEUDONYM_TYPE, Kind, PseudonymError, cmac, pseudonym_metadata
from anonymization.pseudonyms.blocks import BlockCipher
from anonymization.pseudonyms.columns import block_column, block_room, blocks_of, validity_of
from custody.domains import OpenDomain
from custody.errors import RefusedError


class Transformer:
    """Makes the pseudonyms of one domain at one epoch, for one column. Not to be shared by threads.

    Attributes:
        type: of the pseudonyms.
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
        self._domain, self._column = domain, column
        self._epoch = BlockCipher(domain.epoch_key) if domain.kind is Kind.ONE_WAY else None
        self.type: pa.DataType = PSEUDONYM_TYPE
        self.metadata = pseudonym_metadata(domain.name, domain.epoch, domain.kind.algorithm)

    def __call__(self, identifiers: pa.Array) -> tuple[pa.Array, pa.FixedSizeBinaryArray]:
        """Return the pseudonym and the counting tag of each canonical identifier, null where it is null.

        Raises:
            RefusedError: an identifier is not one of this domain (too long, too short, another alphabet).
        """
        tags = cmac(self._domain.counting_key, identifiers)
        try:
            return self._pseudonyms(identifiers, tags), tags
        except PseudonymError as error:
            raise RefusedError("bad_identifier", str(error)) from None

    def _pseudonyms(self, identifiers: pa.Array, tags: pa.FixedSizeBinaryArray) -> pa.Array:
        if self._epoch is None:
            raise RefusedError("bad_request", "this kind of domain has no pseudonyms here")
        buffer, blocks = block_room(len(tags))  # E_Rn over CMAC_K, as epochs.mint
        self._epoch.encrypt(blocks_of(tags), blocks)
        return block_column(buffer, blocks, validity_of(tags))
