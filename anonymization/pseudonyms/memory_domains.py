"""The domains of a memory custodian: keys of this process, and the same algorithms as custody's."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import pyarrow as pa

from anonymization.pseudonyms.epochs import EPOCH_KEY_BYTES, mint
from anonymization.pseudonyms.errors import CustodyRefusedError, PseudonymError, ValueTooLongError
from anonymization.pseudonyms.ff1 import ff1_encrypt
from anonymization.pseudonyms.kinds import Kind, binding, tweak
from anonymization.pseudonyms.metadata import pseudonym_metadata
from anonymization.pseudonyms.padding import pad
from anonymization.pseudonyms.siv import siv_encrypt
from anonymization.pseudonyms.wire import ANSWER_TYPES, pseudonym_schema


def _epoch_key() -> bytes:
    return secrets.token_bytes(EPOCH_KEY_BYTES)


@dataclass(slots=True)
class Domain:
    """A domain: its lasting key, and those of its epochs, None once destroyed."""

    name: str
    kind: Kind = Kind.ONE_WAY
    padded_length: int = 0  # bytes, of a reversible one
    alphabet: str = ""  # of a format-preserving one
    key: bytes = field(default=b"", repr=False)
    epochs: list[bytes | None] = field(default_factory=lambda: [_epoch_key()], repr=False)
    epoch: int = 0  # the one that pseudonyms are minted at
    carried: int = 0  # pseudonyms carried to the next epoch

    def __post_init__(self) -> None:
        """Draw the lasting key."""
        self.key = self.key or secrets.token_bytes(self.kind.key_bytes)

    def epoch_key(self, epoch: int) -> bytes:
        """Return the key of an epoch that was not destroyed."""
        key = self.epochs[epoch]
        if key is None:
            raise CustodyRefusedError("epoch_destroyed", f"the key of epoch {epoch} was destroyed", 410)
        return key

    def field(self) -> pa.Field:
        """Return the field of an answer's pseudonyms."""
        metadata = pseudonym_metadata(self.name, self.epoch, self.kind.algorithm)
        return pseudonym_schema(metadata, ANSWER_TYPES[self.kind]).field(0)

    def mint(self, identifiers: pa.Array, column: str | None = None) -> pa.Array:
        """Return pseudonyms of the current epoch."""
        if self.kind is Kind.ONE_WAY:
            return mint(self.key, self.epoch_key(self.epoch), identifiers)
        if column is None:
            raise CustodyRefusedError("column_missing", "these pseudonyms are bound to a column: name it", 422)
        try:
            return self._bound(identifiers.cast(pa.string()), column)
        except ValueTooLongError as error:
            raise CustodyRefusedError("identifier_too_long", str(error), 413) from None
        except PseudonymError as error:
            raise CustodyRefusedError("bad_identifier", str(error), 422) from None

    def _bound(self, identifiers: pa.Array, column: str) -> pa.Array:
        if self.kind is Kind.REVERSIBLE:
            bound = binding(self.name, column, self.epoch)
            return siv_encrypt(self.key, pad(identifiers, (self.padded_length,)), bound)
        return ff1_encrypt(self.key, identifiers, self.alphabet, tweak(self.name, column, self.epoch))
