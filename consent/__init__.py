"""Consent records and their ledger."""

from consent.errors import ConsentError, InvalidConsentError, LedgerBrokenError
from consent.ledger import ConsentStore, LedgerHead, consent_root
from consent.records import (
    ConsentEvent,
    ConsentRecord,
    ConsentTerms,
    EventState,
    Party,
    PiiInformation,
    following,
    given_events,
)

__all__ = [
    "ConsentError",
    "ConsentEvent",
    "ConsentRecord",
    "ConsentStore",
    "ConsentTerms",
    "EventState",
    "InvalidConsentError",
    "LedgerBrokenError",
    "LedgerHead",
    "Party",
    "PiiInformation",
    "consent_root",
    "following",
    "given_events",
]
