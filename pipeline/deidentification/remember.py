"""Remember the identifiers that a delivery brings, as a keyed set that *assess* holds candidates against.

What is remembered: the values of columns that the contract calls direct identifiers, stored or not, as written and in
their canonical form; postal addresses that are reduced to their commune; what the detector took out of free text. What
the territory itself publishes (communes, public figures) identifies nobody and is left out.

Invariants:
1. A set is written before any row of its delivery reaches trusted: no period can be released that a set is missing for
   because a worker died.
2. The set's own key is random, lives in this process, and lies at rest only inside the sealed object.
3. A set is destroyed once its period was published with its delivery, or refused (:mod:`pipeline.forgetting`), or with
   the delivery in landing: key, then object.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.pseudonyms import canonicalize
from anonymization.text.known import KnownIdentifiers, fold_column
from pipeline.deidentification.distinct import MOST
from pipeline.hub import Hub, RunRequest
from policies.contract import Column, Contract, PrivacyCategory, Technique, Territory
from sources.protocol import Decoded
from storage import KnownSet, erase_known, list_known, write_known

KEY_BYTES = 32
_TOGETHER = 1 << 18  # values that wait before they are made distinct


def remembers(contract: Contract) -> bool:
    """Whether deliveries of this contract bring identifiers at all."""
    return any(_identifies(column) or column.privacy.technique is Technique.REDACT for column in contract.columns)


@dataclass(slots=True)
class Remembered:
    """The identifiers of one delivery, growing as it is read: what its columns brought, and 16 bytes for each.

    Batches mostly bring what earlier ones brought, and comparing each with all that was met costs more than it saves:
    values wait until there are many, and are then made distinct together. At most about :data:`MOST` of a column are
    held, and as many wait.
    """

    contract: Contract
    territory: Territory
    _key: bytes = field(default_factory=lambda: os.urandom(KEY_BYTES), repr=False)
    _met: dict[str, list[pa.Array]] = field(default_factory=dict, repr=False)  # distinct values, then those that wait
    _known: KnownIdentifiers = field(init=False)

    def __post_init__(self) -> None:
        self._known = KnownIdentifiers(self._key)

    def passing(self, decoded: Iterable[Decoded]) -> Iterator[Decoded]:
        """Yield the batches unchanged; their identifiers are remembered, be the rows then rejected or not covered."""
        columns = [column for column in self.contract.columns if _identifies(column)]
        for item in decoded:
            for column in columns:
                self._meet(column, item.batch.column(column.name))
            yield item
        for column in columns:  # in the thread that reads, while the last answers of custody are awaited
            self._settle(column)

    def add(self, identifiers: Iterable[str]) -> None:
        """Remember identifiers of any kind."""
        self._add(pa.array(list(identifiers), pa.string()))

    def _meet(self, column: Column, values: pa.Array) -> None:
        met = self._met.setdefault(column.name, [])
        met.append(values)
        if sum(map(len, met[1:])) < max(len(met[0]), _TOGETHER):
            return
        distinct = _distinct(met)
        met[:] = [distinct]
        if len(distinct) > MOST:
            self._settle(column)

    def _settle(self, column: Column) -> None:
        """Take what was met of a column into the set; it begins again with nothing."""
        if not (met := self._met.pop(column.name, [])):
            return
        values = _distinct(met).cast(pa.string())
        if column.privacy.technique is Technique.PSEUDONYMIZE:  # mostly the same, once both are folded
            values = pa.concat_arrays([values, canonicalize(column.privacy.canonical, values)])
        self._add(values)

    def _add(self, identifiers: pa.Array) -> None:
        signs = fold_column(identifiers)
        public = _folded_names(public_names(self.territory))
        self._known.add_folded(signs.filter(pc.invert(pc.is_in(signs, value_set=public))))

    def content(self) -> bytes:
        """The set and its key, to be sealed; all batches have passed."""
        for column in self.contract.columns:
            self._settle(column)
        return self._key + self._known.members()


def _distinct(met: list[pa.Array]) -> pa.Array:
    return pc.unique(pa.chunked_array(met)).drop_null()


@lru_cache(maxsize=4)
def _folded_names(names: tuple[str, ...]) -> pa.Array:
    """The territory's own names as identifiers are folded; the same for all its deliveries."""
    return fold_column(pa.array(names, pa.string()))


def public_names(territory: Territory) -> tuple[str, ...]:
    """What the territory publishes of itself: communes by name and code, and its public figures."""
    communes = territory.communes
    return (*territory.known_people, *(one.name for one in communes), *(one.insee for one in communes))


def keep_known(
    hub: Hub, contract: Contract, run_id: str, delivery: str, periods: Iterable[str], remembered: Remembered
) -> None:
    """Write a delivery's set for each period it touches, in place of those of an earlier run."""
    wanted, dataset, major = sorted(set(periods)), str(contract.id), contract.version.major
    if not wanted or not remembers(contract):
        return
    earlier = [
        found
        for found in list_known(hub.private, dataset)
        if (found.delivery, found.major) == (delivery, major) and found.period in wanted
    ]
    custody = hub.run_custody(RunRequest(run_id, dataset, new_keys=len(wanted)))
    content = remembered.content()
    for period in wanted:
        write_known(hub.private, custody, content, dataset=dataset, major=major, period=period, delivery=delivery)
    for found in earlier:
        erase_known(hub.private, hub.erasing_custody(), found)


def forget(hub: Hub, contract: Contract, period: str, deliveries: Iterable[str]) -> int:
    """Destroy the sets of a period that was published or refused, for the deliveries it was made of; return how many.

    Those of deliveries that came meanwhile stay for the next candidate.
    """
    decided = set(deliveries)
    return _erase(hub, contract, lambda found: _is_of(found, contract, period) and found.delivery in decided)


def remembered_deliveries(hub: Hub, contract: Contract, period: str) -> frozenset[str]:
    """The deliveries of a period whose sets are there."""
    sets = list_known(hub.private, str(contract.id))
    return frozenset(found.delivery for found in sets if _is_of(found, contract, period))


def expire_known(hub: Hub, contract: Contract) -> int:
    """Destroy the sets of deliveries that are past landing's retention or gone from it; return how many."""
    since = hub.now() - contract.landing_retention
    kept = {
        str(record.delivery_id)
        for record in hub.journal.deliveries(str(contract.id))
        if record.erased_at is None and record.received_at >= since
    }
    return _erase(hub, contract, lambda found: found.delivery not in kept)


def _is_of(found: KnownSet, contract: Contract, period: str) -> bool:
    return (found.period, found.major) == (period, contract.version.major)


def _erase(hub: Hub, contract: Contract, chosen: Callable[[KnownSet], bool]) -> int:
    found = [one for one in list_known(hub.private, str(contract.id)) if chosen(one)]
    if found:
        custody = hub.erasing_custody()
        for one in found:
            erase_known(hub.private, custody, one)
    return len(found)


def _identifies(column: Column) -> bool:
    privacy = column.privacy
    return privacy.category is PrivacyCategory.DIRECT_IDENTIFIER or privacy.technique is Technique.COMMUNE
