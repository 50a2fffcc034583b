"""The state of the simulated operators: how large, which day it is, which defects are on, what fails.

Nothing here knows a feed: what one delivers is made by its module of :mod:`stack.operators.feeds`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stack.operators import reports, water
from stack.operators.canaries import Canaries
from stack.operators.defects import Defects

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of each feed."""

    households: int = water.HOUSEHOLDS
    reports: int = reports.MONTHLY  # a month
    scale: float = 1.0  # of every other feed, to its natural size

    @classmethod
    def of(
        cls,
        rows: int | None,
        households: int | None = None,
        monthly: int | None = None,
        scale: float | None = None,
    ) -> Size:
        """Sizes given one by one, or `rows` readings a month with the other feeds in proportion."""
        natural = cls()
        if rows is not None:
            share = rows / (31 * natural.households)
            natural = cls(max(rows // 31, 1), max(int(natural.reports * share), 300), share)
        return cls(households or natural.households, monthly or natural.reports, scale or natural.scale)

    def scaled(self, natural: int, least: int = 1) -> int:
        """How many there are of something that there are `natural` of, but not fewer than `least` (nor more)."""
        return min(natural, max(least, round(natural * self.scale)))


@dataclass(slots=True)
class Failure:
    """Answers that fail before the service recovers."""

    path: str  # prefix
    status: int
    times: int
    retry_after: int | None = None


@dataclass(slots=True)
class World:
    """What the operators answer from."""

    seed: int
    size: Size
    drop: Path  # the folder of dropped files
    territory: Path  # the territory's folder
    clock: Callable[[], datetime]  # aware
    canaries: Canaries | None = None
    defects: Defects = field(default_factory=Defects)
    failures: list[Failure] = field(default_factory=list)
    snapshots: dict[str, tuple[tuple[datetime, Defects], list[dict[str, Any]]]] = field(default_factory=dict)
    account: Path | None = None  # folder of the SFTP accounts, one folder a login; None: there is no such server

    def now(self) -> datetime:
        """The time it is, in Paris."""
        return self.clock().astimezone(PARIS)

    def kept(self, feed: str, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """A feed as it was this minute: its pages agree with each other."""
        moment = (self.now().replace(second=0, microsecond=0), self.defects)
        if feed not in self.snapshots or self.snapshots[feed][0] != moment:
            self.snapshots[feed] = (moment, make())
        return list(self.snapshots[feed][1])

    def drop_file(self, name: str, make: Callable[[], bytes]) -> Path:
        """Drop a file (`<folder>/<file>`), whole or not at all; one that is there stays."""
        return _placed(self.drop / name, make)

    def send_file(self, credential: str, name: str, make: Callable[[], bytes]) -> Path | None:
        """The same for what the contract's `credential` sees by SFTP, if there is a server."""
        return None if self.account is None else _placed(self.account / credential / name, make)

    def failure(self, path: str) -> Failure | None:
        """The failure that this request meets, used up."""
        for one in self.failures:
            if path.startswith(one.path) and one.times > 0:
                one.times -= 1
                return one
        return None


def _placed(path: Path, make: Callable[[], bytes]) -> Path:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".part")
        with unfinished.open("wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    return path
