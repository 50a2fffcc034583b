"""What lineage events say about one dataset: zones, their columns, and where each column comes from.

Later events win over earlier ones, so the graph is that of the dataset as it is made today. A graph can be made of the
events of a single run as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.lineage import DatasetName, LineageNameError, zone_of

ZONES = ("feed", "landing", "trusted", "candidate", "open")


@dataclass(frozen=True, slots=True)
class Link:
    """A column of a zone that comes from a column of the zone before it."""

    source: str
    target: str
    masking: bool
    description: str


@dataclass(frozen=True, slots=True)
class Influence:
    """A column that decides which rows go on without being copied."""

    column: str
    subtype: str
    description: str


@dataclass(frozen=True, slots=True)
class Level:
    """One zone: its columns in order, how they come from the zone before, and what was filtered on the way."""

    zone: str
    columns: tuple[str, ...]
    links: tuple[Link, ...] = ()
    influences: tuple[Influence, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """A published column, followed back to the operator's columns."""

    column: str
    sources: tuple[str, ...]  # as the operator names them
    steps: tuple[str, ...]  # what was done on the way, in order, identities left out
    masking: bool


def levels(events: Iterable[Mapping[str, Any]]) -> tuple[Level, ...]:
    """Read the levels from run events, oldest first; zones that no event speaks of are left out."""
    columns: dict[str, tuple[str, ...]] = {}
    links: dict[str, tuple[Link, ...]] = {}
    influences: dict[str, tuple[Influence, ...]] = {}
    for event in events:
        for dataset in (*event.get("inputs", ()), *event.get("outputs", ())):
            zone = _zone(dataset)
            facets = dataset.get("facets", {})
            fields = facets.get("schema", {}).get("fields", ())
            if zone is not None and fields:
                columns[zone] = tuple(str(field["name"]) for field in fields)
            lineage = facets.get("columnLineage")
            if zone is not None and lineage is not None:
                links[zone] = _links(lineage)
                influences[zone] = _influences(lineage)
    return tuple(
        Level(zone, columns[zone], links.get(zone, ()), influences.get(zone, ())) for zone in ZONES if zone in columns
    )


def provenances(found: tuple[Level, ...]) -> tuple[Provenance, ...]:
    """Follow each column of the last level back to the first."""
    if not found:
        return ()
    return tuple(_follow(column, found) for column in found[-1].columns)


def never_kept(found: tuple[Level, ...]) -> frozenset[str]:
    """The operator's columns that no kept column comes from."""
    trusted = next((level for level in found if level.zone == "trusted"), None)
    landing = next((level for level in found if level.zone == "landing"), None)
    if trusted is None or landing is None:
        return frozenset()
    return frozenset(landing.columns) - {link.source for link in trusted.links}


def _follow(column: str, found: tuple[Level, ...]) -> Provenance:
    reached: dict[str, None] = {column: None}
    steps: dict[str, None] = {}
    masking = False
    for level in reversed(found):
        crossed = [link for link in level.links if link.target in reached]
        if not crossed:
            continue
        done = dict.fromkeys(link.description for link in crossed if link.masking)
        steps = done | steps
        masking = masking or bool(done)
        reached = dict.fromkeys(link.source for link in crossed)
    return Provenance(column, tuple(reached), tuple(steps), masking)


def _zone(dataset: Mapping[str, Any]) -> str | None:
    try:
        zone = zone_of(DatasetName(str(dataset.get("namespace")), str(dataset.get("name"))))
    except LineageNameError:
        return None
    return zone if zone in ZONES else None


def _links(lineage: Mapping[str, Any]) -> tuple[Link, ...]:
    found = []
    for target, field in lineage.get("fields", {}).items():
        for source in field.get("inputFields", ()):
            for one in source.get("transformations", ()):
                if one.get("type") == "DIRECT":
                    found.append(Link(source["field"], target, bool(one.get("masking")), one.get("description", "")))
    return tuple(found)


def _influences(lineage: Mapping[str, Any]) -> tuple[Influence, ...]:
    return tuple(
        Influence(source["field"], one.get("subtype", ""), one.get("description", ""))
        for source in lineage.get("dataset", ())
        for one in source.get("transformations", ())
    )
