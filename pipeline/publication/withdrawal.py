"""Take a published period back, wholly: its files in every release, its rows in the catalogue's table, its resources.

Two reasons: it held personal rows (whoever finds that asks for it), or the contract's retention of what is open has
passed. The request stands in the journal before anything is touched and is done when nothing is left, so that a worker
killed anywhere, or a catalogue that is away, delays it and loses nothing: the next publication of the dataset, the
next night, or the same call again, begins with what is pending.

1. Files first, for they can be read without the catalogue: every release of the period, then `latest` if it shows it.
2. The catalogue: resources, table, and what CKAN keeps of them (:meth:`catalog.Catalogue.withdraw`).
3. The journal: done. What was withdrawn is no more a release; the certificates in the audit bucket, which hold counts
   and digests, stay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pipeline.hub import Hub
from pipeline.periods import bounds
from pipeline.publication.files import LATEST, MEDIA_TYPES, OpenFile, file_name, schema_key
from pipeline.publication.page import published_file
from policies.contract import Contract, PeriodUnit
from storage.journal_records import ReleaseRecord, WithdrawalRecord
from storage.objects import copy_object
from storage.zones import open_key, open_prefix

Reason = Literal["personal_rows", "retention"]


def withdraw(hub: Hub, contract: Contract, run_id: str, period: str, reason: Reason) -> None:
    """Take every release of a period back.

    Raises:
        StorageError, CatalogueError: not everything is gone yet; the request stands, and the same call goes on with it.
    """
    dataset, major = str(contract.id), contract.version.major
    hub.journal.request_withdrawal(dataset, major, period, reason, run_id, hub.now())
    finish_withdrawals(hub, contract, run_id)


def finish_withdrawals(hub: Hub, contract: Contract, run_id: str) -> int:
    """Do what is asked for and not done for a dataset's version; return how many periods that was."""
    pending = [
        each for each in hub.journal.withdrawals(str(contract.id), pending=True) if each.major == contract.version.major
    ]
    for each in pending:
        _finish(hub, contract, run_id, each)
    return len(pending)


def retire(hub: Hub, contract: Contract, run_id: str) -> int:
    """Withdraw the periods whose time in the open has passed; return their number."""
    if contract.open_retention is None:
        return 0
    released = [each.period for each in hub.journal.releases(str(contract.id), contract.version.major)]
    ends = {period: bounds(period, _unit(period), hub.timezone)[1] for period in released}
    past = [period for period, end in ends.items() if end + contract.open_retention <= hub.now()]
    for period in past:
        withdraw(hub, contract, run_id, period, "retention")
    return len(past)


def keep_to_retention(hub: Hub, run_id: str) -> dict[str, int]:
    """Do for every contract, and for its former versions, what a publication would; return how many periods went.

    A feed that has stopped publishes no more, yet what it published has its time too.
    """
    done = {}
    for contract in hub.territory.contracts.values():
        majors = {each.major for each in hub.journal.standing_releases(str(contract.id))}
        majors |= {each.major for each in hub.journal.withdrawals(str(contract.id), pending=True)}
        versions = [replace(contract, version=replace(contract.version, major=major)) for major in sorted(majors)]
        gone = sum(finish_withdrawals(hub, each, run_id) + retire(hub, each, run_id) for each in versions)
        if gone:
            done[str(contract.id)] = gone
    return done


def _unit(period: str) -> PeriodUnit:
    """The unit of a period's key: a former version may have had another than the contract has now."""
    if "W" in period:
        return PeriodUnit.WEEK
    return PeriodUnit.MONTH if len(period) == len("2026-10") else PeriodUnit.DAY


def _finish(hub: Hub, contract: Contract, run_id: str, asked: WithdrawalRecord) -> None:
    _delete(hub, open_prefix(asked.dataset, asked.major, asked.period))
    left = hub.journal.releases(asked.dataset, asked.major)
    newest = left[-1] if left else None
    latest = _renew_latest(hub, contract, newest)
    hub.catalogue().withdraw(contract, asked.period, tuple(published_file(hub, file) for file in latest), run_id=run_id)
    hub.journal.finish_withdrawal(asked, hub.now())


def _renew_latest(hub: Hub, contract: Contract, newest: ReleaseRecord | None) -> list[OpenFile]:
    """Make `latest` hold the newest period that is left, or nothing; files of it that nobody may see any more go."""
    dataset, major = str(contract.id), contract.version.major
    renewed = []
    for file in (OpenFile(**each) for each in (newest.files if newest else ()) if not each["latest"]):
        key = open_key(dataset, major, LATEST, file_name(contract, file.format, None))
        copy_object(hub.open, file.key, file.digest, hub.open, key, MEDIA_TYPES[file.format])
        renewed.append(OpenFile(file.format, key, file.size, file.digest, file.rows, file.period, True))
        if file.format == "csv":
            hub.open.put(schema_key(key), hub.open.get(schema_key(file.key)), media_type="application/json")
    kept = {file.key for file in renewed} | {schema_key(file.key) for file in renewed if file.format == "csv"}
    for found in list(hub.open.list(open_prefix(dataset, major, LATEST))):
        if found.key not in kept:
            hub.open.delete(found.key)
    return renewed


def _delete(hub: Hub, prefix: str) -> None:
    for found in list(hub.open.list(prefix)):
        hub.open.delete(found.key)
