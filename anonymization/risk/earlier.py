"""A release beside the earlier ones of the same dataset: nobody may be seen to appear or to vanish.

Whoever holds two releases subtracts one from the other. In each class, rows that came and rows that went belong to some
units; when those are fewer than k, the difference points at them. :func:`revise_release` therefore replaces a class
only when the units behind its new rows are none or at least k, and so are those behind its removed rows, and
publishes it as before otherwise: a withdrawal shows only together with k - 1 other changes. Each class of what it
makes comes whole from one of the two releases, so models that hold class by class in both hold in it; t-closeness is to
be checked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from anonymization.errors import MeasurementError
from anonymization.risk.published import UNIT, frame_of

_TIMES = "risk:times"


@dataclass(frozen=True, slots=True)
class ReleaseDifference:
    """Two releases, subtracted. `isolated` counts classes where fewer than k units appear or vanish."""

    appeared: int  # units, over all classes
    vanished: int
    changed_classes: int
    isolated: int
    smallest: int | None  # units behind the smallest change; None where nothing changed


def compare_releases(
    earlier: pa.Table, later: pa.Table, quasi_identifiers: Sequence[str], unit: str, k: int
) -> ReleaseDifference:
    """Subtract two releases of the same columns, both with the same units' numbers beside them.

    Raises:
        MeasurementError: their columns differ, or k is not positive.
    """
    changes = _changes(earlier, later, list(quasi_identifiers), unit, k)
    counts = [int(count) for name in ("appeared", "vanished") for count in changes[name].to_list() if count]
    isolated = changes.filter(~_revisable(k)).height
    return ReleaseDifference(
        appeared=int(changes["appeared"].sum()),
        vanished=int(changes["vanished"].sum()),
        changed_classes=changes.height,
        isolated=isolated,
        smallest=min(counts, default=None),
    )


def revise_release(
    earlier: pa.Table | Sequence[pa.Table],
    later: pa.Table,
    quasi_identifiers: Sequence[str],
    unit: str,
    k: int,
    *,
    must_go: bool = False,
) -> pa.Table:
    """Publish `later`, except classes whose change would isolate fewer than k units: those stay as they were.

    With `must_go`, those of them that lost a row are left out whole instead, so that no removed row stays published:
    all units of such a class vanish together. Of several earlier releases, oldest first, a class stays as it was in the
    last one if its change against any of them would isolate: each was judged against those before it, so that is safe.

    Raises:
        MeasurementError: their columns differ, or k is not positive.
    """
    attributes = list(quasi_identifiers)
    history = [earlier] if isinstance(earlier, pa.Table) else list(earlier)
    earlier = history[-1]
    frozen, stays = held_classes(history, later, attributes, unit, k, must_go=must_go)
    before, after = _frame(earlier), _frame(later.select(earlier.schema.names))
    kept = before.join(stays, on=attributes, how="semi", nulls_equal=True)
    revised = after.join(frozen, on=attributes, how="anti", nulls_equal=True)
    return pl.concat([revised, kept]).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(earlier.schema)


def held_classes(
    history: Sequence[pa.Table], later: pa.Table, quasi_identifiers: Sequence[str], unit: str, k: int, *, must_go: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The classes of :func:`revise_release` that do not change, and those of them that stay as they were."""
    attributes = list(quasi_identifiers)
    pairs = [one for one in history if one.num_rows or later.num_rows]
    if not pairs:
        nothing = _frame(later.select(attributes).slice(0, 0))
        return nothing, nothing
    changes = pl.concat([_changes(one, later, attributes, unit, k) for one in pairs])
    frozen = changes.filter(~_revisable(k)).select(attributes).unique()
    lost = changes.filter(pl.col("vanished") > 0).select(attributes).unique()
    return frozen, frozen.join(lost, on=attributes, how="anti", nulls_equal=True) if must_go else frozen


def _revisable(k: int) -> pl.Expr:
    """None or at least k appear, and none or at least k vanish."""
    return pl.all_horizontal((pl.col(name) == 0) | (pl.col(name) >= k) for name in ("appeared", "vanished"))


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table never becomes a series)
    return frame


def _changes(earlier: pa.Table, later: pa.Table, attributes: list[str], unit: str, k: int) -> pl.DataFrame:
    """Changed classes, with the units behind the rows that appeared and that vanished."""
    if k < 1:
        raise MeasurementError("k must be at least 1")
    if set(earlier.schema.names) != set(later.schema.names):
        raise MeasurementError("two releases with other columns can not be subtracted")
    columns = earlier.schema.names
    counted = []
    for table, sign in ((earlier, -1), (later, 1)):
        if table.num_rows:
            frame = frame_of(table, columns, unit)
            counted.append(frame.group_by([*columns, UNIT]).agg((sign * pl.len().cast(pl.Int64)).alias(_TIMES)))
    if not counted:
        raise MeasurementError("two empty releases can not be subtracted")
    # A row changed by its unit is one row gone and one come; what is unknown counts as a unit, so as to be cautious.
    rows = pl.concat(counted).group_by([*columns, UNIT]).agg(pl.col(_TIMES).sum()).filter(pl.col(_TIMES) != 0)
    return rows.group_by(attributes).agg(
        pl.col(UNIT).filter(pl.col(_TIMES) > 0).n_unique().cast(pl.Int64).alias("appeared"),
        pl.col(UNIT).filter(pl.col(_TIMES) < 0).n_unique().cast(pl.Int64).alias("vanished"),
    )
