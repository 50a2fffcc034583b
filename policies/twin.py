"""The digital twin: what a territory shows of all its geographic open datasets together (`digital-twin.yaml`).

A consumer, not a source: it reads what is already open and nothing else, so it needs no legal basis, no check and no
approval of its own. Every geographic dataset in force is a layer of it. `layers` says how one is curated: the type of
its entities in NGSI-LD, which columns tell one entity from another, and which column dates it; of each entity only the
latest row is kept. A dataset that is not named there is shown as its newest period was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from policies.contract import Contract, DatasetId, Version
from policies.declared import Declared, DeclaredDcat, Name, Slug
from policies.document import Document, read_document
from policies.errors import ContractError, Finding
from policies.french import explain_shape

FILE = "digital-twin.yaml"
_RULE = "digital-twin"
_TIMES = ("date", "timestamp")


@dataclass(frozen=True, slots=True)
class Layer:
    """How one dataset is shown."""

    dataset: DatasetId
    title: str  # French
    entity: str  # NGSI-LD type
    key: tuple[str, ...] = ()  # published columns that tell entities apart; none: every row is one
    latest: str | None = None  # published column of which the latest row of each entity is kept


@dataclass(frozen=True, slots=True)
class Twin:
    """The declaration. `dcat` is as in a contract."""

    id: DatasetId
    version: Version
    title: str
    purpose: str
    limitations: str
    usage: str
    tags: tuple[str, ...]
    theme: str
    organization: str
    dcat: dict[str, Any]
    layers: Mapping[DatasetId, Layer]
    digest: str  # sha256 of the file

    def layer(self, contract: Contract) -> Layer:
        """How the dataset of a contract is shown."""
        return self.layers.get(contract.id) or Layer(contract.id, contract.title, "GeographicRecord")


class DeclaredDescription(Declared):
    """`description`, as in a contract."""

    purpose: Annotated[str, Field(min_length=1)]
    limitations: Annotated[str, Field(min_length=1)]
    usage: Annotated[str, Field(min_length=1)]


class DeclaredLayer(Declared):
    """One layer."""

    dataset: Slug
    title: Annotated[str, Field(min_length=1)]
    entity: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$")]
    key: tuple[Name, ...] = ()
    latest: Name | None = None


class DeclaredTwin(Declared):
    """The file."""

    id: Slug
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    title: Annotated[str, Field(min_length=1)]
    description: DeclaredDescription
    tags: tuple[str, ...] = ()
    theme: Slug
    organization: Slug
    dcat: DeclaredDcat
    layers: tuple[DeclaredLayer, ...] = ()


def geographic(contracts: Mapping[DatasetId, Contract]) -> tuple[Contract, ...]:
    """The datasets in force that are published with a position, by identifier."""
    found = (contract for contract in contracts.values() if contract.in_force and contract.release.longitude)
    return tuple(sorted(found, key=lambda contract: contract.id))


def load_twin(
    path: Path, contracts: Mapping[DatasetId, Contract], organizations: Mapping[str, Any], themes: Mapping[str, Any]
) -> Twin | None:
    """Read the declaration; None if the territory has none.

    A layer of a dataset that is not there (its contract does not load) is no mistake: it comes back with its contract.

    Raises:
        ContractError: it is not valid, or says of a dataset what its contract does not publish.
    """
    if not path.exists():
        return None
    document = read_document(path, ContractError)
    try:
        declared = DeclaredTwin.model_validate(document.data)
    except ValidationError as error:
        findings = [
            document.finding(one["loc"], _RULE, f"{'.'.join(map(str, one['loc']))} : {explain_shape(dict(one))}")
            for one in error.errors()
        ]
        raise ContractError(*findings) from None
    mistakes = [*_mistakes(document, declared, contracts, organizations, themes)]
    if mistakes:
        raise ContractError(*mistakes)
    layers = (Layer(DatasetId(one.dataset), one.title, one.entity, one.key, one.latest) for one in declared.layers)
    said = declared.description
    return Twin(
        id=DatasetId(declared.id),
        version=Version(*map(int, declared.version.split("."))),
        title=declared.title,
        purpose=said.purpose,
        limitations=said.limitations,
        usage=said.usage,
        tags=declared.tags,
        theme=declared.theme,
        organization=declared.organization,
        dcat=declared.dcat.model_dump(mode="json", exclude_none=True),
        layers={layer.dataset: layer for layer in layers},
        digest=document.digest,
    )


def _mistakes(
    document: Document,
    declared: DeclaredTwin,
    contracts: Mapping[DatasetId, Contract],
    organizations: Mapping[str, Any],
    themes: Mapping[str, Any],
) -> Iterator[Finding]:
    if declared.id in contracts:
        yield document.finding(("id",), _RULE, "un jeu de données porte déjà cet identifiant")
    if declared.organization not in organizations:
        yield document.finding(
            ("organization",), "organization", "cette organisation n'est pas dans organizations.yaml"
        )
    if declared.theme not in themes:
        yield document.finding(("theme",), "theme", "ce thème n'est pas dans themes.yaml")
    seen: set[str] = set()
    for number, layer in enumerate(declared.layers):
        if layer.dataset in seen:
            yield document.finding(("layers", number), _RULE, f"deux couches portent « {layer.dataset} »")
        seen.add(layer.dataset)
        contract = contracts.get(DatasetId(layer.dataset))
        if contract is not None:
            for sentence in _layer_mistakes(layer, contract):
                yield document.finding(("layers", number), _RULE, f"« {layer.dataset} » : {sentence}")


def _layer_mistakes(layer: DeclaredLayer, contract: Contract) -> Iterator[str]:
    published = {column.name: column for column in contract.release.columns}
    if not contract.release.longitude:
        yield "ce jeu de données n'est pas publié avec une position"
    for name in layer.key:
        if name not in published:
            yield f"« {name} » n'est pas une colonne publiée"
    if layer.latest is not None and (
        layer.latest not in published or published[layer.latest].logical_type not in _TIMES
    ):
        yield f"« {layer.latest} » n'est pas une date publiée"
    if layer.latest is not None and not layer.key:
        yield "« latest » demande « key » : ce qui distingue un objet d'un autre"
