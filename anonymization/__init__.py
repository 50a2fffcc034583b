"""Making data anonymous: free text, generalization, release rules, and measures of what was made.

Names are resolved on first use, so that importing the room costs nothing and a stage pays only for what it calls.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anonymization.candidate import ReleaseCounts, Released, released_schema
    from anonymization.generalization import Surroundings, generalize, known_generalizations
    from anonymization.noise import BudgetLedger, Influence, NoisyFigures
    from anonymization.release import apply_release
    from anonymization.secrecy import (
        Dominance,
        ProtectedTable,
        SecrecyRules,
        Tabulation,
        protect_table,
        protect_tables,
        read_published,
    )

_HOMES = {
    "BudgetLedger": "anonymization.noise",
    "Dominance": "anonymization.secrecy",
    "Influence": "anonymization.noise",
    "NoisyFigures": "anonymization.noise",
    "ProtectedTable": "anonymization.secrecy",
    "ReleaseCounts": "anonymization.candidate",
    "Released": "anonymization.candidate",
    "SecrecyRules": "anonymization.secrecy",
    "Surroundings": "anonymization.generalization",
    "Tabulation": "anonymization.secrecy",
    "apply_release": "anonymization.release",
    "generalize": "anonymization.generalization",
    "known_generalizations": "anonymization.generalization",
    "protect_table": "anonymization.secrecy",
    "protect_tables": "anonymization.secrecy",
    "read_published": "anonymization.secrecy",
    "released_schema": "anonymization.candidate",
}

__all__ = [
    "BudgetLedger",
    "Dominance",
    "Influence",
    "NoisyFigures",
    "ProtectedTable",
    "ReleaseCounts",
    "Released",
    "SecrecyRules",
    "Surroundings",
    "Tabulation",
    "apply_release",
    "generalize",
    "known_generalizations",
    "protect_table",
    "protect_tables",
    "read_published",
    "released_schema",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
