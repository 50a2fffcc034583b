"""The state of the simulated operators: how large, which day it is, which defects are on, what fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from stack.operators import parking, reports, water
from stack.operators.canaries import Canaries
from stack.operators.defects import Defects

PARIS = ZoneInfo("Europe/Paris")
DROP_FOLDER = "water-meters"


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of each feed."""

    households: int = water.HOUSEHOLDS
    reports: int = reports.MONTHLY  # a month

    @classmethod
    def of(cls, rows: int | None, households: int | None = None, monthly: int | None = None) -> Size:
        """Sizes given one by one, or `rows` readings a month with the other feed in proportion."""
        natural = cls()
        if rows is not None:
            natural = cls(max(rows // 31, 1), max(natural.reports * rows // (31 * natural.households), 300))
        return cls(households or natural.households, monthly or natural.reports)


@dataclass(slots=True)
class Failure:
    """Answers that fail before the service recovers."""

    path: str  # prefix
    status: int
    times: int
    retry_after: int | None = None


@dataclass(slots=True)
class World:
    """What the operators' server answers from."""

    seed: int
    size: Size
    drop: Path
    pairs: Path  # parkings.csv of the territory
    clock: Callable[[], datetime]  # aware
    canaries: Canaries | None = None
    defects: Defects = field(default_factory=Defects)
    failures: list[Failure] = field(default_factory=list)
    snapshots: dict[str, tuple[tuple[datetime, Defects], list[dict[str, Any]]]] = field(default_factory=dict)

    def parking_live(self) -> list[dict[str, Any]]:
        """Readings since midnight two days ago."""
        now = self.clock().astimezone(PARIS)
        since = datetime.combine(now.date() - timedelta(days=2), time(), PARIS)
        parks = parking.car_parks(self.pairs, self.seed)
        return self._kept("parking", now, lambda: parking.live(parks, since, now, self.seed, self.defects))

    def parking_sheets(self) -> list[dict[str, Any]]:
        """The static car parks."""
        return parking.sheets(parking.car_parks(self.pairs, self.seed))

    def service_requests(self) -> list[dict[str, Any]]:
        """Reports of the month before and of this one, oldest update first."""
        now = self.clock().astimezone(PARIS)
        return self._kept("reports", now, lambda: self._service_requests(now))

    def _service_requests(self, now: datetime) -> list[dict[str, Any]]:
        current = now.date().replace(day=1)
        found = []
        for month in ((current - timedelta(days=1)).replace(day=1), current):
            found += reports.month_of_reports(
                month, self.size.reports, self.seed, now, defects=self.defects, canaries=self.canaries
            )
        return sorted(found, key=lambda one: str(one["updated_datetime"]))

    def _kept(self, feed: str, now: datetime, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """A feed as it was this minute: its pages agree with each other."""
        moment = (now.replace(second=0, microsecond=0), self.defects)
        if feed not in self.snapshots or self.snapshots[feed][0] != moment:
            self.snapshots[feed] = (moment, make())
        return list(self.snapshots[feed][1])

    def drop_months(self, count: int = 1, name: str | None = None) -> Path:
        """Drop the readings of the `count` months before this one as one file; a file that is there stays."""
        end = self.clock().astimezone(PARIS).date().replace(day=1)
        start = end
        for _ in range(count):
            start = (start - timedelta(days=1)).replace(day=1)
        path = self.drop / DROP_FOLDER / (name or f"releves_{start:%Y-%m}{f'_{count}_mois' if count > 1 else ''}.csv")
        if not path.exists():
            self._write(path, start, (end - start).days)
        return path

    def drop_correction(self, day: date, share: float = 0.01, version: int = 2) -> Path:
        """Drop corrected readings of one day for the first meters."""
        path = self.drop / DROP_FOLDER / f"releves_{day:%Y-%m-%d}_correction_{version}.csv"
        meters = range(max(1, round(self.size.households * share)))
        self._write(path, day, 1, version=version, only=meters)
        return path

    def _write(self, path: Path, start: date, days: int, version: int = 1, only: range | None = None) -> int:
        return water.write_csv(
            path,
            self.size.households,
            start,
            days,
            self.seed,
            defects=self.defects,
            canaries=self.canaries,
            version=version,
            only=only,
        )

    def failure(self, path: str) -> Failure | None:
        """The failure that this request meets, used up."""
        for one in self.failures:
            if path.startswith(one.path) and one.times > 0:
                one.times -= 1
                return one
        return None
