"""From a contract and a release to a CKAN dataset in the vocabulary of DCAT-AP 3.0.1 and DCAT-AP HVD 3.0.0.

The only place that knows how a contract is told in the catalogue. Pure: the dataset as it stands (or None) and a page
go in, the whole dataset as it shall stand comes out, so that publishing twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.certificate_facts import facts
from catalog.certificate_figures import french_period
from catalog.changes import changes, columns, withdrawn
from catalog.errors import PageError
from catalog.page import DatasetPage, PublishedFile
from catalog.periods import first_day, last_day
from catalog.resources import remaining, resources
from catalog.treatments import PARTICIPANTS
from policies import Contract, PeriodUnit

HVD_REGULATION = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
FRENCH = "http://publications.europa.eu/resource/authority/language/FRA"
PUBLIC = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
LOCAL_AUTHORITY = "http://purl.org/adms/publishertype/LocalAuthority"
LICENCES = {
    "lov2": "https://spdx.org/licenses/etalab-2.0",
    "odc-odbl": "https://spdx.org/licenses/ODbL-1.0",
}
_SHAPES = {
    PeriodUnit.DAY: r"\d{4}-\d{2}(-\d{2})?",
    PeriodUnit.WEEK: r"\d{4}-W\d{2}",
    PeriodUnit.MONTH: r"\d{4}-\d{2}",
}
_RESOLUTIONS = {PeriodUnit.DAY: "P1D", PeriodUnit.WEEK: "P7D", PeriodUnit.MONTH: "P1M"}


def dataset(
    page: DatasetPage,
    existing: Mapping[str, Any] | None = None,
    url: str = "",
    earlier: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the CKAN dataset that shows ``page``, visible to all; ids and dates that ``existing`` has are kept.

    A page that is new says what changed since ``earlier``, the major version before it. Its URI is its address under
    the catalogue's ``url``: it stays the same in a catalogue that is made anew.

    Raises:
        PageError: the page and its contract contradict each other.
    """
    contract, existing = page.contract, existing or {}
    _check(page)
    options = contract.dcat
    files = resources(page, existing.get("resources", []), licence(contract), legislation(contract))
    periods = sorted({page.period, *page.periods})
    operator = page.territory.organizations.get(contract.feed.operator, {})
    described = {
        "name": page.name,
        "title": title(contract),
        "notes": notes(page),
        "private": False,
        "state": "active",
        "type": "dataset",
        "owner_org": contract.feed.operator,
        "groups": [{"name": contract.theme}],
        "tags": [{"name": tag} for tag in tags(contract.tags)],
        "license_id": options.get("licence", ""),
        "version": str(contract.version),
        "identifier": page.name,
        "issued": existing.get("issued") or page.released_at.isoformat(),
        "modified": page.released_at.isoformat(),
        "frequency": options.get("frequency", ""),
        "temporal_resolution": _RESOLUTIONS[contract.period],
        "temporal_coverage": _covered(periods),
        "spatial_coverage": [{"text": page.territory.strategy.territory, **options.get("spatial", {})}],
        "access_rights": PUBLIC,
        "theme": list(options.get("themes", [])),
        "hvd_category": [options["hvd_category"]] if options.get("hvd_category") else [],
        "applicable_legislation": legislation(contract),
        "language": [FRENCH],
        "provenance": provenance(page, operator.get("title", contract.feed.operator)),
        "contact": [dict(options["contact"])] if options.get("contact") else [],
        "publisher": [{"name": page.territory.strategy.territory, "type": LOCAL_AUTHORITY}],
        "documentation": [page.certificate_url] if page.certificate_url else [],
        "certificate_url": page.certificate_url,
        "certificate_lines": page.certificate.main_lines(),
        "certificate": facts(page.certificate, page.certificate_url),
        "coverage": page.coverage_note,
        "successor": existing.get("successor", ""),
        "has_version": list(existing.get("has_version", [])),
        "version_notes": existing.get("version_notes") or _notice(contract),
        "columns": columns(page),
        "changes": changes(page, existing, files, earlier),
        "resources": files,
    }
    if url:
        name_nodes(described, url)
    return {**{name: existing[name] for name in ("id", "uri") if existing.get(name)}, **described}


def without(existing: Mapping[str, Any], period: str, latest: Sequence[PublishedFile]) -> dict[str, Any]:
    """Return the dataset as it shall stand once ``period`` was taken back: ``latest`` is of the newest that is left."""
    files = remaining(existing["resources"], period, latest)
    periods = sorted({str(each["period"]) for each in files if each.get("role") == "period"})
    certificates = {str(each["period"]): str(each["url"]) for each in files if each.get("role") == "certificate"}
    certificate = certificates.get(periods[-1], "") if periods else ""
    changed = {
        "resources": files,
        "temporal_coverage": _covered(periods),
        "documentation": [certificate] if certificate else [],
        "certificate_url": certificate,
        "changes": withdrawn(existing, period),
    }
    if existing.get("certificate_url") != certificate:  # its lines and the provenance told of the period that went
        changed |= {"certificate_lines": [], "certificate": "", "provenance": ""}
    return {**existing, **changed}


def deprecated(existing: Mapping[str, Any], successor: str, successor_url: str) -> dict[str, Any]:
    """Return the fields that change on a dataset whose next major version has just been published."""
    return {
        "id": existing["id"],
        "successor": successor,
        "has_version": [successor_url],
        "version_notes": f"Cette version n'est plus mise à jour. La suivante : {successor_url}",
    }


def _notice(contract: Contract) -> str:
    """What is said of a contract that its authors have ended."""
    return "" if contract.status in ("draft", "active") else "Ce jeu de données n'est plus mis à jour."


def title(contract: Contract) -> str:
    """Return the title; that of an aggregate over consenting subjects says that only they are counted."""
    counted = contract.release.kind in ("aggregate", "protected_table", "noisy_table")
    if contract.coverage is None or not counted or contract.protection_unit is None:
        return contract.title
    qualifier = PARTICIPANTS[contract.protection_unit.kind]
    return contract.title if "participant" in contract.title.lower() else f"{contract.title} ({qualifier})"


def notes(page: DatasetPage) -> str:
    """Return the description: why it exists, whom it counts, what it can not say, what to do with it (Markdown)."""
    said = page.contract.description
    parts = [said.purpose]
    if page.coverage_note:
        parts.append(f"**Qui est compté.** {page.coverage_note}")
    parts += [f"**Limites.** {said.limitations}", f"**Usages.** {said.usage}"]
    return "\n\n".join(parts)


def provenance(page: DatasetPage, operator: str) -> str:
    """Return where the data comes from and what became of it on the way, in a few sentences."""
    register = page.contract.treatment_ref
    parts = [f"Données remises par « {operator} ».", page.contract.legal_basis.text]
    if register != "sans-objet":
        parts.append(f"Registre des traitements : {register}.")
    released = f"{french_period(page.period)}, version {page.certificate.contract_version} du contrat"
    parts.append(f"Dernière publication : {released}.")
    if page.certificate_url:
        parts.append(f"Ce qui a été retiré, mesuré et approuvé : {page.certificate_url}")
    return " ".join(parts)


def _covered(periods: Sequence[str]) -> list[dict[str, str]]:
    """The days from the first period to the last."""
    if not periods:
        return []
    return [{"start": first_day(periods[0]).isoformat(), "end": last_day(periods[-1]).isoformat()}]


def licence(contract: Contract) -> str:
    """Return the URI of the contract's licence, which DCAT wants on each distribution."""
    return LICENCES.get(str(contract.dcat.get("licence", "")), "")


def legislation(contract: Contract) -> list[str]:
    """Return the European regulation for high-value datasets, where the contract says it is one."""
    return [HVD_REGULATION] if contract.dcat.get("hvd_category") else []


def tags(words: Sequence[str]) -> list[str]:
    """Return the contract's tags in the characters CKAN allows, without repetition."""
    cleaned = (re.sub(r"[^\w .-]+", " ", word).strip() for word in words)
    return list(dict.fromkeys(word for word in cleaned if 2 <= len(word) <= 100))


def name_nodes(described: dict[str, Any], url: str) -> None:
    """Give a dataset and what it shares with its series addresses of their own, in place of blank nodes."""
    described["uri"] = f"{url}/dataset/{described['name']}"
    for contact in described["contact"]:
        contact["uri"] = f"{described['uri']}#contact"
    for publisher in described["publisher"]:
        publisher["uri"] = f"{url}/#publisher"
    for place in described["spatial_coverage"]:
        place.setdefault("uri", f"{url}/#territory")


def _check(page: DatasetPage) -> None:
    contract = page.contract
    if not re.fullmatch(_SHAPES[contract.period], page.period):
        raise PageError(f"{page.name}: « {page.period} » is not a {contract.period.value}")
    if not page.files:
        raise PageError(f"{page.name}: a release without a file has no page")
    if contract.coverage is not None and not page.coverage_note:
        raise PageError(f"{page.name}: rows are used under consent, yet the page does not say whom they cover")
    if page.certificate.dataset != contract.id or page.certificate.period != page.period:
        raise PageError(f"{page.name}: the certificate is that of another release")
