from datetime import datetime, timedelta

import pytest

from storage import (
    Journal,
    MemoryKeyCustodian,
    MemoryObjectStore,
    StoreUnavailableError,
    expire_landing,
    expire_quarantine,
    memory_engine,
    write_rejects,
)
from tests.unit.storage.samples import NOW, land
from tests.unit.storage.test_quarantine import NAMES, batch

DAY = timedelta(days=1)
MONTH = 30 * DAY


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryObjectStore:
    return MemoryObjectStore(clock)


@pytest.fixture
def custodian() -> MemoryKeyCustodian:
    return MemoryKeyCustodian()


@pytest.fixture
def journal() -> Journal:
    return Journal(memory_engine())


def receive(store: MemoryObjectStore, custodian: MemoryKeyCustodian, journal: Journal, name: str, at: datetime) -> None:
    landed = land(store, custodian, {name: b"1"})
    journal.record_delivery(landed.delivery, "water-meters", "run-1", landed.ref, at)


def test_only_what_is_past_its_time_is_erased(
    store: MemoryObjectStore, custodian: MemoryKeyCustodian, journal: Journal
) -> None:
    receive(store, custodian, journal, "old", NOW - MONTH - DAY)
    receive(store, custodian, journal, "recent", NOW - MONTH)
    for expected in (1, 0):
        erased = expire_landing(store, journal, custodian, "water-meters", MONTH, NOW)
        assert (erased.deliveries, erased.abandoned) == (expected, 0)
    assert len(custodian.keys) == 1
    assert len(list(store.list("landing/"))) == 2
    assert [found.erased_at for found in journal.deliveries("water-meters")] == [NOW, None]


def test_what_landed_and_was_never_recorded_goes_with_the_retention(
    store: MemoryObjectStore, custodian: MemoryKeyCustodian, journal: Journal
) -> None:
    receive(store, custodian, journal, "recorded", NOW)
    land(store, custodian, {"unrecorded": b"1"})
    expire_landing(store, journal, custodian, "water-meters", MONTH, NOW + MONTH - DAY)
    assert len(list(store.list("landing/"))) == 4
    expire_landing(store, journal, custodian, "water-meters", MONTH + DAY, NOW + MONTH + 2 * DAY)
    assert list(store.list("landing/")) == []
    assert custodian.keys == {}


def test_what_landed_a_moment_ago_and_is_not_recorded_yet_stays(
    store: MemoryObjectStore, custodian: MemoryKeyCustodian, journal: Journal
) -> None:
    land(store, custodian, {"under way": b"1"})
    expire_landing(store, journal, custodian, "water-meters", timedelta(0), NOW + timedelta(hours=23))
    assert len(list(store.list("landing/"))) == 2


def test_what_a_dead_writer_left_goes_after_a_day(
    store: MemoryObjectStore, custodian: MemoryKeyCustodian, journal: Journal
) -> None:
    store.delete(land(store, custodian).ref.key)
    assert expire_landing(store, journal, custodian, "water-meters", MONTH, NOW).abandoned == 0
    assert expire_landing(store, journal, custodian, "water-meters", MONTH, NOW + 2 * DAY).abandoned == 1
    assert custodian.keys == {}
    assert list(store.list("")) == []


def test_an_erasure_that_breaks_off_is_ended_by_the_next(
    store: MemoryObjectStore, custodian: MemoryKeyCustodian, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(store, custodian, journal, "old", NOW)

    def down(key: str) -> None:
        raise StoreUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", down)
        with pytest.raises(StoreUnavailableError):
            expire_landing(store, journal, custodian, "water-meters", MONTH, NOW + 2 * MONTH)
    assert custodian.keys == {}
    assert len(journal.expired_deliveries("water-meters", NOW + MONTH)) == 1
    assert expire_landing(store, journal, custodian, "water-meters", MONTH, NOW + 2 * MONTH).deliveries == 1
    assert list(store.list("")) == []


def test_rejects_have_their_time_too(store: MemoryObjectStore, custodian: MemoryKeyCustodian, clock: Clock) -> None:
    write_rejects(store, custodian, [batch("nullValues")], **NAMES)
    clock.now = NOW + DAY
    write_rejects(store, custodian, [batch("nullValues")], **NAMES | {"delivery": "later"})
    assert expire_quarantine(store, custodian, "water-meters", MONTH, NOW + MONTH) == 0
    assert expire_quarantine(store, custodian, "water-meters", MONTH, NOW + MONTH + DAY / 2) == 1
    assert [found.key for found in store.list("")] == ["quarantine/water-meters/later/1.0.0.rejects"]
    assert len(custodian.keys) == 1
