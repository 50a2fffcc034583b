"""Errors of pseudonyms and of the way to custody. No message holds an identifier, a pseudonym or a key."""

from __future__ import annotations


class PseudonymError(Exception):
    """Root of every error about pseudonyms."""


class KeyLengthError(PseudonymError):
    """A key whose size the algorithm does not have."""


class EpochKeyError(PseudonymError):
    """Keys of two epochs that can not follow each other."""


class IdentifierTypeError(PseudonymError):
    """A column of identifiers that is neither text nor bytes."""


class NullColumnError(IdentifierTypeError):
    """A column that has no type but null."""


class ValueTooLongError(PseudonymError):
    """A value longer than any identifier may be."""


class ValueTooShortError(PseudonymError):
    """A value too short to be what it is said to be, or to be encrypted safely."""


class ColumnTooLargeError(PseudonymError):
    """A result that a column of its type can not hold."""


class AlphabetError(PseudonymError):
    """An alphabet that texts can not be written with."""


class CharacterError(PseudonymError):
    """Values with a character that is not of the alphabet."""


class DomainTooSmallError(PseudonymError):
    """Values so short, in so small an alphabet, that trying all of them is easy."""


class TweakError(PseudonymError):
    """A tweak that FF1 does not take."""


class AssociatedDataError(PseudonymError):
    """Associated data that AES-SIV does not take."""


class TamperedPseudonymError(PseudonymError):
    """A reversible pseudonym that does not open: altered, or of another key, domain, column or epoch."""


class TextFormError(PseudonymError):
    """Texts that are not the text form of anything."""


class PaddingError(PseudonymError):
    """Lengths that can not be padded to, or values that were not padded."""


class PseudonymOriginError(PseudonymError):
    """A column of pseudonyms that does not say its domain, algorithm and epoch."""


class MixedPseudonymsError(PseudonymError):
    """Two columns of pseudonyms of different domains, algorithms or epochs: comparing them would prove nothing."""


class SubjectsError(PseudonymError):
    """A set of subjects that can not be one of pseudonyms."""


class CustodyError(PseudonymError):
    """Root of what custody, or the way to it, answers wrongly."""


class CustodyUnavailableError(CustodyError):
    """Custody can not be reached, or its answer stopped before its end: nothing of it may be used."""


class CustodyRefusedError(CustodyError):
    """Custody understood and said no.

    Attributes:
        code: custody's own word for the reason (``quota_spent``, ``domain_unknown``…).
        status: the HTTP status that goes with it.
    """

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(f"custody refuses ({status} {code}): {message}")
        self.code = code
        self.message = message
        self.status = status
