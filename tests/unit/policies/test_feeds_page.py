"""The page of feeds says of each what its contract says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.sources.support import TERRITORY

PAGE = Path(__file__).resolve().parents[3] / "docs" / "flux.md"
ROW = re.compile(r"^\| `([a-z-]+)` \| [^|]+ \| `([a-z0-9_]+)`, `([a-z0-9_]+)` \|", re.MULTILINE)


def test_connectors_and_decoders_are_those_of_the_contracts() -> None:
    told = {dataset: (connector, decoder) for dataset, connector, decoder in ROW.findall(PAGE.read_text("utf-8"))}
    found = {str(one.id): (one.feed.connector, one.feed.decoder) for one in TERRITORY.contracts.values()}
    assert {dataset: told.get(dataset) for dataset in found} == found
