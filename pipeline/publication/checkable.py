"""What of a release can be checked on its published files alone, as its certificate says it.

Only what is public already: digests, numbers of rows, names of columns and floors of the contract. The hub's own
command (:mod:`catalog.verification`) and the catalogue's page recompute it.
"""

from __future__ import annotations

from typing import Any

from catalog.certificate import CertifiedFile
from pipeline.publication.files import OpenFile
from policies.contract import Contract, ReleaseRule
from policies.tabulated import PUBLISHED


def certified_files(files: list[OpenFile]) -> tuple[CertifiedFile, ...]:
    """The period's own files; those under `latest` are the same bytes."""
    return tuple(
        CertifiedFile(file.format, file.key.rpartition("/")[2], file.size, file.digest, file.rows)
        for file in files
        if not file.latest
    )


def checkable(contract: Contract, files: list[OpenFile]) -> dict[str, Any] | None:
    """Return what can be recomputed from the published Parquet; None where there is none."""
    rule = contract.release
    parquet = next((file for file in files if file.format == "parquet"), None)
    if parquet is None:
        return None
    known: dict[str, Any] = {"kind": "file", "digest": parquet.digest, "rows": parquet.rows}
    keys = [column.name for column in rule.columns if column.quasi_identifier]
    if rule.kind == "records" and rule.k and keys:
        shown = {"quasi_identifiers": keys, "k": rule.k, "diversity": _diversity(rule), "beyond": _beyond(rule)}
        return {**known, "kind": "records", **shown}
    units = next((each.name for each in rule.measures if each.function == "units"), None)
    if rule.kind in ("aggregate", "protected_table") and rule.minimum_units and units:
        return {**known, "kind": "table", "units": units, "minimum_units": rule.minimum_units, **_secrecy(rule)}
    return known


def _diversity(rule: ReleaseRule) -> dict[str, int]:
    models = rule.search.models if rule.search else ()
    return {str(one.sensitive): int(one.l or 1) for one in models if one.model == "distinct_l_diversity"}


def _beyond(rule: ReleaseRule) -> list[str]:
    """The models that the file alone can not show to be met."""
    models = rule.search.models if rule.search else ()
    return [one.model for one in models if one.model not in ("k_anonymity", "distinct_l_diversity")]


def _secrecy(rule: ReleaseRule) -> dict[str, Any]:
    """How the file says which cells are secret, and which cells add up to which.

    A dimension is [columns from coarser to finer, label of the total]; `apart` are the columns that only tell tables of
    the same shape from each other.
    """
    figures = [each.name for each in rule.measures]
    if not rule.status or rule.table is None:
        return {"figures": figures, "status": None, "dimensions": [], "apart": []}
    dimensions = rule.table.dimensions
    placed = {name for one in dimensions for name in (*one.levels, *(label for label, _ in one.labels))}
    return {
        "figures": figures,
        "status": [rule.status, PUBLISHED],
        "dimensions": [[list(one.levels), one.total] for one in dimensions],
        "apart": [each.name for each in rule.columns if each.name not in placed],
    }
