"""Everything that is measured of records released under models: what the verdict judges and the certificate says.

Only the published rows are looked at, with the labels of their units beside them as evidence, and the same of every
earlier release of the period. Nothing is imported from the search; models are checked by
:mod:`anonymization.models.check`. Answers are French sentences and plain JSON; they quote no value of the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from anonymization.errors import MeasurementError
from anonymization.models import Finding, KAnonymity, check_models
from anonymization.models.definitions import PrivacyModel
from anonymization.risk.earlier import ReleaseDifference, compare_releases
from anonymization.risk.report import RiskReport, reidentification_risk

UNIT = "\0unit"
_DIGITS = 4
_NAMES = {"singling_out": "individualisation", "linkability": "corrélation", "inference": "inférence"}


@dataclass(frozen=True, slots=True)
class EarlierRows:
    """An earlier release of the period: its rows, labels of their units, and the levels they were generalized to."""

    table: pa.Table
    labels: pa.Array | pa.ChunkedArray | None  # None where they can not be compared with the candidate's
    steps: Any  # as in the details of a candidate; None where they are not known


@dataclass(frozen=True, slots=True)
class RecordsRisk:
    """What was found. `violations` refuse the candidate; `details` is JSON for the certificate."""

    violations: tuple[str, ...]
    remarks: tuple[str, ...]
    numbers: Mapping[str, float]
    details: Mapping[str, Any]


def measure_records(
    table: pa.Table,
    labels: pa.Array | pa.ChunkedArray,
    quasi_identifiers: Sequence[str],
    models: Sequence[PrivacyModel],
    floor: int,
    *,
    sensitive: Sequence[str] = (),
    population: pa.Table | None = None,
    earlier: Sequence[EarlierRows] = (),
    steps: Any = None,
) -> RecordsRisk:
    """Measure a candidate that has rows.

    Args:
        table: the published rows.
        labels: the unit of each row; null where unknown. Of one period, the same unit has the same label.
        quasi_identifiers: the published columns whose combinations are the classes.
        models: what the contract asks for.
        floor: the strategy's smallest class, or the contract's if larger.
        sensitive: published columns whose disclosure is measured.
        population: one row a member, generalized as the table is, where the contract declares one.
        earlier: every earlier release of the period with the same columns, oldest first.
        steps: the levels the table was generalized to.

    Raises:
        MeasurementError: table and labels do not belong together.
    """
    if len(labels) != table.num_rows:
        raise MeasurementError("records and evidence do not have the same number of rows")
    keys, whole = list(quasi_identifiers), table.append_column(UNIT, labels)
    findings = check_models(whole, keys, [*models, KAnonymity(floor)], unit=UNIT)
    risk = reidentification_risk(whole, keys, population, unit=UNIT, sensitive=sensitive, threshold=1 / floor)
    differences = [_difference(one, whole, keys, floor, steps) for one in earlier]
    violations = [
        f"Le modèle {name_of(found.model)} n'est pas satisfait par les données produites."
        for found in findings
        if not found.satisfied
    ]
    isolated = sum(found.isolated + crossed for found, crossed in differences)
    if isolated:
        violations.append(
            f"Comparée aux publications précédentes de la période, {isolated} groupe(s) diffèrent de moins de "
            f"{floor} unités : la différence désignerait quelqu'un."
        )
    remarks = [
        f"Critère du G29 non rempli ({_NAMES[criterion.name]}). {criterion.sentence}"
        for criterion in risk.criteria
        if not criterion.met
    ]
    numbers = {
        "linked_correctly": risk.linkage.correct,
        "linked_certainly": risk.linkage.certain,
        "sample_uniques": risk.sample_uniques,
        "earlier_releases": float(len(differences)),
        "isolated_classes": float(isolated),
    }
    details = {"models": _models(findings[:-1]), "risk": _risk(risk), "earlier": _earlier(differences)}
    return RecordsRisk(tuple(violations), tuple(remarks), numbers, details)


def name_of(model: PrivacyModel) -> str:
    """A model's name as contracts write it: « k_anonymity »."""
    return _WRITTEN[type(model).__name__]


_WRITTEN = {
    "KAnonymity": "k_anonymity",
    "DistinctLDiversity": "distinct_l_diversity",
    "EntropyLDiversity": "entropy_l_diversity",
    "RecursiveCLDiversity": "recursive_c_l_diversity",
    "TCloseness": "t_closeness",
    "KMap": "k_map",
    "DeltaPresence": "delta_presence",
    "MaximumRisk": "maximum_risk",
    "AverageRisk": "average_risk",
}


def _difference(
    one: EarlierRows, later: pa.Table, keys: list[str], k: int, steps: Any
) -> tuple[ReleaseDifference, int]:
    if one.labels is None:  # no unit is known: whatever row changed is one
        later = later.set_column(later.num_columns - 1, UNIT, pa.nulls(later.num_rows, pa.int64()))
    labels = pa.nulls(one.table.num_rows, pa.int64()) if one.labels is None else one.labels
    before = one.table.append_column(UNIT, labels)
    if before.num_rows == 0:
        return ReleaseDifference(0, 0, 0, 0, None), 0
    found = compare_releases(before, later, keys, UNIT, k)
    return found, 0 if one.steps == steps else _crossed(before, later, keys, k) + _crossed(later, before, keys, k)


def _crossed(one: pa.Table, other: pa.Table, keys: list[str], k: int) -> int:
    """Classes of which fewer than k units are missing from the whole other release.

    Where levels changed between two releases, a coarse class of one less the finer classes of the other is what is
    left: those of its units that the other does not have.
    """
    mine, theirs = pl.from_arrow(one.select([*keys, UNIT])), pl.from_arrow(other.select([UNIT]))
    assert isinstance(mine, pl.DataFrame)  # noqa: S101 (a table never becomes a series)
    assert isinstance(theirs, pl.DataFrame)  # noqa: S101
    alone = mine.drop_nulls(UNIT).join(theirs.drop_nulls(), on=UNIT, how="anti")
    return alone.group_by(keys).agg(pl.col(UNIT).n_unique().alias("n")).filter(pl.col("n") < k).height


def _models(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {"model": name_of(found.model), "measured": round(found.measured, _DIGITS), "satisfied": found.satisfied}
        for found in findings
    ]


def _risk(risk: RiskReport) -> dict[str, Any]:
    """The report as JSON, shares rounded."""
    plain = asdict(risk)
    plain["criteria"] = [asdict(criterion) for criterion in risk.criteria]
    rounded: dict[str, Any] = _rounded(plain)
    return rounded


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(under) for name, under in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(under) for under in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def _earlier(differences: Sequence[tuple[ReleaseDifference, int]]) -> dict[str, int]:
    """How many releases were compared, and how many classes differ from one of them."""
    return {
        "compared": len(differences),
        "changed_classes": sum(found.changed_classes for found, _ in differences),
        "isolated": sum(found.isolated + crossed for found, crossed in differences),
    }
