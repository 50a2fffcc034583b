"""Consent over time, against a model of a dozen lines."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import ConsentEvent, ConsentStore, EventState
from storage import memory_engine
from tests.unit.consent.behavior import TERMS

START = datetime(2026, 1, 1, tzinfo=UTC)
PURPOSE = TERMS.purposes[0]


@st.composite
def events(draw: st.DrawFn) -> ConsentEvent:
    subject, record = draw(st.integers(0, 2)), draw(st.integers(0, 1))
    state = draw(st.sampled_from(EventState))
    return ConsentEvent(
        record_id=f"{subject}-{record}",
        pii_principal_id=bytes([subject]) * 16,
        purpose=draw(st.sampled_from(TERMS.purposes)),
        terms=TERMS.digest(),
        event_state=state,
        event_time=START + timedelta(days=draw(st.integers(0, 8))),
        entity_id="web",
        validity_duration=timedelta(days=draw(st.integers(1, 5))) if state is EventState.GIVEN else None,
    )


def ends(event: ConsentEvent, given_event: ConsentEvent, at: datetime) -> bool:
    """Whether `event` ended the consent given by `given_event` by `at`."""
    if event.purpose != given_event.purpose or not given_event.event_time <= event.event_time <= at:
        return False
    if event.event_state is EventState.WITHDRAWN:
        return event.pii_principal_id == given_event.pii_principal_id
    return event.event_state is EventState.EXPIRED and event.record_id == given_event.record_id


def model(happened: list[ConsentEvent], at: datetime) -> list[bytes]:
    return sorted(
        {
            event.pii_principal_id
            for event in happened
            if event.purpose == PURPOSE
            and event.expires_at is not None
            and event.event_time <= at < event.expires_at
            and not any(ends(other, event, at) for other in happened)
        }
    )


def store(happened: list[ConsentEvent]) -> ConsentStore:
    consents = ConsentStore(memory_engine())
    consents.register_terms(TERMS)
    consents.append_many(happened)
    return consents


@settings(max_examples=30, deadline=None)
@given(st.lists(events(), max_size=12), st.integers(0, 15), st.randoms(use_true_random=False))
def test_the_ledger_agrees_with_the_model_whatever_the_order_of_arrival(happened, day, random) -> None:  # type: ignore[no-untyped-def]
    at = START + timedelta(days=day)
    shuffled = list(happened)
    random.shuffle(shuffled)
    expected = model(happened, at)
    for arrival in (happened, shuffled):
        consents = store(arrival)
        assert consents.active_subjects(PURPOSE, at).to_pylist() == expected
        assert consents.verify_chain().sequence == len(set(happened))


@settings(max_examples=15, deadline=None)
@given(st.lists(events(), max_size=10), st.integers(0, 2), st.integers(0, 8))
def test_a_withdrawal_that_comes_later_wins_over_everything_before(happened, subject, day) -> None:  # type: ignore[no-untyped-def]
    at = START + timedelta(days=day)
    person = bytes([subject]) * 16
    withdrawal = ConsentEvent("any", person, PURPOSE, TERMS.digest(), EventState.WITHDRAWN, at, "paper")
    before = [event for event in happened if event.event_time <= at]
    assert person not in store([withdrawal, *before]).active_subjects(PURPOSE, at).to_pylist()


@settings(max_examples=15, deadline=None)
@given(st.lists(events(), max_size=10), st.integers(0, 30))
def test_without_new_events_consents_only_end(happened, day) -> None:  # type: ignore[no-untyped-def]
    consents = store(happened)
    after = START + timedelta(days=9 + day)
    earlier = set(consents.active_subjects(PURPOSE, START + timedelta(days=9)).to_pylist())
    assert set(consents.active_subjects(PURPOSE, after).to_pylist()) <= earlier
    assert len(consents.active_subjects(PURPOSE, START + timedelta(days=14))) == 0


def test_the_model_itself_knows_a_consent() -> None:
    event = ConsentEvent("0-0", bytes(16), PURPOSE, TERMS.digest(), EventState.GIVEN, START, "web", timedelta(days=1))
    assert model([event], START) == pa.array([bytes(16)], pa.binary(16)).to_pylist()
    assert model([event], START + timedelta(days=1)) == []
