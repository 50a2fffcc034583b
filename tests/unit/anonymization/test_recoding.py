"""Local recoding publishes what the optimum suppresses; Mondrian cuts numbers; both are priced as the optimum is."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from anonymization.errors import GeneralizationSearchError, NoSolutionError, PrivacyModelError
from anonymization.lattice import local_recoding, mondrian, optimal_generalization
from anonymization.models import DistinctLDiversity, KAnonymity, TCloseness, require_models
from tests.unit.anonymization.test_lattice import HIERARCHIES, rows

MODELS = [KAnonymity(5), DistinctLDiversity(2, "s")]
NAMES = [hierarchy.attribute for hierarchy in HIERARCHIES]


@pytest.mark.parametrize("metric", ["loss", "precision", "entropy", "discernibility", "average_class_size"])
def test_local_recoding_suppresses_less_and_costs_no_more(metric) -> None:
    table = rows(600, units=400)
    optimum = optimal_generalization(table, HIERARCHIES, MODELS, 0.15, metric, unit="unit")
    recoded = local_recoding(table, HIERARCHIES, MODELS, 0.15, metric, unit="unit")
    assert recoded.steps[0] == optimum.levels
    assert recoded.suppressed <= optimum.suppressed
    assert recoded.score <= optimum.score * (1 + 1e-12)
    require_models(recoded.table, NAMES, MODELS, unit="unit")


def test_with_nothing_to_recode_the_score_is_the_optimum_s() -> None:
    table = rows(600)
    for metric in ("loss", "precision", "entropy", "discernibility", "average_class_size"):
        optimum = optimal_generalization(table, HIERARCHIES, [KAnonymity(5)], 0.0, metric)
        recoded = local_recoding(table, HIERARCHIES, [KAnonymity(5)], 0.0, metric)
        assert recoded.score == pytest.approx(optimum.score)
        assert recoded.table.to_pylist() == optimum.table.to_pylist()


def test_recoded_rows_stay_in_order_and_are_generalized_further() -> None:
    table = rows(600)
    optimum = optimal_generalization(table, HIERARCHIES, [KAnonymity(5)], 0.15)
    recoded = local_recoding(table, HIERARCHIES, [KAnonymity(5)], 0.15)
    assert 0 < optimum.suppressed > recoded.suppressed
    assert all(step[name] >= optimum.levels[name] for step in recoded.steps for name in NAMES)
    if recoded.suppressed == 0:
        assert recoded.table["s"] == table["s"]


def numbers(count: int = 400) -> pa.Table:
    rng = np.random.default_rng(5)
    return pa.table(
        {
            "age": rng.integers(18, 90, count),
            "income": rng.gamma(2.0, 900.0, count).round(),
            "s": [f"s{value}" for value in rng.integers(0, 5, count)],
            "unit": rng.integers(0, 250, count),
        }
    )


@pytest.mark.parametrize("metric", ["loss", "entropy", "discernibility", "average_class_size"])
def test_mondrian_satisfies_the_models_in_units(metric) -> None:
    made = mondrian(numbers(), ["age", "income"], MODELS, metric, unit="unit")
    require_models(made.table, ["age", "income"], MODELS, unit="unit")
    assert made.suppressed == 0
    assert made.score > 0


def test_mondrian_s_parts_are_published_as_intervals_and_priced_by_them() -> None:
    data = pa.table({"age": [1, 2, 3, 4, 10, 11, 12, 13]})
    made = mondrian(data, ["age"], [KAnonymity(4)])
    assert made.table["age"].to_pylist() == ["[1, 4]"] * 4 + ["[10, 13]"] * 4
    assert made.score == pytest.approx(3 / 7)
    assert mondrian(data, ["age"], [KAnonymity(4)], "discernibility").score == 2 * 4**2
    assert mondrian(data, ["age"], [KAnonymity(4)], "average_class_size").score == 1
    assert mondrian(data, ["age"], [KAnonymity(4)], "entropy").score == pytest.approx(8 * 2)


def test_mondrian_does_not_depend_on_the_order_of_rows() -> None:
    data = numbers()
    shuffled = data.take(pa.array(np.random.default_rng(1).permutation(data.num_rows)))
    made, again = (mondrian(each, ["age", "income"], [KAnonymity(5)]) for each in (data, shuffled))
    assert made.score == pytest.approx(again.score)
    by_all = [(name, "ascending") for name in data.schema.names]
    assert made.table.sort_by(by_all) == again.table.sort_by(by_all)


def test_what_can_not_be_recoded_is_refused() -> None:
    table = rows(600)
    with pytest.raises(PrivacyModelError, match="class by class"):
        local_recoding(table, HIERARCHIES, [TCloseness(0.5, sensitive="s")])
    with pytest.raises(GeneralizationSearchError, match="height"):
        local_recoding(table, HIERARCHIES, [KAnonymity(2)], metric="height")
    with pytest.raises(PrivacyModelError, match="class by class"):
        mondrian(numbers(), ["age"], [TCloseness(0.5, sensitive="s")])
    with pytest.raises(GeneralizationSearchError, match="hierarchies"):
        mondrian(numbers(), ["age"], [KAnonymity(2)], "precision")
    with pytest.raises(GeneralizationSearchError, match="« s »"):
        mondrian(numbers(), ["s"], [KAnonymity(2)])
    with pytest.raises(GeneralizationSearchError, match="nowhere"):
        mondrian(numbers(), ["nowhere"], [KAnonymity(2)])
    with pytest.raises(NoSolutionError, match="age"):
        mondrian(numbers(), ["age"], [KAnonymity(401)])
