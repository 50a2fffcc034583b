"""What templates ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import ckan.plugins as p
from ckan.common import config

from ckanext.ardoise.certificate import certificate, lineage
from ckanext.ardoise.french import figure, french_date, number, size, vocabulary
from ckanext.ardoise.freshness import Freshness
from ckanext.ardoise.freshness import freshness as judged
from ckanext.ardoise.snippets import snippets


def territory() -> str:
    """Return the name of the territory this catalogue is for."""
    return str(config.get("ardoise.territory") or "")


def setting(name: str) -> str:
    """Return one of this extension's settings (``console_url``)."""
    return str(config.get(f"ardoise.{name}") or "")


def freshness(package: Mapping[str, Any]) -> Freshness:
    """Return the dataset's badge, now."""
    return judged(package, datetime.now(UTC))


def latest(resources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the files of the newest period and the table, which a visitor wants first."""
    return [each for each in resources if each.get("role") in ("latest", "table")]


def others(resources: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Return the remaining files by period, newest first; those of no period come last under an empty name."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for each in resources:
        if each.get("role") not in ("latest", "table", "certificate"):
            groups.setdefault(str(each.get("period") or ""), []).append(each)
    return sorted(groups.items(), reverse=True)


def certificates(resources: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the address of each period's certificate."""
    found = [each for each in resources if each.get("role") == "certificate"]
    return {str(each.get("period") or ""): str(each.get("url") or "") for each in found}


def certificate_lines(package: Mapping[str, Any]) -> list[str]:
    """Return the certificate's main lines."""
    lines = package.get("certificate_lines") or []
    return [str(line) for line in ([lines] if isinstance(lines, str) else lines)]


def table_of(package: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the resource that can be looked at without downloading it."""
    return next((each for each in package.get("resources") or [] if each.get("datastore_active")), None)


def has_map(package: Mapping[str, Any]) -> bool:
    """Say whether the dataset's rows have places."""
    return any(str(each.get("format") or "").lower() == "geojson" for each in package.get("resources") or [])


def programs(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return programs that read the resource, by language."""
    return snippets(resource, str(config["ckan.site_url"]).rstrip("/"))


def type_name(kind: str) -> str:
    """Return what PostgreSQL's name of a type means."""
    return _TYPES.get(kind, kind)


def home() -> dict[str, Any]:
    """Return what the home page shows: the datasets renewed last, their number, and the themes that have some."""
    context = {"user": p.toolkit.current_user.name, "auth_user_obj": p.toolkit.current_user, "for_view": True}
    query = {"rows": 6, "sort": "metadata_modified desc", "facet.field": ["groups"], "fq": "+capacity:public"}
    found = p.toolkit.get_action("package_search")(context, query)
    themes = sorted(found["search_facets"].get("groups", {}).get("items", []), key=lambda each: each["display_name"])
    return {"datasets": found["results"], "count": found["count"], "themes": themes}


_TYPES = {
    "text": "texte", "int8": "nombre entier", "int4": "nombre entier", "float8": "nombre", "numeric": "nombre",
    "bool": "vrai ou faux", "date": "date", "timestamptz": "date et heure", "timestamp": "date et heure",
}  # fmt: skip
HELPERS: dict[str, Callable[..., Any]] = {
    "home": home,
    "vocabulary": vocabulary,
    "territory": territory,
    "setting": setting,
    "french_date": french_date,
    "freshness": freshness,
    "number": number,
    "size": size,
    "latest": latest,
    "others": others,
    "certificate": certificate,
    "certificate_lines": certificate_lines,
    "certificates": certificates,
    "figure": figure,
    "has_map": has_map,
    "lineage": lineage,
    "snippets": programs,
    "table_of": table_of,
    "type": type_name,
}
