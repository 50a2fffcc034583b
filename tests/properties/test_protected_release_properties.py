"""Protected tables from trusted rows: parts and their order change nothing, and no version tells what another hides."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anonymization import Released, apply_release
from anonymization.secrecy.audit import shape_of
from anonymization.secrecy.check import check_published
from anonymization.secrecy.release import EarlierTable
from anonymization.secrecy.verdict import EarlierFile, measure_protected
from tests.unit.anonymization.builders import strategy
from tests.unit.anonymization.secrecy.tabulated import UNIT, rows, rule

RULE = rule(minimum=3, dominance=0.6, interval=0.2)
CODES = ("A1", "A2", "A3", "B1", "B2")
Home = tuple[int | None, str, float]
HOMES = st.lists(
    st.tuples(st.sampled_from(CODES), st.integers(1, 50)), min_size=12, max_size=40
).map(lambda found: [(unit, code, float(litres)) for unit, (code, litres) in enumerate(found)])  # fmt: skip
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judged(made: Released, earlier: list[Released]) -> set[str]:
    files = [EarlierFile(one.table, one.evidence) for one in earlier if one.evidence is not None]
    found = measure_protected(made.table, made.evidence, RULE, strategy(), made.details["table"], files)
    return {finding.code for finding in found.violations} - {"ALL_SECRET"}


@QUICK
@given(HOMES, st.randoms(use_true_random=False), st.integers(1, 9))
def test_parts_and_their_order_change_nothing(homes: list[Home], random, size: int) -> None:
    whole = rows(homes, days=2)
    made = apply_release(whole, RULE, UNIT)
    order = list(range(whole.num_rows))
    random.shuffle(order)
    parts = whole.take(pa.array(order)).to_batches(max_chunksize=size)
    again = apply_release(lambda: parts, RULE, UNIT)
    assert again.table.equals(made.table)
    assert again.evidence is not None
    assert again.evidence.equals(made.evidence)
    assert again.lines is not None
    assert again.lines.equals(made.lines)
    assert again.counts == made.counts


@QUICK
@given(HOMES)
def test_no_secret_cell_is_told_by_the_file(homes: list[Home]) -> None:
    made = apply_release(rows(homes), RULE, UNIT)
    assert judged(made, []) == set()
    if "publié" in made.table["statut"].to_pylist():
        check_published(made.table.select(made.table.column_names), replace(shape_of(RULE), figures=("volume",)))


@QUICK
@given(HOMES, st.lists(st.tuples(st.integers(0, 39), st.booleans(), st.integers(1, 50)), max_size=25), HOMES)
def test_no_version_tells_what_another_hides(
    homes: list[Home], changes: list[tuple[int, bool, int]], arrivals: list[Home]
) -> None:
    versions = [apply_release(rows(homes), RULE, UNIT)]
    now = {unit: (unit, code, litres) for unit, code, litres in homes}
    for unit, gone, litres in changes:
        if unit in now:
            now[unit] = (unit, now[unit][1], 0.0 if gone else float(litres))
            if gone:
                del now[unit]
    come = [(100 + (unit or 0), code, litres) for unit, code, litres in arrivals[: len(arrivals) // 2]]
    for data in (list(now.values()), [*now.values(), *come]):
        if not data:
            return
        made = apply_release(rows(data), RULE, UNIT, earlier=[EarlierTable(one) for one in versions])
        assert judged(made, versions) == set()
        versions.insert(0, made)
