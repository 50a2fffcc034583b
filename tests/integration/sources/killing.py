"""Visits that die: each in a process of its own, killed with -9 before its n-th write, or just after its n-th delivery.

The writes are those that a connector depends on: to landing, and of deliveries in the journal. What is looked at
afterwards is what the journal knows, opened from landing: what the rest of the journey would take in.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from pipeline.ingest import ingest
from pipeline.wiring import open_hub
from policies.contract import ConnectorName
from settings import Settings
from storage import read_delivery
from tests.disturbance import Countdown, Disturbed
from tests.forks import forked
from tests.unit.sources.support import TERRITORY

DATASET, OPERATOR = "water-meters", "eau-angers-loire-metropole"


@dataclass(frozen=True, slots=True)
class Visit:
    """One run of *ingest*, small enough to be sent to a process."""

    settings: Settings
    kill_before_write: int = -1
    kill_after_delivery: int = -1


class _Counted:
    """A journal in which one dies before a delivery is recorded, or just after, before the connector hears of it."""

    def __init__(self, inner: Any, before: Countdown, left: int) -> None:
        self._inner, self._before, self._left = inner, before, left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def record_delivery(self, *args: Any) -> Any:
        self._before.tick()
        done = self._inner.record_delivery(*args)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        return done


def visit(task: Visit) -> None:
    """Do it, or die."""
    hub = open_hub(task.settings, "ingest")
    hub = dataclasses.replace(hub, clock=lambda: datetime.now(UTC) + timedelta(seconds=5))
    before = Countdown(task.kill_before_write, lambda: os.kill(os.getpid(), signal.SIGKILL))
    journal = _Counted(hub.journal, before, task.kill_after_delivery)
    hub = dataclasses.replace(hub, private=Disturbed(hub.private, before), journal=journal)
    ingest(hub, hub.contract(DATASET), "killed")


@dataclass(slots=True)
class Victims:
    """Runs visits until one survives. `at_work` is the process that a server may kill in the middle of an answer."""

    settings: Settings
    at_work: BaseProcess | None = None
    kills: int = 0

    def survive(self, bring: Callable[[], None]) -> None:
        """Kill before the first write, then before the second…, then after the first delivery, then the second…

        `bring` makes the operator bring something more: before each of the two rounds.
        """
        for mode in ("kill_before_write", "kill_after_delivery"):
            bring()
            for number in count():
                if self.run(Visit(self.settings, **{mode: number})):
                    break
        assert self.run(Visit(self.settings))

    def run(self, task: Visit) -> bool:
        """One visit; whether it survived."""
        process = self.at_work = forked.Process(target=visit, args=(task,))
        process.start()
        process.join(60)
        if process.exitcode == 0:
            return True
        assert process.exitcode == -signal.SIGKILL, process.exitcode
        self.kills += 1
        return False

    def kill(self) -> None:
        """From a server's thread: the visit ends here."""
        assert self.at_work is not None
        assert self.at_work.pid is not None
        os.kill(self.at_work.pid, signal.SIGKILL)  # who started it hears of its end

    def landed(self) -> list[list[bytes]]:
        """The parts' bytes of each delivery that the journal knows, oldest first."""
        hub = open_hub(self.settings, "ingest")
        custody = hub.landing_custody()
        pending = hub.journal.pending_deliveries(DATASET)
        return [[part.stream.read() for part in read_delivery(hub.private, one.ref, custody)] for one in pending]


def territory_fed_by(folder: Path, connector: ConnectorName, **options: Any) -> Path:
    """The shipped territory, where water meters' readings come another way."""
    copied = folder / "territory"
    shutil.copytree(TERRITORY.folder, copied)
    for other in (copied / "contracts").glob("[!w]*"):
        other.unlink()
    file = copied / "contracts" / f"{DATASET}.odcs.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    shipped = ("      connector: ", "      options: ")
    fed = {"connector": connector, "options": json.dumps(options)}
    for number, line in enumerate(lines):
        for start in shipped:
            if line.startswith(start):
                lines[number] = f"{start}{fed[start.strip(' :')]}"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return copied
