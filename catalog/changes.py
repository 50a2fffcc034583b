"""What changed from one publication to the next, in plain French: rows and columns, by period.

Told from what the catalogue showed before and what it shall show now, so that publishing twice tells nothing twice. The
newest stands first; the oldest fall off after :data:`KEPT`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog.certificate_figures import french_period, integer
from catalog.dictionary import fields
from catalog.page import DatasetPage

KEPT = 50


def columns(page: DatasetPage) -> list[str]:
    """Return the names of the published columns, in order."""
    return [str(field["id"]) for field in fields(page.contract)]


def changes(
    page: DatasetPage,
    existing: Mapping[str, Any],
    resources: Sequence[Mapping[str, Any]],
    earlier: Mapping[str, Any] | None = None,
) -> list[dict[str, str]]:
    """Return the dataset's changes once ``resources`` stand in place of the existing ones.

    ``earlier`` is the version before this one, which a new page says it replaces.
    """
    told = [dict(each) for each in existing.get("changes") or []]
    texts = [*_columns(page, existing), *_rows(page, existing, resources)]
    if earlier is not None and not told:
        texts = [_replaces(page, earlier), *texts]
    new = [_entry(page.released_at, page.period, str(page.contract.version), text) for text in texts]
    return [*new, *told][:KEPT]


def withdrawn(existing: Mapping[str, Any], period: str) -> list[dict[str, str]]:
    """Return the dataset's changes once a period was taken back; dated as what is left."""
    told = [dict(each) for each in existing.get("changes") or []]
    entry = {
        "date": str(existing.get("modified") or ""),
        "period": period,
        "version": str(existing.get("version") or ""),
        "text": f"{french_period(period).capitalize()} : publication retirée.",
    }
    return told if entry in told else [entry, *told][:KEPT]


def _replaces(page: DatasetPage, earlier: Mapping[str, Any]) -> str:
    differ = _difference(earlier.get("columns") or [], columns(page))
    return f"Version {page.contract.version} : remplace la version {earlier['version']}, {differ or 'mêmes colonnes'}."


def _columns(page: DatasetPage, existing: Mapping[str, Any]) -> list[str]:
    differ = _difference(existing.get("columns") or [], columns(page))
    return [f"Version {page.contract.version}, {differ}."] if differ else []


def _difference(before: Sequence[str], after: Sequence[str]) -> str:
    """Name the columns that came and went; nothing where none did, or where nobody knows what there was."""
    if not before or list(before) == list(after):
        return ""
    added = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    parts = [f"{word} : {', '.join(names)}" for word, names in (("ajoutées", added), ("retirées", gone)) if names]
    return f"colonnes {' ; '.join(parts) or 'dans un autre ordre'}"


def _rows(page: DatasetPage, existing: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> list[str]:
    before = _of_period(existing.get("resources") or [], page.period)
    after = _of_period(resources, page.period)
    shown = french_period(page.period).capitalize()
    rows = max((int(each.get("rows") or 0) for each in after.values()), default=0)
    if not before:
        return [f"{shown} : première publication, {_lines(rows)}."]
    same = [kind for kind in after if kind in before and after[kind].get("hash") == before[kind].get("hash")]
    if len(same) == len(after):
        return []
    former = max((int(each.get("rows") or 0) for each in before.values()), default=0)
    return [f"{shown} : correction, {_lines(rows)} au lieu de {integer(former)}."]


def _of_period(resources: Sequence[Mapping[str, Any]], period: str) -> dict[str, Mapping[str, Any]]:
    return {
        str(each.get("format")): each
        for each in resources
        if (each.get("role"), each.get("period")) == ("period", period)
    }


def _lines(count: int) -> str:
    return f"{integer(count)} {'ligne' if count < 2 else 'lignes'}"


def _entry(moment: datetime, period: str, version: str, text: str) -> dict[str, str]:
    return {"date": moment.isoformat(), "period": period, "version": version, "text": text}
