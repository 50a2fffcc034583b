"""Writes a certificate in plain French: a few lines for the dataset's page, a text, and a page of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from catalog.certificate_figures import french_date, french_period, integer, share
from catalog.treatments import UNITS

if TYPE_CHECKING:
    from catalog.certificate import Certificate

_COUNTS = {
    "rows_in": "Lignes reçues",
    "rejected": "Lignes écartées parce qu'elles étaient fautives",
    "duplicates": "Lignes reçues plusieurs fois",
    "not_covered": "Lignes laissées de côté, faute de consentement",
    "suppressed_rows": "Lignes retirées parce qu'elles étaient trop singulières",
    "suppressed_cells": "Cases retirées parce qu'elles étaient trop singulières",
    "published_rows": "Lignes publiées",
}
_SHARES = frozenset({"prosecutor_risk", "average_risk", "largest_share", "suppressed_share"})
_MEASURES = {
    "k": "Plus petit groupe publié",
    "prosecutor_risk": "Risque de reconnaître quelqu'un, dans le pire des cas",
    "average_risk": "Risque de reconnaître quelqu'un, en moyenne",
    "largest_share": "Part la plus grande d'un seul dans un chiffre publié",
    "suppressed_share": "Part des lignes retirées",
    "residual_identifiers": "Textes où un identifiant a été retrouvé",
}


def main_lines(certificate: Certificate) -> list[str]:
    """Return the four or five sentences that a dataset's page shows."""
    lines = [f"Base légale : {_sentence(certificate.legal_basis)}"]
    removed = [each.label.lower() for each in certificate.treatments if each.removed]
    if removed:
        lines.append(f"Retirés ou remplacés avant toute publication : {', '.join(removed)}.")
    lines.extend(certificate.promises)
    if (k := certificate.measures.get("k")) and certificate.protection_unit:
        risk = certificate.measures.get("prosecutor_risk")
        told = f"Mesuré : le plus petit groupe publié compte {integer(k)} {UNITS[certificate.protection_unit][1]}"
        lines.append(told + (f" (risque au plus de {share(risk)})." if risk else "."))
    lines.append(approved(certificate))
    return lines


def to_text(certificate: Certificate) -> str:
    """Return the whole certificate as plain text."""
    parts = [f"Certificat d'anonymisation\n{certificate.title}\n{french_period(certificate.period)}"]
    parts.append(f"D'où viennent les données\n{certificate.source}")
    parts.append(f"Pourquoi et de quel droit\n{certificate.purpose}\n{certificate.legal_basis}")
    parts.append(
        "Ce qui a été retiré ou flouté\n"
        + _bullets(f"{each.label} : {each.outcome}" for each in certificate.treatments)
    )
    parts.append("Ce qui est garanti\n" + _bullets(certificate.promises))
    parts.append("Ce qui a été compté\n" + _bullets(f"{label} : {value}" for label, value in counted(certificate)))
    parts.append("Ce qui a été mesuré\n" + _bullets(f"{label} : {value}" for label, value in measured(certificate)))
    parts.extend(section.to_text() for section in certificate.sections)
    parts.append(f"Qui a approuvé\n{approved(certificate)}")
    parts.append("Empreintes\n" + _bullets(f"{label} : {value}" for label, value in digests(certificate)))
    return "\n\n".join(parts) + "\n"


def to_html(certificate: Certificate) -> str:
    """Return the whole certificate as a self-contained page."""
    environment = Environment(
        loader=PackageLoader("catalog", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    template = environment.get_template("certificate.html")
    return template.render(
        certificate=certificate,
        period=french_period(certificate.period),
        counted=counted(certificate),
        measured=measured(certificate),
        approved=approved(certificate),
        digests=digests(certificate),
        judged=french_date(certificate.judged_at),
    )


def counted(certificate: Certificate) -> list[tuple[str, str]]:
    """Return the counts a reader can make sense of, in the order of the journey."""
    return [(label, integer(certificate.counts[name])) for name, label in _COUNTS.items() if name in certificate.counts]


def measured(certificate: Certificate) -> list[tuple[str, str]]:
    """Return the measures with their French names; a group's size says in what it is counted."""
    found = []
    for name, label in _MEASURES.items():
        if name not in certificate.measures:
            continue
        value = certificate.measures[name]
        text = share(value) if name in _SHARES else integer(value)
        if name == "k" and certificate.protection_unit:
            text = f"{text} {UNITS[certificate.protection_unit][1]}"
        found.append((label, text))
    return found


def approved(certificate: Certificate) -> str:
    """Return who let the release go, and when."""
    if certificate.approved_by and certificate.approved_at:
        return f"Publication approuvée le {french_date(certificate.approved_at)} par {certificate.approved_by}."
    strategy = f"la stratégie du territoire (version {certificate.strategy_version})"
    when = french_date(certificate.judged_at)
    return f"Publication automatique, le {when} : {strategy} n'y demande l'accord de personne."


def digests(certificate: Certificate) -> list[tuple[str, str]]:
    """Return what a checker compares: digests of the contract, strategy, candidate and consents."""
    found = [
        ("Contrat", certificate.contract_digest),
        ("Stratégie", certificate.strategy_digest),
        ("Données assemblées", certificate.candidate_digest),
    ]
    if certificate.consent_root:
        found.append(("Consentements en vigueur", certificate.consent_root))
    return found


def _sentence(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "- sans objet"
