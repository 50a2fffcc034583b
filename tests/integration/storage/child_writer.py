"""A writer to be killed: it stops in the middle, says so, and waits for its end; or goes on and is killed anyway."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import SecretStr

from settings import Credential, S3Settings
from storage import MemoryKeyCustodian, PayloadPart, S3ObjectStore, as_file, write_delivery
from tests.unit.storage.behavior import LARGE
from tests.unit.storage.samples import PAYLOAD, payload


def wait_in_the_middle() -> None:
    print("in the middle", flush=True)
    time.sleep(60)


def half() -> Iterator[bytes]:
    yield LARGE
    wait_in_the_middle()


def half_an_object(store: S3ObjectStore) -> Iterator[bytes]:
    """What comes is read ahead of what is sent: the middle is reached once the store knows of the upload."""
    yield LARGE
    while not store._client._list_multipart_uploads(store._bucket, prefix="trusted/").uploads:
        time.sleep(0.01)
    wait_in_the_middle()


class StallingCustodian(MemoryKeyCustodian):
    """Answers the question asked between payload and manifest never."""

    def fingerprint(self, dataset: str, digest: str) -> str:
        wait_in_the_middle()
        return super().fingerprint(dataset, digest)


def half_a_delivery() -> Iterator[PayloadPart]:
    yield from payload(PAYLOAD)
    yield PayloadPart("large", as_file(half()))


def main(what: str, endpoint: str, bucket: str, access_key: str) -> None:
    credential = Credential(access_key, SecretStr(sys.stdin.readline().strip()))
    store = S3ObjectStore(S3Settings(endpoint=endpoint), bucket, credential)
    now = datetime.now(UTC)
    if what == "object":
        store.put("trusted/killed", half_an_object(store))
        return
    parts, custodian = {
        "payload": (half_a_delivery(), MemoryKeyCustodian()),
        "manifest": (payload(PAYLOAD), StallingCustodian()),
        "whole": (payload(PAYLOAD), MemoryKeyCustodian()),
    }[what]
    if what == "whole":
        print("begins", flush=True)
    write_delivery(store, custodian, parts, dataset="water-meters", version="1.2.0", source="", fetched_at=now)


if __name__ == "__main__":
    main(*sys.argv[1:])
