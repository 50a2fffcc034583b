"""Privacy models: what a published table must satisfy, and the independent check that it does.

`definitions` says what the models are; `check` measures them on a table, with code that shares nothing with the search
in `anonymization.lattice`.
"""

from anonymization.models.check import Finding, check_models, require_models
from anonymization.models.definitions import (
    AverageRisk,
    DeltaPresence,
    DistinctLDiversity,
    EntropyLDiversity,
    KAnonymity,
    KMap,
    MaximumRisk,
    PrivacyModel,
    RecursiveCLDiversity,
    TCloseness,
)

__all__ = [
    "AverageRisk",
    "DeltaPresence",
    "DistinctLDiversity",
    "EntropyLDiversity",
    "Finding",
    "KAnonymity",
    "KMap",
    "MaximumRisk",
    "PrivacyModel",
    "RecursiveCLDiversity",
    "TCloseness",
    "check_models",
    "require_models",
]
