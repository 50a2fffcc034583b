"""The transaction that small calls share: two trips to the database for all of them.

(1) Who asks, locked; in which domains; and the end of the log, which nobody else writes to from then on. (2) Between
the trips: may they ask, and the pseudonyms. (3) What is paid and the rows of the log, committed. Distinct inputs are
counted apart: rows of counts are locked before the log's end, always.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
from psycopg import Connection as Driver
from sqlalchemy import BindParameter, bindparam, insert, update

from custody.callers import CLIENTS, RUNS, Caller, Run, client_of, is_run, require_fresh, run_of, token_hash
from custody.database.tables import clients, requests, runs
from custody.database.together import Statement, together
from custody.domains import CURRENT_DOMAINS, OpenDomain, OpenDomains
from custody.errors import RefusedError, StateError
from custody.journal import LOG_HEAD, Head, chain, entry
from custody.keyring import Wrapper
from custody.metrics import IDENTIFIERS
from custody.pseudonymizing import Asked, check_use
from custody.spending import GRANT
from custody.transforming import Transformer

_FIND_CLIENTS = Statement.of(CLIENTS.with_for_update())
_FIND_RUNS = Statement.of(RUNS.with_for_update(of=runs))
_FIND_DOMAINS = Statement.of(CURRENT_DOMAINS)
_FIND_HEAD = Statement.of(LOG_HEAD)
_SPENT: BindParameter[int] = bindparam("spent")
_PAY_RUN = Statement.of(update(runs).where(runs.c.id == bindparam("key")).values(quota_left=runs.c.quota_left - _SPENT))
_PAY_CLIENT = Statement.of(
    update(clients).where(clients.c.name == bindparam("key")).values(quota_left=clients.c.quota_left - _SPENT)
)
_COLUMNS = [column.name for column in requests.columns if column.name != "id"]
_WRITE = Statement.of(insert(requests).values({name: bindparam(name) for name in _COLUMNS}).returning(requests.c.id))


@dataclass(frozen=True, slots=True)
class SmallAnswer:
    """What a small call comes back with: pseudonyms, and the metadata of their field."""

    metadata: dict[str, str]
    pseudonyms: pa.Array


@dataclass(slots=True, eq=False)
class SmallCall:
    """One call. It has its answer or its refusal once the transaction is over; its caller and domain, if known."""

    token: str
    asked: Asked
    identifiers: pa.Array = field(repr=False)
    caller: Caller | None = None
    domain: OpenDomain | None = None
    refusal: RefusedError | None = None
    answer: SmallAnswer | None = field(default=None, repr=False)

    @property
    def count(self) -> int:
        """How many identifiers it pays for."""
        return int(len(self.identifiers) - self.identifiers.null_count)


class SmallBatches:
    """Answers small calls together. For one thread."""

    def __init__(self, log_key: bytes) -> None:
        self._log_key = log_key
        self._domains = OpenDomains()
        self._made: list[tuple[OpenDomain, Caller, pa.Array]] = []

    def made(self) -> list[tuple[OpenDomain, Caller, pa.Array]]:
        """Return, once, the tags to count of what was answered: their domains, and who asked."""
        made, self._made = self._made, []
        return made

    def forget(self) -> None:
        """Close the domains that were opened."""
        self._domains.forget()

    def answer(self, driver: Driver[Any], master: Wrapper, calls: Sequence[SmallCall], now: datetime) -> Head | None:
        """Answer or refuse all of them in one transaction, durable when this returns; return the log's end if it moved.

        Raises:
            TamperedError: a domain's key does not open.
            StateError: the log was never begun.
        """
        hashes = {token_hash(call.token): call.token for call in calls}
        names = {"names": list({call.asked.domain for call in calls})}
        of_runs = [hashed for hashed, token in hashes.items() if is_run(token)]
        by_hash = [(_FIND_CLIENTS, {"hashes": [hashed for hashed in hashes if hashed not in of_runs]})]
        if of_runs:
            by_hash.append((_FIND_RUNS, {"hashes": of_runs}))
        found_clients, *more, found_domains, ends = together(driver, *by_hash, (_FIND_DOMAINS, names), (_FIND_HEAD, {}))
        found_runs = more[0] if more else []
        callers: dict[str, Caller] = {hashes[row.token_hash]: client_of(row) for row in found_clients}
        callers |= {hashes[row.token_hash]: run_of(row) for row in found_runs}
        quotas = {hashes[row.token_hash]: int(row.quota_left) for row in (*found_clients, *found_runs)}
        domains = self._domains.open(master, found_domains)
        left = dict(quotas)
        for call in calls:
            call.caller, call.domain = callers.get(call.token), domains.get(call.asked.domain)
            left[call.token] = _admit(call, now, left.get(call.token, 0))
        self._transform([call for call in calls if call.refusal is None], left)
        paid = [(callers[token], quotas[token] - left[token]) for token in callers if quotas[token] != left[token]]
        rows = [_row(call, call.caller, now) for call in calls if call.caller is not None]
        return _close(driver, paid, self._chain(ends, rows))

    def _transform(self, calls: Sequence[SmallCall], left: dict[str, int]) -> None:
        """Make pseudonyms, of a domain's calls together; what can not be one is refused, and paid back, alone."""
        groups: dict[tuple[OpenDomain, str | None], list[SmallCall]] = {}
        for call in calls:
            if call.domain is not None:
                groups.setdefault((call.domain, call.asked.column), []).append(call)
        for (domain, column), group in groups.items():
            try:
                self._make(domain, column, group)
            except RefusedError:
                for call in group:
                    try:
                        self._make(domain, column, [call])
                    except RefusedError as refusal:
                        call.refusal = refusal
                        left[call.token] += call.count

    def _make(self, domain: OpenDomain, column: str | None, calls: Sequence[SmallCall]) -> None:
        transformer = Transformer(domain, column)
        pseudonyms, tags = transformer(pa.concat_arrays([call.identifiers for call in calls]))
        if calls[-1].caller is not None:
            self._made.append((domain, calls[-1].caller, tags))
        IDENTIFIERS.labels(domain.name).inc(len(tags) - tags.null_count)
        start = 0
        for call in calls:
            call.answer = SmallAnswer(transformer.metadata, pseudonyms.slice(start, len(call.identifiers)))
            start += len(call.identifiers)

    def _chain(self, ends: list[Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not ends or ends[0].last_mac is None:
            raise StateError("the log was never begun: run « python -m custody init »")
        return chain(self._log_key, ends[0].last_mac, rows)


def _admit(call: SmallCall, now: datetime, left: int) -> int:
    """Refuse a call that may not be made; return what is left of its token's quota."""
    try:
        if call.caller is None:
            raise RefusedError("token_unknown", "custody does not know this token")
        require_fresh(call.caller, now)
        if call.domain is None:
            raise RefusedError("domain_unknown", "custody has no such domain")
        check_use(call.caller, call.asked)
        if call.count > left:
            raise RefusedError("quota_spent", "this token may not send so many identifiers more")
    except RefusedError as refusal:
        call.refusal = refusal
        return left
    return left - call.count


def _row(call: SmallCall, caller: Caller, now: datetime) -> dict[str, Any]:
    return entry(
        caller,
        GRANT,
        now,
        domain=call.domain.name if call.domain else None,
        epoch=call.domain.epoch if call.domain else None,
        identifiers=0 if call.refusal else call.count,
        outcome=call.refusal.code if call.refusal else None,
    )


def _close(driver: Driver[Any], paid: list[tuple[Caller, int]], rows: list[dict[str, Any]]) -> Head | None:
    """Pay, log and commit, in one trip."""
    payments: list[tuple[Statement, dict[str, Any]]] = [
        (_PAY_RUN, {"key": who.row, "spent": spent})
        if isinstance(who, Run)
        else (_PAY_CLIENT, {"key": who.name, "spent": spent})
        for who, spent in paid
    ]
    done = together(driver, *payments, *((_WRITE, row) for row in rows), commit=True)
    return Head(int(done[-1][0].id), rows[-1]["mac"]) if rows else None
