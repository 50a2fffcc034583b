from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from storage import (
    AccessRefusedError,
    DatasetRef,
    Manifest,
    PreconditionFailedError,
    S3ObjectStore,
    Zone,
    read_pointer,
    swap_pointer,
    write_manifest,
)
from tests.integration.conftest import OpenStore
from tests.stack_fixtures import ObjectStoreServer
from tests.unit.storage.behavior import LARGE, ObjectStoreBehavior, sha

TOMORROW = timedelta(days=1)


class TestS3ObjectStore(ObjectStoreBehavior):
    """The one suite, on the real service."""


def killed_child(server: ObjectStoreServer, what: str) -> None:
    """Start a writer, and kill it with SIGKILL once it says that it is in the middle."""
    credential = server.credential("admin")
    arguments = [what, server.s3.endpoint, server.s3.private_bucket, credential.access_key]
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.storage.child_writer", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(credential.secret_key.get_secret_value() + "\n")
        child.stdin.flush()
        assert child.stdout.readline() == "in the middle\n"
    finally:
        child.kill()
        child.communicate()
    assert child.returncode == -9


@pytest.mark.parametrize("before", [None, b"earlier version"], ids=["absent", "present"])
def test_a_writer_killed_in_the_middle_leaves_the_earlier_state(
    store: S3ObjectStore, object_store: ObjectStoreServer, before: bytes | None
) -> None:
    if before is not None:
        store.put("trusted/killed", before)
    killed_child(object_store, "object")
    assert [found.key for found in store.list("trusted/")] == ([] if before is None else ["trusted/killed"])
    if before is not None:
        assert store.get("trusted/killed") == before
    assert store.put("trusted/killed", [LARGE]).digest == sha(LARGE)
    assert store.get("trusted/killed") == LARGE
    assert store.discard_unfinished("trusted/", datetime.now(UTC) + TOMORROW) == 1
    assert store.discard_unfinished("trusted/", datetime.now(UTC) + TOMORROW) == 0
    assert store.get("trusted/killed") == LARGE


def test_what_may_still_be_written_is_not_discarded(store: S3ObjectStore, object_store: ObjectStoreServer) -> None:
    killed_child(object_store, "object")
    assert store.discard_unfinished("trusted/", datetime.now(UTC) - TOMORROW) == 0
    assert store.discard_unfinished("landing/", datetime.now(UTC) + TOMORROW) == 0
    assert store.discard_unfinished("trusted/", datetime.now(UTC) + TOMORROW) == 1


def test_of_many_who_write_if_absent_one_wins(store: S3ObjectStore) -> None:
    def write(key: str) -> bool:
        try:
            store.put(key, b"whole", if_absent=True)
        except PreconditionFailedError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        for number in range(10):
            assert sum(pool.map(write, [f"trusted/raced-{number}"] * 6)) == 1


def test_of_many_who_swap_a_pointer_one_wins(store: S3ObjectStore) -> None:
    etag = None
    for turn in range(8):
        manifests = (
            Manifest(Zone.TRUSTED, "parking", "1.0.0", "2026-10", (), "c" * 64, (f"{turn}-{number}",))
            for number in range(6)
        )

        def swap(ref: DatasetRef, expected: str | None = etag) -> DatasetRef | None:
            try:
                swap_pointer(store, ref, expected_etag=expected)
            except PreconditionFailedError:
                return None
            return ref

        refs = [write_manifest(store, manifest) for manifest in manifests]
        with ThreadPoolExecutor(6) as pool:
            winners = [ref for ref in pool.map(swap, refs) if ref is not None]
        assert len(winners) == 1
        found = read_pointer(store, "parking", 1, "2026-10")
        assert found is not None
        assert found[0] == winners[0]
        etag = found[1]


def test_whoever_reads_one_zone_can_not_read_the_next(store: S3ObjectStore, open_store: OpenStore) -> None:
    for zone in ("landing", "trusted", "candidate"):
        store.put(f"{zone}/parking/a", b"x")
    ingest, anonymize = open_store("ingest"), open_store("anonymize")
    assert ingest.get("landing/parking/a") == b"x"
    assert anonymize.get("trusted/parking/a") == b"x"
    for refused, key in ((ingest, "trusted/parking/a"), (anonymize, "landing/parking/a")):
        with pytest.raises(AccessRefusedError, match=key):
            refused.get(key)
        with pytest.raises(AccessRefusedError):
            refused.put(key, b"y")
        with pytest.raises(AccessRefusedError):
            refused.put(key, [LARGE])
        with pytest.raises(AccessRefusedError):
            refused.head(key)
        with pytest.raises(AccessRefusedError):
            refused.delete(key)
    assert store.get("trusted/parking/a") == b"x"


def test_each_role_finds_its_way_in_its_own_zone(store: S3ObjectStore, open_store: OpenStore) -> None:
    for role, zone in (("ingest", "landing"), ("deidentify", "trusted"), ("deidentify", "quarantine")):
        mine = open_store(role)
        assert mine.head(f"{zone}/parking/none") is None
        mine.put(f"{zone}/parking/a", [LARGE])
        assert [found.key for found in mine.list(f"{zone}/parking/")] == [f"{zone}/parking/a"]
        mine.delete(f"{zone}/parking/a")
        assert store.head(f"{zone}/parking/a") is None
