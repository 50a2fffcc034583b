"""Fifth stage, where the strategy asks for a person: their decision, bound to exactly what they saw.

The row written here is what *publish* asks for. The state of a task in the orchestrator proves nothing: an operator can
mark a task successful.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.lineage import Stage
from pipeline.errors import InvalidDecisionError
from pipeline.hub import Hub
from pipeline.stage import stage
from policies.contract import Contract
from storage import DatasetRef


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what on a candidate. `triggered_by`: who started the run, if a person did."""

    approved: bool
    decided_by: str
    triggered_by: str | None = None
    comment: str = ""


def decide(hub: Hub, contract: Contract, run_id: str, period: str, ref: DatasetRef, decision: Decision) -> None:
    """Record a decision.

    Raises:
        InvalidDecisionError: nothing is waiting for one, or this person may not take it.
    """
    with stage(hub, Stage.DECIDE, contract, run_id, period, [ref]) as report:
        verdict = hub.journal.verdict(ref.digest)
        if verdict is None or verdict.verdict != "needs_approval":
            raise InvalidDecisionError(
                f"{contract.id} {period}: no verdict on this candidate is waiting for a decision"
            )
        _check_person(contract, period, decision)
        hub.journal.record_decision(
            ref.digest,
            contract.digest,
            hub.territory.strategy.digest,
            decision.approved,
            decision.decided_by,
            decision.triggered_by,
            decision.comment,
            hub.now(),
        )
        report.add(approved=int(decision.approved), refused=int(not decision.approved))


def _check_person(contract: Contract, period: str, decision: Decision) -> None:
    """Nobody approves what they wrote or what they started."""
    if not decision.decided_by:
        raise InvalidDecisionError(f"{contract.id} {period}: a decision needs the name of who takes it")
    if decision.approved and decision.decided_by in contract.authors:
        raise InvalidDecisionError(
            f"{contract.id} {period}: an author of the contract can not approve its release; ask another steward"
        )
    if decision.approved and decision.decided_by == decision.triggered_by:
        raise InvalidDecisionError(
            f"{contract.id} {period}: whoever started the run can not approve it; ask another steward"
        )
