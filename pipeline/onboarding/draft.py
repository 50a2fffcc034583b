"""A proposed contract as text: complete in form, with a mark wherever a person has still to write.

What must not change: whatever concerns people (legal basis, that nobody is concerned, what the page says) is never
written on a person's behalf. It is marked, and a contract with a mark does not load.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import yaml

from pipeline.onboarding.answers import Answers
from pipeline.onboarding.proposal import Proposal, Proposed
from policies.advice import MARK
from policies.contract import PrivacyCategory, Strategy, Technique

_THEMES = {  # our themes -> EU data themes
    "mobilite": ("TRAN",),
    "eau": ("ENVI",),
    "environnement": ("ENVI",),
    "dechets": ("ENVI",),
    "eclairage": ("ENER",),
    "batiments": ("ENER",),
    "cadre-de-vie": ("GOVE", "SOCI"),
}
_DATA_THEME = "http://publications.europa.eu/resource/authority/data-theme/"
_FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/"
_HEADER = (
    "# Proposé par « ardoise contracts new » d'après un échantillon du flux : à relire en entier.\n"
    f"# Remplacez chaque texte qui commence par « {MARK} », vérifiez ce qui est dit de chaque colonne, puis lancez\n"
    "# « ardoise contracts check ». Le statut « draft » devient « active » quand la collecte peut commencer.\n"
)


def marked(what: str) -> str:
    """A text that a person has to write."""
    return f"{MARK} : {what}"


def draft(
    answers: Answers,
    options: Mapping[str, Any],
    proposed: Proposed,
    event_time: str | None,
    key: tuple[str, ...],
    strategy: Strategy,
) -> str:
    """The contract's text.

    Args:
        answers: what a person answered.
        options: of the feed, completed from the sample.
        proposed: the columns.
        event_time: our name of the column that dates a row; None if none was found.
        key: our names of the columns that tell rows apart.
        strategy: whose floors are proposed as they are.
    """
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": answers.identifiant,
        "version": "1.0.0",
        "status": "draft",
        "name": answers.titre,
        "tenant": strategy.slug,
        "domain": answers.theme,
        "tags": list(answers.mots_cles) or [answers.theme],
        "description": _description(answers),
        "team": {"name": answers.operateur, "members": [{"username": answers.auteur, "role": "author"}]},
        "slaProperties": _levels(answers, strategy),
        "customProperties": _root(answers, options, proposed, event_time),
        "schema": [
            {
                "name": re.sub("-", "_", answers.identifiant),
                "physicalType": "object",
                "properties": [_column(one, answers, event_time, key) for one in proposed.columns],
                "customProperties": [
                    {"property": "release", "value": _release(proposed, answers, event_time, strategy)}
                ],
            }
        ],
    }
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=10_000)
    return _HEADER + _commented(text, proposed, key, event_time)


def _description(answers: Answers) -> dict[str, str]:
    texts = answers.textes
    return {
        "purpose": texts.objet or marked("à quoi sert ce jeu de données, en une ou deux phrases"),
        "limitations": texts.limites or marked("ce que les données ne disent pas, ce qui en est retiré"),
        "usage": texts.usage or marked("ce qu'on peut en faire, et ce qu'il ne faut pas en déduire"),
    }


def _levels(answers: Answers, strategy: Strategy) -> list[dict[str, Any]]:
    often = answers.frequence
    shown = (often.valeur, often.unite) if often else (1, "d" if answers.periode == "day" else "m")
    days = min(answers.conservation_jours or 30, strategy.maximum_landing_retention.days)
    return [
        {"property": "frequency", "value": shown[0], "unit": shown[1], "element": "landing"},
        {"property": "retention", "value": days, "unit": "d", "element": "landing"},
    ]


def _root(
    answers: Answers, options: Mapping[str, Any], proposed: Proposed, event_time: str | None
) -> list[dict[str, Any]]:
    feed: dict[str, Any] = {
        "connector": answers.source,
        "decoder": answers.decodeur,
        "operator": answers.operateur,
    }
    if answers.horaire:
        feed["schedule"] = answers.horaire
    feed["options"] = dict(options)
    late = answers.retard if answers.retard is not None else timedelta(days=1)
    values: dict[str, Any] = {
        "feed": feed,
        "period": answers.periode,
        "eventTime": event_time or marked("la colonne (son nom, en minuscules) qui date une ligne"),
        "lateness": _duration(late),
        "corrections": "P31D",
    }
    if proposed.personal:
        column = proposed.holder or marked("la colonne pseudonymisée qui distingue une personne d'une autre")
        values["protectionUnit"] = {"kind": proposed.unit or "person", "column": column}
    values["legalBasis"] = _basis(answers, proposed)
    consent = answers.base_legale is not None and answers.base_legale.code in ("A6-1-a", "A9-2-a")
    values["purpose"] = answers.finalite or marked("la finalité, en minuscules-avec-tirets")
    if consent and proposed.personal:
        values["coverage"] = {"column": values["protectionUnit"]["column"], "purpose": values["purpose"]}
    register = "la référence au registre des traitements, par exemple ALM-2026-017"
    values["treatmentRef"] = answers.registre or (marked(register) if proposed.personal else "sans-objet")
    values["dcat"] = _dcat(answers)
    return [{"property": name, "value": value} for name, value in values.items()]


def _basis(answers: Answers, proposed: Proposed) -> dict[str, str]:
    if answers.base_legale is not None:
        return {"code": answers.base_legale.code, "text": answers.base_legale.texte}
    if proposed.personal:
        return {
            "code": marked("la base légale, de A6-1-a (consentement) à A6-1-f"),
            "text": marked("la base légale, en une phrase que tout le monde comprend"),
        }
    confirm = "confirmez que rien ici ne concerne une personne, et dites pourquoi ces données sont publiées"
    return {"code": "none", "text": marked(confirm)}


def _dcat(answers: Answers) -> dict[str, Any]:
    themes = _THEMES.get(answers.theme)
    contact = answers.contact
    return {
        "themes": [f"{_DATA_THEME}{name}" for name in themes]
        if themes
        else [marked("l'adresse du thème européen, par exemple " + _DATA_THEME + "TRAN")],
        "licence": answers.licence or "lov2",
        "frequency": _FREQUENCY + ("DAILY" if answers.periode == "day" else "MONTHLY"),
        "contact": {
            "name": contact.nom if contact else marked("qui répond aux questions"),
            "email": contact.courriel if contact else marked("son adresse électronique"),
        },
    }


def _column(one: Proposal, answers: Answers, event_time: str | None, key: tuple[str, ...]) -> dict[str, Any]:
    column = one.column
    kept = one.technique is not Technique.DROP
    told: dict[str, Any] = {
        "name": column.name,
        "physicalName": column.physical_name,
        "logicalType": column.logical_type,
    }
    if column.format:
        told["logicalTypeOptions"] = {"format": column.format}
    if description := answers.descriptions.get(column.physical_name):
        told["description"] = description
    if kept and (column.name in key or column.name == event_time):
        told["required"] = True
    if column.name in key:
        told |= {"primaryKey": True, "primaryKeyPosition": key.index(column.name) + 1}
    if one.category is PrivacyCategory.NONE and one.technique is Technique.KEEP:
        return told
    privacy: dict[str, str] = {"category": one.category.value, "technique": one.technique.value}
    if one.technique is Technique.PSEUDONYMIZE:
        privacy |= {"domain": answers.identifiant, "canonical": (one.canonical or "text")}
        privacy["canonical"] = str(privacy["canonical"])
    told["classification"] = "confidential" if one.category is PrivacyCategory.DIRECT_IDENTIFIER else "restricted"
    told["customProperties"] = [{"property": "privacy", "value": privacy}]
    return told


def _release(proposed: Proposed, answers: Answers, event_time: str | None, strategy: Strategy) -> dict[str, Any]:
    if proposed.personal:
        return _aggregate(answers, event_time, strategy)
    columns = [
        {
            "name": one.column.name,
            "sources": [one.column.name],
            "logicalType": one.column.logical_type,
            "description": answers.descriptions.get(one.column.physical_name)
            or marked(f"ce qu'est la colonne « {one.column.name} »"),
        }
        for one in proposed.columns
        if one.technique is Technique.KEEP
    ]
    return {"kind": "as_is", "columns": columns, "formats": ["parquet", "csv"]}


def _aggregate(answers: Answers, event_time: str | None, strategy: Strategy) -> dict[str, Any]:
    """The most cautious table about people: how many, by period. A steward adds what may be told besides."""
    word = "jour" if answers.periode == "day" else "mois"
    dated = event_time or marked("la colonne qui date une ligne")
    return {
        "kind": "aggregate",
        "minimumUnits": strategy.minimum_units,
        "dominance": strategy.maximum_dominance,
        "suppressionLimit": 0.5,
        "columns": [
            {
                "name": word,
                "sources": [dated],
                "logicalType": "string",
                "generalization": "day" if word == "jour" else "month",
                "description": "Jour" if word == "jour" else "Mois",
            }
        ],
        "measures": [
            {"name": "unites", "function": "units", "description": "Nombre de personnes ou de points distincts"},
            {"name": "lignes", "function": "rows", "description": "Nombre d'enregistrements"},
        ],
        "formats": ["parquet", "csv"],
    }


def _commented(text: str, proposed: Proposed, key: tuple[str, ...], event_time: str | None) -> str:
    """Say above each column why it is proposed so."""
    reasons = {one.column.name: f"# {one.column.name} : {one.reason}" for one in proposed.columns}
    lines, within = [], False
    for line in text.splitlines():
        within = within or line == "  properties:"
        match = re.fullmatch(r"  - name: (\w+)", line)
        if within and match and match[1] in reasons:
            lines.append(f"  {reasons.pop(match[1])}")
        if line == "  customProperties:":
            within = False
        lines.append(line)
    if not key:
        lines.insert(0, "# Aucune colonne ne distingue sûrement les lignes : choisissez la clé (primaryKey).")
    return "\n".join(lines) + "\n"


def _duration(value: timedelta) -> str:
    hours = int(value.total_seconds() // 3600)
    return f"P{hours // 24}D" if hours % 24 == 0 else f"PT{hours}H"
