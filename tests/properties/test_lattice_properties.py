"""Whatever the rows: the output satisfies the models in units, partitions change nothing, differences expose nobody."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymization.errors import NoSolutionError, PrivacyModelError
from anonymization.hierarchies import Hierarchy
from anonymization.lattice import Combinations, count_combinations, optimal_generalization
from anonymization.lattice.metrics import METRICS
from anonymization.models import (
    AverageRisk,
    DistinctLDiversity,
    EntropyLDiversity,
    KAnonymity,
    MaximumRisk,
    RecursiveCLDiversity,
    TCloseness,
    require_models,
)
from anonymization.risk import compare_releases, revise_release


def halved(name: str) -> Hierarchy:
    return Hierarchy.from_levels(name, [["0", "1", "2", "3"], ["low", "low", "high", "high"], ["*"] * 4])


HIERARCHIES = [halved("a"), halved("b")]
LINES = st.tuples(
    st.integers(0, 3), st.integers(0, 3), st.sampled_from(["x", "y", "z", None]), st.integers(0, 12) | st.none()
)
MODELS = st.lists(
    st.one_of(
        st.builds(KAnonymity, st.integers(1, 5)),
        st.builds(DistinctLDiversity, st.integers(1, 3)),
        st.builds(EntropyLDiversity, st.floats(1, 2.5)),
        st.builds(RecursiveCLDiversity, st.floats(0.5, 4), st.integers(1, 3)),
        st.builds(TCloseness, st.floats(0.1, 1), st.sampled_from(["equal", "ordered"])),
        st.builds(MaximumRisk, st.floats(0.2, 1)),
        st.builds(AverageRisk, st.floats(0.2, 1)),
    ),
    min_size=1,
    max_size=3,
)


def rows(lines: list[tuple[int, int, str | None, int | None]]) -> pa.Table:
    a, b, s, unit = zip(*lines, strict=True)
    return pa.table({"a": a, "b": b, "s": pa.array(s, pa.string()), "unit": pa.array(unit, pa.int64())})


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=40), MODELS, st.sampled_from([0.0, 0.2, 0.6]), st.sampled_from(METRICS))
def test_the_output_satisfies_its_models_in_units(lines, models, limit, metric) -> None:
    table = rows(lines)
    try:
        found = optimal_generalization(table, HIERARCHIES, models, limit, metric, sensitive="s", unit="unit")
    except (NoSolutionError, PrivacyModelError):
        return
    findings = require_models(found.table, ["a", "b"], models, sensitive="s", unit="unit")
    assert all(finding.satisfied for finding in findings)
    assert found.suppressed <= limit * table.num_rows
    assert 0 < found.table.num_rows == table.num_rows - found.suppressed


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES, min_size=2, max_size=40), st.randoms(use_true_random=False), st.sampled_from(METRICS))
def test_partitions_in_any_order_change_nothing(lines, random, metric) -> None:
    models = [KAnonymity(2), DistinctLDiversity(2)]
    try:
        whole = optimal_generalization(rows(lines), HIERARCHIES, models, 0.3, metric, sensitive="s", unit="unit")
    except (NoSolutionError, PrivacyModelError):
        whole = None
    random.shuffle(lines)
    merged = Combinations(HIERARCHIES, ["s"], "unit")
    while lines:
        size = random.randint(1, len(lines))
        part, lines = lines[:size], lines[size:]
        merged.merge(count_combinations(rows(part), HIERARCHIES, ["s"], "unit"))
    try:
        found = optimal_generalization(merged, HIERARCHIES, models, 0.3, metric, sensitive="s")
    except (NoSolutionError, PrivacyModelError):
        found = None
    assert (whole is None) == (found is None)
    if whole and found:
        assert (found.levels, found.score, found.suppressed) == (whole.levels, whole.score, whole.suppressed)


MEMBERS = st.dictionaries(st.integers(0, 30), st.sampled_from("ABC"), min_size=1)


@settings(max_examples=60, deadline=None)
@given(MEMBERS, MEMBERS, st.integers(1, 4), st.booleans())
def test_the_difference_of_two_releases_isolates_fewer_than_k_never(before, after, k, must_go) -> None:
    earlier, later = (
        pa.table({"place": list(members.values()), "unit": list(members.keys())}) for members in (before, after)
    )
    places = list(before.values())
    before = {unit: place for unit, place in before.items() if places.count(place) >= k}  # as any release is
    earlier = earlier.filter(pa.array([unit in before for unit in earlier["unit"].to_pylist()], pa.bool_()))
    revised = revise_release(earlier, later, ["place"], "unit", k, must_go=must_go)
    gone = before.keys() - after.keys()
    assert not must_go or not gone & set(revised["unit"].to_pylist())
    if not earlier.num_rows and not revised.num_rows:
        return
    difference = compare_releases(earlier, revised, ["place"], "unit", k)
    assert difference.isolated == 0
    assert difference.smallest is None or difference.smallest >= k
