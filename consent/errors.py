"""Errors of the consent room."""


class ConsentError(Exception):
    """Root of every error about consent."""


class InvalidConsentError(ConsentError):
    """A record or event breaks a rule of its standard or of ours."""


class LedgerBrokenError(ConsentError):
    """An entry of the ledger is not the one that was appended: it was altered, removed or inserted."""
