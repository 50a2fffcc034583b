from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from consent import ConsentStore, EventState, following
from tests.unit.consent.behavior import ALICE, BRUNO, DAY, NOW, TERMS, ConsentStoreBehavior, given


@pytest.fixture
def consents(engine: Engine) -> ConsentStore:
    store = ConsentStore(engine)
    store.register_terms(TERMS)
    return store


class TestConsentStoreOnPostgres(ConsentStoreBehavior):
    """The one suite, on the real service."""


def test_thirty_thousand_forms_are_entered_in_seconds(consents: ConsentStore) -> None:
    people = sorted({os.urandom(16) for _ in range(30_000)})
    events = given(*people)
    begin = time.process_time()
    assert consents.append_many(events) == 30_000
    appended = time.process_time() - begin
    assert consents.append_many(following(events[:100], EventState.WITHDRAWN, NOW + DAY, "web")) == 100
    assert consents.active_subjects("water-statistics", NOW + DAY).to_pylist() == people[100:]
    assert consents.verify_chain().sequence == 30_100
    assert appended < 10  # seconds of this process; about 2 where nothing else runs


def test_writers_at_the_same_time_make_one_chain(consents: ConsentStore) -> None:
    people = [os.urandom(16) for _ in range(200)]
    with ThreadPoolExecutor(4) as pool:
        added = sum(pool.map(lambda start: consents.append_many(given(*people[start : start + 60])), range(0, 200, 10)))
    assert added == 200
    assert consents.verify_chain().sequence == 200


@pytest.mark.parametrize("table", ["consent_ledger", "consent_terms"])
@pytest.mark.parametrize("change", ["UPDATE {} SET terms = terms", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_to_change_what_was_appended(
    engine: Engine, consents: ConsentStore, table: str, change: str
) -> None:
    consents.append_many(given(ALICE, BRUNO))
    with pytest.raises(IntegrityError, match="only ever added"), engine.begin() as connection:
        connection.execute(text(change.format(table)))
    assert consents.verify_chain().sequence == 2
