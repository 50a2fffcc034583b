"""The table that ends a demonstration: what happened to each dataset's rows, read from the hub's journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from storage.journal import Journal

VERDICTS = {"publishable": "publiable", "needs_approval": "à approuver", "refused": "refusé"}
RUNS_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Summary:
    """One dataset's line. Rows in, rejected and not covered are the source's; suppressed and published the output's."""

    dataset: str
    rows_in: int
    rejected: int
    not_covered: int
    suppressed: int
    published: int
    seconds: float
    verdict: str


def summarize(journal: Journal, dataset: str, since: datetime) -> Summary:
    """Add up the runs of ``dataset`` that started at ``since`` or later."""
    runs = [run.run_id for run in journal.runs(dataset, RUNS_LOOKED_AT) if run.started_at >= since]
    details = [detail for run in runs if (detail := journal.run(run, dataset)) is not None]
    stages = [stage for detail in details for stage in detail.stages]
    overview = journal.dataset_overview(dataset)
    verdict = overview.last_verdict.verdict if overview.last_verdict else ""

    def total(stage_name: str, count: str) -> int:
        return sum(stage.counts.get(count, 0) for stage in stages if stage.stage == stage_name)

    return Summary(
        dataset=dataset,
        rows_in=total("deidentify", "rows_in"),
        rejected=total("deidentify", "rejected"),
        not_covered=total("deidentify", "not_covered"),
        suppressed=total("assess", "suppressed_rows"),
        published=sum(release.rows for detail in details for release in detail.releases),
        seconds=sum(stage.seconds or 0.0 for stage in stages),
        verdict=VERDICTS.get(verdict, verdict or "aucun"),
    )


def table(summaries: Iterable[Summary]) -> Table:
    """Return the summaries as a table."""
    from rich.table import Table

    shown = Table(box=None, header_style="bold", padding=(0, 2))
    shown.add_column("jeu de données")
    for title in ("reçues", "rejetées", "non couvertes", "supprimées", "publiées", "secondes"):
        shown.add_column(title, justify="right")
    shown.add_column("verdict")
    for line in summaries:
        counts = (line.rows_in, line.rejected, line.not_covered, line.suppressed, line.published)
        shown.add_row(
            line.dataset, *(f"{count:,}".replace(",", " ") for count in counts), f"{line.seconds:.1f}", line.verdict
        )
    return shown
