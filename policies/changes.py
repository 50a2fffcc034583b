"""How much a contract changed, and whether its version number says so.

Major (a new trusted path and a new catalogue version): a column, source or published, is renamed, retyped or dropped;
the key, the period, the protection or the meaning of what is published changes. Minor: a nullable column more, a bound
or a quality rule, another format. A patch is words: titles, descriptions, contacts, schedules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from policies.contract import Column, Contract, ReleasedColumn, Version
from policies.errors import ContractChangeError, Finding
from policies.tabulated import Dimension


class ChangeLevel(IntEnum):
    """Ordered: the level of several changes is the largest."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def french(self) -> str:
        """The word for it."""
        return ("rien", "correctif", "mineur", "majeur")[self]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, said in French."""

    level: ChangeLevel
    sentence: str


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every difference that matters to those who read the data, largest first.

    Raises:
        ValueError: they are not the same dataset.
    """
    if old.id != new.id:
        raise ValueError(f"{old.id} and {new.id} are two datasets")
    found = [*_columns(old, new), *_released(old, new), *_measures(old, new), *_settings(old, new)]
    if not found and _words(old) != _words(new):
        found.append(Change(ChangeLevel.PATCH, "des textes ou des réglages changent"))
    return tuple(sorted(found, key=lambda change: -change.level))


def level(changes: tuple[Change, ...]) -> ChangeLevel:
    """The largest of them."""
    return max((change.level for change in changes), default=ChangeLevel.NONE)


def check_version(old: Contract, new: Contract) -> ChangeLevel:
    """Return how much `new` changed since `old`.

    Raises:
        ContractChangeError: its version number says less than that, goes back, or stays although something changed.
    """
    changes = compare(old, new)
    needed = level(changes)
    if _said(old.version, new.version) >= needed and _order(new.version) >= _order(old.version):
        return needed
    least = _least(old.version, needed)
    why = changes[0].sentence if changes else "rien ne change"
    sentence = f"la version passe de {old.version} à {new.version}, alors qu'il faut au moins {least} : {why}"
    raise ContractChangeError(Finding(new.source, 1, "version-change", sentence))


def _order(version: Version) -> tuple[int, int, int]:
    return version.major, version.minor, version.patch


def _said(old: Version, new: Version) -> ChangeLevel:
    for name, said in (("major", ChangeLevel.MAJOR), ("minor", ChangeLevel.MINOR), ("patch", ChangeLevel.PATCH)):
        if getattr(old, name) != getattr(new, name):
            return said
    return ChangeLevel.NONE


def _least(version: Version, needed: ChangeLevel) -> Version:
    match needed:
        case ChangeLevel.MAJOR:
            return Version(version.major + 1, 0, 0)
        case ChangeLevel.MINOR:
            return replace(version, minor=version.minor + 1, patch=0)
        case ChangeLevel.PATCH:
            return replace(version, patch=version.patch + 1)
        case _:
            return version


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    for name in before.keys() - after.keys():
        yield Change(ChangeLevel.MAJOR, f"la colonne « {name} » disparaît ou change de nom")
    for name in after.keys() - before.keys():
        needed = ChangeLevel.MAJOR if after[name].required else ChangeLevel.MINOR
        yield Change(needed, f"la colonne « {name} » apparaît{', obligatoire' if after[name].required else ''}")
    for name in before.keys() & after.keys():
        yield from _column(before[name], after[name])


def _column(before: Column, after: Column) -> Iterator[Change]:
    for field in ("logical_type", "primary_key", "unit", "privacy"):
        if getattr(before, field) != getattr(after, field):
            yield Change(ChangeLevel.MAJOR, f"la colonne « {after.name} » change ({field})")
    if after.required and not before.required:
        yield Change(ChangeLevel.MAJOR, f"la colonne « {after.name} » devient obligatoire")
    lighter = ("required", "physical_name", "format", "quality")
    if any(getattr(before, field) != getattr(after, field) for field in lighter):
        yield Change(ChangeLevel.MINOR, f"la lecture ou les contrôles de « {after.name} » changent")


def _released(old: Contract, new: Contract) -> Iterator[Change]:
    before = {column.name: column for column in old.release.columns}
    after = {column.name: column for column in new.release.columns}
    for name in before.keys() - after.keys():
        yield Change(ChangeLevel.MAJOR, f"la colonne publiée « {name} » disparaît ou change de nom")
    for name in after.keys() - before.keys():
        yield Change(ChangeLevel.MINOR, f"la colonne publiée « {name} » apparaît")
    for name in before.keys() & after.keys():
        if _meaning(before[name]) != _meaning(after[name]):
            yield Change(ChangeLevel.MAJOR, f"la colonne publiée « {name} » change de type ou de sens")


def _meaning(column: ReleasedColumn) -> ReleasedColumn:
    return replace(column, description="")


def _measures(old: Contract, new: Contract) -> Iterator[Change]:
    before = {measure.name: replace(measure, description="") for measure in old.release.measures}
    after = {measure.name: replace(measure, description="") for measure in new.release.measures}
    for name in before.keys() - after.keys():
        yield Change(ChangeLevel.MAJOR, f"la mesure « {name} » disparaît ou change de nom")
    for name in after.keys() - before.keys():
        yield Change(ChangeLevel.MINOR, f"la mesure « {name} » apparaît")
    for name in before.keys() & after.keys():
        if before[name] != after[name]:
            yield Change(ChangeLevel.MAJOR, f"la mesure « {name} » change de sens")


def _settings(old: Contract, new: Contract) -> Iterator[Change]:
    for field, what in (
        ("period", "la période"),
        ("event_time", "la date qui range les lignes"),
        ("source_version", "la colonne qui ordonne les corrections"),
        ("protection_unit", "l'unité protégée"),
        ("coverage", "la couverture par le consentement"),
        ("purpose", "la finalité"),
    ):
        if getattr(old, field) != getattr(new, field):
            yield Change(ChangeLevel.MAJOR, f"{what} change")
    if old.release.kind != new.release.kind:
        yield Change(ChangeLevel.MAJOR, "la forme de la publication change")
    if _dimensions(old) != _dimensions(new):
        yield Change(ChangeLevel.MAJOR, "les dimensions du tableau changent")
    if old.release.noise != new.release.noise:
        yield Change(ChangeLevel.MAJOR, "le bruit ou son budget change")
    if set(old.release.formats) - set(new.release.formats):
        yield Change(ChangeLevel.MAJOR, "un format de publication disparaît")
    lighter = (
        "k",
        "minimum_units",
        "dominance",
        "table",
        "suppression_limit",
        "formats",
        "searchable",
        "full_text",
        "search",
    )
    if any(getattr(old.release, field) != getattr(new.release, field) for field in lighter):
        yield Change(ChangeLevel.MINOR, "les seuils ou les formats de la publication changent")


def _dimensions(contract: Contract) -> tuple[Dimension, ...]:
    return contract.release.table.dimensions if contract.release.table else ()


def _words(contract: Contract) -> Contract:
    """The contract without what its file and version number alone say."""
    return replace(contract, version=Version(0, 0, 0), source=contract.source.parent, digest="")
