"""A view of several open datasets as one CKAN dataset: no period, no certificate, a resource per layer and format.

Pure, like :mod:`catalog.dcat`, whose vocabulary it shares: the dataset as it stands and a page go in, the dataset as it
shall stand comes out, so that a view made again of the same layers changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from catalog import dcat
from catalog.certificate_figures import french_period
from catalog.periods import first_day, last_day
from policies.contract import Territory
from policies.twin import Twin

_FORMATS = {
    "geoparquet": ("GeoParquet", "application/vnd.apache.parquet", "https://geoparquet.org/releases/v1.1.0/"),
    "ngsi_ld": ("JSON-LD", "application/ld+json", "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"),
}
_SAID = {"geoparquet": "pour les logiciels de carte", "ngsi_ld": "entités NGSI-LD"}


@dataclass(frozen=True, slots=True)
class ViewFile:
    """One file of a layer, in the open bucket."""

    layer: str  # identifier of the dataset it shows
    title: str  # French
    source: str  # name of that dataset in the catalogue
    format: Literal["geoparquet", "ngsi_ld"]
    url: str
    size: int
    digest: str  # sha256, hex
    rows: int
    period: str  # of the dataset
    released_at: datetime


@dataclass(frozen=True, slots=True)
class ViewPage:
    """The view as it must be; without files it is to be hidden."""

    twin: Twin
    territory: Territory
    files: tuple[ViewFile, ...]
    run_id: str = ""

    @property
    def name(self) -> str:
        """The view's name in the catalogue."""
        return str(self.twin.id)


def described_view(page: ViewPage, existing: Mapping[str, Any] | None = None, url: str = "") -> dict[str, Any]:
    """Return the CKAN dataset that shows the view; ids and dates that `existing` has are kept."""
    twin, existing, options = page.twin, existing or {}, page.twin.dcat
    newest = max((file.released_at for file in page.files), default=None)
    modified = newest.isoformat() if newest else str(existing.get("modified") or "")
    found = {
        "name": page.name,
        "title": twin.title,
        "notes": "\n\n".join([twin.purpose, f"**Limites.** {twin.limitations}", f"**Usages.** {twin.usage}"]),
        "private": not page.files,
        "state": "active",
        "type": "dataset",
        "owner_org": twin.organization,
        "groups": [{"name": twin.theme}],
        "tags": [{"name": tag} for tag in dcat.tags(twin.tags)],
        "license_id": options["licence"],
        "version": str(twin.version),
        "identifier": page.name,
        "issued": existing.get("issued") or modified,
        "modified": modified,
        "frequency": options["frequency"],
        "temporal_coverage": _coverage(page),
        "spatial_coverage": [{"text": page.territory.strategy.territory}],
        "access_rights": dcat.PUBLIC,
        "theme": list(options["themes"]),
        "hvd_category": [options["hvd_category"]] if options.get("hvd_category") else [],
        "applicable_legislation": _legislation(twin),
        "language": [dcat.FRENCH],
        "provenance": _provenance(page),
        "contact": [dict(options["contact"])],
        "publisher": [{"name": page.territory.strategy.territory, "type": dcat.LOCAL_AUTHORITY}],
        "resources": [_resource(page, file, existing, url) for file in page.files],
    }
    if url:
        dcat.name_nodes(found, url)
    return {**{name: existing[name] for name in ("id", "uri") if existing.get(name)}, **found}


def _coverage(page: ViewPage) -> list[dict[str, str]]:
    """From the first day of any layer to the last day of any."""
    if not page.files:
        return []
    first, last = (
        min(first_day(file.period) for file in page.files),
        max(last_day(file.period) for file in page.files),
    )
    return [{"start": first.isoformat(), "end": last.isoformat()}]


def _legislation(twin: Twin) -> list[str]:
    return [dcat.HVD_REGULATION] if twin.dcat.get("hvd_category") else []


def _provenance(page: ViewPage) -> str:
    names = sorted({file.source for file in page.files})
    return "Composé de jeux de données déjà publiés dans ce catalogue : " + ", ".join(names) + "." if names else ""


def _resource(page: ViewPage, file: ViewFile, existing: Mapping[str, Any], url: str) -> dict[str, Any]:
    label, media_type, standard = _FORMATS[file.format]
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"ardoise/{page.name}/{file.layer}/{file.format}"))
    known: dict[str, Mapping[str, Any]] = {str(each.get("id")): each for each in existing.get("resources", [])}
    before = known.get(identifier, {})
    source = f"{url}/dataset/{file.source}" if url else file.source
    return {
        "id": identifier,
        "role": "latest",
        "name": f"{file.title}, {label}",
        "description": f"{french_period(file.period).capitalize()}, {_SAID[file.format]}. D'après : {source}.",
        "format": label,
        "mimetype": media_type,
        "url": file.url,
        "access_url": file.url,
        "download_url": file.url,
        "size": file.size,
        "hash": file.digest,
        "hash_algorithm": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256",
        "rows": file.rows,
        "period": file.period,
        "conforms_to": [standard],
        "license": dcat.LICENCES.get(str(page.twin.dcat["licence"]), ""),
        "applicable_legislation": _legislation(page.twin),
        "language": [],
        "issued": before.get("issued") or file.released_at.isoformat(),
        "modified": file.released_at.isoformat(),
    }
