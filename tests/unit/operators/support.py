"""What a simulated operator delivers, read by its contract's decoder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sources import decoder
from stack.operators.canaries import Canaries
from stack.operators.defects import NO_DEFECTS, Defects
from stack.operators.world import Size, World
from tests.unit.sources.support import TERRITORY, Whole, contract, decode

NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)
SPOILT = Defects(duplicates=0.05, missing=0.05, unreadable=0.05, truncated=0.05, misspelt=0.05)


def world(folder: Path, defects: Defects = NO_DEFECTS, canaries: Canaries | None = None) -> World:
    """A small one, at noon of the day the tests live."""
    return World(
        7, Size(120, 350, 0.01), folder, TERRITORY.folder, lambda: NOW, canaries, defects, account=folder / "accounts"
    )


def read(dataset: str, *payloads: bytes, name: str = "part") -> Whole:
    """Rows, rejects and positions of one delivery with these parts."""
    names = tuple(name for _ in payloads)
    return decode(decoder(contract(dataset), TERRITORY), dataset, *payloads, names=names)
