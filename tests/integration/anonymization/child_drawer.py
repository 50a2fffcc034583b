"""Draws noise inside the transaction of its spend, says that it has, and waits to be killed before it commits."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from anonymization.noise import BudgetLedger
from anonymization.noise.mechanism import noisy
from storage.database import database_engine
from tests.unit.anonymization.noise.behavior import NOW


def draw_and_wait() -> Mapping[str, object]:
    values, scale = noisy([4], 1, 100_000)
    print("drawn", flush=True)
    time.sleep(60)
    return {"values": values, "scale": scale}


if __name__ == "__main__":
    ledger = BudgetLedger(database_engine(os.environ["HUB_URL"]))
    release = ledger.spend("water", "delivery_point", "units", "0" * 64, 100_000, draw_and_wait, NOW)
    print(release.figures, flush=True)
