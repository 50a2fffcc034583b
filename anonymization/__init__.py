"""Making data anonymous: free text, generalization, release rules, and measures of what was made.

Names are resolved on first use, so that importing the room costs nothing and a stage pays only for what it calls.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anonymization.candidate import ReleaseCounts, Released, released_schema
    from anonymization.generalization import Surroundings, generalize, known_generalizations
    from anonymization.hierarchies import (
        Hierarchy,
        from_csv,
        from_grid,
        from_intervals,
        from_iris,
        from_prefixes,
        from_tree,
    )
    from anonymization.lattice import (
        Combinations,
        GeneralizationResult,
        RecodedTable,
        count_combinations,
        generalization_at,
        local_recoding,
        mondrian,
        optimal_generalization,
    )
    from anonymization.models import (
        AverageRisk,
        DeltaPresence,
        DistinctLDiversity,
        EntropyLDiversity,
        Finding,
        KAnonymity,
        KMap,
        MaximumRisk,
        RecursiveCLDiversity,
        TCloseness,
        check_models,
        require_models,
    )
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
    "AverageRisk": "anonymization.models",
    "banded": "anonymization.risk",
    "check_models": "anonymization.models",
    "Combinations": "anonymization.lattice",
    "compare_releases": "anonymization.risk",
    "count_combinations": "anonymization.lattice",
    "Criterion": "anonymization.risk",
    "DeltaPresence": "anonymization.models",
    "DistinctLDiversity": "anonymization.models",
    "EntropyLDiversity": "anonymization.models",
    "Finding": "anonymization.models",
    "from_csv": "anonymization.hierarchies",
    "from_grid": "anonymization.hierarchies",
    "from_intervals": "anonymization.hierarchies",
    "from_iris": "anonymization.hierarchies",
    "from_prefixes": "anonymization.hierarchies",
    "from_tree": "anonymization.hierarchies",
    "GeneralizationResult": "anonymization.lattice",
    "generalization_at": "anonymization.lattice",
    "generalize": "anonymization.generalization",
    "Hierarchy": "anonymization.hierarchies",
    "KAnonymity": "anonymization.models",
    "KMap": "anonymization.models",
    "known_generalizations": "anonymization.generalization",
    "link_register": "anonymization.risk",
    "LinkageAttack": "anonymization.risk",
    "LinkedRelease": "anonymization.risk",
    "local_recoding": "anonymization.lattice",
    "MaximumRisk": "anonymization.models",
    "measure_linked": "anonymization.risk",
    "MinimalityAttack": "anonymization.risk",
    "mondrian": "anonymization.lattice",
    "optimal_generalization": "anonymization.lattice",
    "RecodedTable": "anonymization.lattice",
    "RecursiveCLDiversity": "anonymization.models",
    "reidentification_risk": "anonymization.risk",
    "ReleaseCounts": "anonymization.candidate",
    "Released": "anonymization.candidate",
    "released_schema": "anonymization.candidate",
    "ReleaseDifference": "anonymization.risk",
    "require_models": "anonymization.models",
    "revise_release": "anonymization.risk",
    "RiskReport": "anonymization.risk",
    "simulate_minimality": "anonymization.risk",
    "Surroundings": "anonymization.generalization",
    "TCloseness": "anonymization.models",
}

__all__ = [
    "AverageRisk",
    "Combinations",
    "Criterion",
    "DeltaPresence",
    "DistinctLDiversity",
    "EntropyLDiversity",
    "Finding",
    "GeneralizationResult",
    "Hierarchy",
    "KAnonymity",
    "KMap",
    "LinkageAttack",
    "LinkedRelease",
    "MaximumRisk",
    "MinimalityAttack",
    "RecodedTable",
    "RecursiveCLDiversity",
    "ReleaseCounts",
    "ReleaseDifference",
    "Released",
    "RiskReport",
    "Surroundings",
    "TCloseness",
    "apply_release",
    "banded",
    "check_models",
    "compare_releases",
    "count_combinations",
    "from_csv",
    "from_grid",
    "from_intervals",
    "from_iris",
    "from_prefixes",
    "from_tree",
    "generalization_at",
    "generalize",
    "known_generalizations",
    "link_register",
    "local_recoding",
    "measure_linked",
    "mondrian",
    "optimal_generalization",
    "reidentification_risk",
    "released_schema",
    "require_models",
    "revise_release",
    "simulate_minimality",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
