"""Whatever the rows, floors hold in what is released, and measures agree with counting by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.candidate import Released
from anonymization.frequencies import FrequencyTable
from anonymization.measures import measure_release
from anonymization.release import apply_release
from policies.contract import Measure
from tests.unit.anonymization.builders import METER, aggregate, readings, records, strategy

Row = tuple[int | None, str | None, float | None]
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 8),
        st.none() | st.sampled_from("ABC"),
        st.none() | st.integers(-50, 500).map(lambda hundredths: hundredths / 100),
    ),
    max_size=60,
)
FLOORS = st.integers(1, 4)
SHARES = st.sampled_from([None, 0.3, 0.5, 0.8])


def _table(rows: list[Row]) -> pa.Table:
    units, communes, volumes = zip(*rows, strict=True) if rows else ((), (), ())
    table = readings(units, communes, volumes)
    return table.set_column(2, "volume", table["volume"].cast(pa.float64()))


def _units(rows: list[Row]) -> dict[str | None, set[int]]:
    units: dict[str | None, set[int]] = defaultdict(set)
    for unit, commune, _ in rows:
        units[commune] |= {unit} if unit is not None else set()
    return units


@given(ROWS, FLOORS)
@settings(max_examples=60, deadline=None)
def test_records_are_exactly_the_rows_of_classes_with_k_units(rows: list[Row], k: int) -> None:
    released = apply_release(_table(rows), records(k=k), METER)
    units = _units(rows)
    expected = Counter((commune, volume) for _, commune, volume in rows if len(units[commune]) >= k)
    published = Counter((row["commune"], row["volume"]) for row in released.table.to_pylist())
    assert published == expected
    assert released.counts.suppressed_rows == len(rows) - expected.total()
    measures = measure_release(released.table, released.evidence, records(k=k), METER, strategy(), released.counts)
    kept = [len(found) for commune, found in units.items() if len(found) >= k]
    assert measures.k == min(kept, default=None)
    assert measures.violations == ()


def _cells_by_hand(rows: list[Row], floor: int, share: float | None) -> dict[str | None, float]:
    totals: dict[str | None, dict[int | None, int]] = defaultdict(dict)
    with_value: dict[str | None, set[int]] = defaultdict(set)
    for unit, commune, volume in rows:
        hundredths = round((volume or 0.0) * 100)
        totals[commune][unit] = totals[commune].get(unit, 0) + hundredths
        if volume is not None and unit is not None:
            with_value[commune].add(unit)
    kept = {}
    for commune, by_unit in totals.items():
        weights = [abs(total) for total in by_unit.values()]
        dominated = share is not None and max(weights) > share * sum(weights) + 1e-9
        if len(with_value[commune]) >= floor and not dominated:
            kept[commune] = sum(by_unit.values()) / 100
    return kept


@given(ROWS, FLOORS, SHARES)
@settings(max_examples=60, deadline=None)
def test_cells_are_exactly_those_that_counting_by_hand_accepts(
    rows: list[Row], floor: int, share: float | None
) -> None:
    rule = aggregate(Measure("total", "sum", "volume"), minimum_units=floor, dominance=share)
    released = apply_release(_table(rows), rule, METER)
    published = {row["commune"]: row["total"] for row in released.table.to_pylist()}
    assert published == _cells_by_hand(rows, floor, share)
    measures = measure_release(released.table, released.evidence, rule, METER, strategy(), released.counts)
    assert measures.violations == ()
    assert share is None or (measures.largest_share or 0.0) <= share + 1e-9


@given(ROWS, st.integers(1, 59), st.integers(1, 7), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_batches_and_order_change_nothing(rows: list[Row], size: int, floor: int, shuffle: Any) -> None:
    table = _table(rows)
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    other = table.take(pa.array(order, pa.int64()))
    for rule in (records(k=floor), aggregate(minimum_units=floor)):
        whole = apply_release(table, rule, METER)
        pieces = apply_release(lambda: other.to_batches(max_chunksize=size), rule, METER)
        assert _content(whole) == _content(pieces)


def _content(released: Released) -> tuple[Any, ...]:
    evidence = released.evidence.to_pylist() if released.evidence is not None else None
    return released.table.to_pylist(), evidence, released.unit_counts.to_pylist(), released.counts


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 3), st.integers(-9, 9)), max_size=40), st.integers(0, 40)
)
@settings(max_examples=60, deadline=None)
def test_merged_frequency_tables_are_those_of_the_whole(rows: list[tuple[str, int, int]], cut: int) -> None:
    schema = {"key": pl.String(), "unit": pl.Int64(), "n": pl.Int64()}

    def counted(part: list[tuple[str, int, int]]) -> FrequencyTable:
        table = FrequencyTable(["key", "unit"], ["n"])
        for row in part:
            table.add(pl.DataFrame([row], schema=schema, orient="row"))
        return table

    whole, left = counted(rows), counted(rows[:cut])
    left.merge(counted(rows[cut:]))
    assert sorted(whole.lines().iter_rows()) == sorted(left.lines().iter_rows())
    by_hand: Counter[tuple[str, int]] = Counter()
    for key, unit, value in rows:
        by_hand[key, unit] += value
    assert {(key, unit): n for key, unit, n in whole.lines().iter_rows()} == dict(by_hand)
