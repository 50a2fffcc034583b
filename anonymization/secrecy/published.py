"""A protected table as its file says it: cells, additions and figures, from labels alone.

Shares no code with what makes the table. A row of a total bears the total's label in the columns of every finer level,
so the file holds its own hierarchy: the row above another in one dimension is the one that differs from it by its
finest label there, which is the total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from anonymization.errors import MeasurementError
from anonymization.secrecy.attacker import Key

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a file's dimensions and figures stand.

    Attributes:
        dimensions: for each, its name, its columns from coarser to finer, and the label of its total.
        figures: the columns that add up.
        status: the column of statuses, and the value of it where figures are published.
    """

    dimensions: tuple[tuple[str, Labels, str], ...]
    figures: Labels
    status: tuple[str, str]


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """What anyone can read of a file.

    Attributes:
        paths: of each row, for each dimension, the labels down to where it stands; empty at the total.
        keys: the same as one name for the attacker.
        additions: sums and their terms, where both are in the file.
        shown: whether each row's figures are published.
        figures: for each figure, the value of each row, None where it is secret.
    """

    shape: Shape
    paths: tuple[tuple[Labels, ...], ...] = field(repr=False)
    keys: tuple[Key, ...] = field(repr=False)
    additions: tuple[tuple[Key, tuple[Key, ...]], ...] = field(repr=False)
    shown: tuple[bool, ...] = field(repr=False)
    figures: Mapping[str, tuple[float | None, ...]] = field(repr=False)


def read_table(table: pa.Table, shape: Shape) -> PublishedTable:
    """Read a file.

    Raises:
        MeasurementError: a column is missing, a cell stands twice, a total's label stands above another, or a figure
            and its status contradict each other.
    """
    names = [name for _, levels, _ in shape.dimensions for name in levels]
    wanted = [*names, *shape.figures, shape.status[0]]
    if missing := sorted(set(wanted) - set(table.schema.names)):
        raise MeasurementError(f"the published table has no column {missing}")
    columns = {name: table[name].to_pylist() for name in wanted}
    rows = range(table.num_rows)
    paths = tuple(
        tuple(_path([columns[name][row] for name in levels], total) for _, levels, total in shape.dimensions)
        for row in rows
    )
    if len(set(paths)) < len(paths):
        raise MeasurementError("a cell stands twice in the published table")
    shown = tuple(value == shape.status[1] for value in columns[shape.status[0]])
    figures = {name: tuple(columns[name]) for name in shape.figures}
    for name, values in figures.items():
        if any((value is not None) != public for value, public in zip(values, shown, strict=True)):
            raise MeasurementError(f"column « {name} »: a secret cell has a figure, or a published one has none")
    keys = {path: key_of(path, shape) for path in paths}
    return PublishedTable(shape, paths, tuple(keys[path] for path in paths), _additions(keys, shape), shown, figures)


def key_of(paths: Sequence[Labels], shape: Shape) -> Key:
    """A cell's name for the attacker: its place in each dimension where it is not the total."""
    return frozenset(
        (name, "\x1f".join(path)) for (name, _, _), path in zip(shape.dimensions, paths, strict=True) if path
    )


def _path(labels: Sequence[str], total: str) -> Labels:
    """The labels above the first total."""
    depth = next((place for place, label in enumerate(labels) if label == total), len(labels))
    if any(label != total for label in labels[depth:]) or any(label is None for label in labels):
        raise MeasurementError("a label stands under a total in the published table")
    return tuple(labels[:depth])


def _additions(keys: Mapping[tuple[Labels, ...], Key], shape: Shape) -> tuple[tuple[Key, tuple[Key, ...]], ...]:
    terms: defaultdict[tuple[int, Key], list[Key]] = defaultdict(list)
    for path, key in keys.items():
        for place in range(len(shape.dimensions)):
            if path[place]:
                above = keys.get((*path[:place], path[place][:-1], *path[place + 1 :]))
                if above is not None:
                    terms[place, above].append(key)
    return tuple((total, tuple(found)) for (_, total), found in terms.items())
