from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from sqlalchemy import Engine, delete, insert, select, update

from consent import (
    ConsentEvent,
    ConsentStore,
    ConsentTerms,
    EventState,
    InvalidConsentError,
    LedgerBrokenError,
    consent_root,
    given_events,
)
from storage import memory_engine
from storage.database.tables import consent_ledger
from tests.unit.consent.behavior import ALICE, BRUNO, CHLOE, NOW, TERMS, YEAR, ConsentStoreBehavior, given, subjects


@pytest.fixture
def engine() -> Engine:
    return memory_engine()


@pytest.fixture
def consents(engine: Engine) -> ConsentStore:
    store = ConsentStore(engine)
    assert store.register_terms(TERMS) == store.register_terms(TERMS) == TERMS.digest()
    return store


class TestConsentStoreInMemory(ConsentStoreBehavior):
    pass


@pytest.mark.parametrize(
    "tampering",
    [
        update(consent_ledger).where(consent_ledger.c.sequence == 2).values(purpose="leak-alerts"),
        update(consent_ledger).where(consent_ledger.c.sequence == 2).values(expires_at=NOW + 9 * YEAR),
        update(consent_ledger).where(consent_ledger.c.sequence == 2).values(pii_principal_id=CHLOE),
        update(consent_ledger).where(consent_ledger.c.sequence == 2).values(event_digest="0" * 64),
        update(consent_ledger).where(consent_ledger.c.sequence == 2).values(hash="0" * 64),
        delete(consent_ledger).where(consent_ledger.c.sequence == 2),
    ],
)
def test_an_altered_ledger_is_noticed(engine: Engine, consents: ConsentStore, tampering: object) -> None:
    consents.append_many(given(ALICE, BRUNO, CHLOE))
    with engine.begin() as connection:
        connection.execute(tampering)  # type: ignore[call-overload]
    with pytest.raises(LedgerBrokenError, match="entry 2"):
        consents.verify_chain()


def test_an_inserted_entry_is_noticed(engine: Engine, consents: ConsentStore) -> None:
    consents.append_many(given(ALICE))
    with engine.begin() as connection:
        row = dict(connection.execute(select(consent_ledger)).mappings().one())
        connection.execute(insert(consent_ledger).values(**row | {"sequence": 2, "event_digest": "0" * 64}))
    with pytest.raises(LedgerBrokenError, match="entry 2"):
        consents.verify_chain()


def test_terms_have_one_digest_and_come_back() -> None:
    assert ConsentTerms.from_json(TERMS.to_json()) == TERMS
    assert replace(TERMS, language="en").digest() != TERMS.digest()


def test_a_consent_always_says_for_how_long() -> None:
    event = given(ALICE)[0]
    for duration in (None, timedelta(0), -YEAR):
        with pytest.raises(InvalidConsentError, match="how long"):
            replace(event, validity_duration=duration)
    with pytest.raises(InvalidConsentError, match="validity"):
        replace(event, event_state=EventState.WITHDRAWN)


def test_what_is_no_pseudonym_or_moment_is_refused() -> None:
    event = given(ALICE)[0]
    with pytest.raises(InvalidConsentError, match="16 bytes"):
        replace(event, pii_principal_id=b"Lemoine")
    with pytest.raises(InvalidConsentError, match="time zone"):
        replace(event, event_time=NOW.replace(tzinfo=None))


def test_a_pseudonym_is_not_shown() -> None:
    assert "\\x03" not in repr(given(ALICE)[0])


def test_an_import_names_its_records_by_what_they_are() -> None:
    def names(people: pa.Array, purpose: str = "water-statistics") -> list[str]:
        events: list[ConsentEvent] = given_events(
            people, terms=TERMS, purpose=purpose, event_time=NOW, validity_duration=YEAR, entity_id="web"
        )
        return [event.record_id for event in events]

    assert names(subjects(ALICE, BRUNO)) == names(subjects(ALICE, BRUNO))
    assert len({*names(subjects(ALICE, BRUNO)), *names(subjects(ALICE), "leak-alerts")}) == 3


def test_a_root_covers_pseudonyms_only() -> None:
    whole = subjects(ALICE, BRUNO, CHLOE)
    assert consent_root(whole.slice(1)) == consent_root(subjects(BRUNO, CHLOE))
    assert consent_root(subjects()) != consent_root(whole)
    for wrong in (pa.array([ALICE, None], pa.binary(16)), pa.array([ALICE]), pa.array(["a"])):
        with pytest.raises(InvalidConsentError):
            consent_root(wrong)
