"""Checks a protected table from what is published of it alone, as anyone who downloads it can.

Needs nothing of what made the table: its labels and figures, its hierarchies, and the rules' public terms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pyarrow as pa

from anonymization.errors import TabulationError, UnprotectedTableError
from anonymization.secrecy.attacker import Attacker, Key, Sighting
from anonymization.secrecy.dimensions import Levels, Parents, parents_of
from anonymization.secrecy.rules import FREQUENCY, SECONDARY, VALID

_NARROW = 1e-9  # of the largest figure


def read_published(
    table: pa.Table,
    dimensions: Mapping[str, str],
    hierarchies: Mapping[str, Parents | Levels | None] | None = None,
    *,
    counts_from: int | None = None,
    whole: bool = True,
) -> pa.Table:
    """What can be deduced of every hidden cell.

    Args:
        table: a published table: the dimensions, `value` (null where hidden) and `status`.
        dimensions: each dimension's column, and the label of its total.
        hierarchies: as they were given to protect it.
        counts_from: for a table that counts units, the minimum its rules publish.
        whole: whether every total must be there; else additions without their total are left out, which is all that
            can be done where a margin is not published.

    Returns:
        The hidden cells: the dimensions, `status`, and `low` and `high` (float64, infinite where nothing bounds it).

    Raises:
        TabulationError: a column is missing, or a cell's total is not in the table.
        UnprotectedTableError: a hidden cell can be computed, or the table contradicts itself.
    """
    for name in (*dimensions, "value", "status"):
        if name not in table.schema.names:
            raise TabulationError(f"column « {name} » is not in the published table")
    labels = list(zip(*(table[name].to_pylist() for name in dimensions), strict=True))
    keys = [
        frozenset(
            (name, label) for (name, total), label in zip(dimensions.items(), line, strict=True) if label != total
        )
        for line in labels
    ]
    statuses, values = table["status"].to_pylist(), table["value"].to_pylist()
    if any((value is None) == (status == VALID) for value, status in zip(values, statuses, strict=True)):
        raise TabulationError("a cell is valid without a figure, or hidden with one")
    seen = {
        key: _sighting(value, status, counts_from) for key, value, status in zip(keys, values, statuses, strict=True)
    }
    attacker = Attacker(seen, _additions(keys, dimensions, hierarchies or {}, whole))
    hidden = [place for place, status in enumerate(statuses) if status != VALID]
    bounds = [attacker.interval([keys[place]]) for place in hidden]
    least = _NARROW * max((abs(value) for value in values if value is not None), default=1.0)
    told = sum(high - low <= least for low, high in bounds)
    if told:
        raise UnprotectedTableError(f"{told} of {len(hidden)} hidden cells can be computed from the published ones")
    columns = {name: [labels[place][number] for place in hidden] for number, name in enumerate(dimensions)}
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in columns.items()}
        | {
            "status": pa.array([statuses[place] for place in hidden], pa.string()),
            "low": pa.array([low for low, _ in bounds], pa.float64()),
            "high": pa.array([high for _, high in bounds], pa.float64()),
        }
    )


def _sighting(value: float | None, status: str, counts_from: int | None) -> Sighting:
    shown = None if value is None else float(value)
    if counts_from is None:
        return Sighting(shown)
    if status == FREQUENCY:
        return Sighting(shown, 1.0, counts_from - 1.0)
    return Sighting(shown, float(counts_from) if status == SECONDARY else 1.0)


def _additions(
    keys: Sequence[Key],
    dimensions: Mapping[str, str],
    hierarchies: Mapping[str, Parents | Levels | None],
    whole: bool,
) -> list[tuple[Key, list[Key]]]:
    parents = {name: parents_of(name, hierarchies.get(name)) or {} for name in dimensions}
    found: defaultdict[tuple[str, Key], list[Key]] = defaultdict(list)
    for key in keys:
        for name, label in key:
            above = parents[name].get(label)
            rest = key - {(name, label)}
            total = rest if above is None or above == dimensions[name] else rest | {(name, above)}
            found[name, total].append(key)
    known = set(keys)
    if whole and any(total not in known for _, total in found):
        raise TabulationError("a total of the published table is missing: nothing can be said of its cells")
    return [(total, terms) for (_, total), terms in found.items() if total in known]
