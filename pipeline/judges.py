"""Which judge each kind of release has. A kind without one has nothing to add to what is measured of all."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.candidate import Candidate
from pipeline.hub import Hub
from pipeline.judging import Judge, Judgment
from pipeline.judging_records import judge_records
from pipeline.judging_tables import judge_noise, judge_table
from policies.contract import Contract

JUDGES: Mapping[str, Judge] = {
    "records": judge_records,
    "protected_table": judge_table,
    "noisy_table": judge_noise,
}


def judge(hub: Hub, contract: Contract, period: str, candidate: Candidate) -> Judgment:
    """Judge a candidate by the judge of its kind."""
    found = JUDGES.get(contract.release.kind)
    return found(hub, contract, period, candidate) if found else Judgment()
