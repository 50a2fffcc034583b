"""How the console writes dates, numbers and names, in French.

Numbers are grouped by narrow no-break spaces; times are given in the territory's time zone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sources.reasons import REJECT_REASONS

NARROW_SPACE = "\u202f"
SPACE = "\u00a0"
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
STAGES = {
    "ingest": "Collecte",
    "deidentify": "Dépersonnalisation",
    "anonymize": "Anonymisation",
    "assess": "Évaluation du risque",
    "decide": "Décision d'une personne",
    "publish": "Publication",
    "rotate": "Rotation des pseudonymes",
}
COUNTS = {
    "deliveries": "Livraisons reçues",
    "repeated": "Livraisons déjà connues",
    "bytes": "Octets reçus",
    "erased": "Livraisons effacées, leur durée de conservation passée",
    "erased_rejects": "Lots de rejets effacés, leur durée de conservation passée",
    "rows_in": "Lignes reçues",
    "periods": "Périodes réécrites",
    "pseudonyms": "Pseudonymes passés à la nouvelle époque",
    "distinct": "Pseudonymes distincts, période par période",
    "rejected": "Lignes rejetées",
    "not_covered": "Lignes non couvertes",
    "duplicates": "Doublons remplacés",
    "stored": "Lignes conservées",
    "suppressed_rows": "Lignes supprimées sous le seuil",
    "suppressed_cells": "Groupes supprimés sous le seuil",
    "cells_V": "Cases publiées (V)",
    "cells_A": "Cases secrètes, trop peu d'unités (A)",
    "cells_B": "Cases secrètes, une unité y pèse trop (B)",
    "cells_D": "Cases secrètes pour en protéger d'autres (D)",
    "published_rows": "Lignes à publier",
    "published": "Lignes publiées",
    "files": "Fichiers publiés",
    "approved": "Accord",
    "refused": "Refus",
}
REASONS = {
    **REJECT_REASONS,
    "nullValues": "une valeur obligatoire manque",
    "missingValues": "une valeur obligatoire manque",
    "invalidValues": "une valeur n'est pas dans la liste permise",
    "outOfRange": "un nombre est hors des bornes du contrat",
    "patternMismatch": "une valeur n'a pas la forme attendue",
    "duplicateValues": "une valeur qui doit être unique est répétée",
    "badText": "un texte est illisible",
    "inTheFuture": "l'événement est daté du futur",
    "tooLate": "la ligne arrive après le délai de correction",
}
MEASURES = {
    "k": "Plus petit groupe (unités protégées)",
    "prosecutor_risk": "Risque de reconnaître une personne connue",
    "average_risk": "Risque moyen",
    "smallest_cell": "Plus petite cellule (lignes)",
    "largest_share": "Plus forte part d'une seule unité",
    "suppressed_share": "Part des lignes supprimées",
    "residual_identifiers": "Identifiants encore repérés",
    "rows": "Lignes mesurées",
    "changed_cells": "Cellules trop proches d'une publication passée",
    "linked_correctly": "Personnes retrouvées par un registre simulé",
    "linked_certainly": "Personnes retrouvées avec certitude",
    "sample_uniques": "Personnes seules de leur groupe",
    "earlier_releases": "Publications passées comparées",
    "isolated_classes": "Groupes qu'une différence isolerait",
    "gap": "Part des cases cachées qu'un meilleur choix éviterait au plus",
    "epsilon": "Coût de confidentialité (epsilon)",
    "budget_left": "Budget de confidentialité restant",
}
ZONES = {
    "feed": "Flux de l'opérateur",
    "landing": "Arrivée (scellée)",
    "trusted": "Zone de confiance",
    "candidate": "Candidat",
    "open": "Données ouvertes",
}
UNITS = {"person": "la personne", "household": "le foyer", "delivery_point": "le point de livraison"}


def number(value: float, decimals: int = 4) -> str:
    """1234567.5 -> « 1 234 567,5 »."""
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.{decimals}f}".rstrip("0").rstrip(".")
    return text.replace(",", NARROW_SPACE).replace(".", ",")


def duration(seconds: float) -> str:
    """75.2 -> « 1 min 15 s »; below ten seconds, one decimal."""
    if seconds < 10:
        return f"{seconds:.1f}".replace(".", ",") + f"{SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}{SPACE}h{SPACE}{minutes:02d}"
    return f"{minutes}{SPACE}min{SPACE}{rest:02d}{SPACE}s" if minutes else f"{rest}{SPACE}s"


def moment(value: datetime, zone: ZoneInfo) -> str:
    """« 2 novembre 2026 à 9 h 05 »."""
    local = value.astimezone(zone)
    return f"{_day(local.day)} {MONTHS[local.month - 1]} {local.year} à {local.hour}{SPACE}h{SPACE}{local.minute:02d}"


def ago(value: datetime, now: datetime) -> str:
    """« il y a 5 minutes »; a time to come is « à l'instant »."""
    elapsed = now - value
    if elapsed < timedelta(minutes=1):
        return "à l'instant"
    for unit, singular, plural in (
        (timedelta(days=1), "jour", "jours"),
        (timedelta(hours=1), "heure", "heures"),
        (timedelta(minutes=1), "minute", "minutes"),
    ):
        count = elapsed // unit
        if count:
            return f"il y a {count}{SPACE}{singular if count == 1 else plural}"
    return "à l'instant"


def period(key: str | None) -> str:
    """« 2026-10 » -> « octobre 2026 »; « 2026-10-01 » -> « 1er octobre 2026 ».

    « 2026-W44 » -> « semaine du 26 octobre 2026 ».
    """
    if not key:
        return "toutes périodes"
    if "-W" in key:
        monday = datetime.strptime(f"{key}-1", "%G-W%V-%u")
        return f"semaine du {period(f'{monday:%Y-%m-%d}')}"
    year, month, *day = key.split("-")
    if not (month.isdigit() and 1 <= int(month) <= 12):
        return key
    name = f"{MONTHS[int(month) - 1]} {year}"
    return f"{_day(int(day[0]))} {name}" if day and day[0].isdigit() else name


def stage(name: str) -> str:
    """A stage's name."""
    return STAGES.get(name, name)


def count(name: str) -> str:
    """A count's name; one we do not know is shown as it is."""
    return COUNTS.get(name, name.replace("_", " "))


def reason(code: str) -> str:
    """Why rows were rejected; a code we do not know is shown as it is."""
    return REASONS.get(code, code)


def _day(day: int) -> str:
    return "1er" if day == 1 else str(day)
