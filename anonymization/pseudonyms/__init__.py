"""Pseudonyms: column AES-CMAC, canonical forms, text form, and the way to custody."""

from anonymization.pseudonyms.canonical import canonicalize
from anonymization.pseudonyms.client import CustodyClient
from anonymization.pseudonyms.cmac import ALGORITHM, PSEUDONYM_BYTES, PSEUDONYM_TYPE, cmac
from anonymization.pseudonyms.custodian import (
    CONSENT_DOMAIN,
    ROLES,
    Action,
    ClientScope,
    Custodian,
    pseudonym_metadata,
)
from anonymization.pseudonyms.errors import CustodyError, CustodyRefusedError, CustodyUnavailableError, PseudonymError
from anonymization.pseudonyms.memory import MemoryCustodian
from anonymization.pseudonyms.text_form import to_base32

__all__ = [
    "ALGORITHM",
    "CONSENT_DOMAIN",
    "PSEUDONYM_BYTES",
    "PSEUDONYM_TYPE",
    "ROLES",
    "Action",
    "ClientScope",
    "Custodian",
    "CustodyClient",
    "CustodyError",
    "CustodyRefusedError",
    "CustodyUnavailableError",
    "MemoryCustodian",
    "PseudonymError",
    "canonicalize",
    "cmac",
    "pseudonym_metadata",
    "to_base32",
]
