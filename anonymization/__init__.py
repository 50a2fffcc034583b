"""Making data anonymous: free text, generalization, release rules, and measures of what was made.

Names are resolved on first use, so that importing the room costs nothing and a stage pays only for what it calls.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anonymization.candidate import ReleaseCounts, Released, released_schema
    from anonymization.generalization import Surroundings, generalize, known_generalizations
    from anonymization.release import apply_release
    from anonymization.risk import (
        Criterion,
        LinkageAttack,
        LinkedRelease,
        MinimalityAttack,
        ReleaseDifference,
        RiskReport,
        banded,
        compare_releases,
        link_register,
        measure_linked,
        reidentification_risk,
        revise_release,
        simulate_minimality,
    )

_HOMES = {
    "apply_release": "anonymization.release",
    "banded": "anonymization.risk",
    "compare_releases": "anonymization.risk",
    "Criterion": "anonymization.risk",
    "generalize": "anonymization.generalization",
    "known_generalizations": "anonymization.generalization",
    "link_register": "anonymization.risk",
    "LinkageAttack": "anonymization.risk",
    "LinkedRelease": "anonymization.risk",
    "measure_linked": "anonymization.risk",
    "MinimalityAttack": "anonymization.risk",
    "reidentification_risk": "anonymization.risk",
    "ReleaseCounts": "anonymization.candidate",
    "Released": "anonymization.candidate",
    "released_schema": "anonymization.candidate",
    "ReleaseDifference": "anonymization.risk",
    "revise_release": "anonymization.risk",
    "RiskReport": "anonymization.risk",
    "simulate_minimality": "anonymization.risk",
    "Surroundings": "anonymization.generalization",
}

__all__ = [
    "Criterion",
    "LinkageAttack",
    "LinkedRelease",
    "MinimalityAttack",
    "ReleaseCounts",
    "ReleaseDifference",
    "Released",
    "RiskReport",
    "Surroundings",
    "apply_release",
    "banded",
    "compare_releases",
    "generalize",
    "known_generalizations",
    "link_register",
    "measure_linked",
    "reidentification_risk",
    "released_schema",
    "revise_release",
    "simulate_minimality",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
