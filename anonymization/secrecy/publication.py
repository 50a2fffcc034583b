"""From names and flags back to labels: the tables to publish, and what the attacker is shown of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymization.secrecy.attacker import Attacker, AttackReport, Key, Need, Sighting, attack
from anonymization.secrecy.cells import Space, node_of
from anonymization.secrecy.rules import VALID, Floats
from anonymization.secrecy.system import Ints, Target

Links = list[tuple[Key, list[Key]]]
Statuses = npt.NDArray[np.str_]


def table_of(
    space: Space,
    number: int,
    names: Ints,
    units: Ints,
    values: Floats,
    status: Statuses,
    intervals: Floats,
    whole: bool,
) -> pa.Table:
    """The private form of one of the tables, sorted by its dimensions, totals first."""
    table, trees = space.tables[number]
    mine = np.ones(len(names), bool)
    for place, name in enumerate(space.columns):
        mine &= np.isin(node_of(space, names, place), [0, *trees[name].parent] if name in trees else [0])
    columns: dict[str, object] = {}
    order = []
    for name in table.dimensions:
        place = space.columns.index(name)
        node = node_of(space, names[mine], place)
        columns[name] = np.array(space.nodes[place].labels, object)[node].tolist()
        order.append(node)
    shown = np.rint(values[mine]).astype(np.int64) if whole else values[mine]
    columns |= {"units": units[mine], "value": shown, "status": status[mine].tolist()}
    columns |= {"lower": intervals[mine, 0], "upper": intervals[mine, 1]}
    return pa.table(columns).take(pa.array(np.lexsort(order[::-1])))


def attacked(
    keys: Sequence[Key], links: Links, values: Floats, status: Statuses, bounds: Floats, targets: Sequence[Target]
) -> AttackReport:
    """Show the attacker what is published, and ask it for every target.

    Args:
        keys: of each cell.
        links: the additions.
        values: in steps.
        status: of the pattern.
        bounds: what is known of each cell beforehand, n by 2.
        targets: sums of hidden cells.

    Raises:
        UnprotectedTableError: it narrows one.
    """
    sightings = {
        key: Sighting(float(value) if one == VALID else None, float(low), float(high))
        for key, value, one, (low, high) in zip(keys, values, status, bounds, strict=True)
    }
    needs = []
    for target in targets:
        cells = [int(cell) for cell in target.cells if status[cell] != VALID]
        truth = math.fsum(values[cell] for cell in cells)
        needs.append(Need(tuple(keys[cell] for cell in cells), truth - target.lower, truth + target.upper))
    return attack(Attacker(sightings, links), needs)


def cell_keys(space: Space, names: Ints) -> list[Key]:
    """Each cell by its labels, totals left out."""
    nodes = [node_of(space, names, place) for place in range(len(space.columns))]
    labels = [space.nodes[place].labels for place in range(len(space.columns))]
    return [
        frozenset(
            (column, labels[place][nodes[place][cell]])
            for place, column in enumerate(space.columns)
            if nodes[place][cell]
        )
        for cell in range(len(names))
    ]


def roots_of(space: Space) -> dict[str, str]:
    """The label of each column's total."""
    return {column: space.nodes[place].labels[0] for place, column in enumerate(space.columns)}


def label_links(space: Space, number: int, keys: Sequence[Key]) -> Links:
    """The additions of one table as its reader finds them: by labels, one dimension at a time."""
    found: list[tuple[Key, list[Key]]] = []
    for table, trees in (space.tables[number],):
        for name in table.dimensions:
            labels = space.nodes[space.columns.index(name)].labels
            above = {labels[node]: labels[parent] if parent else None for node, parent in trees[name].parent.items()}
            allowed = {
                (other, space.nodes[space.columns.index(other)].labels[node])
                for other in table.dimensions
                for node in trees[other].parent
            }
            terms: defaultdict[Key, list[Key]] = defaultdict(list)
            for key in keys:
                if not key <= allowed:
                    continue
                mine = [label for column, label in key if column == name]
                if mine:
                    rest = key - {(name, mine[0])}
                    up = above[mine[0]]
                    terms[rest if up is None else rest | {(name, up)}].append(key)
            found += list(terms.items())
    return found
