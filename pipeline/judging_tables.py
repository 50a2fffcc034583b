"""Judges tables: a protected one is attacked from its file, with every version of it that was published before; a table
with noise must be what the ledger keeps.

Counts of secret cells go to the certificate; of rows and units behind them, nothing does.
"""

from __future__ import annotations

from anonymization.noise.mechanism import MICRO, micro
from anonymization.noise.tables import margins, published
from anonymization.secrecy.verdict import EarlierFile, measure_protected
from pipeline.candidate import Candidate
from pipeline.earlier_tables import distinct, earlier_candidates
from pipeline.hub import Hub
from pipeline.judging import Judgment
from pipeline.tabulating import INFEASIBLE, purse_name
from policies.contract import Contract

_NO_PATTERN = (
    "Aucun choix de cases secrètes ne protège ce tableau sous les règles du contrat : même en cachant tout ce qui peut "
    "l'être, un chiffre se devinerait de trop près. Rien n'en est publié et rien n'est perdu : il sera jugé de nouveau "
    "quand d'autres lignes arriveront, ou dès qu'on relancera sa diffusion sous un contrat révisé."
)


def judge_table(hub: Hub, contract: Contract, period: str, candidate: Candidate) -> Judgment:
    """Judge a protected table."""
    facts = dict(candidate.details.get("table", {}))
    if facts.get(INFEASIBLE):
        return Judgment((_NO_PATTERN,))
    earlier = [
        EarlierFile(one.candidate.table, one.candidate.evidence)
        for one in distinct(earlier_candidates(hub, contract, period))
        if one.candidate.evidence is not None and one.candidate.manifest.content != candidate.manifest.content
    ]
    found = measure_protected(
        candidate.table, candidate.evidence, contract.release, hub.territory.strategy, facts, earlier
    )
    told = {
        **facts,
        "cells": dict(candidate.counts.cells),
        "versions": len(earlier),
        "attacked": found.attacked.asked,
        "programs": found.attacked.programs,
        "narrowest": found.attacked.narrowest,
    }
    numbers = {"k": found.smallest, "largest_share": found.largest_share, "gap": facts.get("gap")}
    return Judgment(
        tuple(one.message for one in found.violations),
        tuple(one.message for one in found.remarks),
        {name: float(value) for name, value in numbers.items() if value is not None},
        {"table": told},
    )


def judge_noise(hub: Hub, contract: Contract, period: str, candidate: Candidate) -> Judgment:
    """Judge a table with noise: it is what the ledger keeps, paid for out of a budget that is not overdrawn."""
    unit, rule = contract.protection_unit, contract.release
    kept = hub.budgets.stored(str(contract.id), unit.kind, purse_name(contract, period)) if unit else None
    if unit is None or rule.noise is None or kept is None:
        return Judgment(("Ces chiffres ne sont pas au registre du budget de confidentialité.",))
    violations = []
    constants = {name: candidate.table[name][0].as_py() for name in candidate.table.schema.names}
    if not published(rule, kept, constants).equals(candidate.table):
        violations.append("Les chiffres ne sont pas ceux que garde le registre du budget de confidentialité.")
    if kept.micro_epsilon != micro(rule.noise.epsilon):
        violations.append("Ces chiffres ont été tirés à un autre coût que celui du contrat.")
    left = hub.budgets.left(str(contract.id), unit.kind)
    if left < 0:
        violations.append("Le budget de confidentialité est dépassé.")
    told = {
        "epsilon": rule.noise.epsilon,
        "budget_left": left / MICRO,
        "drawn_at": kept.drawn_at.isoformat(),
        "margins": margins(rule, kept),
    }
    numbers = {"epsilon": rule.noise.epsilon, "budget_left": left / MICRO}
    return Judgment(tuple(violations), numbers=numbers, details={"noise": told})
