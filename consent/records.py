"""Consent records with the fields of ISO/IEC TS 27560:2023 (clause 6), under the standard's own names.

The processing section is the same for everyone who was shown the same notice, so it is kept once as *terms*, named by
its digest, and each event names the terms it was given under. A person is only ever a pseudonym of custody's `consent`
domain. States are those of the Data Privacy Vocabulary 2.3 (https://w3id.org/dpv#).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

import pyarrow as pa

from consent.errors import InvalidConsentError
from storage import canonical_json

SCHEMA_VERSION = "ISO/IEC TS 27560:2023"
SUBJECT_SIZE = 16  # bytes of a pseudonym


class EventState(StrEnum):
    """What an event does to a consent (DPV consent statuses)."""

    GIVEN = "ConsentGiven"
    WITHDRAWN = "ConsentWithdrawn"
    EXPIRED = "ConsentExpired"


@dataclass(frozen=True, slots=True)
class Party:
    """Someone with a role in the processing (clause 6.4)."""

    party_name: str
    party_role: str  # "controller", "processor", "third party", "authority"
    party_contact: str
    party_type: str = "organization"


@dataclass(frozen=True, slots=True)
class PiiInformation:
    """A kind of personal data the consent covers (clause 6.3)."""

    pii_type: str
    pii_attribute_id: str
    pii_optional: bool = False
    sensitive_pii_category: bool = False
    special_pii_category: bool = False


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """The processing section (clause 6.3): what a person was told and agreed to."""

    privacy_notice: str  # address of the notice, with its version
    language: str
    purposes: tuple[str, ...]  # ids of purposes; an event concerns one of them
    lawful_basis: str  # DPV, e.g. "eu-gdpr:A6-1-a"
    pii_information: tuple[PiiInformation, ...]
    pii_controllers: tuple[Party, ...]
    collection_method: str
    processing_method: str
    storage_locations: tuple[str, ...]
    retention_period: str  # ISO 8601 duration
    processing_locations: tuple[str, ...]
    jurisdiction: str
    recipient_third_parties: tuple[Party, ...]
    withdrawal_method: str
    privacy_rights: str
    impact_assessment: str | None = None
    authority_party: Party | None = None

    def digest(self) -> str:
        """The sha256 (hex) of the terms in canonical JSON: their name in the ledger."""
        return sha256(canonical_json(self.to_json())).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ConsentTerms:
        """The inverse of :meth:`to_json`."""
        fields: dict[str, Any] = dict(value)
        for name in ("purposes", "storage_locations", "processing_locations"):
            fields[name] = tuple(fields[name])
        for name in ("pii_controllers", "recipient_third_parties"):
            fields[name] = tuple(Party(**party) for party in fields[name])
        fields["pii_information"] = tuple(PiiInformation(**item) for item in fields["pii_information"])
        if fields["authority_party"] is not None:
            fields["authority_party"] = Party(**fields["authority_party"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """Something that happened to a consent (clause 6.5).

    A consent that is given always says until when: without `validity_duration` it is refused.
    """

    record_id: str
    pii_principal_id: bytes = field(repr=False)  # pseudonym of the domain `consent`, 16 bytes
    purpose: str
    terms: str  # digest of the ConsentTerms
    event_state: EventState
    event_time: datetime
    entity_id: str  # who brought it in: a channel or an agent's account, never the person
    validity_duration: timedelta | None = None  # of GIVEN
    event_type: str = "explicit"

    def __post_init__(self) -> None:
        if len(self.pii_principal_id) != SUBJECT_SIZE:
            raise InvalidConsentError(f"a consent concerns a pseudonym of {SUBJECT_SIZE} bytes")
        if self.event_time.tzinfo is None:
            raise InvalidConsentError("the time of a consent event has no time zone")
        given = self.event_state is EventState.GIVEN
        if given and (self.validity_duration is None or self.validity_duration <= timedelta(0)):
            raise InvalidConsentError("a consent that is given says for how long")
        if not given and self.validity_duration is not None:
            raise InvalidConsentError("only a consent that is given has a validity")

    @property
    def expires_at(self) -> datetime | None:
        """The first moment a given consent does not hold any more."""
        return None if self.validity_duration is None else self.event_time + self.validity_duration


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """A consent with its whole history, as it is shown to the person and to the DPO."""

    record_id: str
    pii_principal_id: bytes = field(repr=False)
    terms: tuple[ConsentTerms, ...]  # each version agreed to, oldest first
    events: tuple[ConsentEvent, ...]  # in order of time
    schema_version: str = SCHEMA_VERSION


def given_events(
    subjects: pa.FixedSizeBinaryArray,
    *,
    terms: ConsentTerms,
    purpose: str,
    event_time: datetime,
    validity_duration: timedelta,
    entity_id: str,
) -> list[ConsentEvent]:
    """The same consent given by many (a campaign, an import of forms).

    A record's id follows from the subject, the purpose and the terms, so an import that is repeated adds nothing.
    """
    digest = terms.digest()
    start = sha256(f"{purpose}\0{digest}\0".encode())

    def record_id(subject: bytes) -> str:
        name = start.copy()
        name.update(subject)
        return name.hexdigest()[:32]

    return [
        ConsentEvent(
            record_id(subject), subject, purpose, digest, EventState.GIVEN, event_time, entity_id, validity_duration
        )
        for subject in subjects.to_pylist()
    ]


def following(events: Iterable[ConsentEvent], state: EventState, at: datetime, entity_id: str) -> list[ConsentEvent]:
    """The end (withdrawn or expired, at `at`) of consents given by `events`."""
    return [
        ConsentEvent(event.record_id, event.pii_principal_id, event.purpose, event.terms, state, at, entity_id)
        for event in events
    ]
