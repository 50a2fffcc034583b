"""The kinds of pseudonymisation domains: algorithm, key, and what their pseudonyms are bound to.

The name of an algorithm is written in the metadata of every pseudonymised column, so a name never changes its meaning:
another construction, key size or order of fields is another name.

    kind               algorithm           key                      what an equal pseudonym tells   what else shows
    one-way            aes-cmac+aes-256    domain 16 or 32 bytes,   equal canonical identifiers     nothing
                                           epoch 32 bytes
    reversible         aes-siv             64 (also 32, 48) bytes   equal padded identifiers        the padded length
    format-preserving  aes-ff1             32 (also 16, 24) bytes   equal identifiers               length and alphabet
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What may be done with the pseudonyms of a domain."""

    ONE_WAY = "one-way"  # nobody turns one back
    REVERSIBLE = "reversible"  # custody can turn one back
    FORMAT_PRESERVING = "format-preserving"  # reversible, and written like the identifier

    @property
    def algorithm(self) -> str:
        """The name of what makes the pseudonyms, for the metadata of their column."""
        return _ALGORITHMS[self]

    @property
    def key_bytes(self) -> int:
        """The size of a new domain key."""
        return _KEY_BYTES[self]


_ALGORITHMS = {
    Kind.ONE_WAY: "aes-cmac+aes-256",
    Kind.REVERSIBLE: "aes-siv",
    Kind.FORMAT_PRESERVING: "aes-ff1",
}
_KEY_BYTES = {Kind.ONE_WAY: 32, Kind.REVERSIBLE: 64, Kind.FORMAT_PRESERVING: 32}


def binding(domain: str, column: str, epoch: int) -> tuple[bytes, ...]:
    """Return what a reversible pseudonym is bound to, as associated data of AES-SIV (RFC 5297: a vector of strings)."""
    return (b"ardoise-pseudonym-1", domain.encode(), column.encode(), str(epoch).encode())


def tweak(domain: str, column: str, epoch: int) -> bytes:
    """Return what a format-preserving pseudonym is bound to, as a tweak: :func:`binding`, each field after its length.

    Lengths are four bytes, most significant first, so that no two bindings give the same tweak.
    """
    return b"".join(len(field).to_bytes(4, "big") + field for field in binding(domain, column, epoch))
