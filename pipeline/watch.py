"""Is each feed well? Judged from what the journal remembers of its deliveries; an alert stops nothing.

1. *stopped*: nothing landed within the declared frequency plus `lateness`; *never*: nothing has landed yet, that long
   after the first collection. A feed whose collection was never switched on is not judged.
2. *shrunk*: the rows of the last `frequency` are under the declared number or, where none is declared, under a third
   of the median of the windows of that length before. Windows rather than deliveries, so that a correction or a second
   visit, small by nature, is no shrinking. The first delivery of a feed catches up the past: no window with it counts.
3. *drifted*: the latest delivery can not be read, has far more rejects than usual, has columns without values that
   used to have some, or has names that were not there.

« Usual » is what came before: while an alert stands, before the delivery it began with, so that a feed that stays ill
does not become the usual one; columns are compared within one version of the contract. Whoever judges twice finds the
same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Protocol

from policies.contract import Contract
from sources.feed_alerts import AlertKind
from storage import FeedAlert, Reading

log = logging.getLogger("ardoise.feeds")

WINDOWS = 8  # of the declared frequency, that the usual volume is the median of
FEWEST_WINDOWS = 3
SHRUNK = 1 / 3  # of the usual volume
COMPARED = 20  # readings before the latest that tell what is usual
FEWEST_READINGS = 3  # to say that a column always has values
FEWEST_ROWS = 10  # of a delivery, to tell anything about its rows
REJECTED = 0.10  # share of rejected rows that is never worth an alert
REJECTED_MORE = 3  # times the usual share

Found = dict[AlertKind, dict[str, Any]]


class FeedJournal(Protocol):
    """The part of the journal that watching needs; see :class:`storage.Journal`."""

    def readings(
        self, dataset: str, since: datetime | None = None, before: datetime | None = None, limit: int | None = None
    ) -> list[Reading]:
        """Latest first."""
        ...

    def rows_received(self, dataset: str, after: datetime, until: datetime) -> int:
        """Rows of a span of time."""
        ...

    def first_received(self, dataset: str) -> datetime | None:
        """When the first delivery landed."""
        ...

    def last_delivery(self, dataset: str) -> datetime | None:
        """When the latest delivery landed."""
        ...

    def first_collection(self, dataset: str) -> datetime | None:
        """When it was collected for the first time."""
        ...

    def alerts(self, dataset: str | None = None) -> list[FeedAlert]:
        """Those that stand."""
        ...

    def raise_alert(self, dataset: str, kind: str, details: dict[str, Any], now: datetime) -> bool:
        """Whether it is new."""
        ...

    def resolve_alert(self, dataset: str, kind: str, now: datetime) -> bool:
        """Whether it stood."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """What looking at one feed came to; each alert with its details."""

    dataset: str
    raised: tuple[str, ...]
    resolved: tuple[str, ...]
    standing: Mapping[str, dict[str, Any]]


def watch(journal: FeedJournal, contract: Contract, now: datetime) -> Watched:
    """Judge a feed, and bring the alerts about it up to date."""
    dataset = str(contract.id)
    known = {alert.kind: alert for alert in journal.alerts(dataset)}
    found = judge(journal, contract, known, now)
    raised = [kind for kind, details in found.items() if journal.raise_alert(dataset, kind, details, now)]
    resolved = [kind for kind in known if kind not in found and journal.resolve_alert(dataset, kind, now)]
    for kind in raised:
        marks = {"dataset": dataset, "alert": kind.value, "details": found[kind]}
        log.warning("feed alert raised: %s %s %s", dataset, kind.value, found[kind], extra=marks)
    for over in resolved:
        log.info("feed alert resolved: %s %s", dataset, over, extra={"dataset": dataset, "alert": over})
    return Watched(dataset, tuple(raised), tuple(resolved), {kind.value: found[kind] for kind in found})


def watch_quietly(journal: FeedJournal, contract: Contract, now: datetime) -> None:
    """The same, where nothing may fail because of it."""
    try:
        watch(journal, contract, now)
    except Exception as error:
        log.warning("feed %s could not be watched: %s", contract.id, type(error).__name__)


def judge(journal: FeedJournal, contract: Contract, known: Mapping[str, FeedAlert], now: datetime) -> Found:
    """What is wrong with a feed at `now`. `known` are the alerts that stand. Nothing is written."""
    found = _silence(journal, contract, now)
    latest = next(iter(journal.readings(str(contract.id), limit=1)), None)
    if latest is None:
        return found
    if latest.unreadable:  # tells nothing of its rows: what was known of them stands
        of_rows = (kind for kind in AlertKind if kind not in (AlertKind.NEVER, AlertKind.STOPPED, AlertKind.UNREADABLE))
        found[AlertKind.UNREADABLE] = {"since": _since(latest, known.get(AlertKind.UNREADABLE))}
        return found | {kind: known[kind].details for kind in of_rows if kind in known}
    found |= _volume(journal, contract, latest, known.get(AlertKind.SHRUNK))
    if latest.rows >= FEWEST_ROWS:
        found |= _rejects(journal, latest, known.get(AlertKind.REJECTS))
        found |= _columns_gone(journal, contract, latest, known.get(AlertKind.COLUMNS_GONE))
        found |= _columns_new(journal, contract, latest, known.get(AlertKind.COLUMNS_NEW))
    return found


def _silence(journal: FeedJournal, contract: Contract, now: datetime) -> Found:
    dataset, frequency = str(contract.id), contract.expected.frequency
    if frequency is None:
        return {}
    last = journal.last_delivery(dataset)
    since = last or journal.first_collection(dataset)
    if since is None or now - since <= frequency + contract.lateness:
        return {}
    details: dict[str, Any] = {"allowed_seconds": (frequency + contract.lateness).total_seconds()}
    if last is None:
        return {AlertKind.NEVER: details | {"collected_since": since.isoformat()}}
    return {AlertKind.STOPPED: details | {"last": last.isoformat()}}


def _volume(journal: FeedJournal, contract: Contract, latest: Reading, standing: FeedAlert | None) -> Found:
    dataset, frequency, declared = str(contract.id), contract.expected.frequency, contract.expected.minimum_rows
    at, since = latest.received_at, _since(latest, standing)
    rows = latest.rows if frequency is None else journal.rows_received(dataset, at - frequency, at)
    expected: float = declared or 0
    if declared is None:
        if frequency is None:
            return {}
        usual = _usual_rows(journal, dataset, frequency, datetime.fromisoformat(since))
        expected = SHRUNK * usual
    if rows >= expected:
        return {}
    shown = declared if declared is not None else round(expected / SHRUNK)
    details = {"rows": rows, "expected": shown, "declared": declared is not None, "since": since}
    return {AlertKind.SHRUNK: details}


def _usual_rows(journal: FeedJournal, dataset: str, frequency: timedelta, before: datetime) -> float:
    """Rows that a window of `frequency` usually brings; 0 while that is not known."""
    first = journal.first_received(dataset)
    ends = [before - number * frequency for number in range(1, WINDOWS + 1)]
    known = [end for end in ends if first is not None and end - frequency >= first]
    totals = [total for end in known if (total := journal.rows_received(dataset, end - frequency, end))]
    return median(totals) if len(totals) >= FEWEST_WINDOWS else 0


def _rejects(journal: FeedJournal, latest: Reading, standing: FeedAlert | None) -> Found:
    before = _before(journal, latest, standing)
    usual = median(one.rejected / one.rows for one in before) if before else 0.0
    share = latest.rejected / latest.rows
    if share <= max(REJECTED, REJECTED_MORE * usual):
        return {}
    return {AlertKind.REJECTS: {"share": share, "usual": usual, "since": _since(latest, standing)}}


def _columns_gone(journal: FeedJournal, contract: Contract, latest: Reading, standing: FeedAlert | None) -> Found:
    before = _before(journal, latest, standing, str(contract.version))
    if latest.contract_version != str(contract.version) or len(before) < FEWEST_READINGS:
        return {}
    always = set(before[0].filled).intersection(*(one.filled for one in before))
    gone = [column.name for column in contract.columns if column.name in always - set(latest.filled)]
    return {AlertKind.COLUMNS_GONE: {"columns": gone, "since": _since(latest, standing)}} if gone else {}


def _columns_new(journal: FeedJournal, contract: Contract, latest: Reading, standing: FeedAlert | None) -> Found:
    before = _before(journal, latest, standing, str(contract.version))
    if latest.contract_version != str(contract.version) or not before:
        return {}
    usual = max(one.unknown_columns for one in before)
    if latest.unknown_columns <= usual:
        return {}
    details = {"found": latest.unknown_columns, "usual": usual, "since": _since(latest, standing)}
    return {AlertKind.COLUMNS_NEW: details}


def _since(latest: Reading, standing: FeedAlert | None) -> str:
    """When the delivery that an alert began with was received: what came before it was well."""
    return str(standing.details["since"]) if standing is not None else latest.received_at.isoformat()


def _before(
    journal: FeedJournal, latest: Reading, standing: FeedAlert | None, version: str | None = None
) -> list[Reading]:
    """The readings that tell what is usual: large enough, and of one contract version if that is given."""
    found = journal.readings(
        latest.dataset, before=datetime.fromisoformat(_since(latest, standing)), limit=2 * COMPARED
    )
    kept = [one for one in found if one.rows >= FEWEST_ROWS and version in (None, one.contract_version)]
    return kept[:COMPARED]
