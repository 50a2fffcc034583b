"""Linkability, tested: a simulated intruder links a register to the published rows and says who is who.

The intruder knows, for a share of the people, their quasi-identifiers (generalized as published: the hierarchies are
public) and draws one of the published rows that match. It is right if that row is this person's; it is certain if all
the rows that match are one person's. Rows are drawn, not units, because an intruder sees rows: who owns many of a
class's rows is found more often than one in k. Draws come from numpy's PCG64 with the seed given, so that an attack can
be run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from anonymization.errors import MeasurementError
from anonymization.risk.published import UNIT, frame_of


@dataclass(frozen=True, slots=True)
class LinkageAttack:
    """What one attack found. Shares are of the lines of the register that were tried."""

    share: float  # of the register's people that the intruder held
    tried: int
    matched: float  # lines for which some published row matches
    correct: float  # lines for which the row drawn was this person's
    expected: float  # the same, averaged over every draw
    certain: float  # lines whose matching rows are all this person's


def link_register(
    table: pa.Table,
    quasi_identifiers: Sequence[str],
    register: pa.Table | None = None,
    *,
    unit: str | None = None,
    share: float = 0.5,
    seed: int = 0,
) -> LinkageAttack:
    """Attack a published table with a register of the same columns (by default, the table's own people).

    Without a unit column each row is one person, and a register needs a unit column to be told right from wrong.

    Raises:
        MeasurementError: a column is missing, nobody is drawn, or the share is out of range.
    """
    if not 0 < share <= 1:
        raise MeasurementError("the share of people that the register holds must be above 0, at most 1")
    if register is not None and unit is None:
        raise MeasurementError("a register needs the protection unit's column")
    attributes = list(quasi_identifiers)
    published = frame_of(table, attributes, unit)
    known = frame_of(table if register is None else register, attributes, unit).select([*attributes, UNIT])
    known = known.filter(pl.col(UNIT).is_not_null()).unique().sort([UNIT, *attributes])
    rng = np.random.default_rng(seed)
    people = known.select(UNIT).unique().sort(UNIT)
    held = max(1, round(share * people.height)) if people.height else 0
    chosen = people[np.sort(rng.permutation(people.height)[:held])]
    tried = known.join(chosen, on=UNIT, how="semi")
    if tried.height == 0:
        raise MeasurementError("nobody is in the register")
    rows = published.group_by(attributes).len("rows")
    own = published.group_by([*attributes, UNIT]).len("own")
    tried = tried.join(rows, on=attributes, how="left", nulls_equal=True)
    tried = tried.join(own, on=[*attributes, UNIT], how="left", nulls_equal=True).with_columns(
        pl.col("rows", "own").fill_null(0)
    )
    tried = tried.sort([UNIT, *attributes])
    chances = (tried["own"] / tried["rows"]).fill_nan(0.0).to_numpy()
    return LinkageAttack(
        share=share,
        tried=tried.height,
        matched=float((tried["rows"] > 0).mean() or 0.0),  # type: ignore[arg-type]
        correct=float((rng.random(tried.height) < chances).mean()),
        expected=float(chances.mean()),
        certain=float((chances == 1).mean()),
    )
