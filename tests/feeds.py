"""A simulated operator's delivery, handed to the journey as a file, whatever brings it for real.

Connectors have tests of their own; here it is decoder, checks, pseudonyms, release rule and verdict of a shipped
contract that are tried, on what its simulated operator makes.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa

from pipeline.decide import Decision, decide
from policies.contract import Contract
from sources.connectors.options import CONNECTORS
from storage import DatasetRef
from tests.journey_world import World


def by_file(contract: Contract) -> Contract:
    """The contract, fed by files dropped in a folder of its name; how they are read stays as it is."""
    if contract.feed.connector == "file_drop":
        return contract
    of_connector = {field.alias or name for name, field in CONNECTORS[contract.feed.connector].model_fields.items()}
    options = {name: value for name, value in contract.feed.options.items() if name not in of_connector}
    options["pattern"] = f"{contract.id}/*"
    return replace(contract, feed=replace(contract.feed, connector="file_drop", options=options))


def hand_over(world: World, contract: Contract, data: bytes, name: str | None = None) -> Contract:
    """Drop a delivery, an hour ago; return the contract that takes it."""
    fed = by_file(contract)
    folder, _, pattern = str(fed.feed.options["pattern"]).rpartition("/")
    path = world.drop_folder / folder / (name or pattern.replace("*", "1"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    then = (world.clock.at - timedelta(hours=1)).timestamp() + len(world.names)
    os.utime(path, (then, then))
    world.names.append(path.name)
    return fed


def published(world: World, dataset: str, period: str) -> list[dict[str, Any]]:
    """The rows that the catalogue's table holds of a period."""
    table: pa.Table = world.catalogue.tables[(dataset, period)]
    return table.to_pylist()


def approve(world: World, contract: Contract, period: str, candidate: DatasetRef) -> None:
    """A steward read it, and says yes."""
    decide(world.as_role("decide"), contract, world.run_id(), period, candidate, Decision(True, "steward"))
