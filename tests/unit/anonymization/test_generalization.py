"""Named generalizations, by column."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from anonymization import Surroundings, generalize, grid, known_generalizations
from anonymization.errors import GeneralizationError, UnknownGeneralizationError
from policies.contract import ReleasedColumn

PARIS = Surroundings("Europe/Paris", {"49007": "Angers", "49015": "Avrillé"})
Logical = Literal["string", "integer", "number", "boolean", "date", "timestamp"]


def _apply(name: str, logical: Logical, *sources: list[Any] | pl.Series, **options: Any) -> list[Any]:
    column = ReleasedColumn("c", tuple(f"s{i}" for i in range(len(sources))), logical, "", name, options)
    series = [values if isinstance(values, pl.Series) else pl.Series(values) for values in sources]
    made = generalize(column, series, PARIS)
    assert made.name == "c"
    return made.to_list()


def _utc(*texts: str | None) -> pl.Series:
    return pl.Series(texts, dtype=pl.String).str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us", time_zone="UTC")


def test_the_day_is_the_one_of_the_territory() -> None:
    instants = _utc("2026-10-31T22:59", "2026-10-31T23:00", None)
    assert _apply("day", "date", instants) == [date(2026, 10, 31), date(2026, 11, 1), None]
    assert _apply("day", "string", instants) == ["2026-10-31", "2026-11-01", None]
    assert _apply("month", "string", instants) == ["2026-10", "2026-11", None]
    assert _apply("month", "date", instants) == [date(2026, 10, 1), date(2026, 11, 1), None]
    assert _apply("year", "integer", _utc("2025-12-31T23:30")) == [2026]
    assert _apply("year", "string", _utc("2025-12-31T23:30")) == ["2026"]


def test_hours_and_weekdays() -> None:
    instants = _utc("2026-10-25T00:59", "2026-10-25T01:00", "2026-10-25T23:00")  # the night the clock goes back
    assert _apply("hour", "integer", instants) == [2, 2, 0]
    assert [value.hour for value in _apply("hour", "timestamp", instants)] == [0, 1, 23]
    assert _apply("weekday", "string", instants) == ["dimanche", "dimanche", "lundi"]
    assert _apply("weekday", "integer", instants) == [7, 7, 1]


def test_dates_have_no_clock() -> None:
    days = [date(2026, 10, 31), None]
    assert _apply("month", "string", days) == ["2026-10", None]
    assert _apply("week", "string", days) == ["2026-W44", None]
    assert _apply("weekday", "integer", days) == [6, None]
    assert _apply("hour", "integer", days) == [0, None]


def test_a_column_that_spans_centuries_is_treated_by_its_distinct_values() -> None:
    instants = _utc("1815-06-18T12:00", "2026-10-31T23:00", None, "2026-10-31T23:01")
    assert _apply("year", "integer", instants) == [1815, 2026, None, 2026]


def test_an_all_null_column_stays_null() -> None:
    assert _apply("month", "string", _utc(None, None)) == [None, None]


def test_delays_are_whole_days() -> None:
    start = _utc("2026-10-01T12:00", "2026-10-01T12:00", None)
    end = _utc("2026-10-03T11:59", "2026-10-03T12:00", "2026-10-03T12:00")
    assert _apply("delay_days", "integer", start, end) == [1, 2, None]
    assert _apply("delay_band", "string", start, end, bounds=[2, 7]) == ["moins de 2", "de 2 à moins de 7", None]


def test_bands() -> None:
    values = [0, 1.9, 2, 7, 70, None, float("nan")]
    assert _apply("band", "string", pl.Series(values, dtype=pl.Float64), bounds=[2, 7]) == [
        "moins de 2",
        "moins de 2",
        "de 2 à moins de 7",
        "7 et plus",
        "7 et plus",
        None,
        None,
    ]
    with pytest.raises(GeneralizationError, match="bounds"):
        _apply("band", "string", [1.0], bounds=[7, 2])


def test_the_projection_is_undone() -> None:
    latitude, longitude = np.meshgrid(np.linspace(41, 52, 12), np.linspace(-5, 10, 12))
    back = grid.unproject(*grid.project(latitude, longitude))
    assert np.allclose(back[0], latitude, atol=1e-9)
    assert np.allclose(back[1], longitude, atol=1e-9)


def test_the_origin_of_the_projection() -> None:
    assert [float(value[0]) for value in grid.project(np.array([52.0]), np.array([10.0]))] == [4321000.0, 3210000.0]
    assert [float(value[0]) for value in grid.unproject(np.array([4321000.0]), np.array([3210000.0]))] == pytest.approx(
        [52.0, 10.0]
    )


def test_cells_are_named_as_insee_names_them() -> None:
    codes = _apply("grid_200m", "string", [-0.55, -0.55, None, 0.0], [47.47, None, 47.47, 95.0])
    assert codes == ["CRS3035RES200mN2762800E3528200", None, None, None]


def test_the_center_of_a_cell_is_in_it_and_the_same_for_all_its_points() -> None:
    first = [_apply(f"grid_200m_{axis}", "number", [-0.55], [47.47])[0] for axis in ("longitude", "latitude")]
    around = [first[0] - 0.0005, first[0], first[0] + 0.0005], [first[1] + 0.0005, first[1], first[1] - 0.0005]
    assert _apply("grid_200m_longitude", "number", *around) == [first[0]] * 3
    assert _apply("grid_200m_latitude", "number", *around) == [first[1]] * 3
    assert _apply("grid_200m", "string", *around) == ["CRS3035RES200mN2762800E3528200"] * 3


def test_communes() -> None:
    codes = ["49007", "75056", None]
    assert _apply("commune", "string", codes) == ["Angers", None, None]


def test_identity_takes_the_declared_type() -> None:
    assert _apply("identity", "number", [1, None]) == [1.0, None]
    instant = datetime(2026, 10, 1, 12)
    assert _apply("identity", "timestamp", [instant]) == [instant.replace(tzinfo=ZoneInfo("UTC"))]


def test_a_value_that_does_not_fit_is_not_quoted() -> None:
    with pytest.raises(GeneralizationError) as caught:
        _apply("identity", "integer", ["secret"])
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_mistakes_of_a_contract_are_named() -> None:
    with pytest.raises(UnknownGeneralizationError, match="grid_300m"):
        _apply("grid_300m", "string", [1.0])
    with pytest.raises(GeneralizationError, match="2 source"):
        _apply("delay_days", "integer", _utc("2026-10-01T12:00"))
    with pytest.raises(GeneralizationError, match="neither dates nor times"):
        _apply("month", "string", ["2026-10"])
    with pytest.raises(GeneralizationError, match="not boolean"):
        _apply("month", "boolean", _utc("2026-10-01T12:00"))


def test_every_generalization_tells_the_steward_what_it_does() -> None:
    for name, entry in known_generalizations().items():
        assert entry.name == name
        assert entry.description.endswith(".")
