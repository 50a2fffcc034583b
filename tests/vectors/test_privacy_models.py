"""The models measured on the tables of the papers that defined them. Sources, and how sure they are, in SOURCES.md."""

from __future__ import annotations

from math import log

import pyarrow as pa
import pytest

from anonymization.hierarchies import Hierarchy, from_tree
from anonymization.lattice import count_combinations, optimal_generalization
from anonymization.lattice.grouping import Base
from anonymization.lattice.metrics import cell_prices
from anonymization.models import (
    DistinctLDiversity,
    EntropyLDiversity,
    KAnonymity,
    PrivacyModel,
    RecursiveCLDiversity,
    TCloseness,
    check_models,
)


def table(names: str, *lines: str) -> pa.Table:
    cells = [line.split() for line in lines]
    return pa.table(dict(zip(names.split(), map(list, zip(*cells, strict=True)), strict=True)))


def measured(data: pa.Table, attributes: str, model: PrivacyModel) -> float:
    return check_models(data, attributes.split(), [model])[0].measured


SWEENEY = table(
    "race birth gender zip problem",
    "Black 1965 m 0214* short-breath",
    "Black 1965 m 0214* chest-pain",
    "Black 1965 f 0213* hypertension",
    "Black 1965 f 0213* hypertension",
    "Black 1964 f 0213* obesity",
    "Black 1964 f 0213* chest-pain",
    "White 1964 m 0213* chest-pain",
    "White 1964 m 0213* obesity",
    "White 1964 m 0213* short-breath",
    "White 1967 m 0213* chest-pain",
    "White 1967 m 0213* chest-pain",
)


def test_sweeney_s_table_is_2_anonymous() -> None:
    assert measured(SWEENEY, "race birth gender zip", KAnonymity(2)) == 2


INPATIENTS = table(
    "zip age condition",
    *["130** <30 heart"] * 2,
    *["130** <30 viral"] * 2,
    *["1485* >=40 cancer", "1485* >=40 heart", "1485* >=40 viral", "1485* >=40 viral"],
    *["130** 3* cancer"] * 4,
)
DIVERSE_INPATIENTS = table(
    "zip age condition",
    *["1305* <=40 heart", "1305* <=40 viral", "1305* <=40 cancer", "1305* <=40 cancer"],
    *["1485* >40 cancer", "1485* >40 heart", "1485* >40 viral", "1485* >40 viral"],
    *["1306* <=40 heart", "1306* <=40 viral", "1306* <=40 cancer", "1306* <=40 cancer"],
)


def test_machanavajjhala_s_4_anonymous_table_is_not_diverse() -> None:
    assert measured(INPATIENTS, "zip age", KAnonymity(4)) == 4
    assert measured(INPATIENTS, "zip age", DistinctLDiversity(3, "condition")) == 1
    assert measured(INPATIENTS, "zip age", EntropyLDiversity(2, "condition")) == 0


def test_machanavajjhala_s_3_diverse_table_is() -> None:
    assert measured(DIVERSE_INPATIENTS, "zip age", KAnonymity(4)) == 4
    assert measured(DIVERSE_INPATIENTS, "zip age", DistinctLDiversity(3, "condition")) == 3
    entropy = measured(DIVERSE_INPATIENTS, "zip age", EntropyLDiversity(2, "condition"))
    assert entropy == pytest.approx(0.5 * log(4) + 0.5 * log(2))  # shares 1/4, 1/4, 1/2
    recursive = check_models(DIVERSE_INPATIENTS, ["zip", "age"], [RecursiveCLDiversity(3, 2, "condition")])[0]
    assert recursive.satisfied
    assert recursive.measured == 1.0  # 2 / (1 + 1)


DISEASES = from_tree(
    "disease",
    """
    respiratory and digestive:
      respiratory: {infection: [flu, pneumonia, bronchitis], vascular: [pulmonary-edema, pulmonary-embolism]}
      digestive: {stomach: [gastric-ulcer, stomach-cancer, gastritis], colon: [colitis, colon-cancer]}
    """,
)


def salaries(*lines: str) -> pa.Table:
    made = table("class salary disease", *lines)
    return made.set_column(1, "salary", pa.array([int(value) for value in made["salary"].to_pylist()]))


SIMILAR = salaries(
    *["1 3 gastric-ulcer", "1 4 gastritis", "1 5 stomach-cancer"],
    *["2 6 gastritis", "2 11 flu", "2 8 bronchitis"],
    *["3 7 bronchitis", "3 9 pneumonia", "3 10 stomach-cancer"],
)
CLOSE = salaries(
    *["1 3 gastric-ulcer", "1 5 stomach-cancer", "1 9 pneumonia"],
    *["2 6 gastritis", "2 11 flu", "2 8 bronchitis"],
    *["3 4 gastritis", "3 7 bronchitis", "3 10 stomach-cancer"],
)


def test_li_s_similar_salaries_are_at_0_375() -> None:
    assert measured(SIMILAR, "class", TCloseness(0.2, "ordered", "salary")) == pytest.approx(0.375)


def test_li_s_table_is_0_167_close_in_salary() -> None:
    assert measured(CLOSE, "class", TCloseness(0.2, "ordered", "salary")) == pytest.approx(0.167, abs=5e-4)


def two_classes(other: str) -> pa.Table:
    """One class all flu, one all of another disease: each is half their distance away from the whole."""
    return table("class disease", "1 flu", f"2 {other}")


@pytest.mark.parametrize(
    ("other", "distance"), [("bronchitis", 1 / 3), ("pulmonary-embolism", 2 / 3), ("stomach-cancer", 1)]
)
def test_li_s_distances_on_the_tree_of_diseases(other: str, distance: float) -> None:
    model = TCloseness(0.5, "hierarchical", "disease", DISEASES)
    assert 2 * measured(two_classes(other), "class", model) == pytest.approx(distance)


@pytest.mark.parametrize(("levels", "precision"), [((1, 0), 0.75), ((1, 1), 0.58), ((0, 2), 0.67), ((0, 1), 0.83)])
def test_sweeney_s_precisions(levels: tuple[int, int], precision: float) -> None:
    """Generalizations GT[race, zip] of a table with two attributes, of heights 2 and 3."""
    race = Hierarchy.from_levels("race", [["asian", "black", "white"], ["person"] * 3, ["*"] * 3])
    codes = ["02138", "02139", "02141", "02142"]
    places = Hierarchy.from_levels(
        "zip", [codes, ["0213*", "0213*", "0214*", "0214*"], ["021**"] * 4, ["*"] * 4]
    )  # fmt: skip
    data = pa.table({"race": ["black", "white"] * 2, "zip": codes})
    prices = cell_prices(Base.of(count_combinations(data, [race, places])), "precision", None, "root")
    assert round(1 - prices.floor(levels), 2) == precision


def test_the_search_measures_as_the_papers_do() -> None:
    """The tables' classes as one attribute: the search accepts just above the published distance, and not under."""
    classes = [Hierarchy.from_levels("class", [["1", "2", "3"], ["*"] * 3])]
    for t, level in ((0.376, 0), (0.374, 1)):
        model = TCloseness(t, "ordered", "salary")
        assert optimal_generalization(SIMILAR, classes, [model]).levels == {"class": level}
    for t, level in ((1 / 3 + 1e-6, 0), (1 / 3 - 1e-6, 1)):
        model = TCloseness(t, "hierarchical", "disease", DISEASES)
        data = two_classes("pulmonary-embolism")
        assert optimal_generalization(data, classes, [model]).levels == {"class": level}
