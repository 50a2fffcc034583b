"""Errors of the sources room. Messages name what and where, never a value."""


class SourceError(Exception):
    """Root of every error about fetching and reading operators' data."""


class FeedError(SourceError):
    """The contract's feed options are not what its connector or decoder understands."""


class SourceUnavailableError(SourceError):
    """The operator can not be reached, or refuses; worth another try later."""


class PayloadError(SourceError):
    """The payload can not be read as the contract says; a person must look at it."""


class SchemaDriftError(PayloadError):
    """A column that the contract requires vanished or changed type."""
