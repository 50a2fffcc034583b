"""The anonymisation certificate of a release: what a sceptic asks of a published file, in plain French.

It says where the data comes from, on what legal basis, what was removed or blurred, what was measured on the result,
how many rows were left out and why, and who approved it. It is derived from contract, verdict and decision; nothing in
it is free text of a run.
"""

from __future__ import annotations

import html
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from policies.contract import Contract, Technique

_TREATMENTS = {
    Technique.PSEUDONYMIZE: "remplacé par un pseudonyme à sens unique, puis retiré de la publication",
    Technique.REDACT: "texte caviardé, jamais publié tel quel",
    Technique.COMMUNE: "adresse réduite à sa commune",
    Technique.DROP: "supprimé dès la réception",
}
_COUNTS = {
    "rows_in": "lignes lues",
    "suppressed_rows": "lignes retirées, trop peu nombreuses à se ressembler",
    "suppressed_cells": "groupes retirés",
    "published_rows": "lignes publiées",
}
_MEASURES = {
    "k": "plus petit groupe publié (unités de protection)",
    "prosecutor_risk": "risque de réidentification le plus élevé",
    "average_risk": "risque moyen",
    "largest_share": "plus grande part d'une seule unité dans un total",
    "suppressed_share": "part des lignes retirées",
    "residual_identifiers": "identifiants retrouvés dans les textes publiés",
}
_PAGE = """<!doctype html>
<html lang="fr"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title>
<style>body{{font:1.05rem/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b2a38}}
h1{{font-size:1.5rem}}code{{overflow-wrap:anywhere}}</style>
<h1>{title}</h1><ul>{items}</ul><p>Empreinte de ce qui a été jugé : <code>{digest}</code></p></html>
"""
_UNITS = {"person": "personne", "household": "foyer", "delivery_point": "point de livraison"}


@dataclass(frozen=True, slots=True)
class Certificate:
    """One release's certificate."""

    dataset: str
    title: str
    period: str
    contract_version: str
    contract_digest: str
    strategy_version: str
    candidate_digest: str
    operator: str
    legal_basis: str
    treatment_ref: str
    protection_unit: str | None
    floors: dict[str, float]  # what the contract demands: k, minimum_units, dominance
    treated: dict[str, str]  # source column -> what was done to it
    counts: dict[str, int]
    measures: dict[str, float]
    approved_by: str | None
    approved_at: datetime | None
    judged_at: datetime
    coverage: str = ""

    def to_json(self) -> bytes:
        """Canonical JSON: sorted keys, UTF-8."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, indent=1, default=_moment).encode()

    def sentences(self) -> list[str]:
        """The certificate as a person reads it, a sentence or a list item each."""
        lines = [f"Données de : {self.operator}.", f"Base légale : {self.legal_basis}"]
        lines += [self.coverage] if self.coverage else []
        lines += [f"Colonne « {name} » : {what}." for name, what in self.treated.items()]
        if self.protection_unit:
            lines.append(f"Les seuils se comptent par {_UNITS.get(self.protection_unit, self.protection_unit)}.")
        lines += [f"Exigé — {name} : {_figure(value)}." for name, value in self.floors.items()]
        lines += [
            f"Mesuré — {_MEASURES[name]} : {_figure(self.measures[name])}."
            for name in _MEASURES
            if name in self.measures
        ]
        lines += [
            f"{_COUNTS[name].capitalize()} : {_figure(self.counts[name])}." for name in _COUNTS if name in self.counts
        ]
        if self.approved_by and self.approved_at:
            lines.append(f"Publication approuvée par {self.approved_by} le {self.approved_at:%d/%m/%Y à %H:%M} UTC.")
        else:
            lines.append(
                "Publication automatique : la stratégie du territoire ne demande pas d'approbation humaine ici."
            )
        return lines

    def to_html(self) -> bytes:
        """A page of its own, without scripts or outside resources."""
        items = "".join(f"<li>{html.escape(line)}</li>" for line in self.sentences())
        title = html.escape(f"Certificat d'anonymisation — {self.title}, {self.period}")
        return _PAGE.format(title=title, items=items, digest=html.escape(self.candidate_digest)).encode()


def treated_columns(contract: Contract) -> dict[str, str]:
    """What was done to each source column that says something about people."""
    return {
        column.name: _TREATMENTS[column.privacy.technique]
        for column in contract.columns
        if column.privacy.technique in _TREATMENTS
    }


def floors(contract: Contract) -> dict[str, float]:
    """The figures that the contract demands of what is published."""
    rule = contract.release
    demanded = {
        "unités par groupe au moins": rule.k,
        "unités par cellule au moins": rule.minimum_units,
        "part d'une seule unité au plus": rule.dominance,
    }
    return {name: float(value) for name, value in demanded.items() if value is not None}


def _figure(value: float) -> str:
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"
    return text.replace(",", "\u202f").replace(".", ",")


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a certificate")
