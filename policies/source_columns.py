"""What a contract says of each source column: its type, its checks, and what it is with regard to people.

Pure data; other rooms take these names from :mod:`policies.contract`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NewType

Domain = NewType("Domain", str)  # a pseudonymisation domain declared in custody


class PrivacyCategory(StrEnum):
    """What a source column is with regard to people (EDPB 01/2025; ODCS `classification` says how secret it is)."""

    DIRECT_IDENTIFIER = "direct_identifier"
    QUASI_IDENTIFIER = "quasi_identifier"
    SENSITIVE = "sensitive"
    HEALTH = "health"  # of article 9: see policies.health
    FREE_TEXT = "free_text"
    NONE = "none"


class Technique(StrEnum):
    """What *deidentify* does to a column before anything is written to the trusted zone."""

    PSEUDONYMIZE = "pseudonymize"  # replaced by a one-way pseudonym of `domain`
    REDACT = "redact"  # free text, personal data replaced by tags
    COMMUNE = "commune"  # a postal address, reduced to the INSEE code of its commune
    DROP = "drop"  # checked, then never stored
    KEEP = "keep"  # stored in the trusted zone as it is


class CanonicalForm(StrEnum):
    """How an identifier is normalised before it becomes a pseudonym."""

    TEXT = "text"  # Unicode NFC, trimmed
    UPPER = "upper"  # NFC, trimmed, upper case, inner spaces and dashes removed
    EMAIL = "email"
    PHONE = "phone"  # E.164, French numbering by default
    PLATE = "plate"  # a French number plate: AB-123-CD, or 123 ABC 49 before 2009
    NIR = "nir"  # 13 characters, without the key
    PRM = "prm"  # delivery point of electricity, 14 digits
    PCE = "pce"  # delivery point of gas, 14 digits or GI and six


@dataclass(frozen=True, slots=True)
class Redaction:
    """How a column of free text is read, where the contract says so (`privacy.redaction`).

    Kinds of personal data are those of :data:`policies.personal_data.KINDS`.
    """

    kinds: tuple[str, ...] | None = None  # looked for; None: all
    thresholds: dict[str, float] = field(default_factory=dict)  # least score that is masked
    operators: dict[str, str] = field(default_factory=dict)  # redact, replace, hash, generalize, keep
    meters: tuple[str, ...] = ()  # patterns of the operator's meter, badge or bin numbers
    model: bool = True  # False: patterns and gazetteers alone


@dataclass(frozen=True, slots=True)
class Privacy:
    """Category and technique of one source column."""

    category: PrivacyCategory = PrivacyCategory.NONE
    technique: Technique = Technique.KEEP
    domain: Domain | None = None  # with PSEUDONYMIZE, and with REDACT where a kind is hashed
    canonical: CanonicalForm = CanonicalForm.TEXT
    redaction: Redaction | None = None  # with REDACT
    at_source: bool = False  # with PSEUDONYMIZE: the operator had custody do it, and delivers pseudonyms
    may_hold: tuple[str, ...] = ()  # kinds of personal data that are no surprise in this column


@dataclass(frozen=True, slots=True)
class QualityRule:
    """One ODCS library rule over a column; a row that breaks it goes to quarantine with `code`."""

    code: str  # e.g. "nullValues", "invalidValues", "outOfRange", "patternMismatch", "duplicateValues"
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    valid_values: tuple[str, ...] = ()
    lengths: tuple[int, int | None] | None = None  # fewest and most characters


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the source schema. `physical_name` is the operator's name for it, `name` ours."""

    name: str
    physical_name: str
    logical_type: Literal["string", "integer", "number", "boolean", "date", "timestamp"]
    required: bool = False
    primary_key: bool = False
    description: str = ""  # French
    classification: str = "public"
    unit: str | None = None  # UCUM code
    format: str | None = None  # of dates and times, strptime style
    privacy: Privacy = Privacy()
    quality: tuple[QualityRule, ...] = ()

    @property
    def stored(self) -> bool:
        """Whether the trusted zone keeps it in any form."""
        return self.privacy.technique is not Technique.DROP

    @property
    def read(self) -> bool:
        """Whether its values are needed at all: what is neither kept, checked nor to be known again is not decoded."""
        return self.checked or self.privacy.category is PrivacyCategory.DIRECT_IDENTIFIER

    @property
    def checked(self) -> bool:
        """Whether a row is judged by it, or keeps it; rejects have these columns only."""
        return self.stored or self.required or self.primary_key or bool(self.quality)
