"""The alerts that a feed can raise, and how each is told to a steward, in French.

An alert's details hold numbers and names of the contract's own columns, nothing else; so does its sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class AlertKind(StrEnum):
    """What is wrong. The words are stable: they are stored, logged and shown."""

    NEVER = "never"  # nothing ever came, though it is collected for longer than frequency and lateness
    STOPPED = "stopped"  # nothing came within the declared frequency and lateness
    SHRUNK = "shrunk"  # far fewer rows than declared, or than usual
    UNREADABLE = "unreadable"  # the latest delivery can not be read at all
    REJECTS = "rejects"  # the share of rejected rows grew
    COLUMNS_GONE = "columns_gone"  # columns that used to have values have none
    COLUMNS_NEW = "columns_new"  # the payload has columns it did not have


HEADLINES: Mapping[str, str] = {
    AlertKind.NEVER: "Aucune livraison reçue",
    AlertKind.STOPPED: "Flux interrompu",
    AlertKind.SHRUNK: "Volume anormalement bas",
    AlertKind.UNREADABLE: "Livraison illisible",
    AlertKind.REJECTS: "Trop de lignes rejetées",
    AlertKind.COLUMNS_GONE: "Colonnes disparues",
    AlertKind.COLUMNS_NEW: "Colonnes nouvelles",
}


def sentence(kind: str, details: Mapping[str, Any], timezone: str) -> str:
    """What is wrong and what to do next; `timezone` is the one its times are written in."""
    match kind:
        case AlertKind.NEVER:
            return (
                f"Rien n'est jamais arrivé, alors que la collecte tourne depuis le "
                f"{_moment(details['collected_since'], timezone)} et qu'une livraison est attendue au moins toutes les "
                f"{_span(details['allowed_seconds'])} (retard admis compris). Vérifiez l'adresse et les identifiants "
                "du contrat, puis appelez l'opérateur."
            )
        case AlertKind.STOPPED:
            return (
                f"Aucune livraison depuis le {_moment(details['last'], timezone)}, alors qu'une est attendue au moins "
                f"toutes les {_span(details['allowed_seconds'])} (retard admis compris). Vérifiez que la collecte "
                "tourne dans Airflow, puis appelez l'opérateur."
            )
        case AlertKind.SHRUNK:
            expected = "déclarées" if details["declared"] else "habituelles"
            return (
                f"{_number(details['rows'])} lignes reçues au lieu de {_number(details['expected'])} {expected}. "
                "Demandez à l'opérateur s'il manque une partie de ses données ; si ce volume est désormais le bon, "
                "déclarez-le dans le contrat (rowCount)."
            )
        case AlertKind.UNREADABLE:
            return (
                "La dernière livraison ne se lit pas comme le contrat le prévoit : elle est mise de côté, les autres "
                "passent. Corrigez le contrat ou prévenez l'opérateur, puis lancez « ardoise replay »."
            )
        case AlertKind.REJECTS:
            return (
                f"{_share(details['share'])} des lignes de la dernière livraison sont rejetées, contre "
                f"{_share(details['usual'])} d'habitude. La page des rejets dit pour quels motifs."
            )
        case AlertKind.COLUMNS_GONE:
            names = ", ".join(f"« {name} »" for name in details["columns"])
            return (
                f"Plus aucune valeur dans {names}, qui en avait d'habitude. Demandez à l'opérateur si la colonne a été "
                "retirée ou renommée, puis corrigez le contrat."
            )
        case AlertKind.COLUMNS_NEW:
            return (
                f"{_number(details['found'])} colonnes que le contrat ne décrit pas, au lieu de "
                f"{_number(details['usual'])}. Elles ne sont pas conservées. Demandez à l'opérateur ce qu'elles "
                "contiennent, puis décrivez-les dans le contrat si elles sont utiles."
            )
    return "Ce flux demande un regard."


def _moment(text: str, timezone: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(timezone)):%d/%m/%Y à %H:%M}"


def _span(seconds: float) -> str:
    hours = round(seconds / 3600)
    if hours < 1:
        return f"{max(1, round(seconds / 60))}\u00a0minutes"
    return f"{hours}\u00a0heures" if hours < 72 else f"{round(hours / 24)}\u00a0jours"


def _number(value: float) -> str:
    return f"{round(value):,}".replace(",", "\u202f")


def _share(value: float) -> str:
    return f"{100 * value:.1f}".replace(".", ",") + "\u00a0%"
