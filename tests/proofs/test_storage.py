"""Longer proofs of the storage room: a stream far larger than memory may be, and writers killed at any instant."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from storage import MemoryKeyCustodian, S3ObjectStore, as_file, open_sealed, read_delivery, seal, sweep
from tests.stack_fixtures import ObjectStoreServer
from tests.unit.storage.samples import PAYLOAD, land

KEY = bytes(range(32))
MEGABYTE = bytes(range(256)) * 4096


def test_four_gigabytes_take_a_few_megabytes_of_memory() -> None:
    def stream(megabytes: int) -> Iterator[bytes]:
        for _ in range(megabytes):
            yield MEGABYTE

    def through(megabytes: int) -> int:
        return sum(len(piece) for piece in open_sealed(as_file(seal(stream(megabytes), KEY, b"")), KEY, b""))

    assert through(16) == 16 << 20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert through(4096) == 4096 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 << 10  # KiB


@pytest.mark.timeout(1800)
def test_a_delivery_killed_at_any_instant_lands_whole_or_not_at_all(object_store: ObjectStoreServer) -> None:
    credential = object_store.credential("admin")
    store = S3ObjectStore(object_store.s3, object_store.s3.private_bucket, credential)
    chance = random.Random(0)
    arguments = ["whole", object_store.s3.endpoint, object_store.s3.private_bucket, credential.access_key]
    for _ in range(40):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.storage.child_writer", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(credential.secret_key.get_secret_value() + "\n")
        child.stdin.flush()
        assert child.stdout.readline() == "begins\n"
        time.sleep(chance.uniform(0, 0.15))
        child.kill()
        child.communicate()
        time.sleep(0.5)  # a request that was sent whole is still carried out
        manifests = [found for found in store.list("landing/water-meters/") if found.key.endswith(".manifest")]
        payloads = [found for found in store.list("landing/water-meters/") if found.key.endswith(".payload")]
        assert len(manifests) <= len(payloads)
        custodian = MemoryKeyCustodian()
        landed = land(store, custodian)
        assert {part.name: part.stream.read() for part in read_delivery(store, landed.ref, custodian)} == PAYLOAD
        store.delete(landed.ref.key)
        for found in manifests:
            store.delete(found.key)
        assert sweep(store, custodian, "water-meters", datetime.now(UTC) + timedelta(days=1)) == len(payloads) + 1
        assert list(store.list("landing/water-meters/")) == []
