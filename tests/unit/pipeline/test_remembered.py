"""The set of a delivery's identifiers is the same whatever its batches, and however few values may wait."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from anonymization.text.known import KnownIdentifiers, folded
from pipeline.deidentification import remember
from pipeline.deidentification.remember import KEY_BYTES, Remembered
from policies import load_territory
from policies.contract import DatasetId
from settings.model import SHIPPED_TERRITORY
from sources.batches import no_rejects
from sources.columns import source_schema
from sources.protocol import Decoded

TERRITORY = load_territory(Path(SHIPPED_TERRITORY))
WATER = TERRITORY.contracts[DatasetId("water-meters")]
METERS = [f"ALM {number:05d}" for number in range(300)]


def decoded(meters: list[str | None]) -> Decoded:
    schema = source_schema(WATER)
    columns = [
        pa.array(meters, field.type) if field.name in ("contrat", "compteur") else pa.nulls(len(meters), field.type)
        for field in schema
    ]
    return Decoded(pa.record_batch(columns, schema=schema), no_rejects(), pa.array(range(len(meters)), pa.int64()))


@pytest.mark.parametrize(("together", "most"), [(1 << 18, 2_000_000), (7, 2_000_000), (7, 20)])
def test_every_identifier_is_in_the_set(together: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remember, "_TOGETHER", together)
    monkeypatch.setattr(remember, "MOST", most)
    remembered = Remembered(WATER, TERRITORY)
    batches = [decoded([*METERS[start : start + 15], None, METERS[0]]) for start in range(0, 300, 10)]
    assert [item.batch.num_rows for item in remembered.passing(batches)] == [one.batch.num_rows for one in batches]
    remembered.add(["Kerbrat"])
    content = remembered.content()
    known = KnownIdentifiers(content[:KEY_BYTES], content[KEY_BYTES:])
    assert len(known) == 301
    assert all(known.has(folded(one)) for one in [*METERS, "KERBRAT"])
    assert not known.has(folded("ALM 00300"))


def test_nothing_is_lost_of_a_stream_that_was_left_before_its_end() -> None:
    remembered = Remembered(WATER, TERRITORY)
    passing = remembered.passing([decoded(METERS[:5]), decoded(METERS[5:9])])
    next(passing)
    content = remembered.content()
    assert len(KnownIdentifiers(content[:KEY_BYTES], content[KEY_BYTES:])) == 5
