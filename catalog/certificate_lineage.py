"""Where each published column comes from, as the contract says it: what a certificate's picture of lineage draws.

Column lineage as events (OpenLineage) is :mod:`catalog.lineage`; this is the same, told to a reader.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.treatments import BLUR
from policies import Contract, Measure, ReleasedColumn
from policies.tabulated import STATUS_NOTE

_FUNCTIONS = {
    "sum": "total par groupe",
    "mean": "moyenne par groupe",
    "median": "médiane par groupe",
    "units": "nombre d'unités distinctes",
    "rows": "nombre de lignes",
}


@dataclass(frozen=True, slots=True)
class PublishedColumn:
    """A column of the published files, and what it is made of."""

    name: str
    label: str  # French
    sources: tuple[str, ...]  # columns of the source, by their names in the contract; none where it is added
    how: str  # French: what became of them


def published_columns(contract: Contract) -> tuple[PublishedColumn, ...]:
    """Return every published column, in the order of the files."""
    rule = contract.release
    found = [_column(each) for each in rule.columns] + [_measure(contract, each) for each in rule.measures]
    if rule.status:
        found.append(PublishedColumn(rule.status, STATUS_NOTE, (), "ajoutée par l'anonymisation"))
    return tuple(found)


def _column(column: ReleasedColumn) -> PublishedColumn:
    how = BLUR.get(column.generalization, "sans changement" if column.generalization == "identity" else "calculée")
    return PublishedColumn(column.name, column.description, column.sources, how)


def _measure(contract: Contract, measure: Measure) -> PublishedColumn:
    source = measure.column
    if measure.function == "units" and contract.protection_unit:
        source = contract.protection_unit.column
    return PublishedColumn(measure.name, measure.description, (source,) if source else (), _FUNCTIONS[measure.function])
