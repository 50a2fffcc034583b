"""Values that several tests of this room use."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime

from storage import KeyCustodian, Landed, ObjectStore, PayloadPart, write_delivery

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
PAYLOAD = {"releves_2026-10.csv": b"PDL-Lemoine;2026-10-01;12\n" * 60_000, "notes.txt": b""}


def payload(content: dict[str, bytes]) -> Iterator[PayloadPart]:
    return (PayloadPart(name, io.BytesIO(data)) for name, data in content.items())


def land(store: ObjectStore, custodian: KeyCustodian, content: dict[str, bytes] | None = None) -> Landed:
    return write_delivery(
        store,
        custodian,
        payload(PAYLOAD if content is None else content),
        dataset="water-meters",
        version="1.2.0",
        source="/drop/releves_2026-10.csv",
        fetched_at=NOW,
        hints=("2026-10",),
    )
