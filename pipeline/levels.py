"""Levels of generalization that a contract fixes for a time, chosen once and then kept.

The choice itself tells something of the data it was made from, so it is made once in a window of calendar months, by
the first period released in it, and every other period of the window takes it as it is. It is one immutable object,
written only if there is none: of two runs that choose at once, or of a run that was killed and its re-run, the first
one's choice is everybody's, and all take it from there. Another rule (models, hierarchies and their files, metric,
weights, limit) has another choice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

from anonymization.generalized import Chosen, Counted, choose, take
from pipeline.errors import BadInputError
from policies.contract import Contract
from storage import ObjectNotFoundError, ObjectStore, PreconditionFailedError, canonical_json
from storage.zones import levels_key

_FORMAT = 1


def fixed_or_chosen(store: ObjectStore, contract: Contract, period: str, counted: Counted) -> Chosen:
    """The levels of a period: those fixed for its window, chosen now if nobody did; or the best of this period alone.

    Raises:
        NoSolutionError, PrivacyModelError, GeneralizationSearchError, BadInputError: there are none; none are kept.
    """
    search = contract.release.search
    if search is None or search.levels_fixed_months is None:
        return choose(counted)
    key = levels_key(
        str(contract.id), contract.version.major, window(period, search.levels_fixed_months), _rule(contract)
    )
    kept = _read(store, key)
    if kept is None:
        kept = _kept(contract, period, search.levels_fixed_months, choose(counted), counted.heights)
        try:
            store.put(key, canonical_json(kept), media_type="application/json", if_absent=True)
        except PreconditionFailedError:
            kept = _read(store, key)
    if kept is None:
        raise BadInputError(f"{contract.id} {period}: the levels fixed for its window vanished while they were read")
    steps = tuple({name: int(level) for name, level in step.items()} for step in kept["steps"])
    fixed = {name: kept[name] for name in ("since", "until", "chosen_for")}
    return replace(
        take(counted, steps),
        explored=kept["explored"],
        complete=kept["proved"],
        own=kept["chosen_for"] == period,
        fixed=fixed,
    )


def _kept(contract: Contract, period: str, months: int, chosen: Chosen, heights: Mapping[str, int]) -> dict[str, Any]:
    steps = [dict(levels) for levels in chosen.levels]
    search = contract.release.search
    if search is not None and search.local_recoding and steps[-1] != heights:
        steps.append(dict(heights))  # what another period can not publish finer may still be all in one group
    return {
        "format": _FORMAT,
        "since": window(period, months),
        "until": window(period, months, after=1),
        "chosen_for": period,
        "steps": steps,
        "explored": chosen.explored,
        "proved": chosen.complete,
    }


def window(period: str, months: int, *, after: int = 0) -> str:
    """The first month of a period's window, or of one after it. Windows are aligned on years, or divide them."""
    year, month = (int(part) for part in period.split("-")[:2])
    first = ((12 * year + month - 1) // months + after) * months
    return f"{first // 12:04d}-{first % 12 + 1:02d}"


def _read(store: ObjectStore, key: str) -> dict[str, Any] | None:
    try:
        kept: dict[str, Any] = json.loads(store.get(key))
    except ObjectNotFoundError:
        return None
    if kept["format"] != _FORMAT:
        raise BadInputError(f"{key} has a format this version does not know: upgrade the hub")
    return kept


def _rule(contract: Contract) -> str:
    """Digest of all that a choice depends on, beside the data."""
    rule = contract.release
    columns = [column for column in rule.columns if column.quasi_identifier]
    depends = {
        "search": asdict(rule.search) if rule.search else None,
        "columns": [(c.name, c.sources, c.generalization, c.options) for c in columns],
        "limit": rule.suppression_limit,
        "unit": contract.protection_unit.column if contract.protection_unit else None,
    }
    return sha256(json.dumps(depends, sort_keys=True, default=str).encode()).hexdigest()[:16]
