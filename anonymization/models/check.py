"""The independent check: does this table satisfy these models? Only the published table is looked at.

What must not change: nothing is imported from `anonymization.lattice`, and measures are written another way than the
search's (the hierarchical distance, for instance, sums over edges of the tree what Li et al. sum over its nodes), so
that a mistake in one is caught by the other. Units are counted as `anonymization.models.definitions` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import polars as pl
import pyarrow as pa

from anonymization.errors import ModelViolationError, PrivacyModelError
from anonymization.hierarchies import Hierarchy
from anonymization.models.definitions import (
    DIVERSITY,
    AverageRisk,
    DeltaPresence,
    DistinctLDiversity,
    Diversity,
    EntropyLDiversity,
    KAnonymity,
    KMap,
    MaximumRisk,
    PrivacyModel,
    RecursiveCLDiversity,
    TCloseness,
    check_consistent,
    sensitive_of,
)

_UNIT, _CLASS, _N, _VALUE = "check:unit", "check:class", "check:n", "check:value"
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Finding:
    """What was measured for one model. `measured` is the worst class's figure, in the model's own unit."""

    model: PrivacyModel
    measured: float
    satisfied: bool


@dataclass(frozen=True, slots=True)
class _Published:
    """A published table, its classes numbered. `frame` has a line per class and unit, `sizes` a line per class."""

    frame: pl.DataFrame
    classes: pl.DataFrame
    sizes: pl.DataFrame
    quasi_identifiers: list[str]


def check_models(
    table: pa.Table,
    quasi_identifiers: Sequence[str],
    models: Sequence[PrivacyModel],
    *,
    unit: str | None = None,
    sensitive: str | None = None,
    hierarchies: Mapping[str, Hierarchy] | None = None,
    levels: Mapping[str, int] | None = None,
) -> list[Finding]:
    """Measure every model on a published table.

    Args:
        table: the published rows, with the unit's column beside them if there is one.
        quasi_identifiers: the columns whose combinations are the classes.
        models: what to measure.
        unit: the protection unit's column; without it each row is a unit. Rows of an unknown unit count as none.
        sensitive: the sensitive attribute of models that name none.
        hierarchies: with `levels`, how to generalize the population of k-map and delta-presence as the table is;
            without them the population is taken to be generalized already.
        levels: the level of each attribute.

    Raises:
        PrivacyModelError: a column or a hierarchy is missing, or the table is empty.
    """
    check_consistent(models)
    named = [sensitive_of(model, sensitive) for model in models if isinstance(model, DIVERSITY)]
    missing = sorted({*quasi_identifiers, *named, *([unit] if unit else [])} - set(table.schema.names))
    if missing:
        raise PrivacyModelError(f"columns that the table does not have: {', '.join(missing)}")
    if table.num_rows == 0:
        raise PrivacyModelError("an empty table satisfies nothing")
    published = _published(table, list(quasi_identifiers), unit, list(dict.fromkeys(named)))
    return [_finding(model, published, sensitive, hierarchies, levels) for model in models]


def require_models(
    table: pa.Table,
    quasi_identifiers: Sequence[str],
    models: Sequence[PrivacyModel],
    *,
    unit: str | None = None,
    sensitive: str | None = None,
    hierarchies: Mapping[str, Hierarchy] | None = None,
    levels: Mapping[str, int] | None = None,
) -> list[Finding]:
    """Like :func:`check_models`, and refuse the table if a model does not hold.

    Raises:
        ModelViolationError: a model does not hold.
        PrivacyModelError: see :func:`check_models`.
    """
    findings = check_models(
        table, quasi_identifiers, models, unit=unit, sensitive=sensitive, hierarchies=hierarchies, levels=levels
    )
    broken = sorted({type(finding.model).__name__ for finding in findings if not finding.satisfied})
    if broken:
        raise ModelViolationError(f"over {', '.join(quasi_identifiers)}, the table breaks {', '.join(broken)}")
    return findings


def _published(table: pa.Table, attributes: list[str], unit: str | None, sensitive: list[str]) -> _Published:
    columns = list(dict.fromkeys([*attributes, *sensitive, *([unit] if unit else [])]))
    if unit is None and not sensitive:  # rows are units, so counting them is enough, and Arrow does it at once
        counted = pl.from_arrow(_plain(table.select(columns)).group_by(attributes).aggregate([([], "count_all")]))
        assert isinstance(counted, pl.DataFrame)  # noqa: S101 (a table never becomes a series)
        sizes = counted.rename({"count_all": _N}).with_row_index(_CLASS)
        return _Published(pl.DataFrame(), sizes.drop(_N), sizes.select(_CLASS, _N), attributes)
    frame = pl.from_arrow(table.select(columns))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table never becomes a series)
    frame = frame.with_row_index(_UNIT) if unit is None else frame.with_columns(pl.col(unit).alias(_UNIT))
    classes = frame.select(attributes).unique().with_row_index(_CLASS)
    frame = frame.join(classes, on=attributes, how="left", nulls_equal=True)
    members = (
        frame.filter(pl.col(_UNIT).is_not_null())
        .group_by(_CLASS, _UNIT)
        .agg(pl.col(name).sort(nulls_last=False).first().alias(f"{_VALUE}:{name}") for name in sensitive)
    )
    sizes = classes.select(_CLASS).join(members.group_by(_CLASS).agg(pl.len().alias(_N)), on=_CLASS, how="left")
    return _Published(members, classes, sizes.with_columns(pl.col(_N).fill_null(0).cast(pl.Int64)), attributes)


def _plain(table: pa.Table) -> pa.Table:
    """The table without dictionaries, which chunks need not share."""
    fields = [
        pa.field(field.name, field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _finding(
    model: PrivacyModel,
    published: _Published,
    sensitive: str | None,
    hierarchies: Mapping[str, Hierarchy] | None,
    levels: Mapping[str, int] | None,
) -> Finding:
    sizes = published.sizes[_N]
    smallest = int(sizes.min() or 0)  # type: ignore[arg-type]
    if isinstance(model, KAnonymity):
        return Finding(model, smallest, smallest >= model.k)
    if isinstance(model, MaximumRisk):
        risk = 1 / smallest if smallest else 1.0
        return Finding(model, risk, smallest > 0 and risk <= model.p + _SLACK)
    if isinstance(model, AverageRisk):
        risk = len(sizes) / max(int(sizes.sum()), 1)
        return Finding(model, risk, risk <= model.p + _SLACK)
    if isinstance(model, (KMap, DeltaPresence)):
        return _against_population(model, published, _population(model, published, hierarchies, levels))
    return _diversity(model, published, sensitive_of(model, sensitive))


def _diversity(model: Diversity, published: _Published, name: str) -> Finding:
    """Measure a model of the sensitive attribute; a class without known units fails."""
    value = f"{_VALUE}:{name}"
    counts = published.frame.group_by(_CLASS, value).agg(pl.len().cast(pl.Float64).alias(_N))
    is_unknown = counts[_CLASS].n_unique() < len(published.sizes)
    if isinstance(model, DistinctLDiversity):
        worst = float(counts.group_by(_CLASS).len()["len"].min() or 0)  # type: ignore[arg-type]
        return Finding(model, worst, worst >= model.l and not is_unknown)
    if isinstance(model, EntropyLDiversity):
        share = pl.col(_N) / pl.col(_N).sum()
        worst = float(counts.group_by(_CLASS).agg((-share * share.log()).sum().alias("h"))["h"].min() or 0.0)  # type: ignore[arg-type]
        return Finding(model, worst, worst >= log(model.l) - _SLACK and not is_unknown)
    if isinstance(model, RecursiveCLDiversity):
        ranked = pl.col(_N).sort(descending=True)
        ratios = counts.group_by(_CLASS).agg(ranked.first().alias("top"), ranked.slice(model.l - 1).sum().alias("tail"))
        worst = float(ratios.select((pl.col("top") / pl.col("tail")).max()).item())
        return Finding(model, worst, worst < model.c and not is_unknown)
    worst = _worst_distance(model, counts, value)
    return Finding(model, worst, worst <= model.t + _SLACK and not is_unknown)


def _worst_distance(model: TCloseness, counts: pl.DataFrame, value: str) -> float:
    """Earth mover's distance of the farthest class from the whole released table."""
    whole = counts.group_by(value).agg(pl.col(_N).sum().alias("whole")).sort(value, nulls_last=False)
    whole = whole.with_columns((pl.col("whole") / pl.col("whole").sum()).alias("q"))
    shares = counts.with_columns((pl.col(_N) / pl.col(_N).sum().over(_CLASS)).alias("p"))
    grid = shares.select(_CLASS).unique().join(whole.select(value, "q").with_row_index("order"), how="cross")
    grid = grid.join(shares.select(_CLASS, value, "p"), on=[_CLASS, value], how="left", nulls_equal=True)
    gap = pl.col("p").fill_null(0.0) - pl.col("q")
    if model.distance == "equal":
        moved = grid.group_by(_CLASS).agg((gap.abs().sum() / 2).alias("d"))
    elif model.distance == "ordered":
        steps = max(len(whole) - 1, 1)
        ordered = grid.sort(_CLASS, "order").with_columns(gap.cum_sum().over(_CLASS).abs().alias("s"))
        moved = ordered.group_by(_CLASS).agg((pl.col("s").sum() / steps).alias("d"))
    else:
        return _worst_on_tree(model, grid.with_columns(gap.alias("gap")), value)
    return float(moved["d"].max() or 0.0)  # type: ignore[arg-type]


def _worst_on_tree(model: TCloseness, grid: pl.DataFrame, value: str) -> float:
    """Sum over the tree's edges, each 1 / (2 height) long, of the mass that must cross them."""
    tree = model.hierarchy
    if tree is None or tree.height == 0:
        return 0.0
    values = grid[value].unique().to_list()
    parts = []
    for level in range(tree.height):
        nodes = tree.generalized(values, level)
        above = pl.DataFrame({value: pl.Series(values, dtype=grid[value].dtype), "node": nodes})
        crossing = grid.join(above, on=value, how="left", nulls_equal=True).group_by(_CLASS, "node")
        parts.append(crossing.agg(pl.col("gap").sum().abs()).group_by(_CLASS).agg(pl.col("gap").sum()))
    moved = pl.concat(parts).group_by(_CLASS).agg(pl.col("gap").sum() / (2 * tree.height))
    return float(moved["gap"].max() or 0.0)  # type: ignore[arg-type]


def _population(
    model: KMap | DeltaPresence,
    published: _Published,
    hierarchies: Mapping[str, Hierarchy] | None,
    levels: Mapping[str, int] | None,
) -> pl.DataFrame:
    """How many members of the population have each combination, generalized as the table is."""
    names = published.quasi_identifiers
    missing = [name for name in names if name not in model.population.schema.names]
    if missing:
        raise PrivacyModelError(f"{type(model).__name__}: the population lacks {', '.join(missing)}")
    frame = pl.from_arrow(model.population.select(names))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (a table never becomes a series)
    if hierarchies is not None and levels is not None:
        for name in names:
            if not levels.get(name):
                continue
            distinct = frame[name].unique()
            made = pl.Series("made", hierarchies[name].generalized(distinct.to_list(), levels[name]), dtype=pl.String)
            pairs = pl.DataFrame({name: distinct, "made": made})
            frame = frame.join(pairs, on=name, how="left", nulls_equal=True, maintain_order="left")
            frame = frame.with_columns(pl.col("made").alias(name)).drop("made")
    return frame.group_by(names).agg(pl.len().cast(pl.Int64).alias("population"))


def _against_population(model: KMap | DeltaPresence, published: _Published, population: pl.DataFrame) -> Finding:
    names = published.quasi_identifiers
    table = published.classes.join(published.sizes, on=_CLASS)
    both = population.join(table, on=names, how="full", nulls_equal=True, coalesce=True)
    both = both.with_columns(pl.col("population", _N).fill_null(0))
    if isinstance(model, KMap):
        inside = both.filter(pl.col(_CLASS).is_not_null())
        smallest = int(inside["population"].min() or 0)  # type: ignore[arg-type]
        return Finding(model, smallest, smallest >= model.k)
    if both.filter(pl.col(_N) > pl.col("population")).height:
        raise PrivacyModelError("DeltaPresence: the population must hold everyone that the table does")
    presence = both.select((pl.col(_N) / pl.col("population")).alias("share"))["share"]
    low, high = float(presence.min() or 0.0), float(presence.max() or 0.0)  # type: ignore[arg-type]
    satisfied = low >= model.minimum - _SLACK and high <= model.maximum + _SLACK
    return Finding(model, low if low < model.minimum - _SLACK else high, satisfied)
