"""Records under models, in two passes: what a contract's words make of rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from anonymization import apply_release, check_models
from anonymization.errors import HierarchyError, NoSolutionError, PrivacyModelError
from anonymization.generalization import Surroundings
from anonymization.generalized import (
    EarlierRelease,
    choose,
    count_release,
    label_epoch,
    revised,
    stream_release,
    take,
    whole_release,
)
from anonymization.generalized.attributes import hierarchy_of, models_of, population_of
from anonymization.generalized.derived import derive
from anonymization.generalized.revision import MIXED
from anonymization.generalized.writing import ReleasedPart
from anonymization.lattice import optimal_generalization
from anonymization.risk import compare_releases
from policies.contract import ProtectionUnit, ReleasedColumn, ReleaseRule
from policies.generalized import HierarchyRule, ModelRule, SearchRule
from tests.unit.anonymization.builders import pseudonyms

PERSON = ProtectionUnit("person", "person")
AGE = HierarchyRule("age", "intervals", edges=((0, 10, 20, 30, 40, 50, 60, 70, 80, 90), (0, 30, 60, 90)))
PLACE = HierarchyRule("place", "prefixes", lengths=(3, 2))
K3 = ModelRule("k_anonymity", k=3)
COLUMNS = (
    ReleasedColumn("age", ("age",), "string", quasi_identifier=True),
    ReleasedColumn("place", ("place",), "string", quasi_identifier=True),
    ReleasedColumn("illness", ("illness",), "string"),
)
KEYS = ["age", "place"]


def people(count: int, seed: int = 1, each: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "person": pseudonyms([number for number in range(count) for _ in range(each)]),
            "age": pa.array(np.repeat(rng.integers(18, 88, count), each)),
            "place": pa.array(np.repeat([f"49{code:03d}" for code in rng.integers(0, 40, count)], each)),
            "illness": pa.array(rng.choice(["a", "b", "c", "d"], count * each)),
        }
    )


def rule(
    *models: ModelRule, limit: float = 0.1, hierarchies: tuple[HierarchyRule, ...] = (AGE, PLACE), **search: object
):
    searched = SearchRule(models or (K3,), hierarchies, **search)  # type: ignore[arg-type]
    return ReleaseRule("records", COLUMNS, k=searched.smallest_class, suppression_limit=limit, search=searched)


def labelled(released) -> pa.Table:
    return released.table.append_column("unit", released.evidence["unit"])


MODELS = {
    "k": (K3,),
    "distinct l": (K3, ModelRule("distinct_l_diversity", l=2, sensitive="illness")),
    "entropy l": (K3, ModelRule("entropy_l_diversity", l=1.5, sensitive="illness")),
    "recursive l": (K3, ModelRule("recursive_c_l_diversity", c=3.0, l=2, sensitive="illness")),
    "t equal": (K3, ModelRule("t_closeness", t=0.35, distance="equal", sensitive="illness")),
    "t ordered": (K3, ModelRule("t_closeness", t=0.35, distance="ordered", sensitive="illness")),
    "t tree": (
        K3,
        ModelRule(
            "t_closeness",
            t=0.35,
            distance="hierarchical",
            sensitive="illness",
            tree="t.yaml",
            content="all: {left: [a, b], right: [c, d]}",
        ),
    ),
    "maximum risk": (ModelRule("maximum_risk", p=0.25),),
    "average risk": (K3, ModelRule("average_risk", p=0.1)),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_a_contract_holds_on_the_table(name: str) -> None:
    asked = rule(*MODELS[name], limit=0.3)
    released = apply_release(people(200), asked, PERSON)
    found = check_models(labelled(released), KEYS, models_of(asked), unit="unit")
    assert all(one.satisfied for one in found), found
    assert released.counts.rows_in == 200
    assert released.counts.published_rows == released.table.num_rows > 0


def population(count: int) -> str:
    lines = [f"{age},49{code:03d},{count}" for age in range(18, 88) for code in range(40)]
    return "\n".join(["age,place,effectif", *lines])


@pytest.mark.parametrize(
    "model",
    [
        ModelRule("k_map", k=40, population="p.csv", content=population(2)),
        ModelRule("delta_presence", minimum=0.0, maximum=0.1, population="p.csv", content=population(2)),
    ],
)
def test_models_of_a_population_hold_against_it(model: ModelRule) -> None:
    asked = rule(K3, model, limit=0.3)
    released = apply_release(people(200), asked, PERSON)
    (levels,) = released.details["records"]["steps"]
    whole = population_of(asked, levels)
    assert whole is not None
    assert whole.num_rows == 70 * 40 * 2
    models = [replace(one, population=whole) if hasattr(one, "population") else one for one in models_of(asked)]
    assert all(one.satisfied for one in check_models(labelled(released), KEYS, models, unit="unit"))


def test_levels_are_those_of_the_search_over_the_table() -> None:
    table, asked = people(300), rule(limit=0.2)
    counted = count_release(lambda: table.to_batches(), asked, PERSON, Surroundings())
    assert counted is not None
    texts = table.set_column(1, "age", table["age"].cast(pa.string()))
    trees = [hierarchy_of("age", AGE, sorted({float(age) for age in table["age"].to_pylist()}, key=str)),
             hierarchy_of("place", PLACE, set(table["place"].to_pylist()))]  # fmt: skip
    best = optimal_generalization(texts, trees, models_of(asked), 0.2, unit="person")
    assert choose(counted).levels == (best.levels,)
    assert choose(counted).score == pytest.approx(best.score)


def test_thirty_rows_of_one_person_are_one_unit() -> None:
    crowd = pa.concat_tables([people(2, each=30), people(40, seed=5).slice(2)])
    released = apply_release(crowd, rule(limit=0.9), PERSON)
    (found,) = check_models(labelled(released), KEYS, models_of(rule()), unit="unit")
    assert found.measured >= 3


def test_parts_in_any_order_and_of_any_size_make_the_same_rows() -> None:
    table, asked = people(400, each=2), rule(K3, limit=0.3, local_recoding=True)
    whole = apply_release(table, asked, PERSON)
    batches = table.to_batches(max_chunksize=37)
    counted = count_release(lambda: reversed(batches), asked, PERSON, Surroundings())
    assert counted is not None
    streamed = stream_release(lambda: iter(batches), counted, choose(counted), salt="", part_rows=150)
    parts = list(streamed.parts)
    assert len(parts) >= 4
    assert max(part.table.num_rows for part in parts) < 300
    assert pa.concat_tables([part.table for part in parts]).equals(whole.table)
    assert pa.concat_tables([part.evidence for part in parts]).equals(whole.evidence)
    assert pa.concat_arrays([part.unit_counts for part in parts]).equals(whole.unit_counts)


def test_a_class_larger_than_a_part_is_divided_and_nothing_is_lost() -> None:
    table, asked = people(400, each=2), rule(K3, limit=0.3)
    whole = apply_release(table, asked, PERSON)
    counted = count_release(lambda: table.to_batches(), asked, PERSON, Surroundings())
    assert counted is not None
    chosen = choose(counted)
    small = [stream_release(lambda n=n: table.to_batches(max_chunksize=n), counted, chosen, salt="", part_rows=10)
             for n in (7, 50)]  # fmt: skip
    first, second = (list(one.parts) for one in small)
    assert max(part.table.num_rows for part in first) <= 10
    assert [part.table for part in first] == [part.table for part in second]
    order = [(name, "ascending") for name in ("age", "place", "illness", "unit")]
    parts = pa.concat_tables([part.table.append_column("unit", part.evidence["unit"]) for part in first])
    assert parts.sort_by(order).equals(labelled(whole).sort_by(order))


def test_local_recoding_suppresses_less_and_still_holds() -> None:
    table = people(150)
    plain = apply_release(table, rule(K3, limit=0.3), PERSON)
    recoded = apply_release(table, rule(K3, limit=0.3, local_recoding=True), PERSON)
    assert recoded.counts.suppressed_rows < plain.counts.suppressed_rows
    assert len(recoded.details["records"]["steps"]) > 1
    (found,) = check_models(labelled(recoded), KEYS, models_of(rule()), unit="unit")
    assert found.satisfied
    assert recoded.details["records"]["utility_lost"] < plain.details["records"]["utility_lost"]


@pytest.mark.parametrize("metric", ["loss", "entropy", "discernibility", "average_class_size", "precision"])
def test_the_utility_of_a_recoding_is_measured_as_that_of_the_search(metric: str) -> None:
    table, asked = people(150), rule(K3, limit=0.3, metric=metric)
    one = apply_release(table, asked, PERSON).details["records"]
    counted = count_release(lambda: table.to_batches(), asked, PERSON, Surroundings())
    assert counted is not None
    empty_step = counted.heights
    two = whole_release(
        stream_release(lambda: table.to_batches(), counted, take(counted, (one["steps"][0], empty_step)), salt="")
    ).details["records"]
    assert two["utility_lost"] <= one["utility_lost"] + 1e-9
    assert 0 < one["utility_lost_share"] < 1


def test_levels_taken_suppress_what_they_must() -> None:
    table, asked = people(60), rule(K3, limit=0.0)
    counted = count_release(lambda: table.to_batches(), asked, PERSON, Surroundings())
    assert counted is not None
    made = stream_release(lambda: table.to_batches(), counted, take(counted, ({"age": 1, "place": 1},)), salt="")
    released = whole_release(made)
    assert 0 < released.counts.suppressed_rows < 60
    with pytest.raises(NoSolutionError):
        take(counted, ({"age": 0, "place": 0},))


def test_what_can_not_be_is_an_error_that_names_it() -> None:
    with pytest.raises(PrivacyModelError, match="KAnonymity: k is 3"):
        apply_release(people(2), rule(), PERSON)
    with pytest.raises(NoSolutionError, match="age, place"):
        apply_release(people(8), rule(K3, hierarchies=(), limit=0.0), PERSON)
    narrow = HierarchyRule("age", "intervals", edges=((0, 20),))
    with pytest.raises(HierarchyError, match="« age »"):
        apply_release(people(50), rule(K3, hierarchies=(narrow, PLACE)), PERSON)
    with pytest.raises(PrivacyModelError, match="k_anonymity"):
        apply_release(people(50), rule(ModelRule("k_anonymity", k=3, l=2)), PERSON)


def test_a_missing_value_is_absent_above_its_leaf() -> None:
    for made in (PLACE, HierarchyRule("place", "grid", sizes=(400,))):
        leaf = "49007" if made is PLACE else "CRS3035RES200mN2471400E3462600"
        hierarchy = hierarchy_of("place", made, [leaf, None])
        assert hierarchy.generalized([None], 0) == [None]
        assert hierarchy.generalized([None], 1) == ["absent"]
        assert hierarchy.generalized([None], hierarchy.height) == ["*"]
        assert hierarchy_of("place", made, [None]).height == hierarchy.height


def test_hierarchies_of_files_are_read_from_their_content() -> None:
    lines = HierarchyRule("place", "csv", file="f.csv", content="a;x;*\nb;x;*")
    tree = HierarchyRule("place", "tree", file="f.yaml", content="tout: {x: [a, b]}")
    iris = hierarchy_of("place", HierarchyRule("place", "iris", root="Angers"), ["490070101", "490150000"])
    assert hierarchy_of("place", lines, ["a"]).generalized(["b"], 1) == ["x"]
    assert hierarchy_of("place", tree, ["a"]).generalized(["b"], 1) == ["x"]
    assert iris.generalized(["490070101"], 1) + iris.generalized(["490070101"], 2) == ["49007", "Angers"]


def test_derived_columns_follow_what_is_published() -> None:
    import polars as pl

    cells = pl.Series(["CRS3035RES200mN2471400E3462600", "CRS3035RES3200mN2470400E3462400", "territoire", None])
    column = ReleasedColumn("latitude", (), "number", generalization="grid_200m_latitude", derived_from="maille")
    found = derive(column, cells, Surroundings()).to_list()
    assert found[2:] == [None, None]
    assert 40 < found[0] < found[1] + 1 < 60
    name = ReleasedColumn("commune", (), "string", generalization="commune", derived_from="code")
    known = Surroundings(communes={"49007": "Angers"})
    assert derive(name, pl.Series(["49007", "territoire"]), known).to_list() == ["Angers", None]


def part(units: dict[str, list[int]]) -> ReleasedPart:
    pairs = [(place, unit) for place, members in units.items() for unit in members]
    table = pa.table({"age": ["x"] * len(pairs), "place": [p for p, _ in pairs], "illness": ["a"] * len(pairs)})
    evidence = pa.table({"unit": pa.array([unit for _, unit in pairs], pa.int64())})
    return ReleasedPart(table, pa.array([0] * len(pairs), pa.int64()), evidence)


def beside(history: list[dict[str, list[int]]], now: dict[str, list[int]], *, epoch: str = "1", must_go: bool = False):
    """What of `now` is released beside `history`, as units by place."""
    from anonymization import ReleaseCounts
    from anonymization.generalized import StreamedRelease

    made = part(now)
    counts = ReleaseCounts(made.table.num_rows, 0, 0, made.table.num_rows)
    streamed = StreamedRelease(made.table.schema, lambda: counts, {}, iter([made]))
    before = [EarlierRelease(lambda each=each: [(part(each).table, part(each).evidence)], "1") for each in history]
    found = whole_release(revised(streamed, before, KEYS, 3, units=epoch, must_go=must_go))
    assert found.counts.published_rows == found.table.num_rows
    released: dict[str, list[int]] = {}
    for place, unit in zip(found.table["place"].to_pylist(), found.evidence["unit"].to_pylist(), strict=True):
        released.setdefault(place, []).append(unit)
    return {place: sorted(members) for place, members in released.items()}


def test_a_withdrawal_shows_only_with_others_in_every_part() -> None:
    before = {"A": [1, 2, 3, 4], "B": [5, 6, 7], "gone": [8, 9, 10]}
    assert beside([before], {"A": [1, 2, 3], "B": [5, 6, 7, 11, 12, 13]}) == {
        "A": [1, 2, 3, 4],
        "B": [5, 6, 7, 11, 12, 13],
    }
    assert beside([before], {"A": [1, 2, 3], "B": [5, 6, 7]}, must_go=True) == {"B": [5, 6, 7]}


def test_every_earlier_release_counts_not_the_last_alone() -> None:
    first, second = {"A": [1, 2, 3, 4, 5, 6, 7]}, {"A": [1, 2, 3, 4]}
    now = {"A": [1, 2, 3, 4, 5, 6, 8]}  # three more than the second; one other than the first
    assert beside([second], now) == now
    assert beside([first, second], now) == second
    tables = [part(each).table.append_column("unit", part(each).evidence["unit"]) for each in (first, second)]
    assert [compare_releases(one, tables[1], KEYS, "unit", 3).isolated for one in tables] == [0, 0]


def test_after_a_rotation_of_pseudonyms_what_changed_stays_as_it_was() -> None:
    before = {"A": [1, 2, 3, 4], "B": [5, 6, 7]}
    assert beside([before], {"A": [101, 102, 103], "B": [105, 106, 107]}, epoch="2") == {
        "A": [1, 2, 3, 4],
        "B": [105, 106, 107],
    }
    history = [EarlierRelease(lambda: [], "1")]
    assert (label_epoch(history, "1"), label_epoch(history, "2")) == ("1", MIXED)
