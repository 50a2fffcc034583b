"""Measures a candidate as an outsider would find it, and compares it with what rule and strategy promise.

Shares no code with what made the candidate: everything is counted again, with Arrow's own kernels, from the published
rows and from the evidence that joins them to protection units. Nothing here changes a row.

Terms: an equivalence class is the set of published rows alike in every quasi-identifier (Samarati and Sweeney 1998);
prosecutor risk is one over the size of the smallest class, its average is over published rows (El Emam and Dankar
2008). Sizes are in protection units, never in rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from anonymization.candidate import ReleaseCounts, released_schema
from anonymization.differences import Earlier, changed_cells
from anonymization.residuals import ResidualIdentifier, scan
from anonymization.sizes import Sizes, sizes_of
from policies.contract import ProtectionUnit, ReleaseRule, Strategy


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the verdict must mention. `message` is French and quotes no value of the data."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured. A figure is None where it has no meaning (nothing protected, nothing published)."""

    rows: int
    k: int | None  # fewest units in a class (records) or a cell (aggregate)
    prosecutor_risk: float | None
    average_risk: float | None
    smallest_cell: int | None  # fewest published rows in a class (records), fewest source rows in a cell (aggregate)
    largest_share: float | None  # of one unit in any summed or averaged measure of any cell
    suppressed_share: float
    residuals: tuple[ResidualIdentifier, ...]
    changed_cells: int | None  # cells that differ from an earlier release by too few units
    violations: tuple[Finding, ...]  # any of them refuses the candidate
    remarks: tuple[Finding, ...]  # for the steward to weigh

    def numbers(self) -> dict[str, float]:
        """The figures that have a meaning, by name."""
        figures = {
            "rows": self.rows,
            "k": self.k,
            "prosecutor_risk": self.prosecutor_risk,
            "average_risk": self.average_risk,
            "smallest_cell": self.smallest_cell,
            "largest_share": self.largest_share,
            "suppressed_share": self.suppressed_share,
            "residual_identifiers": sum(residual.texts for residual in self.residuals),
            "changed_cells": self.changed_cells,
        }
        return {name: float(value) for name, value in figures.items() if value is not None}


def measure_release(
    table: pa.Table,
    evidence: pa.Table | None,
    rule: ReleaseRule,
    protection_unit: ProtectionUnit | None,
    strategy: Strategy,
    counts: ReleaseCounts,
    earlier: Earlier | None = None,
) -> Measures:
    """Measure a candidate.

    Args:
        table: the published rows.
        evidence: what :class:`~anonymization.candidate.Released` says of the units behind them.
        rule: what the contract asks of them.
        protection_unit: whom the contract protects, if anyone.
        strategy: the territory's floors; the stricter of rule and strategy holds.
        counts: what the release left out.
        earlier: the last release of the same period, if there is one.

    Raises:
        MeasurementError: table and evidence do not belong together.
    """
    violations = _shape_violations(table, rule)
    sizes = None
    if protection_unit is not None and rule.kind in ("records", "aggregate"):  # tables have judges of their own
        sizes = sizes_of(table, evidence, rule)
        violations += _floor_violations(sizes, rule, strategy)
        violations += _figure_violations(table, evidence, rule) if rule.kind == "aggregate" else []
    if counts.suppressed_share > rule.suppression_limit:
        violations.append(
            Finding(
                "SUPPRESSION_LIMIT",
                f"La suppression retire {counts.suppressed_share:.1%} des lignes, "
                f"plus que la limite du contrat ({rule.suppression_limit:.1%}).",
            )
        )
    residuals = scan(table, about_people=protection_unit is not None)
    remarks = _residual_findings(residuals)
    if protection_unit is not None:
        violations, remarks = violations + remarks, []
    changed = _difference(table, sizes, rule, strategy, earlier)
    if changed:
        remarks.append(
            Finding("DIFFERENCE", f"{changed} cellule(s) diffèrent de la publication précédente de trop peu d'unités.")
        )
    if table.num_rows == 0:
        remarks.append(Finding("EMPTY", "Aucune ligne ne peut être publiée pour cette période."))
    return _measures(table, sizes, counts, residuals, changed, violations, remarks)


def _measures(
    table: pa.Table,
    sizes: Sizes | None,
    counts: ReleaseCounts,
    residuals: tuple[ResidualIdentifier, ...],
    changed: int | None,
    violations: list[Finding],
    remarks: list[Finding],
) -> Measures:
    some = sizes is not None and len(sizes.units) > 0
    k = pc.min(sizes.units).as_py() if sizes and some else None
    average = None
    if sizes and some and k:
        risk = pc.divide(pc.cast(sizes.published, pa.float64()), pc.cast(sizes.units, pa.float64()))
        average = pc.sum(risk).as_py() / pc.sum(sizes.published).as_py()
    return Measures(
        rows=table.num_rows,
        k=k,
        prosecutor_risk=(1 / k if k else 1.0) if some else None,
        average_risk=(average if k else 1.0) if some else None,
        smallest_cell=pc.min(sizes.rows).as_py() if sizes and some else None,
        largest_share=sizes.largest_share if sizes else None,
        suppressed_share=counts.suppressed_share,
        residuals=residuals,
        changed_cells=changed,
        violations=tuple(violations),
        remarks=tuple(remarks),
    )


def _shape_violations(table: pa.Table, rule: ReleaseRule) -> list[Finding]:
    declared = released_schema(rule).names
    found = []
    if table.schema.names != declared:
        found.append(Finding("UNDECLARED_COLUMNS", "Les colonnes du résultat ne sont pas celles du contrat."))
    if any(pa.types.is_binary(field.type) or pa.types.is_fixed_size_binary(field.type) for field in table.schema):
        found.append(Finding("PSEUDONYM", "Une colonne du résultat contient des pseudonymes."))
    keys = [column.name for column in rule.columns if column.name in table.schema.names]
    if rule.kind == "aggregate" and keys and table.group_by(keys).aggregate([]).num_rows != table.num_rows:
        found.append(Finding("DUPLICATE_CELLS", "Une même cellule apparaît plusieurs fois."))
    return found


def _floor_violations(sizes: Sizes, rule: ReleaseRule, strategy: Strategy) -> list[Finding]:
    found = []
    floor = _floor(rule, strategy)
    few = pc.sum(pc.less(sizes.units, floor)).as_py() or 0
    if few:
        what, code = ("classe(s)", "K") if rule.kind == "records" else ("cellule(s)", "MINIMUM_UNITS")
        found.append(Finding(code, f"{few} {what} comptent moins de {floor} unités protégées distinctes."))
    limits = [strategy.maximum_dominance, *([rule.dominance] if rule.dominance is not None else [])]
    if sizes.largest_share is not None and sizes.largest_share > min(limits) * (1 + 1e-12):
        share = f"{sizes.largest_share:.1%}"
        found.append(Finding("DOMINANCE", f"Une unité pèse {share} d'une cellule, au-delà de {min(limits):.1%}."))
    return found


def _floor(rule: ReleaseRule, strategy: Strategy) -> int:
    if rule.kind == "records":
        return max(rule.k or 0, strategy.minimum_k)
    return max(rule.minimum_units or 0, strategy.minimum_units)


def _figure_violations(table: pa.Table, evidence: pa.Table | None, rule: ReleaseRule) -> list[Finding]:
    """Whether published sums and counts are those of the evidence, to the last published decimal."""
    if evidence is None or table.num_rows == 0:
        return []
    cells = evidence.group_by("cell")
    expected: dict[str, Callable[[str | None], pa.Table]] = {
        "units": lambda _: cells.aggregate([("unit", "count_distinct")]).sort_by("cell")["unit_count_distinct"],
        "rows": lambda _: cells.aggregate([("rows", "sum")]).sort_by("cell")["rows_sum"],
        "sum": lambda name: cells.aggregate([(f"sum:{name}", "sum")]).sort_by("cell")[f"sum:{name}_sum"],
    }
    found = []
    for measure in rule.measures:
        if measure.function not in expected or measure.name not in table.schema.names:
            continue
        truth = pc.cast(expected[measure.function](measure.column), pa.float64())
        gap = pc.max(pc.abs(pc.subtract(truth, pc.cast(table[measure.name], pa.float64())))).as_py() or 0.0
        largest = pc.max(pc.abs(truth)).as_py() or 0.0
        if gap > 0.5 * 10.0**-measure.decimals + 1e-9 * largest:
            found.append(Finding("FIGURES", f"La mesure « {measure.name} » n'est pas celle des unités comptées."))
    return found


def _residual_findings(residuals: tuple[ResidualIdentifier, ...]) -> list[Finding]:
    return [
        Finding(
            "RESIDUAL_IDENTIFIER",
            f"La colonne « {residual.column} » contient {residual.texts} texte(s) où se lit un identifiant "
            f"({residual.kind}).",
        )
        for residual in residuals
    ]


def _difference(
    table: pa.Table, sizes: Sizes | None, rule: ReleaseRule, strategy: Strategy, earlier: Earlier | None
) -> int | None:
    if earlier is None or sizes is None:
        return None
    return changed_cells(
        table, sizes.units if rule.kind == "aggregate" else None, rule, earlier, _floor(rule, strategy)
    )
