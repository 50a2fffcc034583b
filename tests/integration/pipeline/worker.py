"""A worker that dies: runs one stage in a process of its own, and is killed with -9 before its n-th write."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from catalog import MemoryCatalogue
from pipeline.anonymize import anonymize
from pipeline.assess import assess
from pipeline.deidentify import deidentify
from pipeline.hub import Hub, Role
from pipeline.ingest import ingest
from pipeline.publish import publish
from pipeline.rotation.rotate import rotate
from pipeline.wiring import open_hub
from settings import Settings
from storage import DatasetRef
from tests.disturbance import Countdown, disturb
from tests.records_journey import by_records


@dataclass(frozen=True, slots=True)
class Work:
    """What the worker is to do, small enough to be sent to it."""

    settings: Settings
    stage: Role
    run_id: str
    at: datetime
    answer: Path  # where to leave the result
    period: str = ""
    refs: tuple[dict[str, Any], ...] = ()
    by_records: bool = False  # the contract of tests.records_journey, in place of the territory's


def work(task: Work, kill_before: int) -> None:
    """Do it; die before write number `kill_before` if there are so many."""
    real = open_hub(task.settings, task.stage)
    hub = dataclasses.replace(real, clock=lambda: task.at, catalogue=MemoryCatalogue)
    hub = disturb(hub, Countdown(kill_before, lambda: os.kill(os.getpid(), signal.SIGKILL)))
    refs = [DatasetRef.from_json(ref) for ref in task.refs]
    task.answer.write_text(json.dumps(_run(hub, task, refs)))


def _run(hub: Hub, task: Work, refs: list[DatasetRef]) -> Any:
    contract = hub.contract("water-meters")
    if task.by_records:
        contract = by_records(contract, local_recoding=True, levels_fixed_months=12)
    match task.stage:
        case "ingest":
            return [ref.to_json() for ref in ingest(hub, contract, task.run_id)]
        case "deidentify":
            return list(deidentify(hub, contract, task.run_id, refs).dirty)
        case "anonymize":
            return anonymize(hub, contract, task.run_id, task.period).to_json()
        case "assess":
            return assess(hub, contract, task.run_id, task.period, refs[0]).word
        case "rotate":
            return rotate(hub, "water-meters", task.run_id).epoch
        case _:
            return publish(hub, contract, task.run_id, task.period, refs[0]).rows
