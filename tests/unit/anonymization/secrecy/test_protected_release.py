"""A protected table from trusted rows to its verdict: what is hidden, what is told, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymization import Released, apply_release
from anonymization.errors import TabulationError, UnprotectedTableError
from anonymization.secrecy import check
from anonymization.secrecy.audit import shape_of
from anonymization.secrecy.release import FORGOTTEN, ROTATED, EarlierTable
from anonymization.secrecy.verdict import EarlierFile, TableVerdict, measure_protected
from policies.contract import Measure, ReleaseRule
from policies.tabulated import DominanceRule
from tests.unit.anonymization.builders import strategy
from tests.unit.anonymization.secrecy.tabulated import (
    COUNT,
    MEAN,
    PLACE,
    SUM,
    UNIT,
    homes,
    rows,
    rule,
)

HOMES = homes({"A1": 40, "A2": 6, "A3": 15, "B1": 30, "B2": 12, "B3": 11})


def released(data: pa.Table, asked: ReleaseRule | None = None, *earlier: Released) -> Released:
    return apply_release(data, asked or rule(), UNIT, earlier=[EarlierTable(one) for one in earlier])


def verdict(made: Released, asked: ReleaseRule | None = None, *earlier: Released) -> TableVerdict:
    files = [EarlierFile(one.table, one.evidence) for one in earlier if one.evidence is not None]
    return measure_protected(made.table, made.evidence, asked or rule(), strategy(), made.details["table"], files)


def codes(found: TableVerdict) -> set[str]:
    return {finding.code for finding in found.violations}


def lines(made: Released) -> dict[str, dict[str, Any]]:
    """Rows by the label of where they stand."""
    found = {}
    for row in made.table.to_pylist():
        label = row["commune"] if row["commune"] != "Territoire" else row["secteur"]
        found[label] = row
    return found


def test_small_cells_and_what_would_give_them_away_are_secret() -> None:
    made = released(rows(HOMES, days=3))
    found = lines(made)
    secret = {label for label, row in found.items() if row["statut"] == "secret"}
    assert "A2" in secret
    assert len(secret & {"A1", "A3", "A"}) == 1
    assert all((row["volume"] is None) == (label in secret) for label, row in found.items())
    assert all((row["foyers"], row["moyenne"]) == (None, None) for row in found.values() if row["statut"] == "secret")
    assert dict(made.counts.cells) == {"A": 1, "B": 0, "D": 1, "V": 7}
    assert found["Territoire"]["foyers"] == 114
    assert found["B"]["volume"] == found["B1"]["volume"] + found["B2"]["volume"] + found["B3"]["volume"]
    assert found["B"]["moyenne"] == round(found["B"]["volume"] / found["B"]["foyers"], 1)
    assert found["B1"]["nom"] == "Commune B1"
    assert codes(verdict(made)) == set()
    assert made.details["table"]["gap"] == 0


def test_one_home_that_dominates_makes_a_cell_secret() -> None:
    big = [*HOMES, (900, "B2", 5000.0)]
    made = released(rows(big))
    assert lines(made)["B2"]["statut"] == "secret"
    assert made.counts.cells["B"] == 1
    assert codes(verdict(made)) == set()


def test_two_homes_that_dominate_do_too() -> None:
    big = [*HOMES, (900, "B2", 3000.0), (901, "B2", 3000.0)]
    asked = rule(dominances=(DominanceRule(2, 0.8),))
    assert lines(released(rows(big)))["B2"]["statut"] == "publié"
    assert lines(released(rows(big), asked))["B2"]["statut"] == "secret"


def test_rows_of_unknown_unit_are_left_out_and_counted() -> None:
    made = released(rows([*HOMES, (None, "B1", 700.0)]))
    assert lines(made)["B1"]["volume"] == lines(released(rows(HOMES)))["B1"]["volume"]
    assert made.counts.suppressed_rows == released(rows(HOMES)).counts.suppressed_rows + 1


def test_a_home_seen_in_two_places_is_counted_where_it_has_most_rows() -> None:
    moved = pa.concat_tables([rows(HOMES, days=3), rows([(0, "B1", 100.0)])])
    found = lines(released(moved))
    assert (found["A1"]["foyers"], found["B1"]["foyers"]) == (40, 30)
    assert found["A1"]["volume"] == lines(released(rows(HOMES, days=3)))["A1"]["volume"] + 100
    counted_by_rows = rule(measures=(SUM,))
    assert lines(released(moved, counted_by_rows))["B1"]["volume"] == found["B1"]["volume"] + 100


def test_sums_are_rounded_so_that_totals_add_up() -> None:
    odd = [(unit, code, litres + 0.333) for unit, code, litres in HOMES]
    found = lines(released(rows(odd), rule(measures=(replace(SUM, decimals=1),))))
    assert found["B"]["volume"] == pytest.approx(sum(found[f"B{one}"]["volume"] for one in (1, 2, 3)), abs=1e-9)
    assert found["B1"]["volume"] == round(found["B1"]["volume"], 1)


def test_a_margin_may_stay_private() -> None:
    asked = rule(place=replace(PLACE, margin=False))
    made = released(rows(HOMES), asked)
    assert "Territoire" not in set(made.table["secteur"].to_pylist())
    assert codes(verdict(made, asked)) == set()
    again = released(rows(HOMES), asked, made)
    assert again.table.equals(made.table)


def test_two_dimensions_are_protected_together() -> None:
    data = pa.concat_tables([
        rows(HOMES), rows(homes({"A1": 14, "A2": 12, "B1": 3, "B2": 16}, first=500), usage="appartement"),
    ])  # fmt: skip
    asked = rule(usage=True)
    made = released(data, asked)
    assert codes(verdict(made, asked)) == set()
    assert made.counts.cells["D"] > 0
    secret = {(row["commune"], row["usage"]) for row in made.table.to_pylist() if row["statut"] == "secret"}
    assert {("A2", "maison"), ("B1", "appartement")} <= secret


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (rows([(1, "Territoire", 1.0)]), "label of the total"),
        (rows([(1, "A1", -1.0)]), "negative"),
        (rows([(None, "A1", 1.0)]), "no row has a known unit"),
        (rows([(1, "A1", 1.0)]).slice(0, 0), "no row has a known unit"),
    ],
)
def test_what_makes_no_table_is_refused(data: pa.Table, message: str) -> None:
    asked = rule(place=replace(PLACE, levels=("commune",)))
    with pytest.raises(TabulationError, match=message):
        released(data, asked)


def test_a_change_of_too_few_homes_is_not_published() -> None:
    first = released(rows(HOMES, days=3))
    few = [(unit, code, litres + (5 if unit is not None and unit < 9 else 0)) for unit, code, litres in HOMES]
    second = released(rows(few, days=3), None, first)
    assert second.table.equals(first.table)
    assert second.details["table"]["kept_cells"] == 1
    many = [(unit, code, litres + (5 if unit is not None and unit < 12 else 0)) for unit, code, litres in HOMES]
    third = released(rows(many, days=3), None, second, first)
    assert lines(third)["A1"]["volume"] == lines(first)["A1"]["volume"] + 12 * 5 * 3
    assert codes(verdict(third, None, second, first)) == set()


def test_a_cell_hidden_last_month_can_not_be_deduced_from_a_revision() -> None:
    first = released(rows(HOMES, days=3))
    grown = [*HOMES, *homes({"A2": 30}, first=700)]  # A2 has homes enough now, to be published alone
    second = released(rows(grown, days=3), None, first)
    assert codes(verdict(second, None, first)) == set()
    alone = released(rows(grown, days=3))
    assert lines(alone)["A2"]["statut"] == "publié"
    gone = released(rows([one for one in HOMES if one[1] != "A3"], days=3), None, first)
    assert codes(verdict(gone, None, first)) == set()
    assert lines(gone).get("A2", {"statut": "secret"})["statut"] == "secret"


def test_what_can_not_be_compared_stays_as_it_was() -> None:
    first = released(rows(HOMES, days=3))
    many = [(unit, code, litres + 50) for unit, code, litres in HOMES]
    rotated, forgotten = EarlierTable(first, comparable=False), EarlierTable(replace(first, lines=None))
    for old, why, code in ((rotated, ROTATED, "ROTATED"), (forgotten, FORGOTTEN, "FORGOTTEN")):
        second = apply_release(rows(many, days=3), rule(), UNIT, earlier=[old])
        assert second.table.equals(first.table)
        assert second.details["table"]["revision"] == why
        (told,) = verdict(second).remarks
        assert told.code == code
        assert "figé" in told.message


def test_a_figure_more_is_published_beside_those_that_are_kept() -> None:
    first = released(rows(HOMES, days=3), rule(measures=(SUM,)))
    few = [(unit, code, litres + (5 if unit == 1 else 0)) for unit, code, litres in HOMES]
    second = released(rows(few, days=3), rule(), first)
    assert lines(second)["A1"]["volume"] == lines(first)["A1"]["volume"]
    assert lines(second)["A1"]["foyers"] == 40
    assert codes(verdict(second, rule(), first)) == set()


def test_as_many_that_leave_as_come_do_not_stop_the_next_release() -> None:
    """Taking equal counts for unchanged cells would tell the count of a hidden neighbour: the table stays as it was."""
    asked = rule(minimum=3, dominance=0.6)
    first = released(rows(homes({"A1": 8, "A2": 1, "B1": 6})), asked)
    secret = {label for label, row in lines(first).items() if row["statut"] == "secret"}
    assert {"A1", "A2"} <= secret
    others = homes({"A1": 8, "A3": 3, "B1": 6}, first=100)
    second = released(rows([*others, (8, "A2", 101.0)]), asked, first)
    assert codes(verdict(second, asked, first)) == set()


def test_a_count_of_several_small_cells_is_feasible() -> None:
    made = released(rows(homes({"A1": 3, "A2": 2, "A3": 1, "B1": 30})), rule(dominance=None, measures=(COUNT,)))
    assert codes(verdict(made, rule(dominance=None, measures=(COUNT,)))) == set()
    assert lines(made)["A"]["statut"] == "secret"


def tampered(made: Released, label: str, **figures: Any) -> Released:
    """The candidate with other figures, or another status, in one row."""
    changed = made.table.to_pylist()
    place = next(n for n, row in enumerate(changed) if label in (row["commune"], row["nom"]))
    changed[place] |= figures
    return replace(made, table=pa.Table.from_pylist(changed, schema=made.table.schema))


def test_a_candidate_that_gives_a_cell_away_is_refused() -> None:
    made = released(rows(HOMES, days=3))
    secret = next(label for label in ("A1", "A3") if lines(made)[label]["statut"] == "secret")
    truth = sum(litres * 3 for _, code, litres in HOMES if code == secret)
    count = sum(code == secret for _, code, _ in HOMES)
    shown = tampered(made, secret, statut="publié", volume=int(truth), foyers=count, moyenne=round(truth / count, 1))
    assert codes(verdict(shown)) == {"DEDUCIBLE"}


def test_a_candidate_that_publishes_a_small_cell_or_another_figure_is_refused() -> None:
    made = released(rows(HOMES, days=3))
    truth = sum(litres * 3 for _, code, litres in HOMES if code == "A2")
    shown = tampered(made, "A2", statut="publié", volume=int(truth), foyers=6, moyenne=round(truth / 6, 1))
    assert {"MINIMUM_UNITS", "SECRET_PUBLISHED"} <= codes(verdict(shown))
    assert codes(verdict(tampered(made, "B1", volume=1))) == {"FIGURES"}


def test_an_earlier_release_that_tells_what_is_hidden_now_is_found() -> None:
    made = released(rows(HOMES, days=3))
    careless = rule(minimum=2)
    before = released(rows(HOMES, days=3), careless)
    assert lines(before)["A2"]["statut"] == "publié"
    assert codes(verdict(made, None, before)) == {"DEDUCIBLE"}


def test_a_table_that_is_all_secret_is_refused() -> None:
    assert "ALL_SECRET" in codes(verdict(released(rows(homes({"A1": 4})))))


def test_the_published_file_is_checked_from_itself(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    made = released(rows(HOMES, days=3))
    said = {check.METADATA: check.described(shape_of(rule())).encode()}
    pq.write_table(made.table.replace_schema_metadata(said), tmp_path / "bon.parquet")
    assert check.main([str(tmp_path / "bon.parquet")]) == 0
    assert "volume : 2 case(s) secrète(s)" in capsys.readouterr().out
    secret = next(label for label in ("A1", "A3") if lines(made)[label]["statut"] == "secret")
    shown = tampered(made, secret, statut="publié", volume=1, foyers=1, moyenne=1.0)
    with pytest.raises(UnprotectedTableError, match="1 of 1"):
        check.check_published(shown.table, shape_of(rule()))
    pq.write_table(shown.table, tmp_path / "muet.parquet")
    assert check.main([str(tmp_path / "muet.parquet")]) == 1
    assert "does not say" in capsys.readouterr().err


def test_rows_alone_may_be_counted() -> None:
    asked = rule(measures=(Measure("releves", "rows"), COUNT), dominance=None)
    found = lines(released(rows(HOMES, days=3), asked))
    assert found["B1"]["releves"] == 90
    assert {MEAN.name, SUM.name}.isdisjoint(found["B1"])
