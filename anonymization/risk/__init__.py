"""Risk, measured on what is published: re-identification, the criteria of WP29 05/2014, attacks, earlier releases.

Everything here reads published tables (with their units beside them, as evidence) and shares nothing with the search.
"""

from anonymization.risk.attacks import LinkageAttack, link_register
from anonymization.risk.earlier import ReleaseDifference, compare_releases, held_classes, revise_release
from anonymization.risk.linked import LinkedRelease, measure_linked
from anonymization.risk.minimality import MinimalityAttack, simulate_minimality
from anonymization.risk.records import EarlierRows, RecordsRisk, measure_records
from anonymization.risk.report import Criterion, RiskReport, reidentification_risk
from anonymization.risk.wording import banded

__all__ = [
    "Criterion",
    "EarlierRows",
    "LinkageAttack",
    "LinkedRelease",
    "MinimalityAttack",
    "RecordsRisk",
    "ReleaseDifference",
    "RiskReport",
    "banded",
    "compare_releases",
    "held_classes",
    "link_register",
    "measure_linked",
    "measure_records",
    "reidentification_risk",
    "revise_release",
    "simulate_minimality",
]
