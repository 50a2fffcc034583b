"""The search finds what brute force finds, and refuses what it should."""

from __future__ import annotations

from itertools import count, product

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymization.errors import (
    GeneralizationSearchError,
    HierarchyError,
    ModelViolationError,
    NoSolutionError,
    PrivacyModelError,
)
from anonymization.hierarchies import Hierarchy, from_intervals
from anonymization.lattice import (
    Combinations,
    count_combinations,
    generalization_at,
    grouping,
    optimal_generalization,
    sums,
)
from anonymization.lattice.metrics import METRICS
from anonymization.models import (
    AverageRisk,
    DeltaPresence,
    DistinctLDiversity,
    EntropyLDiversity,
    KAnonymity,
    KMap,
    MaximumRisk,
    RecursiveCLDiversity,
    TCloseness,
    require_models,
)
from tests.unit.anonymization.brute_force import every_node


def grouped(name: str, leaves: int, *sizes: int) -> Hierarchy:
    values = [f"{name}{place}" for place in range(leaves)]
    levels = [[f"{name}{size}:{place // size}" for place in range(leaves)] for size in sizes]
    return Hierarchy.from_levels(name, [values, *levels, ["*"] * leaves])


HIERARCHIES = [
    grouped("a", 8, 2, 4),
    from_intervals("n", range(20), [range(0, 21, 2), range(0, 21, 10)]),
    grouped("b", 5),
    grouped("c", 6, 3),
]


def rows(number: int, seed: int = 3, units: int | None = None) -> pa.Table:
    rng = np.random.default_rng(seed)
    columns = {
        "a": [f"a{value}" for value in rng.binomial(7, 0.3, number)],
        "n": rng.binomial(19, 0.4, number),
        "b": [f"b{value}" for value in rng.binomial(4, 0.2, number)],
        "c": [f"c{value}" for value in rng.binomial(5, 0.5, number)],
        "s": [f"s{value}" for value in rng.binomial(5, 0.4, number)],
    }
    if units:
        columns["unit"] = rng.integers(0, units, number)
    return pa.table(columns)


def by_size(k: int):
    return lambda of_row: np.bincount(of_row)[of_row] >= k


@pytest.mark.parametrize("metric", [*METRICS, "entropy ignored"])
@pytest.mark.parametrize("limit", [0.0, 0.04, 0.3])
def test_the_optimum_is_that_of_brute_force(metric: str, limit: float) -> None:
    table = rows(600)
    every = {levels: scores[metric] for levels, scores in every_node(table, HIERARCHIES, by_size(5), limit, k=5)}
    found = optimal_generalization(
        table,
        HIERARCHIES,
        [KAnonymity(5)],
        limit,
        metric.split()[0],  # type: ignore[arg-type]
        suppressed="ignored" if "ignored" in metric else "root",
    )
    least = min(every.values())
    assert found.complete
    assert found.score == pytest.approx(least, rel=1e-9)
    near = [levels for levels, score in every.items() if score <= least * (1 + 1e-9)]
    assert tuple(found.levels.values()) == min(near, key=lambda levels: (sum(levels), levels))
    assert found.suppressed == table.num_rows - found.table.num_rows <= limit * table.num_rows
    assert found.explored < np.prod([hierarchy.height + 1 for hierarchy in HIERARCHIES])


@pytest.mark.parametrize("metric", ["loss", "discernibility"])
@pytest.mark.parametrize("cached", [0, 3_000])
def test_halves_blocks_stops_and_what_is_kept_change_nothing(
    metric: str, cached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sums, "_CORES", 2)
    monkeypatch.setattr(sums, "_WORTH_PARTING", 20)
    monkeypatch.setattr(sums, "_BLOCK", 16)
    monkeypatch.setattr(grouping, "_LARGE", 10)
    monkeypatch.setattr(grouping, "_CACHED_BYTES", cached)
    test_the_optimum_is_that_of_brute_force(metric, 0.04)


def test_weights_are_those_of_a_weighted_mean() -> None:
    table = rows(600)
    weights = {"a": 10.0, "n": 0.0}
    found = optimal_generalization(table, HIERARCHIES, [KAnonymity(5)], 0.04, "loss", weights=weights)
    even = optimal_generalization(table, HIERARCHIES, [KAnonymity(5)], 0.04, "loss")
    assert found.levels["n"] == HIERARCHIES[1].height
    assert found.levels["a"] < even.levels["a"]


POPULATION = pa.concat_tables([rows(600).drop_columns(["s"])] * 3)
MODELS = {
    "distinct l": [KAnonymity(3), DistinctLDiversity(3)],
    "entropy l": [EntropyLDiversity(2.2)],
    "recursive": [KAnonymity(2), RecursiveCLDiversity(2.0, 2)],
    "t equal": [KAnonymity(4), TCloseness(0.35)],
    "t ordered": [TCloseness(0.12, "ordered")],
    "t tree": [TCloseness(0.3, "hierarchical", hierarchy=grouped("s", 6, 2))],
    "k-map": [KMap(12, POPULATION)],
    "presence": [DeltaPresence(0.0, 0.4, POPULATION)],
    "maximum risk": [MaximumRisk(0.2)],
    "average risk": [AverageRisk(0.05)],
    "all": [KAnonymity(4), DistinctLDiversity(2), TCloseness(0.5), AverageRisk(0.1), KMap(10, POPULATION)],
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("limit", [0.0, 0.1])
@pytest.mark.parametrize("units", [None, 250])
def test_the_independent_check_agrees(name: str, limit: float, units: int | None) -> None:
    table, models = rows(600, units=units), MODELS[name]
    unit = "unit" if units else None
    found = optimal_generalization(table, HIERARCHIES, models, limit, sensitive="s", unit=unit)
    by_name = {hierarchy.attribute: hierarchy for hierarchy in HIERARCHIES}
    require_models(
        found.table, list(by_name), models, unit=unit, sensitive="s", hierarchies=by_name, levels=found.levels
    )


def satisfies(models, kept: pa.Table) -> bool:
    try:
        require_models(kept, [h.attribute for h in HIERARCHIES], models, sensitive="s")
    except ModelViolationError:
        return False
    return True


@pytest.mark.parametrize("name", ["distinct l", "entropy l", "recursive", "t equal", "t ordered", "t tree"])
def test_without_suppression_the_optimum_is_the_first_that_the_check_accepts(name: str) -> None:
    table = rows(300)
    best = None
    for levels in product(*(range(hierarchy.height + 1) for hierarchy in HIERARCHIES)):
        made = table
        for hierarchy, level in zip(HIERARCHIES, levels, strict=True):
            place = made.schema.get_field_index(hierarchy.attribute)
            values = hierarchy.generalized(made[hierarchy.attribute].to_pylist(), level)
            made = made.set_column(place, hierarchy.attribute, pa.array(values))
        if (best is None or (sum(levels), levels) < best) and satisfies(MODELS[name], made):
            best = (sum(levels), levels)
    found = optimal_generalization(table, HIERARCHIES, MODELS[name], 0.0, "height", sensitive="s")
    assert best == (found.score, tuple(found.levels.values()))


def diverse(table: pa.Table, holds):
    """Rows whose class satisfies `holds`, given the counts of its sensitive values in descending order."""
    values = np.unique(table["s"].to_pylist(), return_inverse=True)[1]

    def kept(of_row: np.ndarray) -> np.ndarray:
        counts = np.zeros((of_row.max() + 1, values.max() + 1))
        np.add.at(counts, (of_row, values), 1)
        return np.array([holds(np.sort(line[line > 0])[::-1]) for line in counts])[of_row]

    return kept


def entropy(counts: np.ndarray) -> float:
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())


@pytest.mark.parametrize("metric", ["loss", "discernibility", "average_class_size"])
@pytest.mark.parametrize(
    ("models", "holds"),
    [
        ([DistinctLDiversity(3)], lambda counts: len(counts) >= 3),
        ([EntropyLDiversity(2.5)], lambda counts: entropy(counts) >= np.log(2.5) - 1e-9),
        (
            [KAnonymity(4), RecursiveCLDiversity(1.5, 2)],
            lambda counts: counts.sum() >= 4 and counts[0] < 1.5 * counts[1:].sum(),
        ),
    ],
)
def test_models_that_are_not_monotone_under_suppression_have_their_optimum_too(metric, models, holds) -> None:
    table = rows(400)
    k = max([1, *(model.k for model in models if isinstance(model, KAnonymity))])
    every = {
        levels: scores[metric] for levels, scores in every_node(table, HIERARCHIES, diverse(table, holds), 0.2, k=k)
    }
    found = optimal_generalization(table, HIERARCHIES, models, 0.2, metric, sensitive="s")
    least = min(every.values())
    near = [levels for levels, score in every.items() if score <= least * (1 + 1e-9)]
    assert found.score == pytest.approx(least, rel=1e-9)
    assert tuple(found.levels.values()) == min(near, key=lambda levels: (sum(levels), levels))


def test_one_unit_with_many_rows_is_one_unit() -> None:
    table = pa.table({"b": ["b0"] * 10 + ["b1"] * 3, "unit": [1] * 10 + [2, 3, 4]})
    assert optimal_generalization(table, [grouped("b", 5)], [KAnonymity(3)]).levels == {"b": 0}
    assert optimal_generalization(table, [grouped("b", 5)], [KAnonymity(3)], unit="unit").levels == {"b": 1}


def test_the_values_of_one_unit_are_no_diversity() -> None:
    table = pa.table({"b": ["b0"] * 6 + ["b1"] * 3, "s": [*"abcaaa", *"abc"], "unit": [1, 1, 1, 2, 3, 4, 5, 6, 7]})
    models = [DistinctLDiversity(3, "s")]
    assert optimal_generalization(table, [grouped("b", 5)], models).levels == {"b": 0}
    assert optimal_generalization(table, [grouped("b", 5)], models, unit="unit").levels == {"b": 1}


@pytest.mark.parametrize("units", [None, 90])
def test_partitions_in_any_order_are_one_table(units: int | None) -> None:
    table = rows(500, units=units)
    unit = "unit" if units else None
    parts = [table.slice(start, 120) for start in range(0, 500, 120)]
    models = [KAnonymity(4), DistinctLDiversity(2, "s")]
    expected = optimal_generalization(table, HIERARCHIES, models, 0.05, unit=unit)
    merged = Combinations(HIERARCHIES, ["s"], unit)
    for part in reversed(parts):
        merged.merge(count_combinations(part, HIERARCHIES, ["s"], unit))
    found = optimal_generalization(merged, HIERARCHIES, models, 0.05)
    assert (found.levels, found.score, found.suppressed) == (expected.levels, expected.score, expected.suppressed)
    again = pa.Table.from_batches(list(found.batches(table)))
    plain = pa.table({name: again[name].cast(pa.string()) for name in again.schema.names})
    wanted = expected.table.select(plain.schema.names)
    assert plain.to_pylist() == wanted.cast(plain.schema).to_pylist()


def test_merging_evaluates_the_models_again() -> None:
    half = pa.table({"b": ["b0", "b1"], "unit": [1, 2]})
    hierarchy = [grouped("b", 5)]
    merged = count_combinations(half, hierarchy, unit="unit")
    merged.merge(count_combinations(half, hierarchy, unit="unit"))
    with pytest.raises(PrivacyModelError, match="k is 3 and the data has 2 units"):
        optimal_generalization(merged, hierarchy, [KAnonymity(3)])
    assert optimal_generalization(merged, hierarchy, [KAnonymity(2)]).levels == {"b": 1}


def test_a_parquet_dataset_gives_what_the_table_gives(tmp_path) -> None:
    table = rows(400)
    pq.write_table(table.slice(0, 150), tmp_path / "1.parquet")
    pq.write_table(table.slice(150), tmp_path / "2.parquet")
    expected = optimal_generalization(table, HIERARCHIES, [KAnonymity(5)], 0.05)
    found = optimal_generalization(tmp_path, HIERARCHIES, [KAnonymity(5)], 0.05)
    assert (found.levels, found.score, found.classes) == (expected.levels, expected.score, expected.classes)
    assert sum(found.table["rows"].to_pylist()) == expected.table.num_rows
    assert sum(batch.num_rows for batch in found.batches(tmp_path)) == expected.table.num_rows


def test_rows_and_columns_outside_the_quasi_identifiers_stay_as_they_were() -> None:
    table = rows(600)
    found = optimal_generalization(table, HIERARCHIES, [KAnonymity(5)], 0.04)
    assert found.table.schema.names == table.schema.names
    assert found.table["s"].type == table["s"].type


def test_a_time_budget_gives_the_best_found_so_far() -> None:
    ticks = count()
    found = optimal_generalization(
        rows(600), HIERARCHIES, [KAnonymity(5)], 0.04, time_budget=0.5, clock=lambda: float(next(ticks))
    )
    assert not found.complete
    assert found.score >= optimal_generalization(rows(600), HIERARCHIES, [KAnonymity(5)], 0.04).score


@pytest.mark.parametrize(
    ("options", "error", "rule"),
    [
        ({"suppression_limit": 1.0}, GeneralizationSearchError, "suppression limit"),
        ({"suppression_limit": -0.1}, GeneralizationSearchError, "suppression limit"),
        ({"metric": "beauty"}, GeneralizationSearchError, "metric"),
        ({"metric": "discernibility", "weights": {"a": 2.0}}, GeneralizationSearchError, "weight"),
        ({"weights": {"z": 2.0}}, GeneralizationSearchError, "weight"),
        ({"weights": {"a": -1.0}}, GeneralizationSearchError, "weights"),
        ({"models": []}, PrivacyModelError, "at least one"),
        ({"models": [KAnonymity(601)]}, PrivacyModelError, "k is 601"),
        ({"models": [DistinctLDiversity(2)]}, PrivacyModelError, "no sensitive attribute"),
        ({"models": [DistinctLDiversity(9, "s")]}, PrivacyModelError, "fewer than l"),
        ({"models": [DistinctLDiversity(2, "z")]}, GeneralizationSearchError, "columns that the data does not have: z"),
        ({"models": [DistinctLDiversity(2, "a")]}, GeneralizationSearchError, "only one"),
        ({"models": [TCloseness(0.0)], "sensitive": "s", "drop": "a"}, GeneralizationSearchError, "a"),
        ({"unit": "z"}, GeneralizationSearchError, "z"),
        ({"time_budget": 0.0}, GeneralizationSearchError, "time budget"),
    ],
)
def test_what_can_not_be_used_is_refused(options: dict, error: type[Exception], rule: str) -> None:
    table = rows(600)
    if "drop" in options:
        table = table.drop_columns([options.pop("drop")])
    models = options.pop("models", [KAnonymity(5)])
    with pytest.raises(error, match=rule):
        optimal_generalization(table, HIERARCHIES, models, **options)


def test_a_value_outside_its_hierarchy_is_not_quoted() -> None:
    table = pa.table({"b": ["b0", "secret"]})
    with pytest.raises(HierarchyError, match="« b »: every value must be covered") as caught:
        optimal_generalization(table, [grouped("b", 5)], [KAnonymity(1)])
    assert "secret" not in str(caught.value)


def test_no_solution_is_an_error_and_no_table() -> None:
    table = pa.table({"b": ["b0", "b1"], "s": ["x", "y"]})
    with pytest.raises(NoSolutionError, match="b satisfies"):
        optimal_generalization(table, [grouped("b", 5)], [RecursiveCLDiversity(0.5, 2, "s")])
    with pytest.raises(GeneralizationSearchError):
        optimal_generalization(table.slice(0, 0), [grouped("b", 5)], [KAnonymity(1)])


def test_levels_fixed_for_a_period_are_kept_while_they_suit() -> None:
    chosen = optimal_generalization(rows(600), HIERARCHIES, [KAnonymity(5)], 0.1)
    assert generalization_at(rows(600), HIERARCHIES, chosen.levels, [KAnonymity(5)], 0.1).table == chosen.table
    later = generalization_at(rows(600, seed=4), HIERARCHIES, chosen.levels, [KAnonymity(5)], 0.3)
    require_models(later.table, list(chosen.levels), [KAnonymity(5)])
    with pytest.raises(NoSolutionError, match="fixed"):
        generalization_at(rows(20), HIERARCHIES, chosen.levels, [KAnonymity(5)], 0.1)
    with pytest.raises(GeneralizationSearchError, match="« a »"):
        generalization_at(rows(600), HIERARCHIES, {**chosen.levels, "a": 9}, [KAnonymity(5)])
    with pytest.raises(GeneralizationSearchError, match="each quasi-identifier"):
        generalization_at(rows(600), HIERARCHIES, {"a": 1}, [KAnonymity(5)])
