"""From what a contract writes of a search to a :class:`~policies.generalized.SearchRule`, files of the territory read.

Shape only, as in :mod:`policies.odcs`: :mod:`policies.generalized_rules` judges what it says.
"""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from policies.contract import Contract
from policies.declared import DeclaredRelease
from policies.generalized import HierarchyRule, ModelRule, SearchRule
from policies.hierarchy_files import read_file

SEARCHED = frozenset({"models", "hierarchies", "metric", "weights", "local_recoding", "levels_fixed_for"})
"""The fields of a declared release that make its search."""

_MONTHS = re.compile(r"P(?:(\d{1,2})Y)?(?:(\d{1,2})M)?")


def read_search(declared: DeclaredRelease, folder: Path) -> SearchRule | None:
    """The search that a release asks for; None where it asks for none."""
    if not any(name in declared.model_fields_set for name in SEARCHED):
        return None
    hierarchies = tuple(
        HierarchyRule(column, **rule.model_dump(), content=_content(folder, rule.file))
        for column, rule in declared.hierarchies.items()
    )
    models = tuple(
        ModelRule(**rule.model_dump(), content=_content(folder, rule.population or rule.tree))
        for rule in declared.models
    )
    return SearchRule(
        models,
        hierarchies,
        declared.metric or "loss",
        dict(declared.weights),
        declared.local_recoding,
        months_of(declared.levels_fixed_for) if declared.levels_fixed_for is not None else None,
    )


def months_of(duration: str) -> int:
    """Whole calendar months of an ISO 8601 duration (« P1Y », « P6M »); 0 for any other."""
    found = _MONTHS.fullmatch(duration)
    if found is None:
        return 0
    years, months = (int(part or 0) for part in found.groups())
    return 12 * years + months


def with_files(contract: Contract) -> Contract:
    """The contract under a digest that covers the files it rests on: another file is another contract."""
    search = contract.release.search
    if search is None or not search.files:
        return contract
    whole = sha256(contract.digest.encode())
    for name, content in search.files:
        whole.update(f"\n{name}\n{sha256(content.encode()).hexdigest()}".encode())
    return replace(contract, digest=whole.hexdigest())


def territory_folder(contract_file: Path) -> Path:
    """The folder that a contract's files are named in: the one that holds `contracts/`."""
    folder = contract_file.parent
    return folder.parent if folder.name == "contracts" else folder


def _content(folder: Path, name: str | None) -> str:
    return (read_file(folder, name) or "") if name else ""
