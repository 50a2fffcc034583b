"""Named generalizations: how published columns are made from source columns.

A contract names one per published column (`ReleasedColumn.generalization`); the registry below maps the name to a
function of whole columns. Each answers in the type the contract declares (`logical_type`): the month of an instant is
« 2026-10 » as a string and 2026-10-01 as a date. Null in, null out. Values are never quoted in errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import polars as pl

from anonymization import calendar, grid
from anonymization.errors import GeneralizationError, UnknownGeneralizationError
from policies.contract import ReleasedColumn, Territory

POLARS_TYPES: Mapping[str, pl.DataType] = {
    "string": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What generalizations need to know of the territory."""

    timezone: str = "Europe/Paris"
    communes: Mapping[str, str] = field(default_factory=dict)  # INSEE code -> official name

    @classmethod
    def of(cls, territory: Territory) -> Surroundings:
        """Take them from a territory's folder."""
        names = {commune.insee: commune.name for commune in territory.communes}
        return cls(timezone=territory.strategy.timezone, communes=names)


Function = Callable[[Sequence[pl.Series], ReleasedColumn, Surroundings], pl.Series]


@dataclass(frozen=True, slots=True)
class Generalization:
    """One entry of the registry."""

    name: str
    arity: int  # number of source columns
    description: str  # French, for the steward
    function: Function


def _identity(sources: Sequence[pl.Series], column: ReleasedColumn, _: Surroundings) -> pl.Series:
    return sources[0]


def _on_calendar(**by_type: calendar.Calendar) -> Function:
    """A calendar function for each logical type the generalization can answer in."""

    def function(sources: Sequence[pl.Series], column: ReleasedColumn, surroundings: Surroundings) -> pl.Series:
        chosen = by_type.get(column.logical_type)
        if chosen is None:
            raise GeneralizationError(
                f"column « {column.name} »: {column.generalization} gives {', '.join(by_type)}, "
                f"not {column.logical_type}"
            )
        return calendar.on_local_clock(sources[0], surroundings.timezone, chosen)

    return function


def _delay_days(sources: Sequence[pl.Series], column: ReleasedColumn, _: Surroundings) -> pl.Series:
    start, end = (values.cast(pl.Datetime("us")) if values.dtype == pl.Date else values for values in sources)
    return (end.dt.timestamp("us") - start.dt.timestamp("us")) // 86_400_000_000


def _band(sources: Sequence[pl.Series], column: ReleasedColumn, _: Surroundings) -> pl.Series:
    return _in_bands(sources[0], column)


def _delay_band(sources: Sequence[pl.Series], column: ReleasedColumn, surroundings: Surroundings) -> pl.Series:
    return _in_bands(_delay_days(sources, column, surroundings), column)


def _in_bands(values: pl.Series, column: ReleasedColumn) -> pl.Series:
    """Write each number as the band it falls in; option `bounds` lists the lower ends, ascending."""
    bounds = column.options.get("bounds")
    if not isinstance(bounds, (list, tuple)) or not bounds or sorted(bounds) != list(bounds):
        raise GeneralizationError(f"column « {column.name} »: option « bounds » must be an ascending list of numbers")
    labels = [f"moins de {bounds[0]:g}"]
    labels += [f"de {low:g} à moins de {high:g}" for low, high in pairwise(bounds)]
    labels.append(f"{bounds[-1]:g} et plus")
    numbers = values.cast(pl.Float64).fill_nan(None)
    places = np.searchsorted(np.asarray(bounds, dtype=np.float64), numbers.fill_null(0.0).to_numpy(), side="right")
    return pl.Series(column.name, labels).gather(pl.Series(places)).set(numbers.is_null(), None)


def _cells_of(sources: Sequence[pl.Series]) -> tuple[pl.Series, np.ndarray, np.ndarray]:
    """Validity of each point (longitude, latitude), and the south-west corners of the cells of the valid ones."""
    longitude, latitude = (values.cast(pl.Float64) for values in sources)
    valid = latitude.is_between(-90, 90) & longitude.is_between(-180, 180) & latitude.is_not_nan()
    valid = (valid & longitude.is_not_nan()).fill_null(False)
    easting, northing = grid.cells(latitude.filter(valid).to_numpy(), longitude.filter(valid).to_numpy())
    return valid, easting, northing


def _spread(valid: pl.Series, values: pl.Series) -> pl.Series:
    """Put the values of the valid rows back in place, null elsewhere."""
    places = (valid.cast(pl.Int64).cum_sum() - 1).set(~valid, None)
    return values.gather(places)


def _grid_200m(sources: Sequence[pl.Series], column: ReleasedColumn, _: Surroundings) -> pl.Series:
    valid, easting, northing = _cells_of(sources)
    size = grid.CELL_SIZE
    frame = pl.DataFrame({"n": northing, "e": easting})
    code = pl.format(f"CRS3035RES{size}mN{{}}E{{}}", pl.col("n"), pl.col("e"))
    return _spread(valid, frame.select(code).to_series())


def _grid_center(axis: int) -> Function:
    def function(sources: Sequence[pl.Series], column: ReleasedColumn, _: Surroundings) -> pl.Series:
        valid, easting, northing = _cells_of(sources)
        degrees = grid.centers(easting, northing)[axis]
        return _spread(valid, pl.Series(np.round(degrees, 5)))  # 5 decimals: about a metre

    return function


def _commune(sources: Sequence[pl.Series], column: ReleasedColumn, surroundings: Surroundings) -> pl.Series:
    codes = sources[0].cast(pl.String)
    known = surroundings.communes
    return codes.replace_strict(list(known.keys()), list(known.values()), default=None, return_dtype=pl.String)


def _prefix(sources: Sequence[pl.Series], column: ReleasedColumn, _: Surroundings) -> pl.Series:
    """The first `length` characters of a code; a shorter code has none."""
    length = column.options.get("length")
    if not isinstance(length, int) or length < 1:
        raise GeneralizationError(f"column « {column.name} »: option « length » must be a number of characters")
    codes = sources[0].cast(pl.String)
    short = int((codes.str.len_chars() < length).sum())
    if short:
        raise GeneralizationError(f"column « {column.name} »: {short} value(s) have fewer than {length} characters")
    return codes.str.slice(0, length)


def _listed(sources: Sequence[pl.Series], column: ReleasedColumn, _: Surroundings) -> pl.Series:
    """The label of a value in the list that the contract's loader put in the options."""
    labels = column.options.get("values")
    if not isinstance(labels, Mapping) or not labels:
        raise GeneralizationError(f"column « {column.name} »: its list of values was not read")
    values = sources[0].cast(pl.String)
    made = values.replace_strict(list(labels.keys()), list(labels.values()), default=None, return_dtype=pl.String)
    outside = made.null_count() - values.null_count()
    if outside:
        raise GeneralizationError(f"column « {column.name} »: {outside} value(s) are not in its list")
    return made


_REGISTRY: Mapping[str, Generalization] = {
    entry.name: entry
    for entry in (
        Generalization("identity", 1, "La valeur telle quelle.", _identity),
        Generalization(
            "day",
            1,
            "Le jour, à l'heure du territoire.",
            _on_calendar(string=calendar.text("%Y-%m-%d", calendar.day), date=calendar.day),
        ),
        Generalization(
            "week",
            1,
            "La semaine (ISO 8601, du lundi au dimanche), à l'heure du territoire.",
            _on_calendar(string=calendar.text("%G-W%V", calendar.day)),
        ),
        Generalization(
            "month",
            1,
            "Le mois, à l'heure du territoire.",
            _on_calendar(string=calendar.text("%Y-%m", calendar.month), date=calendar.month),
        ),
        Generalization(
            "year",
            1,
            "L'année, à l'heure du territoire.",
            _on_calendar(string=calendar.text("%Y", calendar.day), integer=calendar.year),
        ),
        Generalization(
            "hour",
            1,
            "L'heure : de 0 à 23 (entier), ou l'instant où elle a commencé.",
            _on_calendar(integer=calendar.hour_of_day, timestamp=calendar.hour),
        ),
        Generalization(
            "weekday",
            1,
            "Le jour de la semaine : son nom, ou 1 (lundi) à 7.",
            _on_calendar(string=calendar.weekday_name, integer=calendar.weekday),
        ),
        Generalization("delay_days", 2, "Le nombre de jours entiers entre deux instants (début, fin).", _delay_days),
        Generalization("delay_band", 2, "La tranche de jours entre deux instants (début, fin).", _delay_band),
        Generalization("band", 1, "La tranche où tombe le nombre.", _band),
        Generalization("grid_200m", 2, "Le carreau de 200 m qui contient le point (longitude, latitude).", _grid_200m),
        Generalization("grid_200m_latitude", 2, "La latitude du centre du carreau de 200 m.", _grid_center(0)),
        Generalization("grid_200m_longitude", 2, "La longitude du centre du carreau de 200 m.", _grid_center(1)),
        Generalization("commune", 1, "Le nom de la commune, d'après son code Insee.", _commune),
        Generalization("prefix", 1, "Le début du code : la commune d'un IRIS, le département d'une commune.", _prefix),
        Generalization("listed", 1, "Le libellé que donne à la valeur une liste du territoire.", _listed),
    )
}


def known_generalizations() -> Mapping[str, Generalization]:
    """The registry, by name."""
    return _REGISTRY


def generalize(column: ReleasedColumn, sources: Sequence[pl.Series], surroundings: Surroundings) -> pl.Series:
    """Make a published column from its source columns, in the declared type and under the published name.

    Raises:
        UnknownGeneralizationError: no function has that name.
        GeneralizationError: wrong number or type of sources, wrong options.
    """
    entry = _REGISTRY.get(column.generalization)
    if entry is None:
        raise UnknownGeneralizationError(
            f"column « {column.name} »: no generalization is called « {column.generalization} »; "
            f"known: {', '.join(sorted(_REGISTRY))}"
        )
    if len(sources) != entry.arity:
        raise GeneralizationError(
            f"column « {column.name} »: {entry.name} takes {entry.arity} source column(s), not {len(sources)}"
        )
    if any(values.dtype == pl.Binary for values in sources):
        raise GeneralizationError(f"column « {column.name} »: a pseudonym is never published; count it as a measure")
    try:
        made = entry.function(sources, column, surroundings)
        return _typed(made, column.logical_type).alias(column.name)
    except pl.exceptions.PolarsError as error:
        kind = type(error).__name__
        raise GeneralizationError(
            f"column « {column.name} »: {entry.name} can not be computed from {', '.join(column.sources)} ({kind})"
        ) from None


def _typed(values: pl.Series, logical_type: str) -> pl.Series:
    target = POLARS_TYPES[logical_type]
    if logical_type == "timestamp" and isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is None:
        return values.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if values.dtype == target:
        return values
    return values.cast(target)
