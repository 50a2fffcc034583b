"""Checks a protected table from its published Parquet file alone: `python -m anonymization.secrecy.check FILE…`.

The file says of itself, in its metadata, which columns are its dimensions and which figures add up. Nothing else is
needed: no hierarchy, no contract, no secret. For every figure, the attacker computes between which values each secret
cell may lie; a cell that it can compute is told, and the command ends with 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from anonymization.errors import AnonymizationError, MeasurementError
from anonymization.secrecy.dimensions import TOTAL
from anonymization.secrecy.published import PublishedTable, Shape, read_table
from anonymization.secrecy.reading import read_published

METADATA = b"protected_table"
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class FigureCheck:
    """What can be learnt of one figure: how many cells are secret, and how wide the narrowest interval is.

    `narrowest` is a share of the largest value possible there; 1 where nothing is known but that none is negative.
    """

    figure: str
    secret: int
    narrowest: float


def described(shape: Shape) -> str:
    """What a file says of itself, as JSON: dimensions (name, columns, label of the total), figures, status column."""
    said = {
        "dimensions": [[name, list(levels), total] for name, levels, total in shape.dimensions],
        "figures": list(shape.figures),
        "status": list(shape.status),
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


def check_published(table: pa.Table, shape: Shape | None = None) -> tuple[FigureCheck, ...]:
    """Check every figure of a published table.

    Args:
        table: as read from its Parquet file.
        shape: where dimensions and figures stand; by default as the file says.

    Raises:
        MeasurementError: the file does not say it, or is no table of that shape.
        UnprotectedTableError: a secret cell can be computed, or the table contradicts itself.
    """
    read = read_table(table, shape or _shape(table.schema.metadata or {}))
    return tuple(_check(read, name) for name in read.shape.figures)


def _shape(metadata: Mapping[bytes, bytes]) -> Shape:
    if METADATA not in metadata:
        raise MeasurementError("the file does not say that it is a protected table")
    said: dict[str, Any] = json.loads(metadata[METADATA])
    dimensions = tuple((name, tuple(levels), total) for name, levels, total in said["dimensions"])
    column, shown = said["status"]
    return Shape(dimensions, tuple(said["figures"]), (column, shown))


def _check(read: PublishedTable, figure: str) -> FigureCheck:
    """One figure, in the form that :func:`read_published` takes: paths for labels, V and S for statuses."""
    names = [name for name, _, _ in read.shape.dimensions]
    columns = {
        name: [_SEPARATOR.join(paths[place]) or TOTAL for paths in read.paths] for place, name in enumerate(names)
    }
    statuses = ["V" if shown else "S" for shown in read.shown]
    values = pa.array(read.figures[figure], pa.float64())
    table = pa.table({**columns, "value": values, "status": statuses})
    parents = {name: _parents(columns[name]) for name in names}
    hidden = read_published(table, dict.fromkeys(names, TOTAL), parents, whole=False)
    widths = [
        1.0 if high == float("inf") else (high - low) / high
        for low, high in zip(hidden["low"].to_pylist(), hidden["high"].to_pylist(), strict=True)
    ]
    return FigureCheck(figure, len(widths), min(widths, default=1.0))


def _parents(paths: Sequence[str]) -> dict[str, str | None]:
    return {path: path.rpartition(_SEPARATOR)[0] or TOTAL for path in paths if path != TOTAL}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check files; 0 where nothing can be computed, else 1."""
    parser = argparse.ArgumentParser(description="Vérifie un tableau protégé à partir de son seul fichier Parquet.")
    parser.add_argument("files", nargs="+", type=Path)
    failed = False
    for file in parser.parse_args(arguments).files:
        try:
            for one in check_published(pq.read_table(file)):
                share = f"{one.narrowest:.0%}"
                print(
                    f"{file.name} : {one.figure} : {one.secret} case(s) secrète(s), intervalle le plus étroit {share}"
                )
        except (AnonymizationError, OSError, pa.ArrowInvalid) as error:
            failed = True
            print(f"{file.name} : {error}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
