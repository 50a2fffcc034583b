"""The territory's folder, read and judged: contracts, strategy, communes, organizations and themes.

    <folder>/strategy.yaml                    floors no contract may go under
    <folder>/organizations.yaml, themes.yaml  CKAN organizations and groups
    <folder>/communes.csv                     INSEE code, official name
    <folder>/contracts/<dataset>.odcs.yaml    one dataset each
    <folder>/digital-twin.yaml                the view of all geographic ones, if the territory has it
    <folder>/demo.yaml                        which of them a demonstration shows; all, without the file

Whatever is wrong is refused with file, line and rule. Nothing is remembered between calls.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from policies.contract import (
    Commune,
    Contract,
    CountsOnly,
    DatasetId,
    HealthDataHosting,
    RedactedText,
    Strategy,
    Territory,
)
from policies.counts_only import counts_only_weaknesses
from policies.declared import Declared, DeclaredDemonstration, DeclaredEntry, DeclaredStrategy
from policies.document import read_document
from policies.errors import ContractError, Finding, StrategyError, WeakContractError
from policies.french import explain_shape
from policies.generalized_reading import with_files
from policies.generalized_rules import search_contradictions, search_weaknesses
from policies.health import health_contradictions, health_weaknesses
from policies.odcs import read_contract
from policies.redacted_rules import redacted_contradictions, redacted_weaknesses
from policies.release_rules import release_contradictions
from policies.rules import contradictions, needs_approval, weaknesses
from policies.twin import FILE as TWIN_FILE
from policies.twin import load_twin

_Model = TypeVar("_Model", bound=Declared)
_SUFFIX = ".odcs.yaml"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def load_territory(folder: Path, *, refused: Callable[[Path, ContractError], None] | None = None) -> Territory:
    """Read everything of `folder`.

    Args:
        folder: the territory's.
        refused: told of each contract that does not load, which is then left out; by default the first one is raised.

    Raises:
        StrategyError: strategy, communes, organizations or themes are missing or not valid.
        ContractError: a contract is broken, or names an organization or theme that the territory does not have.
        WeakContractError: a contract is weaker than the strategy.
    """
    strategy = load_strategy(folder / "strategy.yaml")
    organizations = _load_entries(folder / "organizations.yaml")
    themes = _load_entries(folder / "themes.yaml")
    _check_apart(folder / "themes.yaml", organizations, themes)
    contracts: dict[DatasetId, Contract] = {}
    for file in sorted((folder / "contracts").glob(f"*{_SUFFIX}")):
        try:
            contract = load_contract(file, strategy, organizations=organizations, themes=themes)
        except ContractError as error:
            if refused is None:
                raise
            refused(file, error)
        else:
            contracts[contract.id] = contract
    twin = None
    try:
        twin = load_twin(folder / TWIN_FILE, contracts, organizations, themes)
    except ContractError as error:
        if refused is None:
            raise
        refused(folder / TWIN_FILE, error)
    return Territory(
        folder=folder,
        strategy=strategy,
        communes=_load_communes(folder / "communes.csv"),
        contracts=contracts,
        organizations=organizations,
        themes=themes,
        known_people=_load_names(folder / "public-figures.txt"),
        twin=twin,
        demonstrated=_load_demonstration(folder / "demo.yaml") or tuple(contracts),
    )


def load_contract(
    path: Path,
    strategy: Strategy,
    *,
    organizations: dict[str, dict[str, str]] | None = None,
    themes: dict[str, dict[str, str]] | None = None,
) -> Contract:
    """Read one contract and judge it against `strategy`, and against the territory's lists where given.

    Raises:
        ContractError: it can not be read, is not ODCS 3.1, or contradicts itself.
        WeakContractError: it asks for less protection than the strategy.
    """
    document = read_document(path, ContractError)
    contract, where, root = read_contract(document)
    broken = [
        *contradictions(contract, where),
        *release_contradictions(contract, where),
        *search_contradictions(contract, where),
        *redacted_contradictions(contract, where),
        *health_contradictions(contract, where),
    ]
    if not _SLUG.fullmatch(contract.id):
        broken.append(document.finding(("id",), "id", "« id » s'écrit en minuscules-avec-tirets"))
    if organizations is not None and contract.feed.operator not in organizations:
        place = where.root("feed", "operator")
        broken.append(document.finding(place, "organization", "cet opérateur n'est pas dans organizations.yaml"))
    if themes is not None and contract.theme not in themes:
        broken.append(document.finding(("domain",), "theme", "ce thème n'est pas dans themes.yaml"))
    if broken:
        raise ContractError(*broken)
    weak = [
        *weaknesses(contract, strategy, root.approval is False, where),
        *search_weaknesses(contract, strategy, where),
        *redacted_weaknesses(contract, strategy, root.approval is True, where),
        *counts_only_weaknesses(contract, strategy, where),
        *health_weaknesses(contract, strategy, where),
    ]
    if weak:
        raise WeakContractError(*weak)
    return with_files(replace(contract, approval=contract.approval or needs_approval(contract, strategy)))


def load_strategy(path: Path) -> Strategy:
    """Read the territory's floors.

    Raises:
        StrategyError: the file can not be read or is not valid.
    """
    document = read_document(path, StrategyError)
    declared = _validated(DeclaredStrategy, path, document.data, (), document.line)
    values = {name: getattr(declared, name) for name in type(declared).model_fields}
    values["redacted_text"] = RedactedText(declared.redacted_text.publish)
    values["counts_only"] = tuple(CountsOnly(**one.model_dump()) for one in declared.counts_only)
    if (hosting := declared.health_data_hosting) is not None:
        values["health_data_hosting"] = HealthDataHosting(hosting.host, hosting.certificate)
    return Strategy(**values, digest=document.digest)


def _load_demonstration(path: Path) -> tuple[str, ...]:
    """The datasets it lists, known or not: a list that is behind keeps nothing else from loading."""
    if not path.exists():
        return ()
    document = read_document(path, StrategyError)
    return _validated(DeclaredDemonstration, path, document.data, (), document.line).datasets


def _load_entries(path: Path) -> dict[str, dict[str, str]]:
    document = read_document(path, StrategyError)
    return {
        slug: _validated(DeclaredEntry, path, entry, (slug,), document.line).model_dump()
        for slug, entry in document.data.items()
    }


def _check_apart(path: Path, organizations: dict[str, dict[str, str]], themes: dict[str, dict[str, str]]) -> None:
    """The catalogue has one list of names for its organizations and groups."""
    if both := sorted(set(organizations) & set(themes)):
        document = read_document(path, StrategyError)
        message = f"« {both[0]} » nomme déjà un opérateur d'organizations.yaml ; un thème porte un autre nom"
        raise StrategyError(document.finding((both[0],), "theme", message))


def _validated(model: type[_Model], path: Path, data: Any, position: tuple[str, ...], line: Any) -> _Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        findings = [
            Finding(
                path,
                line((*position, *item["loc"])),
                "strategy",
                f"{'.'.join(str(part) for part in (*position, *item['loc']))} : {explain_shape(item)}",
            )
            for item in error.errors()
        ]
    raise StrategyError(*findings)


def _load_names(path: Path) -> tuple[str, ...]:
    """One name a line; lines that begin with # are comments. A territory may have none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except (OSError, UnicodeError):
        raise StrategyError(Finding(path, 1, "public-figures", "le fichier doit être un texte en UTF-8")) from None
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _load_communes(path: Path) -> tuple[Commune, ...]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return tuple(Commune(row["insee"], row["nom"]) for row in rows)
    except (OSError, KeyError, UnicodeError):
        raise StrategyError(
            Finding(path, 1, "communes", "le fichier doit exister et avoir les colonnes « insee » et « nom »")
        ) from None
