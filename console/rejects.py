"""What lies in quarantine, by reason and by delivery: counts and positions that the journal keeps.

The rows themselves are sealed and the console holds no key, so nothing here could show a value. What is past its
retention is erased from quarantine, and no longer counted here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from console import french
from console.alerts import moment_of
from console.records import JournalReader
from console.views import Choice, ReasonLine, RejectLine, RejectsPage
from policies.contract import Contract, Territory
from storage import Reading, RejectCount

LINES_SHOWN = 200
WHOLE = "unreadablePayload"  # the code of a delivery that was set aside whole


@dataclass(frozen=True, slots=True)
class _Reject:
    contract: Contract
    reading: Reading
    count: RejectCount


def rejects_page(
    territory: Territory, journal: JournalReader, now: datetime, dataset: str = "", code: str = ""
) -> RejectsPage:
    """The page of what is in quarantine, of all datasets or of one, for all reasons or for one."""
    contracts = sorted(territory.contracts.values(), key=lambda contract: contract.title.casefold())
    chosen = [contract for contract in contracts if dataset in ("", str(contract.id))]
    everything = list(_rejects(chosen, journal, now))
    found = [one for one in everything if code in ("", one.count.code)]
    found.sort(key=lambda one: (one.reading.received_at, one.count.rows), reverse=True)
    zone = ZoneInfo(territory.strategy.timezone)
    deliveries = len({one.reading.delivery_id for one in found})
    rows = sum(one.count.rows for one in found if one.count.code != WHOLE)
    return RejectsPage(
        summary=f"{french.number(rows)}{french.SPACE}{'ligne rejetée' if rows < 2 else 'lignes rejetées'}, dans "
        f"{french.number(deliveries)}{french.SPACE}{'livraison' if deliveries < 2 else 'livraisons'}",
        datasets=tuple(Choice(str(one.id), one.title, str(one.id) == dataset) for one in contracts),
        reasons=tuple(
            Choice(one, french.reason(one), one == code)
            for one in sorted({one.count.code for one in everything} | ({code} - {""}), key=french.reason)
        ),
        by_reason=tuple(_reasons(found, dataset)),
        lines=tuple(_line(territory, one, zone, now) for one in found[:LINES_SHOWN]),
        left_out=max(0, len(found) - LINES_SHOWN),
    )


def _rejects(contracts: Iterable[Contract], journal: JournalReader, now: datetime) -> Iterator[_Reject]:
    """What the journal tells of deliveries whose rejects are not erased yet."""
    for contract in contracts:
        oldest = now - contract.landing_retention  # a delivery is read, or read again, while it is in landing
        for reading in journal.readings(str(contract.id), oldest - contract.landing_retention):
            if reading.read_at >= oldest:
                yield from (_Reject(contract, reading, count) for count in reading.reasons)


def _reasons(found: Iterable[_Reject], dataset: str) -> Iterator[ReasonLine]:
    rows: Counter[str] = Counter()
    deliveries: dict[str, set[str]] = {}
    datasets: dict[str, set[str]] = {}
    for one in found:
        rows[one.count.code] += one.count.rows
        deliveries.setdefault(one.count.code, set()).add(one.reading.delivery_id)
        datasets.setdefault(one.count.code, set()).add(str(one.contract.id))
    for code, count in rows.most_common():
        asked = {"jeu": dataset, "motif": code} if dataset else {"motif": code}
        yield ReasonLine(
            code=code,
            reason=french.reason(code),
            rows="–" if code == WHOLE else french.number(count),
            deliveries=french.number(len(deliveries[code])),
            datasets=french.number(len(datasets[code])),
            address=f"/rejets?{urlencode(asked)}",
        )


def _line(territory: Territory, one: _Reject, zone: ZoneInfo, now: datetime) -> RejectLine:
    contract, reading, count = one.contract, one.reading, one.count
    organization = territory.organizations.get(contract.feed.operator, {})
    whole = count.code == WHOLE
    address = f"/jeux-de-donnees/{quote(str(contract.id))}"
    return RejectLine(
        operator=organization.get("title", contract.feed.operator),
        dataset=contract.title,
        dataset_address=address,
        delivery=reading.delivery_id[:12],
        received=moment_of(reading.received_at, zone, now),
        reason=french.reason(count.code),
        column=count.column or "",
        rows="toute la livraison" if whole else f"{french.number(count.rows)} sur {french.number(reading.rows)}",
        first="" if whole else french.number(count.first + 1),
        run=f"{address}/executions/{quote(reading.run_id, safe='')}",
    )
