"""What the tests of this room share: the shipped territory, and deliveries made from texts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from policies import Contract, DatasetId, Territory, load_territory
from policies.contract import Column, ConnectorName, DecoderName
from sources import Decoded, Decoder, PayloadPart, source_schema
from sources import decoder as make_decoder

TERRITORY: Territory = load_territory(Path(__file__).resolve().parents[3] / "policies" / "angers")
Whole = tuple[pa.Table, list[dict[str, object]], list[int]]
HEADER = "CONTRAT;COMPTEUR;ADRESSE;CODE_INSEE;DATE;INDEX_M3;CONSO_L;VERSION"


def contract(dataset: str) -> Contract:
    return TERRITORY.contracts[DatasetId(dataset)]


def with_options(dataset: str, **options: Any) -> Contract:
    """A shipped contract with other options for its feed."""
    found = contract(dataset)
    return replace(found, feed=replace(found.feed, options={**found.feed.options, **options}))


def fed_by(dataset: str, connector: ConnectorName, **options: Any) -> Contract:
    """A shipped contract whose feed comes another way."""
    found = contract(dataset)
    return replace(found, feed=replace(found.feed, connector=connector, options=options))


def parts(*texts: str | bytes, names: tuple[str, ...] = ()) -> Iterator[PayloadPart]:
    for number, text in enumerate(texts):
        name = names[number] if names else f"part-{number}"
        yield PayloadPart(name, io.BytesIO(text.encode() if isinstance(text, str) else text))


def whole(decoded: Iterator[Decoded], dataset: str) -> Whole:
    """All rows, all rejects, all positions."""
    batches = list(decoded)
    table = pa.Table.from_batches([one.batch for one in batches], schema=source_schema(contract(dataset)))
    rejects = [row for one in batches for row in one.rejects.to_pylist()]
    positions = [position for one in batches for position in one.positions.to_pylist()]
    assert len(positions) == table.num_rows
    return table, rejects, positions


def decode(decoder: Decoder, dataset: str, *texts: str | bytes, names: tuple[str, ...] = ()) -> Whole:
    return whole(decoder.decode(parts(*texts, names=names)), dataset)


def made(name: DecoderName, *columns: Column, **options: Any) -> Contract:
    """A contract with these columns, read by this decoder; the first is its key, with the time if there is one."""
    like = contract("parking")
    feed = replace(like.feed, connector="file_drop", decoder=name, options=options)
    return replace(like, columns=columns, feed=feed, event_time=columns[-1].name)


def read(made: Contract, *payloads: str | bytes) -> Whole:
    """All rows, rejects and positions of a delivery with these parts."""
    batches = list(make_decoder(made, TERRITORY).decode(parts(*payloads)))
    table = pa.Table.from_batches([one.batch for one in batches], schema=source_schema(made))
    rejects = [row for one in batches for row in one.rejects.to_pylist()]
    positions = [position for one in batches for position in one.positions.to_pylist()]
    assert len(positions) == table.num_rows
    return table, rejects, positions


def codes(rejects: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(row["position"], row["code"], row["column"]) for row in rejects]
