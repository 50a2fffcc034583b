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

_HOMES = {
    "ReleaseCounts": "anonymization.candidate",
    "Released": "anonymization.candidate",
    "Surroundings": "anonymization.generalization",
    "apply_release": "anonymization.release",
    "generalize": "anonymization.generalization",
    "known_generalizations": "anonymization.generalization",
    "released_schema": "anonymization.candidate",
}

__all__ = [
    "ReleaseCounts",
    "Released",
    "Surroundings",
    "apply_release",
    "generalize",
    "known_generalizations",
    "released_schema",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
