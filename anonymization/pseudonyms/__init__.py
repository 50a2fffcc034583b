"""Pseudonyms: standards evaluated by column, canonical and text forms, their origin, and the way to custody."""

from anonymization.pseudonyms.answers import Pseudonyms
from anonymization.pseudonyms.canonical import canonicalize
from anonymization.pseudonyms.client import CustodyClient
from anonymization.pseudonyms.cmac import cmac
from anonymization.pseudonyms.columns import PSEUDONYM_BYTES, PSEUDONYM_TYPE
from anonymization.pseudonyms.custodian import CONSENT_DOMAIN, ROLES, Action, ClientScope, Custodian
from anonymization.pseudonyms.epochs import EPOCH_KEY_BYTES, mint, rotate
from anonymization.pseudonyms.errors import (
    CustodyError,
    CustodyRefusedError,
    CustodyUnavailableError,
    MixedPseudonymsError,
    PseudonymError,
    PseudonymOriginError,
)
from anonymization.pseudonyms.ff1 import ff1_decrypt, ff1_encrypt
from anonymization.pseudonyms.kinds import Kind, binding, tweak
from anonymization.pseudonyms.memory import MemoryCustodian
from anonymization.pseudonyms.memory_rotation import MemoryRotationCustodian
from anonymization.pseudonyms.metadata import (
    Origin,
    anti_join,
    check_joinable,
    join,
    pseudonym_metadata,
    pseudonym_origin,
    semi_join,
)
from anonymization.pseudonyms.padding import pad, unpad
from anonymization.pseudonyms.rotation import RotationClient, RotationCounts, RotationCustodian, RotationState
from anonymization.pseudonyms.siv import siv_decrypt, siv_encrypt
from anonymization.pseudonyms.text_form import from_base32, to_base32

__all__ = [
    "CONSENT_DOMAIN",
    "EPOCH_KEY_BYTES",
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
    "Kind",
    "MemoryCustodian",
    "MemoryRotationCustodian",
    "MixedPseudonymsError",
    "Origin",
    "PseudonymError",
    "PseudonymOriginError",
    "Pseudonyms",
    "RotationClient",
    "RotationCounts",
    "RotationCustodian",
    "RotationState",
    "anti_join",
    "binding",
    "canonicalize",
    "check_joinable",
    "cmac",
    "ff1_decrypt",
    "ff1_encrypt",
    "from_base32",
    "join",
    "mint",
    "pad",
    "pseudonym_metadata",
    "pseudonym_origin",
    "rotate",
    "semi_join",
    "siv_decrypt",
    "siv_encrypt",
    "to_base32",
    "tweak",
    "unpad",
]
