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
        "badJson": "la ligne n'est pas du JSON",
        "badShape": "un objet est attendu là où l'enregistrement a autre chose",
        "badGeometry": "la géométrie est d'un type inconnu, ou ses coordonnées sont illisibles ou hors du globe",
        "notEntity": "l'enregistrement n'est pas une entité NGSI-LD : il lui manque un identifiant ou un type",
        "severalInstances": "un attribut est donné plusieurs fois, sans instance par défaut",
        "operatorAnswer": "l'opérateur répond qu'il n'a pas de donnée à rendre (consentement, relevé)",
        "badPseudonym": "ce n'est pas un pseudonyme du domaine, tel que le tiers de confiance les écrit",
        "otherEpoch": "le pseudonyme est d'une époque passée : l'opérateur le demande de nouveau et livre la ligne",
        "badUnit": "l'unité est inconnue, ou ne se convertit pas en celle du contrat",
        "badInsee": "un code Insee de commune est illisible",
        "badInteger": "un nombre entier est illisible",
        "badNumber": "un nombre est illisible",
        "badBoolean": "une valeur vrai ou faux est illisible",
        "badDate": "une date est illisible ou n'existe pas",
        "badTimestamp": "une date et heure est illisible ou n'existe pas",
    }
)
