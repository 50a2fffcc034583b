"""What the consent ledger does: one suite, run in memory by the unit tests and on PostgreSQL by integration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from consent import (
    ConsentEvent,
    ConsentStore,
    ConsentTerms,
    EventState,
    InvalidConsentError,
    Party,
    PiiInformation,
    consent_root,
    following,
    given_events,
)
from consent.ledger import GENESIS, LedgerHead

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = 365 * DAY
ALICE, BRUNO, CHLOE = (bytes([number]) * 16 for number in (3, 1, 2))
TERMS = ConsentTerms(
    privacy_notice="https://angers.example/donnees/eau/v1",
    language="fr",
    purposes=("water-statistics", "leak-alerts"),
    lawful_basis="eu-gdpr:A6-1-a",
    pii_information=(PiiInformation("meter reading", "index_l"),),
    pii_controllers=(Party("Angers Loire Métropole", "controller", "dpo@angersloiremetropole.example"),),
    collection_method="online form",
    processing_method="aggregation by commune and month",
    storage_locations=("FR",),
    retention_period="P1Y",
    processing_locations=("FR",),
    jurisdiction="FR",
    recipient_third_parties=(),
    withdrawal_method="https://angers.example/donnees/retrait",
    privacy_rights="https://angers.example/donnees/droits",
    authority_party=Party("CNIL", "authority", "https://www.cnil.fr"),
)


def subjects(*values: bytes) -> pa.FixedSizeBinaryArray:
    return pa.array(list(values), pa.binary(16))


def given(*people: bytes, at: datetime = NOW, purpose: str = "water-statistics") -> list[ConsentEvent]:
    return given_events(
        subjects(*people), terms=TERMS, purpose=purpose, event_time=at, validity_duration=YEAR, entity_id="web"
    )


class ConsentStoreBehavior:
    """Subclass it with a fixture `consents`: an empty store where TERMS are registered."""

    def test_nobody_consents_at_first(self, consents: ConsentStore) -> None:
        active = consents.active_subjects("water-statistics", NOW)
        assert (len(active), active.type) == (0, pa.binary(16))
        assert consents.head() == consents.verify_chain() == LedgerHead(0, GENESIS)

    def test_active_subjects_are_sorted_and_distinct(self, consents: ConsentStore) -> None:
        assert consents.append_many(given(ALICE, BRUNO, CHLOE)) == 3
        consents.append_many(given(ALICE, at=NOW + DAY))
        active = consents.active_subjects("water-statistics", NOW + DAY)
        assert active.to_pylist() == sorted([ALICE, BRUNO, CHLOE])

    def test_a_consent_holds_from_its_moment_until_its_end(self, consents: ConsentStore) -> None:
        consents.append_many(given(ALICE))
        instant = timedelta(microseconds=1)
        for at, expected in ((NOW - instant, 0), (NOW, 1), (NOW + YEAR - instant, 1), (NOW + YEAR, 0)):
            assert len(consents.active_subjects("water-statistics", at)) == expected

    def test_a_purpose_is_not_another(self, consents: ConsentStore) -> None:
        consents.append_many(given(ALICE) + given(BRUNO, purpose="leak-alerts"))
        assert consents.active_subjects("water-statistics", NOW).to_pylist() == [ALICE]
        assert consents.active_subjects("leak-alerts", NOW).to_pylist() == [BRUNO]
        assert len(consents.active_subjects("none", NOW)) == 0

    def test_who_withdraws_is_out_from_that_moment(self, consents: ConsentStore) -> None:
        events = given(ALICE, BRUNO)
        consents.append_many(events)
        consents.append_many(following(events[:1], EventState.WITHDRAWN, NOW + DAY, "paper"))
        assert len(consents.active_subjects("water-statistics", NOW + DAY / 2)) == 2
        assert consents.active_subjects("water-statistics", NOW + DAY).to_pylist() == [BRUNO]
        consents.append_many(given(ALICE, at=NOW + 2 * DAY))
        assert len(consents.active_subjects("water-statistics", NOW + 2 * DAY)) == 2

    def test_a_withdrawal_ends_every_record_of_the_purpose(self, consents: ConsentStore) -> None:
        web, paper = given(ALICE), [replace(given(ALICE)[0], record_id="paper-1", entity_id="agent")]
        consents.append_many(web + paper)
        consents.append_many(following(paper, EventState.WITHDRAWN, NOW + DAY, "agent"))
        assert len(consents.active_subjects("water-statistics", NOW + DAY)) == 0

    def test_an_expired_record_does_not_end_its_renewal(self, consents: ConsentStore) -> None:
        first, renewed = given(ALICE), [replace(given(ALICE, at=NOW + DAY)[0], record_id="renewed")]
        consents.append_many(first + renewed)
        consents.append_many(following(first, EventState.EXPIRED, NOW + 2 * DAY, "hub"))
        assert len(consents.active_subjects("water-statistics", NOW + 2 * DAY)) == 1
        consents.append_many(following(renewed, EventState.EXPIRED, NOW + 3 * DAY, "hub"))
        assert len(consents.active_subjects("water-statistics", NOW + 3 * DAY)) == 0

    def test_a_withdrawal_of_the_same_moment_wins_whatever_comes_first(self, consents: ConsentStore) -> None:
        events = given(ALICE, BRUNO)
        consents.append_many([*following(events, EventState.WITHDRAWN, NOW, "web"), *events])
        assert len(consents.active_subjects("water-statistics", NOW)) == 0

    def test_an_event_appended_again_is_the_same_entry(self, consents: ConsentStore) -> None:
        events = given(ALICE, BRUNO)
        assert consents.append_many(events + events) == 2
        head = consents.head()
        assert consents.append_many(events) == 0
        assert not consents.append(events[0])
        assert consents.head() == consents.verify_chain() == head
        assert head.sequence == 2

    def test_each_entry_seals_those_before(self, consents: ConsentStore) -> None:
        heads = {GENESIS}
        for person in (ALICE, BRUNO, CHLOE):
            consents.append_many(given(person))
            heads.add(consents.verify_chain().hash)
        assert len(heads) == 4

    def test_terms_must_be_registered_and_have_the_purpose(self, consents: ConsentStore) -> None:
        with pytest.raises(InvalidConsentError, match="not registered"):
            consents.append(replace(given(ALICE)[0], terms="0" * 64))
        with pytest.raises(InvalidConsentError, match="no purpose"):
            consents.append_many(given(BRUNO) + given(ALICE, purpose="advertising"))
        assert consents.head().sequence == 0

    def test_a_record_shows_its_terms_and_history(self, consents: ConsentStore) -> None:
        events = given(ALICE)
        consents.append_many(following(events, EventState.WITHDRAWN, NOW + DAY, "paper") + events)
        record = consents.record(events[0].record_id)
        assert record is not None
        assert record.terms == (TERMS,)
        assert [event.event_state for event in record.events] == [EventState.GIVEN, EventState.WITHDRAWN]
        assert record.events[0] == events[0]
        assert record.schema_version == "ISO/IEC TS 27560:2023"
        assert consents.record("none") is None

    def test_the_root_follows_from_the_subjects_alone(self, consents: ConsentStore) -> None:
        consents.append_many(given(ALICE, BRUNO))
        root = consent_root(consents.active_subjects("water-statistics", NOW))
        consents.append_many(given(CHLOE, purpose="leak-alerts"))
        assert consent_root(consents.active_subjects("water-statistics", NOW + DAY)) == root
        consents.append_many(given(CHLOE))
        assert consent_root(consents.active_subjects("water-statistics", NOW)) != root
