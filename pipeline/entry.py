"""The journey's stages as an orchestrator calls them: plain JSON in, plain JSON out, one function a stage.

Each call is its own process or task: it loads settings and contract, builds the collaborators that stage may have (one
object-store credential, one run token), runs the stage, writes its report and lineage, and returns what the next stage
needs: a :class:`~storage.DatasetRef` as JSON and counts, never rows. The order is

    ingest -> deidentify        (one run a visit to the operator; returns the periods it touched)
    anonymize -> assess -> [decide] -> publish      (one run a period)
"""

from __future__ import annotations

from typing import Any, TypedDict

RefJson = dict[str, Any]


class Touched(TypedDict):
    """What *deidentify* returns."""

    periods: list[str]  # closed and changed: to be released
    open_periods: list[str]  # changed, but not closed yet
    counts: dict[str, int]  # rows_in, rejected, not_covered, duplicates, stored


class Judged(TypedDict):
    """What *assess* returns."""

    candidate: RefJson
    verdict: str  # "publishable" | "needs_approval" | "refused"
    reasons: list[str]  # French, one sentence each
    counts: dict[str, int]  # candidate_rows, suppressed_rows, …
    measures: dict[str, float]  # k, prosecutor_risk, …


def ingest(dataset: str, run_id: str) -> list[RefJson]:
    """Fetch what is new from the operator and seal it in landing; return one ref a delivery (repeats left out)."""
    raise NotImplementedError


def deidentify(dataset: str, run_id: str, deliveries: list[RefJson]) -> Touched:
    """Make the deliveries' rows pseudonymous, merge them by period in trusted, and mark the dirty periods."""
    raise NotImplementedError


def anonymize(dataset: str, period: str, run_id: str) -> RefJson:
    """Apply the contract's release rule to a period; return the candidate."""
    raise NotImplementedError


def assess(dataset: str, period: str, run_id: str, candidate: RefJson) -> Judged:
    """Measure the candidate against contract and strategy; store and return the verdict."""
    raise NotImplementedError


def decide(
    dataset: str,
    period: str,
    run_id: str,
    candidate: RefJson,
    *,
    approved: bool,
    decided_by: str,
    triggered_by: str | None,
    comment: str = "",
) -> dict[str, Any]:
    """Write the decision row that *publish* asks for. Refuses the contract's authors and the run's trigger."""
    raise NotImplementedError


def publish(dataset: str, period: str, run_id: str, candidate: RefJson) -> dict[str, Any]:
    """Promote the candidate to open and make or update its CKAN page; return its address and row count."""
    raise NotImplementedError
