"""Counts and measures as the pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console import french
from console.views import Figure
from storage import ReleaseRecord, RunOverview

_COLLECTED = ("rows_in", "rejected", "not_covered", "duplicates", "stored")
_SUPPRESSED = ("suppressed_rows", "suppressed_cells")
_REASON = "rejected_"
_FOUND = "found_"


def figures_of(runs: Sequence[RunOverview], releases: Sequence[ReleaseRecord]) -> tuple[Figure, ...]:
    """What became of the rows: of the latest collection that brought any, and of the latest release. No zeros.

    Args:
        runs: latest first.
        releases: the current release of each period.
    """
    collected = next((run.counts for run in runs if run.counts.get("rows_in") and "deidentify" in run.stages), {})
    prepared: Mapping[str, int] = next((run.counts for run in runs if "anonymize" in run.stages), {})
    found = [(french.count(name), collected[name]) for name in _COLLECTED if collected.get(name)]
    found += [(french.count(name), prepared[name]) for name in _SUPPRESSED if prepared.get(name)]
    if releases:
        found.append((french.count("published"), sum(release.rows for release in releases)))
    return tuple(Figure(label, french.number(value)) for label, value in found)


def counts_of(counts: Mapping[str, int]) -> tuple[Figure, ...]:
    """A stage's counts in the order of the journey, reasons of rejection left out."""
    order = list(french.COUNTS)
    shown = sorted(
        ((name, value) for name, value in counts.items() if not name.startswith((_REASON, _FOUND))),
        key=lambda item: order.index(item[0]) if item[0] in order else len(order),
    )
    return tuple(Figure(french.count(name), french.number(value)) for name, value in shown)


def rejections_of(counts: Mapping[str, int]) -> tuple[Figure, ...]:
    """Why rows were rejected, most frequent first."""
    found = {name.removeprefix(_REASON): value for name, value in counts.items() if name.startswith(_REASON)}
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Figure(french.reason(code), french.number(value)) for code, value in ordered)


def found_of(counts: Mapping[str, int]) -> tuple[Figure, ...]:
    """Personal data found in free text, by kind, most frequent first."""
    found = {name.removeprefix(_FOUND): value for name, value in counts.items() if name.startswith(_FOUND)}
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Figure(kind, french.number(value)) for kind, value in ordered)


def measures_of(measures: Mapping[str, object]) -> tuple[Figure, ...]:
    """A verdict's measures, the ones that matter most first."""
    order = list(french.MEASURES)
    names = sorted(measures, key=lambda name: order.index(name) if name in order else len(order))
    return tuple(measure(name, measures[name]) for name in names)


def measure(name: str, value: object) -> Figure:
    """A measure of a verdict; risks and shares as percentages."""
    label = french.MEASURES.get(name, name.replace("_", " "))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Figure(label, "sans objet" if value is None else str(value))
    if name.endswith(("_risk", "_share")):
        return Figure(label, f"{french.number(value * 100.0, 1)}{french.SPACE}%")
    return Figure(label, french.number(value))
