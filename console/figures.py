"""Counts and measures as the pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console import french
from console.views import Figure
from storage import ReleaseRecord, RunOverview

_COLLECTED = ("rows_in", "rejected", "not_covered", "duplicates", "stored")
_SUPPRESSED = ("suppressed", "suppressed_rows", "suppressed_units", "suppressed_cells")
_MEASURES = {
    "k": "Plus petit groupe (k)",
    "prosecutor_risk": "Risque de retrouver une personne connue",
    "smallest_cell": "Plus petite cellule (unités)",
    "largest_share": "Plus forte part d'une seule unité",
    "residual_identifiers": "Identifiants encore repérables",
    "suppressed_share": "Part supprimée",
}


def figures_of(runs: Sequence[RunOverview], releases: Sequence[ReleaseRecord]) -> tuple[Figure, ...]:
    """What became of the rows: of the latest collection that brought any, and of the latest release.

    Args:
        runs: latest first.
        releases: the current release of each period.
    """
    collected = next((run.counts for run in runs if run.counts.get("rows_in") and "deidentify" in run.stages), {})
    prepared: Mapping[str, int] = next((run.counts for run in runs if "anonymize" in run.stages), {})
    found = [(french.count(name), collected[name]) for name in _COLLECTED if name in collected]
    found += [(french.count(name), prepared[name]) for name in _SUPPRESSED if name in prepared]
    if releases:
        found.append((french.count("published"), sum(release.rows for release in releases)))
    return tuple(Figure(label, french.number(value)) for label, value in found)


def measure(name: str, value: object) -> Figure:
    """A measure of a verdict; risks and shares as percentages."""
    label = _MEASURES.get(name, name.replace("_", " "))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Figure(label, "sans objet" if value is None else str(value))
    if name.endswith(("_risk", "_share")):
        return Figure(label, f"{french.number(value * 100.0, 1)}{french.SPACE}%")
    return Figure(label, french.number(value))
