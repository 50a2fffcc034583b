"""From an Open Data Contract Standard 3.1 document to a :class:`~policies.contract.Contract`, shape only.

1. The document is checked against the standard's own JSON Schema (the one that `open-data-contract-standard` ships).
2. Our `customProperties` are checked by :mod:`policies.declared`.
3. The contract is built, with a :class:`Map` that tells where each of its pieces stands, for the rules that judge it.

Nothing here weighs what the contract says: see :mod:`policies.rules`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import jsonschema_rs
from jsonschema.validators import validator_for
from pydantic import ValidationError

from policies.advice import MARK
from policies.columns import read_column
from policies.contract import (
    Column,
    Contract,
    Coverage,
    DatasetId,
    Description,
    Feed,
    LegalBasis,
    Measure,
    ProtectionUnit,
    ReleasedColumn,
    ReleaseRule,
    Version,
)
from policies.declared import Declared, DeclaredColumn, DeclaredRelease, DeclaredRoot, DeclaredSchema
from policies.document import Document, Position
from policies.errors import ContractError, Finding
from policies.expectations import read_expectation
from policies.french import explain_shape, explain_standard
from policies.generalized_reading import SEARCHED, read_search, territory_folder
from policies.listed import digest_with_lists, listed
from policies.tabulated import NoiseRule, TableRule

_Model = TypeVar("_Model", bound=Declared)
_RETENTION_UNITS = {"d": "days", "day": "days", "days": "days", "h": "hours", "hours": "hours"}
_SCHEMA: Position = ("schema", 0)


@dataclass(frozen=True, slots=True)
class Map:
    """Where the pieces of a contract stand in its file, by the names the rules use."""

    document: Document
    properties: dict[str, int]  # root custom property -> index
    release_index: int
    columns: dict[str, int]  # column name -> index

    def root(self, name: str, *rest: str | int) -> Position:
        """Position of a root custom property, or of something in it."""
        if name not in self.properties:
            return ()
        return ("customProperties", self.properties[name], "value", *rest)

    def column(self, name: str, *rest: str | int) -> Position:
        """Position of a column, or of something in it."""
        return (*_SCHEMA, "properties", self.columns.get(name, 0), *rest)

    def release(self, *rest: str | int) -> Position:
        """Position of the release rule, or of something in it."""
        return (*_SCHEMA, "customProperties", self.release_index, "value", *rest)

    def retention(self) -> Position:
        """Position of the service levels."""
        return ("slaProperties",)


def read_contract(document: Document) -> tuple[Contract, Map, DeclaredRoot]:
    """Build the contract that `document` declares.

    Raises:
        ContractError: it is not ODCS 3.1, or one of our properties is missing, unknown or malformed.
    """
    findings = list(_unfinished(document)) or list(_standard_findings(document))
    if findings:
        raise ContractError(*findings)
    data = document.data
    schemas = data.get("schema") or []
    if len(schemas) != 1 or not schemas[0].get("properties"):
        raise ContractError(
            document.finding(("schema",), "one-schema", "un contrat décrit une table, avec ses colonnes")
        )
    root, root_index = _custom(document, (), DeclaredRoot)
    schema, schema_index = _custom(document, _SCHEMA, DeclaredSchema)
    columns = {item.get("name", ""): number for number, item in enumerate(schemas[0]["properties"])}
    where = Map(document, root_index, schema_index["release"], columns)
    return _build(document, root, schema.release), where, root


def _unfinished(document: Document) -> Iterator[Finding]:
    """What a person has still to write: texts that begin with the mark. Nothing else is judged before."""
    waiting: list[tuple[Position, Any]] = [((), document.data)]
    while waiting:
        position, value = waiting.pop()
        if isinstance(value, str) and value.lstrip().startswith(MARK):
            asked = value.strip().removeprefix(MARK).lstrip(" :")
            yield document.finding(position, "to-complete", f"à compléter : {asked or 'ce texte'}")
        elif isinstance(value, dict):
            waiting.extend(((*position, str(key)), one) for key, one in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend(((*position, number), one) for number, one in reversed([*enumerate(value)]))


def _standard_findings(document: Document) -> Iterator[Finding]:
    """What the standard's own schema has to say, and the fields that it leaves optional and we need."""
    data = document.data
    if not str(data.get("apiVersion", "")).startswith("v3.1"):
        yield document.finding(("apiVersion",), "api-version", "« apiVersion » doit être v3.1.0")
    for name in ("name", "domain", "description", "schema", "team", "slaProperties", "customProperties"):
        if not data.get(name):
            yield document.finding((), "missing", f"il manque « {name} » à la racine du contrat")
    for name in ("purpose", "limitations", "usage"):
        if isinstance(data.get("description"), dict) and not data["description"].get(name):
            yield document.finding(("description",), "missing", f"il manque « description.{name} »")
    told: dict[tuple[Position, str], None] = {}
    plain = json.loads(json.dumps(data, default=str))
    quick, schema = _standard()
    errors = () if quick.is_valid(plain) else validator_for(schema)(schema).iter_errors(plain)
    for error in errors:
        told[(tuple(error.absolute_path), explain_standard(error))] = None
    for path, sentence in told:
        shown = ".".join(str(part) for part in path) or "racine"
        unknown = re.match("« ([^»]*) » n'existe pas", sentence)
        place = (*path, unknown[1]) if unknown else path
        yield document.finding(place, "odcs", f"{shown} : {sentence}")


@cache
def _standard() -> tuple[Any, dict[str, Any]]:
    """The standard's schema, and a compiled validator of it that only says yes or no.

    What is wrong is told by `jsonschema`, twenty times slower; a contract that is as it should be never meets it. The
    schema is found without importing its package, whose models cost more than all the rest.
    """
    spec = find_spec("open_data_contract_standard")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("open_data_contract_standard")
    schema = json.loads((Path(spec.submodule_search_locations[0]) / "schema.json").read_text(encoding="utf-8"))
    return jsonschema_rs.validator_for(schema), schema


def _custom(document: Document, position: Position, model: type[_Model]) -> tuple[_Model, dict[str, int]]:
    """Read the custom properties of the object at `position` as one `model`; also give the index of each."""
    holder = document.data
    for part in position:
        holder = holder[part]
    items = holder.get("customProperties") or []
    index: dict[str, int] = {}
    for number, item in enumerate(items):
        name = str(item.get("property"))
        if name in index:
            place = (*position, "customProperties", number)
            raise ContractError(document.finding(place, "repeated-key", f"la propriété « {name} » est répétée"))
        index[name] = number
    values = {str(item.get("property")): item.get("value") for item in items}
    try:
        return model.model_validate(values), index
    except ValidationError as error:
        findings = [_shape_finding(document, position, index, dict(item)) for item in error.errors()]
    raise ContractError(*findings)


def _shape_finding(document: Document, position: Position, index: dict[str, int], error: dict[str, Any]) -> Finding:
    location: Position = error["loc"]
    name = str(location[0]) if location else ""
    place = position
    if name in index:
        place = (*position, "customProperties", index[name], "value", *location[1:])
    shown = ".".join(str(part) for part in location)
    return document.finding(place, "custom-property", f"{shown or name} : {explain_shape(error)}")


def _build(document: Document, root: DeclaredRoot, release: DeclaredRelease) -> Contract:
    data = document.data
    properties = data["schema"][0]["properties"]
    described = data["description"]
    unit, coverage, team = root.protection_unit, root.coverage, data["team"]
    rule = _release(release, territory_folder(document.file))
    members = team.get("members", []) if isinstance(team, dict) else team
    return Contract(
        id=DatasetId(data["id"]),
        version=_version(document),
        title=data["name"],
        status=data["status"],
        description=Description(described["purpose"], described["limitations"], described["usage"]),
        tags=tuple(data.get("tags") or ()),
        theme=data["domain"],
        feed=Feed(**{name: getattr(root.feed, name) for name in type(root.feed).model_fields}),
        period=root.period,
        event_time=root.event_time,
        lateness=root.lateness,
        corrections=root.corrections,
        protection_unit=ProtectionUnit(unit.kind, unit.column) if unit else None,
        coverage=Coverage(coverage.column, coverage.purpose) if coverage else None,
        legal_basis=LegalBasis(root.legal_basis.code, root.legal_basis.text),
        purpose=root.purpose,
        treatment_ref=root.treatment_ref,
        landing_retention=_landing_retention(document),
        open_retention=_retention(document, "open"),
        dcat=root.dcat.model_dump(mode="json", exclude_none=True),
        columns=_columns(document, properties),
        release=rule,
        approval=bool(root.approval),
        authors=tuple(member["username"] for member in members if member.get("role") == "author"),
        source=document.file,
        digest=digest_with_lists(document.digest, rule.columns),
        source_version=root.source_version,
        expected=read_expectation(document),
    )


def _columns(document: Document, properties: list[dict[str, Any]]) -> tuple[Column, ...]:
    """Every column; what is wrong with several is told together."""
    columns: list[Column] = []
    findings: list[Finding] = []
    for number, item in enumerate(properties):
        position: Position = (*_SCHEMA, "properties", number)
        try:
            columns.append(read_column(document, position, item, _custom(document, position, DeclaredColumn)[0]))
        except ContractError as error:
            findings.extend(error.findings)
    if findings:
        raise ContractError(*findings)
    return tuple(columns)


def _release(declared: DeclaredRelease, folder: Path) -> ReleaseRule:
    values = {name: getattr(declared, name) for name in type(declared).model_fields if name not in SEARCHED}
    values["columns"] = tuple(listed(ReleasedColumn(**column.model_dump()), folder) for column in declared.columns)
    values["measures"] = tuple(Measure(**measure.model_dump()) for measure in declared.measures)
    values["table"] = TableRule.of(declared.table.model_dump()) if declared.table else None
    values["noise"] = NoiseRule.of(declared.noise.model_dump()) if declared.noise else None
    search = read_search(declared, folder)
    if search is not None and search.models:
        values["k"] = values["k"] or search.smallest_class
    return ReleaseRule(**values, search=search)


def _version(document: Document) -> Version:
    text = str(document.data["version"])
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ContractError(document.finding(("version",), "version", "« version » s'écrit majeure.mineure.correctif"))
    return Version(*(int(part) for part in parts))


def _landing_retention(document: Document) -> timedelta:
    found = _retention(document, "landing")
    if found is not None:
        return found
    raise ContractError(
        document.finding(
            ("slaProperties",), "retention", "il manque la durée de conservation des dépôts (element: landing)"
        )
    )


def _retention(document: Document, element: str) -> timedelta | None:
    """The service level that says how long something is kept."""
    for number, item in enumerate(document.data["slaProperties"]):
        if item.get("property") == "retention" and item.get("element") == element:
            unit = _RETENTION_UNITS.get(str(item.get("unit")))
            if unit is None or not isinstance(item.get("value"), (int, float)):
                place = ("slaProperties", number)
                raise ContractError(document.finding(place, "retention", "la durée s'écrit en jours (unit: d)"))
            return timedelta(**{unit: item["value"]})
    return None
