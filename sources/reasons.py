"""Why a decoder rejects a record, in the words of those who read the counts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REJECT_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "unreadablePayload": "la livraison entière est illisible au regard du contrat",
        "columnCount": "la ligne n'a pas le nombre de colonnes de l'en-tête",
        "badQuoting": "un guillemet ouvert n'est pas refermé sur la ligne",
        "badEncoding": "la ligne contient des caractères illisibles dans l'encodage annoncé",
        "notObject": "l'enregistrement n'est pas un objet JSON",
        "badInteger": "un nombre entier est illisible",
        "badNumber": "un nombre est illisible",
        "badBoolean": "une valeur vrai ou faux est illisible",
        "badDate": "une date est illisible ou n'existe pas",
        "badTimestamp": "une date et heure est illisible ou n'existe pas",
    }
)
