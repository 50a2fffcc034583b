"""What a contract does to each sensitive column, and what its release rule promises, as French sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from policies import Column, Contract, PrivacyCategory, ReleaseRule, Technique

UNITS = {
    "person": ("personne", "personnes"),
    "household": ("foyer", "foyers"),
    "delivery_point": ("point de livraison", "points de livraison"),
}
PARTICIPANTS = {
    "person": "personnes participantes",
    "household": "foyers participants",
    "delivery_point": "foyers participants",
}
BLUR = {
    "day": "seul le jour en est publié",
    "week": "seule la semaine en est publiée",
    "month": "seul le mois en est publié",
    "year": "seule l'année en est publiée",
    "hour": "seule l'heure en est publiée",
    "weekday": "seul le jour de la semaine en est publié",
    "delay_days": "seul un nombre de jours en est publié",
    "delay_band": "seule une tranche de durée en est publiée",
    "band": "seule une tranche en est publiée",
    "grid_200m": "seul un carreau de 200 mètres en est publié",
    "grid_200m_latitude": "seul un carreau de 200 mètres en est publié",
    "grid_200m_longitude": "seul un carreau de 200 mètres en est publié",
    "commune": "seule la commune en est publiée",
    "prefix": "seul le début du code en est publié",
    "listed": "seule la catégorie en est publiée",
}
_TECHNIQUES = {
    Technique.PSEUDONYMIZE: "un pseudonyme à sens unique en tient lieu, et n'est pas publié",
    Technique.REDACT: "noms, adresses, numéros et courriels en sont retirés ; rien n'en est publié",
    Technique.COMMUNE: "seule la commune en est gardée",
    Technique.DROP: "rien n'en est conservé",
}
_REMOVING = frozenset({Technique.PSEUDONYMIZE, Technique.DROP})


@dataclass(frozen=True, slots=True)
class Treatment:
    """What became of a source column."""

    column: str  # its name in the contract
    label: str  # French, what it is
    outcome: str  # French, what became of it
    removed: bool  # nothing of it is left, or a pseudonym only


def treatments(contract: Contract) -> tuple[Treatment, ...]:
    """Return what became of every column that says something about someone, most direct first."""
    order = list(PrivacyCategory)
    columns = [column for column in contract.columns if column.privacy.category is not PrivacyCategory.NONE]
    columns.sort(key=lambda column: order.index(column.privacy.category))
    return tuple(
        Treatment(
            column.name, _label(column), _outcome(column, contract.release), column.privacy.technique in _REMOVING
        )
        for column in columns
    )


def promises(contract: Contract, communes: int) -> tuple[str, ...]:
    """Return what the release rule guarantees to whoever is in the data."""
    rule, unit = contract.release, contract.protection_unit
    if unit is None:
        return ("Ces données ne concernent aucune personne : elles sont publiées telles quelles.",)
    one, many = UNITS[unit.kind]
    said = []
    if rule.k is not None:
        said.append(
            f"Chaque combinaison publiée de caractéristiques est partagée par au moins {rule.k} {many} ; "
            + (
                "les lignes plus singulières sont regroupées davantage ou retirées."
                if _recoded(rule)
                else "les lignes plus singulières sont retirées."
            )
        )
    said.extend(
        f"Chaque groupe publié compte au moins {model.l:g} valeurs de « {model.sensitive} »."
        for model in (rule.search.models if rule.search else ())
        if model.model == "distinct_l_diversity"
    )
    if rule.minimum_units is not None:
        said.append(f"Chaque chiffre publié porte sur au moins {rule.minimum_units} {many}.")
    if rule.dominance is not None:
        said.append(f"Aucun {one} ne pèse plus de {rule.dominance:.0%} d'un chiffre publié.".replace("%", "\u00a0%"))
    if rule.kind == "protected_table":
        said.append("Un chiffre secret ne se retrouve pas à partir des totaux ni des versions déjà publiées.")
    if rule.kind == "noisy_table":
        said.append(f"La présence ou l'absence d'un {one} ne change presque rien aux chiffres publiés.")
    if contract.coverage is not None:
        said.append("Seules les données des titulaires qui ont consenti à cet usage, et à cette date, sont utilisées.")
    blurs = {column.generalization for column in rule.columns}
    if any(name.startswith("grid_200m") for name in blurs):
        said.append("Le lieu le plus précis est un carreau de 200 mètres de côté.")
    elif "commune" in blurs:
        said.append(f"Le lieu le plus précis est la commune ({communes} sur le territoire).")
    return tuple(said)


def _recoded(rule: ReleaseRule) -> bool:
    return rule.search is not None and rule.search.local_recoding


def _label(column: Column) -> str:
    """The start of the column's description, up to its first comma or semicolon."""
    return re.split(r"[,;.(]", column.description or column.name, maxsplit=1)[0].strip() or column.name


def _outcome(column: Column, rule: ReleaseRule) -> str:
    fixed = _TECHNIQUES.get(column.privacy.technique)
    blurs = [released.generalization for released in rule.columns if column.name in released.sources]
    blurred = list(dict.fromkeys(BLUR[name] for name in blurs if name in BLUR))
    if column.privacy.technique is Technique.REDACT and blurs:
        return "noms, adresses, numéros et courriels en sont retirés"
    if fixed is not None:
        return fixed
    if "identity" in blurs:
        return "publication sans changement"
    if blurred:
        return " ; ".join(blurred)
    if any(measure.column == column.name for measure in rule.measures):
        return "seuls des totaux ou des moyennes en sont publiés"
    return "sert au calcul ; rien n'en est publié"
