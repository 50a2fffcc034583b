"""The resources of a dataset's page: links to the open bucket, the searchable table, the certificate.

A resource is known by its role, format and period, kept as fields of it: publishing again finds the same resource and
keeps its identifier, so links that people hold stay good.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.certificate_figures import french_period, of_period
from catalog.page import DatasetPage, PublishedFile
from policies import Contract

TABLE_URL = "_datastore_only_resource"  # CKAN writes the table's own address in its place
_FORMATS = {
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "csv": ("CSV", "text/csv"),
    "geojson": ("GeoJSON", "application/geo+json"),
    "geoparquet": ("GeoParquet", "application/vnd.apache.parquet"),
}
_STANDARDS = {
    "parquet": "https://parquet.apache.org/docs/file-format/",
    "csv": "https://www.rfc-editor.org/info/rfc4180",
    "geojson": "https://www.rfc-editor.org/info/rfc7946",
    "geoparquet": "https://geoparquet.org/releases/v1.1.0/",
}
_PREFERENCE = list(_FORMATS)
_ORDER = {"latest": 0, "table": 1, "period": 2, "certificate": 3}
_PLACE_NAMES = ("nom", "commune", "parking", "quartier")  # what a place is called, before a code of it
Key = tuple[str, str, str]


def resources(
    page: DatasetPage, existing: Sequence[Mapping[str, Any]], licence: str, legislation: Sequence[str]
) -> list[dict[str, Any]]:
    """Return every resource of the dataset, newest first.

    The page's files are all there are; earlier certificates, and resources that people added, stay as they are.
    """
    shared = {"license": licence, "applicable_legislation": list(legislation), "language": []}
    wanted = [{**shared, **_file(file, page.released_at.isoformat())} for file in page.files]
    if page.contract.release.searchable:
        wanted.append({**shared, **_table(page)})
    if page.certificate_url:
        wanted.append({**shared, **_certificate(page)})
    known = {key(each): dict(each) for each in existing}
    kept = {place: each for place, each in known.items() if _stays(each, page)}
    for each in wanted:
        before = known.get(key(each), {})
        each["issued"] = before.get("issued") or each["modified"]
        kept[key(each)] = {"id": before.get("id") or _identifier(page, key(each)), **each}
    return sorted(kept.values(), key=_place, reverse=True)


def remaining(
    existing: Sequence[Mapping[str, Any]], period: str, latest: Sequence[PublishedFile]
) -> list[dict[str, Any]]:
    """Return the resources without those of ``period``; ``latest`` files take the place of the former ones."""
    shown = {_FORMATS[file.format][0]: file for file in latest}
    left = []
    for each in existing:
        role = each.get("role")
        if role in ("period", "certificate") and each.get("period") == period:
            continue
        if role == "latest":
            if (file := shown.get(str(each.get("format")))) is None:
                continue
            left.append({**each, **_file(file, str(each.get("modified") or ""))})
            continue
        left.append(dict(each))
    return left


def key(resource: Mapping[str, Any]) -> Key:
    """Return what tells a resource from the others of its dataset."""
    role = str(resource.get("role") or "")
    period = str(resource.get("period") or "") if role in ("period", "certificate") else ""
    if not role:
        return role, str(resource.get("id") or resource.get("url")), period
    return role, str(resource.get("format") or "").lower(), period


def _identifier(page: DatasetPage, place: Key) -> str:
    """Name a resource after its place: a catalogue that is made anew gives it the same address."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("ardoise", page.name, *place))))


def table(resources_: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the resource that is the searchable table, if there is one."""
    return next((each for each in resources_ if each.get("role") == "table"), None)


def views(contract: Contract) -> list[dict[str, str]]:
    """Return the ways the searchable table is looked at, in the order of the page; see the extension's previews."""
    rule = contract.release
    found = [{"view_type": "ardoise_table", "title": "Table"}, {"view_type": "ardoise_chart", "title": "Graphique"}]
    if rule.longitude and rule.latitude:
        texts = [each.name for each in rule.columns if each.logical_type == "string"]
        label = next((name for name in texts if name in _PLACE_NAMES), texts[0] if texts else "")
        position = {"longitude": rule.longitude, "latitude": rule.latitude, "label": label}
        found.append({"view_type": "ardoise_map", "title": "Carte", **position})
    return found


def _stays(resource: Mapping[str, Any], page: DatasetPage) -> bool:
    role = resource.get("role")
    return not role or (role == "certificate" and resource.get("period") in page.periods)


def _file(file: PublishedFile, modified: str) -> dict[str, Any]:
    label, media_type = _FORMATS[file.format]
    period = french_period(file.period)
    return {
        "role": "latest" if file.latest else "period",
        "name": f"{label}, dernière période ({period})" if file.latest else f"{label}, {period}",
        "description": (
            "Adresse stable : toujours la dernière période publiée."
            if file.latest
            else f"Données {of_period(file.period)}."
        ),
        "format": label,
        "mimetype": media_type,
        "url": file.url,
        "access_url": file.url,  # DCAT-AP wants one on each distribution, even where both are the same
        "download_url": file.url,
        "size": file.size,
        "hash": file.digest,
        "hash_algorithm": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256",
        "rows": file.rows,
        "period": file.period,
        "conforms_to": [_STANDARDS[file.format], *([file.schema_url] if file.schema_url else [])],
        "modified": modified,
    }


def _table(page: DatasetPage) -> dict[str, Any]:
    return {
        "role": "table",
        "name": "Table interrogeable, toutes les périodes",
        "description": "À parcourir ici, à filtrer, ou à interroger par l'API DataStore de CKAN.",
        "format": "CSV",
        "url": TABLE_URL,
        "url_type": "datastore",
        "modified": page.released_at.isoformat(),
    }


def _certificate(page: DatasetPage) -> dict[str, Any]:
    return {
        "role": "certificate",
        "name": f"Certificat d'anonymisation, {french_period(page.period)}",
        "description": "Ce qui a été retiré, mesuré et approuvé, en français courant.",
        "format": "HTML",
        "mimetype": "text/html",
        "url": page.certificate_url,
        "period": page.period,
        "modified": page.released_at.isoformat(),
    }


def _place(resource: Mapping[str, Any]) -> tuple[int, str, int]:
    """Sorting key, largest first: by role, then period, then the format people should take first."""
    role = _ORDER.get(str(resource.get("role")), 4)
    form = str(resource.get("format") or "").lower()
    preference = _PREFERENCE.index(form) if form in _PREFERENCE else len(_PREFERENCE)
    return -role, str(resource.get("period") or ""), -preference
