"""Synthetic people shaped like UCI Adult, the file that generalization engines are usually compared on.

Nine quasi-identifiers whose hierarchies make a lattice of 12 960 nodes (2 · 5 · 2 · 3 · 4 · 3 · 3 · 3 · 2), with the
same number of values, skewed likewise, and a few dependencies. Made from a seed; nobody's data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from anonymization.hierarchies import Hierarchy, from_intervals

AGES = range(17, 91)
SENSITIVE = "diagnosis"


def _grouped(name: str, count: int, *sizes: int) -> Hierarchy:
    """`count` values gathered by consecutive groups of each of `sizes`, then a root."""
    leaves = [f"{name} {place:02d}" for place in range(count)]
    levels = [[f"{name} group {size}.{place // size}" for place in range(count)] for size in sizes]
    return Hierarchy.from_levels(name, [leaves, *levels, ["*"] * count])


def hierarchies() -> list[Hierarchy]:
    """The nine hierarchies, in the order that settles equal scores."""
    edges = [list(range(15, 96, width)) for width in (5, 10, 20)]
    return [
        _grouped("sex", 2),
        from_intervals("age", AGES, edges),
        _grouped("race", 5),
        _grouped("marital", 7, 3),
        _grouped("education", 16, 3, 6),
        _grouped("country", 41, 10),
        _grouped("workclass", 8, 3),
        _grouped("occupation", 14, 4),
        _grouped("salary", 2),
    ]


def _skewed(rng: np.random.Generator, rows: int, count: int, ratio: float) -> NDArray[np.int64]:
    """Values whose frequencies fall by `ratio`, shuffled so that groups mix common and rare ones."""
    shares = ratio ** np.arange(count)
    rng.shuffle(shares)
    return rng.choice(count, rows, p=shares / shares.sum())


def _column(name: str, codes: NDArray[np.int64], labels: Sequence[str | None]) -> pa.Array:
    return pa.array(labels, pa.string()).take(pa.array(codes))


def people(rows: int, seed: int = 11) -> pa.Table:
    """`rows` people: the nine quasi-identifiers as texts (age a number), and a sensitive `diagnosis` of 20 values."""
    rng = np.random.default_rng(seed)
    age = np.minimum(17 + rng.gamma(2.6, 8.5, rows), 90).astype(np.int64)
    education = _skewed(rng, rows, 16, 0.72)
    codes = {
        "sex": rng.choice(2, rows, p=[0.67, 0.33]),
        "race": rng.choice(5, rows, p=[0.855, 0.093, 0.031, 0.011, 0.010]),
        "marital": np.where(age < 26, rng.choice(7, rows, p=[0.1, 0.02, 0.72, 0.05, 0.01, 0.05, 0.05]),
                            rng.choice(7, rows, p=[0.57, 0.17, 0.17, 0.03, 0.04, 0.01, 0.01])),
        "education": education,
        "country": np.where(rng.random(rows) < 0.912, 0, _skewed(rng, rows, 41, 0.9)),
        "workclass": np.where(rng.random(rows) < 0.72, 0, _skewed(rng, rows, 8, 0.6)),
        "occupation": (education + _skewed(rng, rows, 14, 0.8)) % 14,
        "salary": (rng.random(rows) < 0.1 + 0.02 * education).astype(np.int64),
    }  # fmt: skip
    columns = {}
    for hierarchy in hierarchies():
        name = hierarchy.attribute
        columns[name] = pa.array(age) if name == "age" else _column(name, codes[name], hierarchy.labels[0])
    labels = [f"diagnosis {place:02d}" for place in range(20)]
    columns[SENSITIVE] = _column(SENSITIVE, _skewed(rng, rows, 20, 0.85), labels)
    return pa.table(columns)
