from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage import MemoryKeyCustodian, S3ObjectStore, erase_delivery, expire_quarantine, read_delivery, sweep
from tests.integration.conftest import OpenStore
from tests.integration.storage.test_s3_store import killed_child
from tests.stack_fixtures import ObjectStoreServer
from tests.unit.storage.samples import PAYLOAD, land

LATER = timedelta(days=1)


@pytest.mark.parametrize("when", ["payload", "manifest"])
def test_an_ingest_killed_in_the_middle_leaves_no_delivery(
    store: S3ObjectStore, object_store: ObjectStoreServer, when: str
) -> None:
    killed_child(object_store, when)
    assert not [found.key for found in store.list("landing/") if found.key.endswith(".manifest")]
    custodian = MemoryKeyCustodian()
    landed = land(store, custodian)
    assert not landed.repeated
    sweep(store, custodian, "water-meters", datetime.now(UTC) + LATER)
    assert len(list(store.list("landing/"))) == 2
    assert store.discard_unfinished("landing/", datetime.now(UTC) + LATER) == 0
    assert {part.name: part.stream.read() for part in read_delivery(store, landed.ref, custodian)} == PAYLOAD


def test_the_roles_of_the_journey_suffice(store: S3ObjectStore, open_store: OpenStore) -> None:
    ingest, deidentify = open_store("ingest"), open_store("deidentify")
    custodian = MemoryKeyCustodian()
    landed = land(ingest, custodian)
    assert land(ingest, custodian).repeated
    assert {part.name: part.stream.read() for part in read_delivery(deidentify, landed.ref, custodian)} == PAYLOAD
    store.put("landing/water-meters/orphan.payload", store.get(f"landing/water-meters/{landed.key_id}.payload"))
    assert sweep(ingest, custodian, "water-meters", datetime.now(UTC) + LATER) == 1
    erase_delivery(ingest, landed.ref, custodian)
    assert list(store.list("landing/")) == []
    assert expire_quarantine(deidentify, custodian, "water-meters", LATER, datetime.now(UTC)) == 0
